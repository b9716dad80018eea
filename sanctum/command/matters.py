"""The one thing about an environment that matters most, beside its health."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sanctum.command import columns, gates
from sanctum.command.patterns import patterns
from sanctum.command.standing import PATIENCE_STEPS
from sanctum.model.answers import EnvAnswer, SeedRow, Verdict
from sanctum.model.readings import number
from sanctum.view.numbers import cell

HOLDING, FOSSILIZE = "HOLDING", "FOSSILIZE"


class Matter(NamedTuple):
    """What matters in a sentence, how bad it is, and what to type about it."""

    text: str
    verdict: Verdict | None
    next: str


def matter(answer: EnvAnswer, free: Sequence[str]) -> Matter | None:
    """The first thing that is wrong with its seeds or its last decisions; None: nothing is."""
    return next(_found(answer, free), None)


def _found(answer: EnvAnswer, free: Sequence[str]) -> Iterator[Matter]:
    env = answer.row.env
    worst = sorted(answer.seeds, key=lambda one: number(one.contribution) or 0.0)
    for one in (one for one in worst if columns.harms(one) == "crit"):
        adds = cell(one.contribution)
        yield Matter(f"{_name(one)} contributes {adds}", "crit", _of(env, one))
    for one in (one for one in worst if columns.harms(one) == "warn"):
        points = cell(one.contribution, 2).lstrip("-")
        yield Matter(f"{_name(one)} takes away {points} points", "warn", _of(env, one))
    known = sorted(answer.decisions, key=lambda one: one.step)
    for sentence in patterns(known, answer.seeds, len(free)):
        yield Matter(sentence, "warn", f"why {env}")
    for one in answer.seeds:
        if _waits(one):
            adds = cell(one.contribution, 2)
            yield Matter(
                f"{_name(one)} adds {adds} points and is not fossilized", "warn", _of(env, one)
            )
    for one in answer.seeds:
        lacks = gates.lacks(one) if one.stage.upper() == HOLDING else None
        if lacks and gates.lacking(one):
            yield Matter(f"{_name(one)} lacks {lacks}", None, _of(env, one))


def _waits(seed: SeedRow) -> bool:
    """Whether a seed that adds to its host could be kept for some time, and is not."""
    if seed.stage.upper() != HOLDING or not (number(seed.contribution) or 0.0) > 0:
        return False
    legal = seed.rules[FOSSILIZE] is None if FOSSILIZE in seed.rules else True
    is_shut = bool(gates.lacking(seed))
    return legal and not is_shut and (number(seed.stage_steps) or 0.0) >= PATIENCE_STEPS


def _name(seed: SeedRow) -> str:
    return " ".join(one for one in (seed.slot, seed.blueprint) if one)


def _of(env: int, seed: SeedRow) -> str:
    return f"seed {env}.{seed.slot} --more"
