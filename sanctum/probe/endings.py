"""How a trainer ends without saying so: an uncaught exception, the end of the script, a fork."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import traceback
import weakref
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanctum.probe.run import Run

_live: weakref.WeakSet[Run] = weakref.WeakSet()
_hooked = False


def watch(run: Run) -> None:
    """Close `run` at the end of this process, however it comes; turn it off in forked children."""
    global _hooked
    _live.add(run)
    if _hooked:
        return
    _hooked = True
    atexit.register(_at_exit)
    os.register_at_fork(after_in_child=_in_child)
    _chain_excepthook()
    _chain_thread_excepthook()


def forget(run: Run) -> None:
    """`run` was closed."""
    _live.discard(run)


def live() -> list[Run]:
    """The runs of this process that are not closed."""
    return list(_live)


def how_it_failed(
    kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
) -> tuple[str, str | None, str | None]:
    """finished, interrupted or exception; with the exception's last line and its traceback."""
    if kind is None or value is None:
        return "finished", None, None
    if issubclass(kind, KeyboardInterrupt):
        return "interrupted", None, None
    if issubclass(kind, SystemExit):
        code = getattr(value, "code", None)
        if code in (None, 0):
            return "finished", None, None
        if code == 130:
            return "interrupted", None, None
        return "exception", f"SystemExit: {code}", None
    line = traceback.format_exception_only(kind, value)[-1].strip()
    return "exception", line, "".join(traceback.format_exception(kind, value, trace))


def _chain_excepthook() -> None:
    before = sys.excepthook

    def hook(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        how = how_it_failed(kind, value, trace)
        for run in live():
            run._end(*how)
        before(kind, value, trace)

    sys.excepthook = hook


def _chain_thread_excepthook() -> None:
    before = threading.excepthook

    def hook(given: threading.ExceptHookArgs) -> None:
        value = given.exc_value
        if value is not None and not isinstance(value, SystemExit):
            text = "".join(traceback.format_exception(given.exc_type, value, given.exc_traceback))
            name = given.thread.name if given.thread else "a thread"
            for run in live():
                run.message(
                    f"{name} ended with {type(value).__name__}: {value}",
                    severity="error",
                    type="exception",
                    data={"traceback": text},
                )
        before(given)

    threading.excepthook = hook


def _at_exit() -> None:
    """The script is over and nobody closed the run: whether it went well cannot be told here."""
    for run in live():
        run._end("ended")


def _in_child() -> None:
    for run in live():
        run._turn_off_in_child()
    _live.clear()
