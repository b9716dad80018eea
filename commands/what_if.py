"""``what-if N [STEP] feature=value ...``: what the policy would do with other features."""

from __future__ import annotations

from collections.abc import Sequence

import click

from sanctum.command import (
    ENV,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    UsageError,
    cell,
    did_you_mean,
    inspect_command,
)
from sanctum.command.readings import percent, times
from sanctum.command.replays import (
    changes,
    exact,
    options,
    points,
    swept,
    weights,
    weights_options,
    when,
)
from sanctum.command.types import is_moment
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.model.replayed import (
    DISTRIBUTION,
    Change,
    OptionMoved,
    SweepAnswer,
    SweepPoint,
    WhatIfAnswer,
)

POINTS, MOST = 11, 14
"""Points of a sweep unless said, and how many of them a screen shows."""

OPTIONS = (
    Column("option", lambda one: one.name, priority=0),
    Column("legal", lambda one: one.legal, priority=1),
    Column("before", lambda one: times(one.before, 100), "percent", 0, digits=1),
    Column("after", lambda one: times(one.after, 100), "percent", 0, digits=1),
    Column("change", lambda one: points(one.before, one.after), "points", 0, digits=1),
)
NUMBERS = (
    Column(DISTRIBUTION, lambda one: one.name, priority=0),
    Column("before", lambda one: one.before, priority=0),
    Column("after", lambda one: one.after, priority=0),
    Column("change", lambda one: _moved(one), priority=0),
)
"""Of continuous actions."""


@inspect_command(
    "what-if",
    group="explain",
    examples=(
        "what-if 7 accuracy=0.8",
        "what-if 7 1200 accuracy+=0.1 live_seeds=0",
        "what-if 7 --sweep accuracy=0:1:11",
    ),
)
@click.argument("env", type=ENV, metavar="N")
@click.argument("words", metavar="[STEP] [FEATURE=VALUE]...", nargs=-1)
@click.option(
    "--sweep", metavar="FEATURE=LOW:HIGH:COUNT", help="one feature through a range, in a table"
)
@weights_options
def command(
    moment: Moment, env: int, words: tuple[str, ...], sweep: str | None, which: str, trust: bool
) -> Report:
    """Change what the policy saw at a decision, and show what it would have done.

    accuracy=0.8 sets a feature, accuracy+=0.1 and accuracy-=0.1 move it from what it was; features
    have the names that `decision N` shows, and its scale. The mask and the recurrent state stay
    as they were, and so does every other feature: no simulation of what would follow. distance is
    the change in standard deviations: far outside, the policy answers about what it never saw.
    """
    step = words[0] if words and is_moment(words[0]) else None
    typed = words if step is None else words[1:]
    then = moment if step is None else moment.to(step)
    if sweep is not None:
        if typed:
            raise UsageError("--sweep changes one feature alone", f"what-if {env} --sweep {sweep}")
        name, low, high, count = swept(sweep, POINTS)
        return _swept(then.sweep(env, name, low, high, count, which=which, trust=trust), trust)
    if not typed:
        raise UsageError(
            "no feature is changed",
            f"what-if {env} accuracy=0.8; decision {env} names the features",
        )
    wanted = _absolute(then, env, changes(typed))
    return _changed(then.what_if(env, wanted, which=which, trust=trust), trust)


def _absolute(
    moment: Moment, env: int, typed: Sequence[tuple[str, str, float]]
) -> dict[str, float]:
    """Values to set; what is to be moved begins at what was seen."""
    if all(operator == "=" for _, operator, _ in typed):
        return {name: value for name, _, value in typed}
    seen = {one.name: number(one.value) for one in moment.decision(env).features}
    found: dict[str, float] = {}
    for name, operator, value in typed:
        if operator == "=":
            found[name] = value
            continue
        if name not in seen:
            hint = did_you_mean(name, seen) or f"decision {env} names the features"
            raise UsageError(f"there is no feature '{name}'", hint)
        before = seen[name]
        if before is None:
            raise UsageError(
                f"'{name}' has no value to move from", f"{name}={exact(value)} sets it"
            )
        found[name] = before + (value if operator == "+=" else -value)
    return found


def _changed(answer: WhatIfAnswer, trust: bool) -> Report:
    facts = [_fact(one) for one in answer.changes]
    if number(answer.value_before) is not None:
        before = f"was {cell(answer.value_before)}"
        facts.append(Fact("value", answer.value_after, note=before))
    at = f"{answer.env} {when(answer.at, answer.step)}{options(answer.which, trust)}"
    return Report(
        f"what if, env {answer.env} at step {answer.step:,}",
        Table(
            NUMBERS
            if answer.head == DISTRIBUTION
            else (OPTIONS[0]._replace(name=answer.head), *OPTIONS[1:]),
            answer.options,
        ),
        Facts(facts),
        headline=_headline(answer),
        notes=[f"with {weights(answer.which, answer.update)}; the mask stays", *answer.notes],
        at=answer.at,
        next=f"{_next(answer.head)} {at}",
    )


def _next(head: str) -> str:
    """What to ask after this; of continuous actions there is no choice to be flipped."""
    return "replay" if head == DISTRIBUTION else "flip"


def _moved(one: OptionMoved) -> Reading:
    before, after = number(one.before), number(one.after)
    return NOT_MEASURED if before is None or after is None else reading(after - before)


def _fact(one: Change) -> Fact:
    away = number(one.distance)
    note = f"was {one.before:.6g}" + ("" if away is None else f", moved {away:+.2f} sd")
    return Fact(one.feature, one.after, note=note, digits=None)


def _headline(answer: WhatIfAnswer) -> str:
    before = {one.name: one.before for one in answer.options}
    after = {one.name: one.after for one in answer.options}
    was, now = answer.choice_before, answer.choice_after
    if answer.head == DISTRIBUTION:
        return ", ".join(
            f"{name} {cell(before[name])} -> {cell(after[name])}" for name in list(before)[:2]
        )
    if was is None or now is None:
        return "the policy gives no probabilities here"
    if was != now:
        return (
            f"it would choose {now} ({_chance(before, now)} -> {_chance(after, now)}) instead of "
            f"{was} ({_chance(before, was)} -> {_chance(after, was)})"
        )
    return f"it would choose {now} all the same: {_chance(before, now)} -> {_chance(after, now)}"


def _chance(found: dict[str, Reading], name: str) -> str:
    return percent(found[name])


def _swept(answer: SweepAnswer, trust: bool) -> Report:
    shown = _thinned(answer)
    rest = [one for one in answer.points if one not in shown]
    choices = [Column("choice", lambda one: one.choice, priority=0)]
    if answer.head == DISTRIBUTION:
        choices = []
    columns = (
        Column(answer.feature, lambda one: one.feature_value, priority=0),
        *(_option(place, name, answer.head) for place, name in enumerate(answer.options)),
        *choices,
        Column("value", lambda one: one.value, priority=3),
    )
    notes = [f"with {weights(answer.which, answer.update)}; the mask stays", *answer.notes]
    if rest:
        notes.insert(0, f"{len(shown)} of {len(answer.points)} points are shown: --format csv")
    at = f"{answer.env} {when(answer.at, answer.step)}{options(answer.which, trust)}"
    return Report(
        f"what if, env {answer.env} at step {answer.step:,}: {answer.feature} swept",
        Table(columns, shown, rest=rest),
        headline=_course(answer),
        notes=notes,
        at=answer.at,
        next=f"{_next(answer.head)} {at}",
    )


def _option(place: int, name: str, head: str) -> Column:
    if head == DISTRIBUTION:
        return Column(name, lambda one: one.probabilities[place], priority=1)

    def get(one: SweepPoint) -> Reading:
        return times(one.probabilities[place], 100)

    return Column(name, get, "percent", 1, digits=1)


def _thinned(answer: SweepAnswer) -> list[SweepPoint]:
    """As many points as fit: the ends and evenly between."""
    count = len(answer.points)
    if count <= MOST:
        return answer.points
    places = sorted({round(one * (count - 1) / (MOST - 1)) for one in range(MOST)})
    return [answer.points[place] for place in places]


def _course(answer: SweepAnswer) -> str:
    """Which choice over which stretch of the range: ``WAIT to 0.4, GERMINATE from 0.5``."""
    parts: list[list[SweepPoint]] = []
    for one in answer.points:
        if parts and parts[-1][-1].choice == one.choice:
            parts[-1].append(one)
        else:
            parts.append([one])
    recorded = f"; it was {answer.recorded:.6g}"
    if answer.head == DISTRIBUTION and answer.options:
        first, last = (cell(answer.points[place].probabilities[0]) for place in (0, -1))
        return f"{answer.options[0]} from {first} to {last}{recorded}"
    if len(parts) == 1:
        return f"{parts[0][0].choice or 'no choice'} over the whole range{recorded}"
    named = [
        f"{part[0].choice or 'none'} {_stretch(part, place == 0, place == len(parts) - 1)}"
        for place, part in enumerate(parts)
    ]
    return f"{', '.join(named[:4])}{' ...' if len(named) > 4 else ''}{recorded}"


def _stretch(part: Sequence[SweepPoint], first: bool, last: bool) -> str:
    low, high = cell(part[0].feature_value), cell(part[-1].feature_value)
    if first:
        return f"to {high}"
    return f"from {low}" if last else f"{low} to {high}" if low != high else f"at {low}"
