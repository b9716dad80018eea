"""Is telemetry old, or missing?"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import counted, listed, percent
from sanctum.model.readings import reading
from sanctum.model.why import Evidence, Question

ASKING = Asking("telemetry", "telemetry old?", "R77, R78")

SILENT = "silent"
"""The state of a run whose trainer is there and has said nothing for long."""


def question(case: Case) -> Question:
    """Old is what a live trainer said long ago; missing, most of the steps looked at."""
    state, at = case.run.state, case.run.at
    recent = case.recent
    age = [] if state.since_s is None else [Evidence("age", reading(state.since_s), "s")]
    if state.word == SILENT:
        said = f"nothing came for {state.since_s or 0:,.0f} s: what it does now is not known"
        return ASKING.yes(said, *age, verdict="crit")
    if not recent.decisions and case.recent.last_step is None:
        return ASKING.unknown("no step was ever said", *age, missing="run.step(...)")
    gone, span = recent.missing, recent.steps + recent.missing
    lost = Evidence("missing", reading(gone / max(span, 1)), "0-1", f"<= {limits.LOST:g}", span)
    if gone > limits.LOST * span:
        words = f"{percent(gone, span)} of the last {counted(span, 'step')} are missing"
        return ASKING.yes(words, *age, lost)
    unsaid = _unmeasured(case)
    how = "live" if at.live else "as of then" if state.word == "live" else state.word
    words = f"{how}, {gone} of {counted(span, 'step')} missing"
    if unsaid:
        words += f"; never said: {listed(list(unsaid), 4)}"
    return ASKING.no(words, *age, lost)


def _unmeasured(case: Case) -> dict[str, str]:
    """What was never said of the decisions looked at, and the call that says it."""
    recent = case.recent
    names = set(case.run.columns)
    wanted = {
        "actions": (bool(recent.decisions), "run.step(actions={...})"),
        "masks": (recent.forced is not None, "run.step(masks={...})"),
        "probabilities": (any(name.startswith("probability") for name in names), PROBABILITIES),
        "reward": ("reward" in names, "run.step(reward=...)"),
        "components": (
            any(name.startswith("reward/") for name in names),
            "run.step(rewards={...})",
        ),
        "value": ("value" in names, "run.step(value=...)"),
    }
    return {name: call for name, (there, call) in wanted.items() if not there}


PROBABILITIES = "run.step(probabilities={...})"
