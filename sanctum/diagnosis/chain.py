"""The chain: the questions in the order of cause and effect, stopped at the first yes."""

from __future__ import annotations

from collections.abc import Callable

from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.questions import (
    better,
    cost,
    critic,
    env,
    heads,
    mask,
    numerics,
    reward,
    telemetry,
    update,
)
from sanctum.model.why import Question

Step = tuple[Asking, Callable[[Case], Question]]

CHAIN: tuple[Step, ...] = tuple(
    (one.ASKING, one.question)
    for one in (telemetry, numerics, mask, update, better, cost, reward, critic, heads, env)
)
"""What is upstream first: a fault there shows in everything below."""


def asked(case: Case, chain: tuple[Step, ...] = CHAIN) -> list[Question]:
    """Every question, answered up to the first yes; those after it are *not asked*."""
    found: list[Question] = []
    for asking, question in chain:
        is_over = any(one.settled == "yes" for one in found)
        found.append(asking.later() if is_over else question(case))
    return found


def cause(questions: list[Question]) -> Question | None:
    """The one that was answered with yes."""
    return next((one for one in questions if one.settled == "yes"), None)
