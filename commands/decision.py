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
    heads,
    inspect_command,
)
from sanctum.command.decided import WIDTH, headline, unsaid, unusual
from sanctum.command.place import to_step
from sanctum.command.readings import listed, percent, said, times
from sanctum.command.replays import when
from sanctum.model.decisions import DecisionAnswer, Head, Neighbour
from sanctum.model.readings import NOT_MEASURED, Reading, number

LINES, INDENT, LABEL = 22, 6, 10
"""What a default answer fits into."""

LEAST_OPS = 4
OTHERS = 3
"""Lines that many ops leave to the neighbours."""

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
COURSES = (
    Column("env", lambda c: c.env, priority=0, digits=0),
    Column("step", lambda c: c.step, priority=0, digits=0),
    Column("op", lambda c: c.op, priority=0),
    Column("distance", lambda c: c.distance, digits=2),
    Column("in 1", lambda c: c.after(1), priority=0, digits=3),
    Column("in 5", lambda c: c.after(5), priority=0, digits=3),
    Column("in 20", lambda c: c.after(20), priority=0, digits=3),
)
OF_COURSE = (
    Column("reward", lambda c: c.known.reward),
    Column("value", lambda c: c.known.value),
    Column("next_value", lambda c: c.known.next_value),
    Column("advantage", lambda c: c.known.advantage),
    Column("return", lambda c: c.known.episode_return),
)
COMPONENTS = (
    Column("component", lambda c: c.name, priority=0),
    Column("value", lambda c: times(c.last, c.sign), priority=0, digits=3),
    Column("mean", lambda c: times(c.mean, c.sign), digits=3),
    Column("inside", lambda c: c.inside or "", priority=2),
)


@dataclass(frozen=True, slots=True)
class Course:
    """What came of a decision, this one or one like it, as a row."""

    env: int
    step: int
    op: str | None
    distance: float
    known: DecisionAnswer | Neighbour

    def after(self, steps: int) -> Reading:
        """The sum of rewards over so many steps."""
        return next((one.value for one in self.known.ahead if one.steps == steps), NOT_MEASURED)


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
    options = heads.options(answer, said(then.policy))
    facts, notes = _facts(answer, more), _notes(answer, then, more)
    room = _room(answer, facts, notes)
    ops = heads.ops(answer.heads[0], options, None if more else max(LEAST_OPS, room - OTHERS))
    left = room - len(ops.items)
    blocks: list[Block] = [ops, Facts(facts)]
    if more:
        blocks.append(columns.choices(heads.choices(answer)))
        blocks += [heads.further(one, options) for one in answer.heads[1:] if one.chosen]
    if answer.features:
        blocks.append(_features(answer, more))
    if _has_courses(answer):
        blocks.append(_courses(answer, len(answer.neighbours) if more else 1 + max(0, left)))
    if more:
        blocks += _rest(answer)
    can_replay = bool(answer.features) and answer.at.hall is None
    return Report(
        f"decision of env {env} at step {answer.step:,}",
        *blocks,
        headline=headline(answer),
        notes=notes,
        at=answer.at,
        next=f"replay {env} {when(answer.at, answer.step)}" if can_replay else f"env {env}",
    )


def _facts(answer: DecisionAnswer, more: bool) -> list[Fact]:
    """Other heads, what was expected, what it got and of which parts; what was unusual to see."""
    shown = answer.features and not more
    seen = [Fact("unusual", unusual(answer.features, WIDTH - LABEL))] if shown else []
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
        *seen,
    ]


def _sure(head: Head) -> str:
    """How probable a head's choice was, where that was said."""
    chances = [one.probability for one in head.options if one.chosen]
    return percent(chances[0]) if chances and number(chances[0]) is not None else ""


def _features(answer: DecisionAnswer, more: bool) -> Table:
    """The features; without `more` a fact stands for them on a screen."""
    rows = answer.features
    first, last = answer.first_step, answer.last_step
    title = (
        "features" if first is None else f"features, beside those of steps {first:,} to {last:,}"
    )
    return Table(
        FEATURES,
        rows if more else (),
        title=title if more else "",
        empty="",
        rest=() if more else rows,
    )


def _courses(answer: DecisionAnswer, count: int) -> Table:
    """The decision itself and its nearest neighbours, `count` of them on a screen."""
    one = answer.decision
    op = one.action if one.target is None else f"{one.action} {one.target}"
    rows = [Course(answer.env, answer.step, op, 0.0, answer)]
    for near in answer.neighbours:
        what = near.action if near.target is None else f"{near.action} {near.target}"
        rows.append(Course(near.env, near.step, what, near.distance, near))
    others = f"; then the nearest of {answer.searched:,} past ones with another op"
    lone = tuple(one for one in COURSES if one.name == "distance" and not answer.neighbours)
    return Table(
        tuple(one for one in COURSES if one not in lone),
        rows[: count + 1],
        title=f"reward in 1, 5, 20 steps{others if answer.neighbours else ''}",
        detail=(*lone, *OF_COURSE),
        rest=rows[count + 1 :],
    )


def _has_courses(answer: DecisionAnswer) -> bool:
    """Whether it is known what came, of this decision or of one like it."""
    return bool(answer.neighbours) or any(one.value != NOT_MEASURED for one in answer.ahead)


def _rest(answer: DecisionAnswer) -> list[Block]:
    """What has no part in a first look: the reward's components, the slots."""
    taken = [seed for seed in answer.seeds if not columns.is_empty(seed)]
    found: list[Block] = []
    if answer.components:
        found.append(Table(COMPONENTS, answer.components, title="reward components"))
    if taken:
        found.append(Table(SLOTS, taken, title="slots, after the step"))
    return found


def _room(answer: DecisionAnswer, facts: Sequence[Fact], notes: Sequence[str]) -> int:
    """Lines of a default screen that are left for ops, and for neighbours beyond the first."""
    used = len(("title", "head", "rule", "next")) + sum(map(_lines, (headline(answer), *notes)))
    used += len(facts) + len(("blank",))
    if _has_courses(answer):
        used += len(("blank", "title", "head", "rule", "own")) + bool(answer.neighbours)
    every = [answer.ahead, *(near.ahead for near in answer.neighbours)]
    sums = [one.value for ahead in every for one in ahead]
    return LINES - used - (NOT_MEASURED in [*sums, *(fact.value for fact in facts)])


def _lines(text: str) -> int:
    """How many lines a text takes at the size that answers are made for."""
    return 1 if len(text) <= WIDTH else 1 + -(-(len(text) - WIDTH) // (WIDTH - INDENT))


def _notes(answer: DecisionAnswer, then: Moment, more: bool) -> list[str]:
    notes = []
    if answer.at.step is not None and answer.step < answer.at.step:
        notes.append(f"the newest decision by step {answer.at.step:,}")
    if then.at is not None and more:
        notes.append("what came of it is as known now")
    unused = [head.head for head in answer.heads if head.chosen is None]
    if answer.policy_version is not None and more:
        notes.append(f"the weights of u{answer.policy_version} decided")
    if unused and more:
        notes.append(f"without a part in it: {', '.join(unused)}")
    if "value" in answer.units:
        notes.append("value and reward are on different scales")
    lacking = unsaid(answer, more)
    return [line for line in ("; ".join(notes), lacking) if line]
