"""``envs.list``: one row an environment, with a condition, an order and a limit."""

from __future__ import annotations

import functools

from sanctum.errors import ConditionError, UsageError, did_you_mean
from sanctum.model.answers import EnvRow, EnvsAnswer
from sanctum.model.conditions import Term, UnknownName, parse, truth
from sanctum.model.readings import NOT_MEASURED, number, reading
from sanctum.record.health import HealthCheck
from sanctum.record.moments import Past, Scope
from sanctum.record.questions.decisions import named
from sanctum.record.questions.seeds import slots_of
from sanctum.record.stages import is_alive, is_coded
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
SORTED = ("env", "age_steps", "since_best")


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
    return EnvsAnswer(
        of.at, shown, len(shown), len(rows) if where else total, unknown, of.header.units
    )


def all_rows(of: Scope, only: int | None = None) -> list[EnvRow]:
    """Every environment's row (or one's), by number."""
    judge = HealthCheck(of)
    slots = slots_of(of)
    known = [name for name in of.columns.own if name not in READINGS]
    envs = of.envs if only is None else (only,)
    return [_row(of, env, judge, slots, known) for env in envs]


def _row(of: Scope, env: int, judge: HealthCheck, slots: list[str], known: list[str]) -> EnvRow:
    columns = of.columns
    readings = {name: columns.reading(name, env) for name in READINGS}
    seeds = [
        f"{slot}:{stage}"
        for slot in slots
        if (stage := columns.word(f"seed/{slot}/stage", env)) is not None and is_alive(stage)
    ]
    if readings["active_seeds"] == NOT_MEASURED and slots:
        readings["active_seeds"] = reading(len(seeds))
    others = {name: one for name in known if (one := columns.reading(name, env)) != NOT_MEASURED}
    newest = columns.newest[env] if columns.newest else -1
    age = of.step - newest if newest >= 0 else None
    action, target = _action(of, env)
    health = judge(env, age, readings)
    return EnvRow(
        env, health, age, seeds=seeds, action=action, target=target, columns=others, **readings
    )


def _action(of: Scope, env: int) -> tuple[str | None, str | None]:
    """The op chosen last, and the slot it was for."""
    heads = of.header.actions
    if not heads:
        return None, None
    first = "op" if "op" in heads else next(iter(heads))
    op = named(of.columns.reading(f"action/{first}", env), heads[first])
    if "slot" not in heads or first == "slot":
        return op, None
    return op, named(of.columns.reading("action/slot", env), heads["slot"])


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
    if name == "since_best":
        return number(row.health.since_best)
    if name in READINGS:
        return number(getattr(row, name))
    for spelled in (name, name.replace(".", "/")):
        if spelled in row.columns:
            return number(row.columns[spelled])
    raise UnknownName(name)


class EnvTerms:
    """Names of a condition in one environment, now or some vector steps back."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._rows: dict[tuple[int, int], EnvRow] = {}

    def __call__(self, env: int, name: str, back: int) -> Term:
        """The value of a name. Raises UnknownName."""
        of = self._past(back)
        name = canonical(name)
        for spelled in (name, name.replace(".", "/")):
            if of.columns.cells(spelled)[0]:
                if is_coded(spelled):
                    return of.columns.word(spelled, env)
                return number(of.columns.reading(spelled, env))
        if (env, back) not in self._rows:
            self._rows[env, back] = all_rows(of, env)[0]
        return term(self._rows[env, back], name)


def _held(of: Scope, rows: list[EnvRow], where: str) -> list[bool | None]:
    """For each row whether the condition holds; None where it cannot be known."""
    node = parse(where)
    terms = EnvTerms(Past(of))
    said = of.columns.names

    def lookup(env: int, name: str, back: int) -> Term:
        try:
            return terms(env, name, back)
        except UnknownName:
            if canonical(name) in said or canonical(name).replace(".", "/") in said:
                return None
            raise

    try:
        return [truth(node, functools.partial(lookup, row.env)) for row in rows]
    except UnknownName as unknown:
        name = str(unknown.args[0])
        sayable = {*said, *READINGS, *WORDS, *SORTED, "seeds"}
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
        known = {*READINGS, *WORDS, *SORTED, *(one for row in rows for one in row.columns)}
        raise UsageError(
            f"no column '{name}' to sort by",
            did_you_mean(name, known) or f"there are {', '.join(sorted(known))}",
        ) from unknown
    present = [row for row in rows if (key := keys[row.env]) is not None and key == key]
    there = {row.env for row in present}
    missing = [row for row in rows if row.env not in there]
    present.sort(
        key=lambda row: str(keys[row.env]) if isinstance(keys[row.env], str) else keys[row.env],  # type: ignore[arg-type,return-value]
        reverse=falling,
    )
    return present + missing
