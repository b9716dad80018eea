"""``rewards [N]``: what the reward is made of, and whether the parts add up to it."""

from __future__ import annotations

import click

from sanctum.command import (
    ENV,
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    cell,
    inspect_command,
)
from sanctum.command.advice import no_actions, records
from sanctum.command.readings import counted, percent, times
from sanctum.model.answers import ActionReward, Component, RewardsAnswer, Verdict
from sanctum.model.readings import MASKED, Absent, NonFinite, Reading, number

RELATIVE = 1e-6
ROOM = 8
"""Components that a screen has room for."""

INSIDE = "in it"
"""How a component enters that is a part of the one above it."""


def enters(one: Component) -> str:
    """How a component enters the total: added, subtracted (it is sent as a cost), or inside one."""
    return INSIDE if one.inside is not None else "+" if one.sign > 0 else "-"


COMPONENTS = (
    Column("component", lambda c: c.name, priority=0),
    Column("last", lambda c: times(c.last, c.sign), unit="reward", priority=0),
    Column("mean", lambda c: times(c.mean, c.sign), unit="reward", priority=0),
    Column("spread", lambda c: c.spread, unit="reward"),
    Column("share", lambda c: times(c.share, 100), unit="percent", digits=1),
)
SIGN = Column("enters", enters, priority=1)
DETAIL = (
    Column("inside", lambda c: c.inside),
    Column("sign", lambda c: c.sign, digits=0),
)


@inspect_command("rewards", group="look", examples=("rewards", "rewards 3", "rewards 3 --actions"))
@click.argument("env", type=ENV, metavar="[N]", required=False)
@click.option("--window", type=click.IntRange(1), metavar="STEPS", help="over the last so many")
@click.option("--actions", is_flag=True, help="what came with each action, by component")
@click.option("--more", is_flag=True, help="components that were 0 all the time, too")
def command(
    moment: Moment, env: int | None, window: int | None, actions: bool, more: bool
) -> Report:
    """Take the reward apart, over all environments or in one.

    Each component as it enters the total, costs negative: at the last step, its mean and spread
    over the window, its share of the sum of absolute means. enters: + added; - subtracted, since it
    is sent as a cost; in it: a part of the component above, shown and not added again. masked: it
    had no meaning at the last step and adds nothing. residual: the total minus the sum of the
    components, what nobody accounts for; anything but zero means that a part is missing or counted
    twice.
    """
    answer = moment.rewards(env=env, window=window)
    ordered = _ordered(answer.components)
    loud = [one for one in ordered if not is_silent(one)]
    shown = ordered if more else loud[:ROOM]
    empty = "components: all of them 0"
    if not ordered:
        empty = f"components: not measured{records(moment, 'run.step(rewards={...})')}"
    blocks: list[Block] = [_components(ordered, shown, empty)]
    if not isinstance(answer.total.last, Absent) or answer.components:
        blocks.append(Facts(_total(answer), "total"))
    if actions:
        names = [one.name for one in answer.components]
        signs = {one.name: one.sign for one in answer.components}
        columns = (*BY_ACTION, *(_part(name, signs[name], i) for i, name in enumerate(names)))
        empty = "" if answer.actions else no_actions(moment)
        blocks.append(Table(columns, answer.actions, title="mean by action", empty=empty))
    bad = _verdict(answer) in ("warn", "crit")
    return Report(
        f"rewards of env {env}" if env is not None else "rewards, mean of all envs",
        *blocks,
        headline=_headline(answer),
        notes=_notes(answer, len(loud) - len(shown), len(ordered) - len(loud), more),
        verdict=_verdict(answer),
        at=answer.at,
        next=_next(env, bad, actions or not answer.components),
    )


BY_ACTION = (
    Column("action", lambda a: a.action, priority=0),
    Column("count", lambda a: a.count, priority=0, digits=0),
    Column("mean", lambda a: a.mean, unit="reward", priority=0),
)


def _part(name: str, sign: int, place: int) -> Column:
    def get(row: ActionReward) -> Reading:
        return times(row.components.get(name, MASKED), sign)

    return Column(name, get, priority=place + 1)


def is_silent(one: Component) -> bool:
    """Whether a component was 0, or without meaning, all the time."""
    said = [number(value) for value in (one.last, one.mean, one.spread)]
    return any(value is not None for value in said) and not any(said)


def _ordered(components: list[Component]) -> list[Component]:
    """The largest first, parts of a component after it."""

    def size(one: Component) -> float:
        return -abs(number(one.mean) or 0.0)

    names = {one.name for one in components}
    whole = [one for one in components if one.inside not in names]
    parts = [one for one in components if one.inside in names]
    return [
        one
        for top in sorted(whole, key=size)
        for one in (top, *sorted((part for part in parts if part.inside == top.name), key=size))
    ]


def _components(ordered: list[Component], shown: list[Component], empty: str) -> Table:
    """The components; how they enter stands there where not all are added."""
    plain = all(enters(one) == "+" for one in ordered)
    return Table(
        COMPONENTS if plain else (*COMPONENTS, SIGN),
        shown,
        empty=empty,
        detail=(SIGN, *DETAIL) if plain else DETAIL,
        rest=[one for one in ordered if one not in shown],
    )


def _next(env: int | None, bad: bool, actions: bool) -> str:
    if bad:
        return "events --severity warn"
    who = "" if env is None else f" {env}"
    return f"actions{who}" if actions else f"rewards{who} --actions"


def _scale(components: list[Component]) -> float:
    """The size of what was added up, as far as it is known: sums of float32 are judged by it."""
    sizes = [
        abs(number(one.mean) or 0.0) + 3 * abs(number(one.spread) or 0.0) for one in components
    ]
    return sum(abs(number(one.last) or 0.0) for one in components) + sum(sizes)


def _broken(answer: RewardsAnswer) -> str:
    """What is nan or infinite, and where; empty when all that was measured is finite."""
    every = [("reward", answer.total), *((one.name, one) for one in answer.components)]
    for name, one in every:
        if isinstance(one.last, NonFinite):
            return f"{name} is {cell(one.last)} at the last step"
    for name, one in every:
        if isinstance(one.mean, NonFinite):
            return f"{name} is not finite in the window"
    if isinstance(answer.worst_residual, NonFinite):
        return "the reward or a component is not finite in the window"
    return ""


def _verdict(answer: RewardsAnswer) -> Verdict | None:
    if _broken(answer):
        return "crit"
    found = [number(one) for one in (answer.residual, answer.worst_residual)]
    residuals = [one for one in found if one is not None]
    if not residuals or not answer.components:
        return None
    limit = RELATIVE * _scale(answer.components)
    return "ok" if all(abs(one) <= limit for one in residuals) else "warn"


def _total(answer: RewardsAnswer) -> list[Fact]:
    total, verdict = answer.total, _verdict(answer)
    judged = verdict is not None and verdict != "crit"
    note = f"limit {RELATIVE:g} of what was added up" if judged else ""
    if verdict == "warn":
        note = "unattributed: no component accounts for it"
    return [
        Fact("last", total.last, "reward"),
        Fact("mean", total.mean, "reward"),
        Fact("spread", total.spread, "reward"),
        Fact("residual", answer.residual, "reward", verdict, note=note),
        Fact("worst_residual", answer.worst_residual, "reward", verdict),
    ]


def _headline(answer: RewardsAnswer) -> str:
    if broken := _broken(answer):
        return broken
    last = f"last {cell(answer.total.last)}, mean {cell(answer.total.mean)}"
    if not answer.components:
        known = number(answer.total.last) is not None or number(answer.total.mean) is not None
        return f"reward {last}; its components were not recorded" if known else ""
    if _verdict(answer) == "warn":
        worst = cell(answer.worst_residual)
        return f"the components do not add up to the reward: up to {worst} is unaccounted for"
    summands = [one for one in answer.components if one.inside is None] or answer.components
    top = max(summands, key=lambda one: number(one.share) or 0.0)
    if not number(top.share):
        return f"reward {last}; all components are 0"
    sums = "; they add up" if _verdict(answer) == "ok" else ""
    return f"reward {last}; mostly {top.name} ({percent(top.share)}){sums}"


def _notes(answer: RewardsAnswer, smaller: int, silent: int, more: bool) -> list[str]:
    notes = []
    if answer.first_step is not None and answer.last_step is not None:
        rows = counted(answer.rows, "row")
        notes.append(f"over steps {answer.first_step:,}-{answer.last_step:,}, {rows}")
    hidden = [f"{smaller} smaller"] if smaller > 0 else []
    hidden += [f"{silent} that {'was' if silent == 1 else 'were'} 0 all the time"] if silent else []
    if hidden and not more:
        notes.append(f"not shown (--more): {' and '.join(hidden)}")
    return ["; ".join(notes)] if notes else []
