"""``replay.saliency``: which features carried the log-probability of an option."""

from __future__ import annotations

import numpy as np

from sanctum.errors import SanctumError, UsageError
from sanctum.model.jobs import Done, FindSaliency
from sanctum.model.readings import MASKED, Reading, reading
from sanctum.model.replayed import SaliencyAnswer, Salient
from sanctum.record.questions.grounds import matrix, option_name
from sanctum.recorder.replaying.case import Case
from sanctum.recorder.replaying.features import listed
from sanctum.recorder.replaying.likeness import Likeness
from sanctum.recorder.replaying.outlook import head_of_choice, option_of
from sanctum.recorder.replaying.plan import Plan, saliency_of


def replay_saliency(case: Case, action: str | None, which: str) -> Plan:
    """What carried `action`, None: what was taken. Raises UsageError, NoDataYet, SanctumError."""
    head = head_of_choice(case.grounds)
    option = case.grounds.option(head, 0) if action is None else option_of(case.grounds, action)
    if option is None:
        raise UsageError(f"no {head} was taken at this step", "say which: saliency N STEP ACTION")
    seen = case.grounds.observation(0)
    odd = case.features.odd(seen)
    if odd:
        raise SanctumError(
            f"what the policy saw is not finite: {listed(odd)}", "there is no gradient to follow"
        )
    chosen, likeness = case.choose(which), Likeness(case)
    row = case.grounds.rows([0])
    known = np.isfinite(likeness.mean)
    baseline = np.where(known, likeness.mean, seen if known.any() else 0.0)
    words = f"the mean observation of {likeness.steps}" if known.any() else "zeros"
    notes = case.notes(chosen)
    if not known.any():
        notes.append("nothing was seen before this decision: it is compared with zeros")

    def finish(done: list[Done]) -> SaliencyAnswer:
        found = saliency_of(done[0])
        parts = zip(
            case.features.names,
            seen.tolist(),
            baseline.tolist(),
            found.gradient_input,
            found.integrated,
            strict=True,
        )
        total = float(np.sum(found.integrated))
        return SaliencyAnswer(
            case.of.at,
            case.grounds.env,
            int(case.grounds.steps[0]),
            which,
            chosen.weights.update,
            head,
            option_name(case.grounds.actions[head], option),
            sorted((Salient(*one) for one in parts), key=lambda one: -abs(one.integrated)),
            found.log_probability,
            found.baseline_log_probability,
            total,
            _error(total, found.log_probability - found.baseline_log_probability),
            found.steps,
            words,
            notes,
        )

    def job() -> FindSaliency:
        return FindSaliency(chosen.policy(), row, head, option, matrix(baseline[None]))

    return Plan(case.place, [job], finish)


def _error(total: float, difference: float) -> Reading:
    """By how much the parts miss the whole, as a share of it; of nothing it is no share."""
    return reading(abs(total - difference) / abs(difference)) if difference else MASKED
