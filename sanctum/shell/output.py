"""Where answers go: the screen, a file, or the input of a filter; messages go to stderr."""

from __future__ import annotations

import io
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from sanctum.command import Answer
from sanctum.errors import SanctumError

if TYPE_CHECKING:
    from sanctum.render import Screen

ENOUGH = 128 + 13
"""A filter's status when its own reader had enough (SIGPIPE)."""


class Output:
    """The two streams of a session, and what to write answers on at the moment."""

    def __init__(
        self, stream: TextIO, errors: TextIO, environ: Mapping[str, str] | None = None
    ) -> None:
        self.stream = stream
        self.errors = errors
        self.environ = os.environ if environ is None else environ
        self.held: io.TextIOWrapper | None = None

    def show(self, answer: Answer, settings: Mapping[str, str]) -> None:
        """Write one answer. A report that says nothing prints nothing."""
        target = self.held or self.stream
        text = self.rendered(answer, settings)
        if settings["pager"] == "on" and self.held is None and self._is_long(text, settings):
            self._page(text)
        else:
            target.write(text)
            target.flush()

    def rendered(self, answer: Answer, settings: Mapping[str, str]) -> str:
        """One answer as text for where answers go now; plain unless a format was asked for."""
        report = answer.report
        if not (report.title or report.blocks or report.headline or report.notes):
            return ""
        from sanctum.render import default_format, render

        screen = self.screen(settings)
        asked = answer.format or settings["format"]
        text = render(report, default_format(screen) if asked == "auto" else asked, screen)
        return text if not text or text.endswith("\n") else text + "\n"

    def screen(self, settings: Mapping[str, str]) -> Screen:
        """What the place where answers go now can show."""
        from sanctum.render import Screen

        width = settings["width"]
        return Screen.of(
            self.held or self.stream,
            self.environ,
            plain=settings["plain"] == "on",
            width=None if width == "auto" else int(width),
        )

    def say(self, sentence: str) -> None:
        """Write a message on stderr, with nothing in it that a terminal would obey."""
        from sanctum.render.safe import text

        self.stream.flush()
        self.errors.write(self._wrapped(text(sentence)) + "\n")
        self.errors.flush()

    def _wrapped(self, sentence: str) -> str:
        """`sentence` broken between words where a terminal would break it within one."""
        if not self.errors.isatty():
            return sentence
        from sanctum.render import Screen

        width = Screen.of(self.errors, self.environ).width - 1
        if len(sentence) <= width or width < 20:
            return sentence
        return textwrap.fill(
            sentence,
            width,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )

    def complain(self, error: SanctumError, place: str = "") -> int:
        """Say an error and its hint on stderr, after the place it happened at; its exit code."""
        self.say(f"{place}: {error.sentence}" if place else error.sentence)
        if error.hint:
            self.say(f"  {error.hint}")
        return error.exit_code

    def hold(self) -> io.TextIOWrapper:
        """Keep answers from now on, for a file or a filter; `release` gives them."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.held = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
        return self.held

    def release(self) -> str:
        """What was kept since `hold`; answers go to the screen again."""
        assert self.held is not None
        held, self.held = self.held, None
        held.seek(0)
        return held.read()

    def filtered(self, text: str, filter: str, arguments: Sequence[str]) -> int:
        """Run `text` through a command of the system's shell; its output goes to the stream.

        The arguments of a script are the shell's own ``$1``, ``$@``. Gives the filter's status, as
        any shell does: 1 for a grep that finds nothing. SIGPIPE is none of its failures.
        """
        import subprocess

        self.stream.flush()
        try:
            descriptor: int | None = self.stream.fileno()
        except (OSError, io.UnsupportedOperation):
            descriptor = None
        done = subprocess.run(
            ["sh", "-c", filter, "sanctum", *arguments],
            input=text,
            encoding="utf-8",
            errors="replace",
            stdout=subprocess.PIPE if descriptor is None else descriptor,
            check=False,
        )
        if descriptor is None:
            self.stream.write(done.stdout)
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        return 0 if status == ENOUGH else status

    def _is_long(self, text: str, settings: Mapping[str, str]) -> bool:
        screen = self.screen(settings)
        return screen.interactive and screen.escapes and text.count("\n") >= screen.height

    def _page(self, text: str) -> None:
        import shlex
        import subprocess

        pager = self.environ.get("SANCTUM_PAGER") or self.environ.get("PAGER") or "less -FIRX"
        try:
            subprocess.run(
                shlex.split(pager), input=text, encoding="utf-8", errors="replace", check=False
            )
        except (OSError, ValueError) as error:
            raise SanctumError(f"the pager '{pager}' cannot be run: {error}") from error


def standard() -> Output:
    """The process's own stdout and stderr; what cannot be encoded there is replaced."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")
    return Output(sys.stdout, sys.stderr)
