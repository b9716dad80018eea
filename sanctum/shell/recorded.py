"""When no run is live: the newest recorded one, offered to the person at the terminal."""

from __future__ import annotations

import time
from pathlib import Path

from sanctum.model.answers import RunSummary
from sanctum.shell.session import ShellSession
from sanctum.view.numbers import duration

UNREADABLE = ("lost", "elsewhere")


def offered(session: ShellSession) -> bool:
    """Ask whether to open the newest recorded run, and do; False when there is none, or for a no.

    Raises what opening it raises.
    """
    newest = next((one for one in session.runs() if one.state not in UNREADABLE), None)
    if newest is None:
        return False
    if not session.confirm(f"no live run; open {newest.run_id}, {how(newest)}", unasked=True):
        return False
    session.link(newest.run_id)
    session.run_name = newest.run_id
    return True


def how(run: RunSummary) -> str:
    """How a run ended and how long ago: ``finished 2h05m ago``."""
    ended = run.ended
    if ended is None:  # it was not there to say so: when its record was last written
        try:
            ended = Path(run.path).stat().st_mtime
        except OSError:
            return run.state
    return f"{run.state} {duration(max(0.0, time.time() - ended))} ago"
