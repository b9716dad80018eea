"""How a run is: live, stale, ended and how, or what killed it; now, and as of a moment."""

from __future__ import annotations

from sanctum.model.answers import RunState
from sanctum.record.moments import Scope
from sanctum.record.pulse import Pulse

STALE_AFTER_S = 10.0
_WHY = {
    "died": "its process is gone without a word: killed, or the machine went down",
    "finished": None,
    "ended": "its script ended without run.close(), so whether it went well is not known",
    "interrupted": "somebody stopped it (Ctrl-C)",
}
_UNHEARD = (
    "its recorder had gone before it or with it: how it ended, and what came last, is not known"
)


def state(of: Scope, pulse: Pulse) -> RunState:
    """How the run is now, or was at a moment of the past (then it was going on)."""
    attempt = of.attempt
    if not of.is_now:
        return RunState("live", None, "as of then: the run was going on")
    if attempt.how is not None:
        since = None if attempt.ended is None else max(0.0, pulse.now() - attempt.ended)
        why = _WHY.get(attempt.how, attempt.exception)
        return RunState(attempt.how, since, why, attempt.exception, attempt.traceback)  # type: ignore[arg-type]
    if not pulse.is_trainer_alive():
        last = attempt.last_time or attempt.started
        why = _WHY["died"] if pulse.is_heard() else _UNHEARD
        return RunState("died", max(0.0, pulse.now() - last), why)
    silent = max(0.0, pulse.now() - pulse.heard())
    if not pulse.is_heard():
        return RunState("stale", silent, "its process is there, but its recorder has gone")
    if of.at.step is None:
        return RunState("starting", silent, "no step so far")
    if silent > STALE_AFTER_S:
        return RunState("stale", silent, "its process is there, but says nothing")
    return RunState("live", silent)
