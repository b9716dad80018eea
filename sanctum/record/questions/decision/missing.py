"""What was never said of a decision, and the call of the probe that says it."""

from __future__ import annotations

from sanctum.model.decisions import DecisionAnswer
from sanctum.model.readings import NOT_MEASURED, Absent
from sanctum.record.moments import Scope
from sanctum.record.questions.decision.sight import OBSERVATION
from sanctum.record.questions.decision.spot import Spot

CALLS = {
    "features": "run.step(observation=...)",
    "legal ops": "run.step(masks=...)",
    "rules": "run.step(mask_rules=...)",
    "probabilities": "run.step(probabilities=...)",
    "logits": "run.step(logits=...)",
    "value": "run.step(value=...)",
    "reward": "run.step(reward=...)",
    "advantage": "run.backfill(first_step, advantage=...)",
    "return": "run.backfill(first_step, returns=...)",
}
"""By what is missing."""


def missing(of: Scope, spot: Spot, answer: DecisionAnswer) -> dict[str, str]:
    """What was not said, each with its call; none where the run's words are another program's."""
    main, seen = answer.heads[0], spot.values(OBSERVATION)
    unsaid = {
        "features": isinstance(seen, Absent) and seen == NOT_MEASURED,
        "legal ops": any(one.legal is None for one in main.options),
        "rules": any(one.legal is False and one.rule is None for one in main.options),
        "probabilities": all(one.probability == NOT_MEASURED for one in main.options),
        "logits": main.normalised or all(one.logit == NOT_MEASURED for one in main.options),
        "value": answer.value == NOT_MEASURED,
        "reward": answer.reward == NOT_MEASURED,
        "advantage": answer.advantage == NOT_MEASURED,
        "return": answer.episode_return == NOT_MEASURED,
    }
    return {name: call(of, CALLS[name]) for name, is_unsaid in unsaid.items() if is_unsaid}


def call(of: Scope, words: str) -> str:
    """A call for those whose own script makes the calls; empty for everyone else."""
    is_own = of.reader.source(of.attempt.attempt) is None and not of.header.trainer
    return words if is_own else ""
