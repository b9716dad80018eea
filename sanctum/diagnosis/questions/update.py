"""Does the update change nothing?

By mechanism: a policy that has converged moves little as well, and is no fault.
"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import counted, said
from sanctum.model.readings import number
from sanctum.model.why import Evidence, Question

ASKING = Asking("update", "update changes nothing?", "R22, R48")
ZERO = {
    "learning_rate": "the learning rate is 0",
    "grad_norm": "no gradient arrives",
    "max_grad_norm": "gradients are cut to 0",
}
SHOWN = ("learning_rate", "grad_norm", "approx_kl", "ratio_max", "skipped_minibatches")


def question(case: Case) -> Question:
    """Learning rate, gradients and minibatches; whether updates come; whether the policy moves."""
    evidence = [
        Evidence(name, one, limit=_limit(name), note="of the last update")
        for name in SHOWN
        if number(one := case.metric(name)) is not None
    ]
    late = _late(case)
    if late:
        return ASKING.yes(late, *evidence, verdict="crit")
    if not case.of_update:
        return ASKING.unknown("no update was ever said", missing="run.update(...)")
    for name, words in ZERO.items():
        if number(case.metric(name)) == 0 and _lasts(case, name) and not _moved(case):
            return ASKING.yes(f"{words} at the last updates", *evidence, verdict="crit")
    skipped, whole = (number(case.metric(name)) for name in ("skipped_minibatches", "minibatches"))
    if skipped and whole and skipped >= whole and _skipped(case):
        words = f"all minibatches of an update ({whole:,.0f}) are skipped"
        return ASKING.yes(words, *evidence, verdict="crit")
    if _still(case):
        words = f"approx_kl {said(case.metric('approx_kl'))} for {limits.STILL_UPDATES} updates"
        return ASKING.yes(f"{words}, though the policy is not certain", *evidence, verdict="crit")
    shown = [
        f"{one.name} {said(one.value)}{' > 0' if one.name in ZERO else ''}" for one in evidence[:2]
    ]
    if not shown:
        said_too = _names(case)
        return ASKING.unknown(f"said of updates: {said_too}", missing="run.update(approx_kl=...)")
    return ASKING.no(", ".join(shown), *evidence)


def _names(case: Case) -> str:
    """The first few readings that updates have."""
    return ", ".join(list(case.of_update)[:3])


def _limit(name: str) -> str:
    return "> 0" if name in ZERO else ""


def _moved(case: Case) -> bool:
    """Whether the last update moved the policy all the same: a norm of 0 may stand for no limit."""
    kl = number(case.metric("approx_kl"))
    return kl is not None and abs(kl) > limits.MOVED_KL


def _lasts(case: Case, name: str) -> bool:
    """Whether it was 0 at every one of the last updates: a schedule may end there."""
    course = case.course(name, limits.IN_A_ROW)
    return bool(course) and not any(course)


def _skipped(case: Case) -> bool:
    """Whether the updates before were skipped as a whole, too."""
    skipped = case.course("skipped_minibatches", limits.IN_A_ROW)
    return bool(skipped) and min(skipped) >= (number(case.metric("minibatches")) or 1.0)


def _still(case: Case) -> bool:
    """Whether updates leave a policy as it was that is open enough to be moved.

    Forced decisions move nothing, and leave an entropy of long ago.
    """
    if case.recent.decisions - (case.recent.forced or 0) < min(limits.COUNT, case.recent.decisions):
        return False
    kl, entropy = number(case.metric("approx_kl")), number(case.metric("entropy"))
    if kl is None or entropy is None or not entropy > limits.OPEN_ENTROPY:
        return False
    if not abs(kl) < limits.STILL_KL:
        return False
    most = number(case.metric("ratio_max"))
    if most is not None and most - 1 > limits.STILL_RATIO:
        return False
    course = case.course("approx_kl", limits.STILL_UPDATES)
    return len(course) == limits.STILL_UPDATES and max(map(abs, course)) < limits.STILL_KL


def _late(case: Case) -> str:
    """A sentence where updates used to come, and no longer do; else empty."""
    rollout, made, step = (
        case.run.header.rollout_steps,
        case.policy.update_step,
        case.run.at.step,
    )
    if rollout is None or made is None or step is None:
        return ""
    since = step - made
    if since <= limits.LATE_ROLLOUTS * rollout:
        return ""
    return f"no update came for {counted(since, 'step')}; one is due every {rollout:,}"
