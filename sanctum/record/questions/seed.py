"""``seed.read``: one slot of one environment: its seed over time, its causes, its past seeds."""

from __future__ import annotations

from sanctum.errors import UsageError, did_you_mean
from sanctum.model.answers import Curve, SeedAnswer, SeedLife, SeedRow
from sanctum.model.readings import Measured, Reading
from sanctum.record.moments import Scope
from sanctum.record.questions.decisions import decisions_about
from sanctum.record.questions.events import events_of_slot
from sanctum.record.questions.lives import UNNAMED, Life, last_contribution, lives
from sanctum.record.questions.seeds import seed_row, slots_of
from sanctum.record.questions.series import curve
from sanctum.record.questions.units import unit as unit_of

CURVES = (("alpha", "0-1"), ("contribution", "points"), ("gradient_health", "0-1"))
LIVES = 10


def seed_read(of: Scope, env: int, slot: str) -> SeedAnswer:
    """One slot of one environment: its seed, curves and lifecycle."""
    of.check_env(env)
    slots = slots_of(of)
    if not slots:
        raise UsageError(f"{of.header.run_id} has no slots: it never spoke of seeds")
    if slot not in slots:
        raise UsageError(
            f"no slot '{slot}'", did_you_mean(slot, slots) or f"there are {', '.join(slots)}"
        )
    row = seed_row(of, env, slot)
    everyone = lives(of, env, slot)
    born = _born(of, row, everyone)
    alpha, contribution, gradient = (
        None if born is None else _course(of, f"seed/{slot}/{name}", env, born, unit)
        for name, unit in CURVES
    )
    newest = everyone[-LIVES:][::-1]
    return SeedAnswer(
        of.at,
        env,
        slot,
        row,
        alpha,
        contribution,
        events_of_slot(of, env, slot, born),
        {} if row is None else {name: unit_of(of, name) for name in row.numbers},
        gradient,
        [] if born is None else decisions_about(of, env, slot, born),
        [_short(life, last_contribution(of, life)) for life in newest],
        len(everyone),
    )


def _born(of: Scope, row: SeedRow | None, everyone: list[Life]) -> int | None:
    """When the life of the seed that is there began, or of the last one that was."""
    if row is not None and isinstance(row.age_steps, Measured):
        return max(0, of.step - int(row.age_steps.value))
    return everyone[-1].born if everyone else None


def _course(of: Scope, name: str, env: int, first: int, unit: str) -> Curve | None:
    """A reading over a life; None where it was never said."""
    if not of.columns.cells(name)[0]:
        return None
    return curve(of, name, env, since=first, unit=unit)


def _short(life: Life, last: Reading) -> SeedLife:
    blueprint = None if life.blueprint == UNNAMED else life.blueprint
    last_stage = next(reversed(life.stages))
    return SeedLife(blueprint, life.born, life.ended, last_stage, life.reason, last)
