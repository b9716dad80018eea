"""Which call would record what is missing: said to those whose own script makes the calls."""

from __future__ import annotations

from sanctum.command.moment import Moment
from sanctum.model.answers import RunAnswer


def records(moment: Moment, call: str, before: str = "; ") -> str:
    """``; run.step(...) records them``, or nothing where the run's words are another program's."""
    return f"{before}{call} records them" if makes_calls(moment.run()) else ""


def no_actions(moment: Moment, call: str = "run.step(actions=...)") -> str:
    """Why no action was counted: they are continuous, or nobody says them."""
    run = moment.run()
    numbers = [name for name in run.columns if name.startswith("action.")]
    if numbers:
        return f"actions are continuous: history {numbers[0]}"
    return f"actions: not measured{records(moment, call)}"


def makes_calls(run: RunAnswer) -> bool:
    """Whether the trainer speaks for itself: no file was read, and no adapter calls its name."""
    return run.source is None and not run.header.trainer
