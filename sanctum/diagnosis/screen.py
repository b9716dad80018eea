"""What is worth seeing beside the chain: probabilities, entropy, value, ripe seeds, the reward."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from sanctum.diagnosis.case import Case
from sanctum.errors import SanctumError
from sanctum.model.answers import ActionShare, SeedRow, Standing, Verdict
from sanctum.model.decisions import Ahead
from sanctum.model.readings import NOT_MEASURED, Reading, number
from sanctum.model.why import NO_SEEDS, Question, WhyAnswer

KEEPING = "FOSSILIZE"
"""The op that keeps a seed for good."""


@dataclass(frozen=True, slots=True)
class Verdicted:
    """What was found out: everything of an answer that the questions settle."""

    asked: str
    cause: str
    claim: str
    questions: list[Question]
    verdict: Verdict | None
    advice: list[str]
    try_next: str


def whole(case: Case, found: Verdicted, subject: str | None = None) -> WhyAnswer:
    """The answer with all that stands beside the chain."""
    recent, rewards = case.recent, case.rewards
    ripe, standing, unknown = _ripe(case)
    subject = subject or case.subject or ""
    brought = case.then(subject)
    return WhyAnswer(
        case.run.at,
        case.env,
        subject,
        found.asked,
        found.cause,
        found.claim,
        found.questions,
        verdict=found.verdict,
        first_step=recent.first_step,
        last_step=recent.last_step,
        decisions=recent.decisions,
        actions=_actions(case),
        entropy=_entropy(case),
        value=recent.value,
        ripe=ripe,
        ripe_unknown=unknown,
        ripe_standing=standing,
        components=[] if rewards is None else rewards.components,
        reward=NOT_MEASURED if rewards is None else rewards.total.mean,
        calls=recent.calls,
        ahead=[] if brought is None else [Ahead(one.steps, one.mean) for one in brought.gains],
        advice=found.advice,
        try_next=found.try_next,
    )


def _actions(case: Case) -> list[ActionShare]:
    """How often ops were taken, with the probabilities that the questions go by."""
    return [
        one
        if (own := case.now(one.action)) is None
        else msgspec.structs.replace(one, mean_probability=own.probability)
        for one in case.policy.actions
    ]


def _entropy(case: Case) -> Reading:
    """That of the decisions, or where nobody says, that of the last update."""
    own = case.recent.entropy
    return case.metric("entropy") if number(own) is None else own


def _ripe(case: Case) -> tuple[list[SeedRow], list[Standing], str]:
    """Seeds that FOSSILIZE may take and that add to their host; or why nobody can tell."""
    if KEEPING not in (op.upper() for op in case.ops):
        return [], [], NO_SEEDS
    try:
        found = case.queries.seeds_list(at=case.at, env=case.env, choice="ripe")
    except SanctumError as error:
        return [], [], error.sentence
    if found.legality == "unsaid" and (found.rows or case.recent.forced is None):
        return found.rows, found.standing, "not measured: nobody says where FOSSILIZE is legal"
    return found.rows, found.standing, ""
