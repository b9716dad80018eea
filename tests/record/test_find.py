"""`condition.find` says what a scan by hand says, which asks `condition_check` at every moment."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.errors import ConditionError
from sanctum.record.pulse import Pulse
from sanctum.record.questions.condition import condition_check
from sanctum.record.questions.find import condition_find
from tests.record.checking import COLUMNS, OPS, SCALARS, STAGES, Past, past

RECORDS = 8
SEEDS = ("seed.a.alpha", "seed/b/contribution", "active_seeds", "seeds")


@st.composite
def conditions(draw: st.DrawFn, of: Past, env: int | None, depth: int = 2) -> str:
    """A condition of which every comparison is of like things; of steps, or of updates too."""
    kind = draw(st.integers(0, 11 if depth else 5))
    if kind <= 3:
        sides = draw(values(of, env)), draw(values(of, env))
        number = draw(st.sampled_from(of.values[_name(sides[0], of)])) + draw(nudges)
        other = sides[1] if draw(st.integers(0, 5)) == 0 else repr(number).lstrip("+")
        other = f"-{other[1:]}" if other.startswith("-") else other
        other = {"nan": "0", "inf": "1e999", "-inf": "-1e999"}.get(other, other)
        return f"{sides[0]} {draw(operators)} {other}"
    if kind == 4:
        check = draw(st.sampled_from(("absent", "nan", "finite", "not absent", "not nan")))
        return f"{draw(values(of, env))} is {check}"
    if kind == 5:
        return draw(words) if env is not None else draw(st.sampled_from(RUN))
    inner = draw(conditions(of, env, depth - 1))
    if kind <= 7:
        return f"({inner}) for {draw(st.integers(1, 4))}"
    if kind == 8:
        return f"not ({inner})"
    joint = draw(st.sampled_from(("and", "or")))
    return f"({inner}) {joint} ({draw(conditions(of, env, depth - 1))})"


RUN = ("step > 15", "update >= 3", "warnings > 0", "errors = 0 for 2", "1 < 2", "value_loss > 1")
nudges = st.sampled_from((0.0, 0.0, 0.05, -0.05, 1.0, -1.0, 5.0, -5.0))
operators = st.sampled_from(("<", "<=", ">", ">=", "=", "!="))
words = st.one_of(
    st.sampled_from(("action", "target", "seed.a.stage", "seed/b/stage", "health")).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.sampled_from(("=", "!=")),
            st.sampled_from((*OPS, *STAGES, "a", "b", "steady", "'rising'", "'no such'")),
        ).map(" ".join)
    ),
    st.sampled_from((*RUN, "age_steps > 0", "env = 1", "target is absent", "val_loss is absent")),
)


def values(of: Past, env: int | None) -> st.SearchStrategy[str]:
    """A name, or something that was computed from one."""
    named = [*sorted(of.values), *SEEDS, "loss", "loss"]
    scalars = st.sampled_from([one for one in SCALARS if one in of.values])
    name = (
        st.sampled_from(named) if env is not None else scalars | st.sampled_from(sorted(of.values))
    )
    return st.one_of(
        name,
        name,
        st.tuples(name, st.sampled_from(("+ 0.5", "- 1", "* 2", "/ 2", "* -1"))).map(" ".join),
        st.tuples(name, st.sampled_from("+-*/"), name).map(lambda one: f"({' '.join(one)})"),
        name.map(lambda one: f"-{one}"),
    )


def _name(value: str, of: Past) -> str:
    """A name whose values are near those of `value`."""
    found = [one for one in (*COLUMNS, *SCALARS) if one in value and one in of.values]
    return found[-1] if found else "accuracy"


@st.composite
def searches(draw: st.DrawFn):
    of = past(draw(st.integers(0, RECORDS - 1)))
    env = draw(st.sampled_from((None, None, 0, 1, 2)))
    when = draw(st.sampled_from((None, None, None, "middle")))
    return of, draw(conditions(of, env)), env, when


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(searches())
def test_a_search_agrees_with_a_scan_of_every_moment(search) -> None:
    of, condition, env, when = search
    at = None if when is None else str(of.steps[len(of.steps) // 2])
    scope = of.at(at)
    try:
        found = condition_find(scope, condition, env, limit=None)
    except ConditionError as error:
        name = str(error).split("'")[1]
        with pytest.raises(ConditionError, match="nothing is called"):
            condition_check(scope, Pulse(), f"{name} is absent", env)
        return
    if found.clock == "step":
        moments = [one for one in of.steps if one <= scope.step]
        names = [str(one) for one in moments]
    else:
        moments = [one for one in of.updates if one <= (scope.at.update or 0)]
        names = [f"u{one}" for one in moments]
    scanned = [of.check(name, condition, env) for name in names]
    assert (found.checked, found.held, found.unknown) == (
        len(scanned),
        scanned.count(True),
        scanned.count(None),
    )
    got = [(one.first, one.last, one.count) for one in found.stretches]
    assert got == stretches(moments, scanned)


def stretches(moments: list[int], held: list[bool | None]) -> list[tuple[int, int | None, int]]:
    found, start = [], None
    for place, one in enumerate([*held, None]):
        if one and start is None:
            start = place
        elif not one and start is not None:
            last = None if place == len(held) else moments[place - 1]
            found.append((moments[start], last, place - start))
            start = None
    return found
