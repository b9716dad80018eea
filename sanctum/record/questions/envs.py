"""``envs.list``: one row an environment, with a condition, an order and a limit."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sanctum.errors import ConditionError, UsageError, did_you_mean
from sanctum.model.answers import EnvRow, EnvsAnswer, Health
from sanctum.model.conditions import Term, UnknownName, parse, truth
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.record.columns import Columns
from sanctum.record.health import HealthCheck
from sanctum.record.moments import Scope, scope
from sanctum.record.questions.seeds import slots_of
from sanctum.record.stages import is_alive
from sanctum.telemetry.metrics import canonical

READINGS = (
    "episode",
    "env_step",
    "accuracy",
    "best_accuracy",
    "loss",
    "reward",
    "value",
    "entropy",
    "active_seeds",
)
WORDS = ("health", "action", "target")


def envs_list(
    of: Scope, where: str | None = None, sort: str = "env", limit: int | None = None
) -> EnvsAnswer:
    """Rows that hold the condition, in order, at most `limit`."""
    rows = all_rows(of)
    total = len(rows)
    unknown = 0
    if where is not None:
        kept = _held(of, rows, where)
        unknown = sum(1 for one in kept if one is None)
        rows = [row for row, one in zip(rows, kept, strict=True) if one]
    rows = _sorted(rows, sort)
    shown = rows if limit is None else rows[:limit]
    return EnvsAnswer(of.at, shown, len(shown), len(rows) if where else total, unknown)


def all_rows(of: Scope, only: int | None = None) -> list[EnvRow]:
    """Every environment's row (or one's), by number."""
    columns = Columns(of)
    judge = HealthCheck(of)
    words = of.reader.words()
    slots = slots_of(of)
    known = [
        name
        for name in of.reader.column_names()
        if name not in READINGS
        and not name.startswith(("seed/", "probability/", "mask/"))
        and name not in ("observation", "recurrent")
    ]
    envs = range(of.header.envs) if only is None else (only,)
    return [_row(of, env, columns, judge, words, slots, known) for env in envs]


def _row(
    of: Scope,
    env: int,
    columns: Columns,
    judge: Callable[[EnvRow], Health],
    words: dict[int, str],
    slots: list[str],
    known: list[str],
) -> EnvRow:
    readings = {name: columns.reading(name, env) for name in READINGS}
    seeds = []
    for slot in slots:
        stage = columns.word(f"seed/{slot}/stage", env, words)
        if stage is not None and is_alive(stage):
            seeds.append(f"{slot}:{stage}")
    if readings["active_seeds"] == NOT_MEASURED and slots:
        readings["active_seeds"] = reading(len(seeds))
    steps = [
        step for name in (*READINGS, *known) if (step := columns.step_of(name, env)) is not None
    ]
    action, target = _action(of, columns, env)
    row = EnvRow(
        env,
        Health("unknown", ""),
        of.step - max(steps) if steps else None,
        seeds=seeds,
        action=action,
        target=target,
        columns={
            name: one for name in known if (one := columns.reading(name, env)) != NOT_MEASURED
        },
        **readings,
    )
    return msgspec.structs.replace(row, health=judge(row))


def _action(of: Scope, columns: Columns, env: int) -> tuple[str | None, str | None]:
    """The op chosen last, and the slot it was for."""
    heads = of.header.actions
    if not heads:
        return None, None
    first = "op" if "op" in heads else next(iter(heads))
    op = named(columns.reading(f"action/{first}", env), heads[first])
    if "slot" not in heads or first == "slot":
        return op, None
    return op, named(columns.reading("action/slot", env), heads["slot"])


def named(one: Reading, options: list[str]) -> str | None:
    """The name of an index that a head chose."""
    index = number(one)
    if index is None or index != index:
        return None
    return options[int(index)] if 0 <= index < len(options) else f"#{int(index)}"


def term(row: EnvRow, name: str) -> Term:
    """A name of a condition in a row. Raises UnknownName."""
    name = canonical(name)
    if name == "env":
        return float(row.env)
    if name == "health":
        return row.health.word
    if name in ("action", "target"):
        return row.action if name == "action" else row.target
    if name == "seeds":
        name = "active_seeds"
    if name == "age_steps":
        return None if row.age_steps is None else float(row.age_steps)
    if name in READINGS:
        return number(getattr(row, name))
    for spelled in (name, name.replace(".", "/")):
        if spelled in row.columns:
            return number(row.columns[spelled])
    raise UnknownName(name)


def _held(of: Scope, rows: list[EnvRow], where: str) -> list[bool | None]:
    """For each row whether the condition holds; None where it cannot be known."""
    node = parse(where)
    everywhere = {name for row in rows for name in row.columns}
    sayable = {*everywhere, *READINGS, *WORDS, "env", "seeds", "age_steps"}
    earlier: dict[int, list[EnvRow]] = {0: rows}

    def held(index: int) -> bool | None:
        def lookup(name: str, back: int) -> Term:
            if back not in earlier:
                step = of.reader.steps_back(of.attempt.attempt, of.step, back)
                earlier[back] = all_rows(scope(of.reader, str(step), live=False, now=of.now))
            try:
                return term(earlier[back][index], name)
            except UnknownName:
                if canonical(name).replace(".", "/") in of.reader.column_names():
                    return None
                raise

        return truth(node, lookup)

    try:
        return [held(index) for index in range(len(rows))]
    except UnknownName as unknown:
        name = str(unknown.args[0])
        raise ConditionError(
            f"no column '{name}' in '{where}'",
            did_you_mean(name, sayable) or f"there are {', '.join(sorted(sayable))}",
        ) from unknown


def _sorted(rows: list[EnvRow], sort: str) -> list[EnvRow]:
    """Rows by a column, ``-`` before it for largest first; absent values last."""
    falling, name = sort.startswith("-"), sort.lstrip("-")
    try:
        keys = {row.env: term(row, name) for row in rows}
    except UnknownName as unknown:
        known = {*READINGS, *WORDS, "env", *(one for row in rows for one in row.columns)}
        raise UsageError(
            f"no column '{name}' to sort by",
            did_you_mean(name, known) or f"there are {', '.join(sorted(known))}",
        ) from unknown
    present = [row for row in rows if (key := keys[row.env]) is not None and key == key]
    missing = [row for row in rows if row not in present]
    present.sort(
        key=lambda row: str(keys[row.env]) if isinstance(keys[row.env], str) else keys[row.env],  # type: ignore[arg-type,return-value]
        reverse=falling,
    )
    return present + missing
