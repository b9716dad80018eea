"""How a run is: live, stale, silent, ended and how; now, and as of a moment."""

from __future__ import annotations

from sanctum.model.answers import RunState, State
from sanctum.record.moments import Scope
from sanctum.record.pulse import Pulse

STALE_AFTER_S = 10.0
SILENT_AFTER_S = 60.0
STALE_GAPS, SILENT_GAPS = 2, 6
"""Where steps usually take longer, so many times as long as they do."""

_WHY = {
    "died": "its process is gone without a word, and the system did not tell what ended it",
    "finished": None,
    "ended": "its script ended without run.close(), so whether it went well is not known",
    "interrupted": "somebody stopped it (Ctrl-C)",
}
_UNTOLD = "how it ended is not known: what was read of it does not say"
_LOOKING = "its process is gone without a word; what ended it is being looked into"
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
        unsaid = _UNTOLD if attempt.how == "ended" and not attempt.pid else None
        why = attempt.why or unsaid or _WHY.get(attempt.how, attempt.exception)
        said = (attempt.exception, attempt.traceback, attempt.signal)
        return RunState(attempt.how, since, why, *said)  # type: ignore[arg-type]
    if not pulse.is_trainer_alive():
        last = attempt.last_time or attempt.started
        why = _LOOKING if pulse.is_heard() else pulse.unheard() or _UNHEARD
        return RunState("died", max(0.0, pulse.now() - last), why)
    silent = max(0.0, pulse.now() - pulse.heard())
    if not pulse.is_heard():
        return RunState("stale", silent, "its process is there, but its recorder has gone")
    if of.at.step is None and silent <= SILENT_AFTER_S:
        return RunState("starting", silent, "no step so far")
    usual = pulse.usual_gap_s()
    if silent > max(STALE_AFTER_S, STALE_GAPS * usual):
        word: State = "silent" if silent > max(SILENT_AFTER_S, SILENT_GAPS * usual) else "stale"
        return RunState(word, silent, pulse.held() or "its process is there, but says nothing")
    return RunState("live", silent)
