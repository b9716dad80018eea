"""``--wait 60s``: ask again until the run is there and has said something."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sanctum.errors import NoDataYet, NoSuchRun, UsageError
from sanctum.shell.line import Word
from sanctum.shell.settings import seconds

POLL_S = 0.2
T = TypeVar("T")


def until_there(ask: Callable[[], T], wait_s: float) -> T:
    """What `ask` gives, asked again while there is no run or no data yet and time is left."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return ask()
        except (NoSuchRun, NoDataYet):
            if time.monotonic() >= deadline:
                raise
            time.sleep(POLL_S)


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
