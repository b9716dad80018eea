"""``decision N [STEP]``: one decision: what was seen, legal and probable, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    columns,
    inspect_command,
)
from sanctum.command.decided import headline, unsaid, unusual
from sanctum.command.place import to_step
from sanctum.command.readings import listed, percent, said, times
from sanctum.model.decisions import Ahead, DecisionAnswer, Head, HeadOption
from sanctum.model.readings import NOT_MEASURED, Reading, number

LINES = 22
"""What a default answer fits into."""

MOST_OPS = 6

SLOTS = (
    columns.SLOT,
    columns.STAGE,
    columns.BLUEPRINT,
    columns.ALPHA,
    columns.CONTRIBUTION,
    columns.AGE,
)
FEATURES = (
    Column("feature", lambda f: f.name, priority=0),
    Column("value", lambda f: f.value, priority=0),
    Column("mean", lambda f: f.mean),
    Column("spread", lambda f: f.spread),
    Column("distance", lambda f: f.distance, unit="sd", priority=0, digits=1),
)
OPTION = (
    Column("legal", lambda o: o.of.legal),
    Column("rule", lambda o: _rule(o)),
    Column("logit", lambda o: o.of.logit, priority=2, digits=2),
    Column("probability", lambda o: times(o.of.probability, 100), "percent", 0, digits=1),
    Column("chosen", lambda o: o.of.chosen),
    Column("q", lambda o: o.q, priority=2),
)
OF_HEAD = (
    Column("head", lambda o: o.head.head),
    Column("entropy", lambda o: o.head.entropy, unit="0-1"),
    Column("forced", lambda o: o.head.forced),
    Column("log_probability", lambda o: o.of.logit if o.head.normalised else NOT_MEASURED),
)
COURSES = (
    Column("env", lambda c: c.env, priority=0, digits=0),
    Column("step", lambda c: c.step, priority=0, digits=0),
    Column("op", lambda c: c.op, priority=0),
    Column("distance", lambda c: c.distance, digits=2),
    Column("1 step", lambda c: c.after(1), priority=0, digits=3),
    Column("5 steps", lambda c: c.after(5), priority=0, digits=3),
    Column("20 steps", lambda c: c.after(20), priority=0, digits=3),
)
COMPONENTS = (
    Column("component", lambda c: c.name, priority=0),
    Column("value", lambda c: times(c.last, c.sign), priority=0, digits=3),
    Column("mean", lambda c: times(c.mean, c.sign), digits=3),
    Column("inside", lambda c: c.inside, priority=2),
)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of one head, as a row; `q` is what the critic expects of it."""

    head: Head
    of: HeadOption
    q: Reading = NOT_MEASURED


@dataclass(frozen=True, slots=True)
class Course:
    """What came of a decision, this one or one like it, as a row."""

    env: int
    step: int
    op: str | None
    distance: float
    ahead: list[Ahead]

    def after(self, steps: int) -> Reading:
        """The sum of rewards over so many steps."""
        return next((one.value for one in self.ahead if one.steps == steps), NOT_MEASURED)


@inspect_command(
    "decision",
    group="explain",
    examples=("decision 7", "decision 7 1200", "decision 7 --at -50", "decision 7 --more"),
)
@click.argument("env", type=ENV, metavar="N")
@click.argument("step", metavar="[STEP]", required=False)
@click.option("--more", is_flag=True, help="all features, heads and components; the slots")
def command(moment: Moment, env: int, step: str | None, more: bool) -> Report:
    """Show one decision: the newest of an environment, or that of a step.

    Each op: whether it was legal, the rule that forbade it, its logit, its probability, what the
    critic expects of it. Then value, reward and what the update credited it with; features far from
    their mean over the steps before, in standard deviations (sd); the nearest past observations at
    which another op was taken. Rewards of 1, 5 and 20 steps are sums, no further than the episode.
    """
    then = to_step(moment, step)
    answer = then.decision(env)
    options = _options(answer, then)
    blocks: list[Block] = [_ops(answer.heads[0], options, more), Facts(_facts(answer))]
    if more:
        blocks += [_head(one, options) for one in answer.heads[1:] if one.chosen is not None]
    if answer.features:
        blocks.append(_features(answer, more))
    notes = _notes(answer, then, more)
    if answer.neighbours:
        blocks.append(_courses(answer, 5 if more else _room(blocks, notes)))
    if more:
        blocks += _rest(answer)
    can_replay = bool(answer.features) and answer.at.hall is None
    return Report(
        f"decision of env {env} at step {answer.step:,}",
        *blocks,
        headline=headline(answer),
        notes=notes,
        at=answer.at,
        next=f"replay {env} {answer.step}" if can_replay else f"env {env}",
    )


def _options(answer: DecisionAnswer, then: Moment) -> list[Option]:
    """Every option of every head, the main one's first."""
    policy = said(then.policy)
    q = {} if policy is None else {one.action: one.q for one in policy.actions}
    main = answer.heads[0]
    return [
        Option(head, one, q.get(one.name, NOT_MEASURED) if head is main else NOT_MEASURED)
        for head in answer.heads
        for one in head.options
    ]


def _ops(main: Head, options: list[Option], more: bool) -> Table:
    """The ops; all those of further heads, and on a screen those of no interest, for programs."""
    ops = [one for one in options if one.head is main]
    shown = ops if more else _of_interest(ops)
    return _choices("op", main, ops, shown, [one for one in options if one not in shown])


def _of_interest(ops: list[Option]) -> list[Option]:
    """All of a few ops; of many the likeliest, and the one that was chosen."""
    if len(ops) <= MOST_OPS:
        return [one for one in ops if one.of.chosen or _is_told(one)] or ops
    likely = sorted(ops, key=lambda one: (not one.of.chosen, -(number(one.of.probability) or 0.0)))
    return [one for one in ops if one in likely[:MOST_OPS]]


def _is_told(one: Option) -> bool:
    """Whether a screen would miss it: an op that nobody says could have been taken is not."""
    return one.of.legal is not None or number(one.of.probability) not in (None, 0.0)


def _head(head: Head, options: list[Option]) -> Table:
    """A further head that had a part in the decision."""
    own = [one for one in options if one.head is head]
    return _choices(head.head, head, own, own)


def _choices(
    name: str,
    head: Head,
    every: Sequence[Option],
    shown: Sequence[Option],
    rest: Sequence[Option] = (),
) -> Table:
    """Options of a head as rows; what nobody said of any of them has no column on a screen."""
    told = {
        "legal": any(one.of.legal is not None for one in every),
        "rule": any(one.of.rule is not None for one in every),
        "logit": not head.normalised and any(number(one.of.logit) is not None for one in every),
        "q": any(number(one.q) is not None for one in every),
    }
    names = Column(name, lambda o: o.of.name, priority=0)
    return Table(
        (names, *(one for one in OPTION if told.get(one.name, True))),
        shown,
        empty=f"{name}s: not measured",
        detail=(*(one for one in OPTION if not told.get(one.name, True)), *OF_HEAD),
        rest=rest,
    )


def _rule(one: Option) -> str | None:
    return "" if one.of.legal else one.of.rule


def _facts(answer: DecisionAnswer) -> list[Fact]:
    """Other heads, what the critic expected and what it got, the parts of the reward."""
    used = [head for head in answer.heads[1:] if head.chosen is not None]
    chosen = [f"{head.head} {head.chosen} {_sure(head)}".rstrip() for head in used]
    summands = [part for part in answer.components if part.inside is None]
    parts = [(part.name, times(part.last, part.sign)) for part in summands]
    parts.sort(key=lambda part: -abs(number(part[1]) or 0.0))
    made = listed([f"{name} {cell(value, 3)}" for name, value in parts if number(value)])
    later = {
        "next": answer.next_value,
        "advantage": answer.advantage,
        "return": answer.episode_return,
    }
    credited = [f"{name} {cell(one)}" for name, one in later.items() if one != NOT_MEASURED]
    done = columns.done(answer.decision)
    return [
        *([Fact("heads", ", ".join(chosen))] if chosen else []),
        Fact("value", answer.value, answer.units.get("value", "reward"), note=", ".join(credited)),
        Fact("reward", answer.reward, "reward", note=made),
        *([] if done is None else [Fact("done", done)]),
    ]


def _sure(head: Head) -> str:
    """How probable a head's choice was, where that was said."""
    chances = [one.probability for one in head.options if one.chosen]
    return percent(chances[0]) if chances and number(chances[0]) is not None else ""


def _features(answer: DecisionAnswer, more: bool) -> Table:
    """The features; without `more` a sentence stands for them on a screen."""
    rows = answer.features
    first, last = answer.first_step, answer.last_step
    title = (
        "features" if first is None else f"features, beside those of steps {first:,} to {last:,}"
    )
    return Table(
        FEATURES,
        rows if more else (),
        title=title if more else "",
        empty=unusual(rows),
        rest=() if more else rows,
    )


def _courses(answer: DecisionAnswer, count: int) -> Table:
    """The decision itself and its nearest neighbours, `count` of them on a screen."""
    one = answer.decision
    op = one.action if one.target is None else f"{one.action} {one.target}"
    rows = [Course(answer.env, answer.step, op, 0.0, answer.ahead)]
    for near in answer.neighbours:
        op = near.action if near.target is None else f"{near.action} {near.target}"
        rows.append(Course(near.env, near.step, op, near.distance, near.ahead))
    return Table(
        COURSES,
        rows[: count + 1],
        title=f"its reward, and that of the nearest of {answer.searched:,} before with another op",
        rest=rows[count + 1 :],
    )


def _rest(answer: DecisionAnswer) -> list[Block]:
    """What has no part in a first look: the reward's components, the slots."""
    taken = [seed for seed in answer.seeds if not columns.is_empty(seed)]
    found: list[Block] = []
    if answer.components:
        found.append(Table(COMPONENTS, answer.components, title="reward components"))
    if taken:
        found.append(Table(SLOTS, taken, title="slots, after the step"))
    return found


def _room(blocks: Sequence[Block], notes: Sequence[str]) -> int:
    """How many neighbours fit below all that stands above them."""
    used = 3 + sum(
        1 + (len(one.facts) if isinstance(one, Facts) else len(one.items) + 2 if one.items else 2)
        for one in blocks
        if isinstance(one, Facts | Table)
    )
    return max(1, min(5, LINES - used - 4 - len(notes)))


def _notes(answer: DecisionAnswer, then: Moment, more: bool) -> list[str]:
    notes = []
    if answer.at.step is not None and answer.step < answer.at.step:
        notes.append(f"the newest decision by step {answer.at.step:,}")
    if then.at is not None and more:
        notes.append("what came of it is as known now")
    unused = [head.head for head in answer.heads if head.chosen is None]
    if unused and more:
        notes.append(f"without a part in it: {', '.join(unused)}")
    if "value" in answer.units:
        notes.append("value and reward are on different scales")
    lacking = unsaid(answer, more)
    return [line for line in ("; ".join(notes), lacking) if line]
