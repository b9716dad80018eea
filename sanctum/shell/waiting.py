"""``--wait 60s``: ask again until the run is there and has said something."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sanctum.errors import NoDataYet, NoSuchRun, UsageError
from sanctum.model.readings import Absent
from sanctum.shell.line import Word
from sanctum.shell.settings import seconds
from sanctum.view import Block, Chart, Facts, Report, Series, Table, Text

POLL_S = 0.2
T = TypeVar("T")


def until_there(
    ask: Callable[[], T], wait_s: float, has_data: Callable[[T], bool] = lambda answer: True
) -> T:
    """What `ask` gives, asked again while there is no run or no data yet and time is left."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            answer = ask()
            if has_data(answer) or time.monotonic() >= deadline:
                return answer
            time.sleep(POLL_S)
        except (NoSuchRun, NoDataYet):
            if time.monotonic() >= deadline:
                raise
            time.sleep(POLL_S)


def says_data(report: Report) -> bool:
    """Whether there is a row, a measured fact or a curve; true of a report that has none of them.

    Such a report is not about data: a sentence, a help text.
    """
    blocks = [block for block in report.blocks if not isinstance(block, Text)]
    return not blocks or len(blocks) < len(report.blocks) or any(map(_has_data, blocks))


def _has_data(block: Block) -> bool:
    if isinstance(block, Table):
        return bool(block.items)
    if isinstance(block, Facts):
        return any(
            one.value is not None and not isinstance(one.value, Absent) for one in block.facts
        )
    if isinstance(block, Chart):
        return any(line.values for line in block.lines)
    return isinstance(block, Series) and bool(block.values)


def without_wait(words: Sequence[Word]) -> tuple[list[Word], float | None]:
    """The words without ``--wait S``, and its seconds; None when it was not given."""
    kept: list[Word] = []
    wait_s: float | None = None
    rest = iter(words)
    for one in rest:
        if one.text == "--":
            kept += [one, *rest]
        elif one.text == "--wait":
            value = next(rest, None)
            if value is None:
                raise UsageError("--wait needs a time", "as in --wait 60s")
            wait_s = seconds(value.text)
        elif one.text.startswith("--wait="):
            wait_s = seconds(one.text.removeprefix("--wait="))
        else:
            kept.append(one)
    return kept, wait_s
