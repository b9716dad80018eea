"""What cannot be done: raised anywhere in the worker, and answered as `Failed`."""

from __future__ import annotations

import traceback

from sanctum.model.jobs import Failed

MOST_CHARACTERS = 400
"""Of a sentence; what a library says may be pages long."""


class Refused(Exception):
    """A job that cannot be done: its kind as in `Failed`, a sentence, what would help."""

    def __init__(self, kind: str, sentence: str, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.hint = hint

    def failed(self) -> Failed:
        """The answer, with the traceback of what caused it, if anything did."""
        cause = self.__cause__
        told = "".join(traceback.format_exception(cause)) if cause is not None else ""
        return Failed(self.kind, shortened(self.sentence), self.hint, told)


def said(error: BaseException) -> str:
    """An exception in a line: its type, and the first line of what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` on one line, and not much longer than `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 4].rstrip() + " ..."
