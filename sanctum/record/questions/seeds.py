"""``seeds.list``: seeds as of a moment, from the columns ``seed/SLOT/FIELD``."""

from __future__ import annotations

from sanctum.errors import UsageError, did_you_mean
from sanctum.model.answers import GateInput, SeedRow, SeedsAnswer
from sanctum.model.readings import NOT_MEASURED, Measured, Reading, number, reading
from sanctum.record.moments import Scope
from sanctum.record.questions import ripe, stuck
from sanctum.record.questions.alpha import to_go
from sanctum.record.questions.rules import rules_of
from sanctum.record.questions.tallies import tally
from sanctum.record.stages import CODED, EMPTY, is_alive

FIELDS = (
    "alpha",
    "alpha_target",
    "age_steps",
    "stage_steps",
    "parameters",
    "contribution",
    "improvement",
    "gradient_health",
)
_GROWING = ("age_steps", "stage_steps")
_KNOWN = frozenset({*FIELDS, *CODED, "born", "since"})


def slots_of(of: Scope) -> list[str]:
    """The slots of this run: those announced, and those that were spoken of by then."""
    spoken = [
        name.removeprefix("seed/").removesuffix("/stage")
        for name in of.columns.said("seed/", "/stage")
    ]
    return list(dict.fromkeys([*of.header.slots, *spoken]))


def seed_row(of: Scope, env: int, slot: str) -> SeedRow | None:
    """What is in a slot; None when nothing was ever said of it."""
    columns = of.columns
    prefix = f"seed/{slot}/"
    stage = columns.word(prefix + "stage", env)
    if stage is None:
        return None
    if stage.upper() in EMPTY:
        return SeedRow(env, slot, stage, rules=rules_of(of, env, slot))
    born = number(columns.reading(prefix + "born", env))
    since = 0 if born is None else int(born)
    entered = number(columns.reading(prefix + "since", env))
    readings = {name: columns.reading(prefix + name, env, not_before=since) for name in FIELDS}
    others = {
        name: columns.reading(prefix + name, env, not_before=since) for name in others_of(of, slot)
    }
    if entered is not None:
        said_since = columns.reading(prefix + "stage_steps", env, not_before=int(entered))
        readings["stage_steps"] = said_since
    said = columns.step_of(prefix + "stage", env)
    for name in _GROWING:
        one = readings[name]
        if isinstance(one, Measured) and is_alive(stage):
            readings[name] = Measured(one.value + one.age_steps)
    if readings["age_steps"] == NOT_MEASURED and born is not None:
        readings["age_steps"] = reading(of.step - born)
    if readings["stage_steps"] == NOT_MEASURED and entered is not None:
        readings["stage_steps"] = reading(of.step - entered)
    stage_since = since if entered is None else int(entered)
    gate_step = columns.step_of(prefix + "gate", env)
    gate = columns.word(prefix + "gate", env, not_before=stage_since)
    return SeedRow(
        env,
        slot,
        stage,
        columns.word(prefix + "blueprint", env, not_before=since),
        gate=gate,
        gate_inputs=_inputs(of, prefix, env, gate_step) if gate else [],
        said_age_steps=None if said is None else of.step - said,
        numbers={name: one for name, one in others.items() if one != NOT_MEASURED},
        alpha=readings["alpha"],
        alpha_target=readings["alpha_target"],
        age_steps=readings["age_steps"],
        stage_steps=readings["stage_steps"],
        parameters=readings["parameters"],
        contribution=readings["contribution"],
        improvement=readings["improvement"],
        gradient_health=readings["gradient_health"],
        rules=rules_of(of, env, slot),
        alpha_to_go_steps=to_go(
            of, env, slot, stage, stage_since, readings["alpha"], readings["alpha_target"]
        ),
    )


def others_of(of: Scope, slot: str) -> list[str]:
    """What else was said of the seeds of a slot by then, as numbers."""
    prefix = f"seed/{slot}/"
    said = [name.removeprefix(prefix) for name in of.columns.said(prefix)]
    return [one for one in said if one not in _KNOWN and "/" not in one]


def rows(of: Scope, env: int | None = None) -> list[SeedRow]:
    """Every slot that was ever spoken of, by environment and slot."""
    envs = of.envs if env is None else (env,)
    slots = slots_of(of)
    every = [seed_row(of, one, slot) for one in envs for slot in slots]
    return sorted(filter(None, every), key=lambda row: (row.env, row.slot))


def seeds_list(
    of: Scope,
    sort: str = "-contribution",
    limit: int | None = None,
    stage: str | None = None,
    env: int | None = None,
    choice: str | None = None,
) -> SeedsAnswer:
    """Live seeds ranked; with `stage`, those in it (ended ones too); ripe or stuck ones alone."""
    if env is not None:
        of.check_env(env)
    everyone = rows(of, env)
    counts: dict[str, int] = {}
    for row in everyone:
        counts[row.stage] = counts.get(row.stage, 0) + 1
    if stage is not None:
        stages = list(dict.fromkeys([*of.header.stages, *counts]))
        if stage.upper() not in {one.upper() for one in stages}:
            raise UsageError(
                f"no stage '{stage}'",
                did_you_mean(stage, stages) or f"there are {', '.join(stages)}",
            )
        chosen = [row for row in everyone if row.stage.upper() == stage.upper()]
    else:
        chosen = [row for row in everyone if is_alive(row.stage)]
    if choice is not None:
        return _chosen(of, choice, chosen, counts, limit)
    falling, name = sort.startswith("-"), sort.lstrip("-")
    known = [*FIELDS, *sorted({one for row in everyone for one in row.numbers})]
    if name not in known:
        raise UsageError(
            f"seeds cannot be ranked by '{name}'",
            did_you_mean(name, known) or f"by {', '.join(known)}",
        )
    keyed = [(_key(_number(row, name)), row) for row in chosen]
    ranked = [(key, row) for key, row in keyed if key is not None]
    ranked.sort(key=lambda one: one[0], reverse=falling)
    unranked = [row for key, row in keyed if key is None]
    ordered = [row for _, row in ranked] + unranked
    shown = ordered if limit is None else ordered[:limit]
    return SeedsAnswer(of.at, shown, len(shown), len(ordered), counts, len(unranked))


def _chosen(
    of: Scope, choice: str, among: list[SeedRow], counts: dict[str, int], limit: int | None
) -> SeedsAnswer:
    """Ripe seeds, the most useful first, or stuck ones, the longest first."""
    if choice == "ripe":
        found, legality, left_out = ripe.ripe(of, among)
        shown = found[:limit]
        standing = [ripe.standing(of, row) for row in shown]
        return SeedsAnswer(
            of.at, shown, len(shown), len(found), counts, 0, standing, legality, left_out
        )
    if choice != "stuck":
        raise UsageError(f"no choice '{choice}' of seeds", "there are ripe and stuck")
    found, left_out = stuck.stuck(of, among)
    stays = tally(of).stays if found else {}
    both = [(row, stuck.standing(of, row, stays)) for row in found]
    both.sort(key=lambda one: -(number(one[1].since_steps) or 0.0))
    rows, standing = [row for row, _ in both[:limit]], [one for _, one in both[:limit]]
    return SeedsAnswer(of.at, rows, len(rows), len(found), counts, 0, standing, "", left_out)


def _inputs(of: Scope, prefix: str, env: int, step: int | None) -> list[GateInput]:
    """The inputs said together with the gate; one that is absent does not pass."""
    columns = of.columns
    found = []
    needs = prefix + "needs/"
    named = [name for name in of.reader.column_names() if name.startswith(needs)]
    for name in (one.removeprefix(needs) for one in named):
        if columns.step_of(f"{prefix}needs/{name}", env) != step:
            continue
        value = columns.reading(f"{prefix}gate/{name}", env)
        needed = columns.reading(f"{prefix}needs/{name}", env)
        have, want = number(value), number(needed)
        passed = None if have is None or want is None else have >= want
        found.append(GateInput(name, value, needed, passed))
    return found


def _number(row: SeedRow, name: str) -> Reading:
    if name not in FIELDS:
        return row.numbers.get(name, NOT_MEASURED)
    one: Reading = getattr(row, name)
    return one


def _key(one: Reading) -> float | None:
    value = number(one)
    return None if value is None or value != value else value
