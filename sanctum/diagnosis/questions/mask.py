"""Were these decisions forced, and by which rule?

A policy that has filled its slots is forced to wait by what it did itself: that explains nothing. A
mask is the cause where it forbids what could be done.
"""

from __future__ import annotations

from collections import Counter

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import percent
from sanctum.model.readings import reading
from sanctum.model.why import Evidence, Outcome, Question

ASKING = Asking("mask", "forced by a mask?", "R02, R03")
CALL = "run.step(masks={...}, mask_rules={...})"


def question(case: Case) -> Question:
    """The share of the subject's decisions at which a rule denied it any beginning."""
    one = case.now(case.subject)
    if one is None or not one.count:
        return ASKING.unknown("no action was said", missing="run.step(actions={...})")
    if one.forced is None:
        return ASKING.unknown("masks: not measured", missing=CALL)
    forced = Evidence(
        "forced", reading(one.forced / one.count), "0-1", "context", one.count, "one legal op"
    )
    if one.denied is None:
        return _by_count(case, one, forced)
    denied = Evidence(
        "denied",
        reading(one.denied / one.count),
        "0-1",
        f"<= {limits.MOST:g}",
        one.count,
        "; ".join(f"{rule} {count:,}" for rule, count in one.denied_by.items()),
    )
    op, _, rule = next(iter(one.denied_by), "").partition(": ")
    limit = f"limit {percent(limits.MOST)}"
    words = f"{one.denied:,} of {one.count:,} {case.subject}s"
    if one.denied > limits.MOST * one.count:
        named = f"'{rule}'" if rule else "a rule that is not said"
        room = "a slot stood empty" if _has_slots(case) else "nothing had been done before"
        claim = f"{named} forbids {op} at {words}, though {room}"
        short = f" by '{rule}'" if rule else ""
        return ASKING.yes(f"{words} ({limit}){short}", denied, forced, claim=claim)
    own = one.forced - min(one.denied, one.forced)
    because = f"; by own ops {percent(own, one.count)}" if own else ""
    if one.denied and rule:
        return ASKING.no(f"{words} by '{rule}' ({limit}){because}", denied, forced)
    return ASKING.no(f"{words} ({limit}){because}", denied, forced)


def _has_slots(case: Case) -> bool:
    """Whether there are slots that can stand empty."""
    return bool(case.run.header.slots) or any("/stage" in one for one in case.run.columns)


def _most_common_rule(case: Case) -> str | None:
    """The rule that forbade other ops most often; None where rules are not said."""
    counts: Counter[str] = Counter()
    for one in case.recent.ops:
        if one.action != case.subject:
            counts.update(one.rules)
    return counts.most_common(1)[0][0] if counts else None


def _by_count(case: Case, one: Outcome, forced: Evidence) -> Question:
    """Where nobody can tell why they were forced, that most were is enough."""
    share = (one.forced or 0) / one.count
    said = f"{percent(share)} of {one.count:,} {case.subject}s (limit {percent(limits.MOST)})"
    if share > limits.MOST:
        rule = _most_common_rule(case)
        named = f"most by '{rule}'" if rule else "which rule is not said"
        return ASKING.yes(f"no other op was legal at {said}; {named}", forced)
    return ASKING.no(said, forced)
