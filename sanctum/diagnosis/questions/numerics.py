"""Is anything not finite?"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import counted, listed, percent
from sanctum.model.readings import NonFinite, number, reading
from sanctum.model.why import Evidence, Question

ASKING = Asking("numerics", "anything not finite?", "R47")
LATCHES = ("nan_latch", "inf_latch")


def question(case: Case) -> Question:
    """A reading of the newest update, or what was said of most decisions."""
    readings = [one for one in case.policy.readings if number(one.value) is not None]
    odd = [one.name for one in readings if isinstance(one.value, NonFinite) and not one.age_updates]
    odd += [
        one.name
        for one in readings
        if one.name.partition(".")[0] in LATCHES and (number(one.value) or 0.0) > 0
    ]
    decisions, counts = case.recent.decisions, case.recent.not_finite
    evidence = [
        Evidence(name, reading(count / decisions), "0-1", f"<= {limits.MOST:g}", decisions)
        for name, count in counts.items()
    ]
    found = Evidence("readings", reading(len(odd)), "count", "0", len(readings))
    if odd:
        said = f"{listed(odd)} of update {case.policy.at.update}"
        return ASKING.yes(said, found, *evidence, verdict="crit")
    most = [name for name, count in counts.items() if count > limits.MOST * decisions]
    if most:
        share = percent(counts[most[0]], decisions)
        said = f"{listed(most)} at {share} of {counted(decisions, 'decision')}"
        return ASKING.yes(said, *evidence, verdict="crit")
    if not readings and not decisions:
        return ASKING.unknown("nothing was said that could be", missing="run.update(...)")
    if counts:
        few = [f"{name} at {count:,}" for name, count in counts.items()]
        said = f"{listed(few)} of {counted(decisions, 'decision')}: too few to explain it"
        return ASKING.no(said, *evidence, verdict="warn")
    parts = [f"0 of {counted(len(readings), 'reading')}"] if readings else []
    parts += [f"0 of {counted(decisions, 'decision')}"] if decisions else []
    return ASKING.no(", ".join(parts), found)
