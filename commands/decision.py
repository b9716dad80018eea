"""``decision N [STEP]``: one decision: what every head chose, how surely, and what came of it."""

from __future__ import annotations

import click

from sanctum.command import (
    ENV,
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    NoDataYet,
    Report,
    Table,
    cell,
    columns,
    inspect_command,
)
from sanctum.command.advice import records
from sanctum.command.readings import listed, percent, said, times
from sanctum.model.answers import Decision, EnvAnswer
from sanctum.model.readings import NOT_MEASURED, Absent, Reading, number

SLOTS = (
    columns.SLOT,
    columns.STAGE,
    columns.BLUEPRINT,
    columns.ALPHA,
    columns.CONTRIBUTION,
    columns.AGE,
)


class Op:
    """One op of the decision: what the policy gave it, what the critic expects of it."""

    def __init__(self, name: str, decision: Decision, q: Reading) -> None:
        self.name = name
        self.probability = decision.probabilities.get(name, NOT_MEASURED)
        self.chosen = name == decision.action
        self.q = q


OPS = (
    Column("op", lambda o: o.name, priority=0),
    Column("probability", lambda o: times(o.probability, 100), "percent", 0, digits=1),
    Column("chosen", lambda o: o.chosen),
)
Q = Column("q", lambda o: o.q, priority=2)


@inspect_command(
    "decision", group="explain", examples=("decision 7", "decision 7 1200", "decision 7 --at -50")
)
@click.argument("env", type=ENV, metavar="N")
@click.argument("step", metavar="[STEP]", required=False)
@click.option(
    "--more", is_flag=True, help="all ops, the slots as they were, what had no part in it"
)
def command(moment: Moment, env: int, step: str | None, more: bool) -> Report:
    """Show one decision: the newest of an environment, or that of a step.

    The choice of every head with its probability, entropy (0-1) and whether it had to; the ops with
    their probabilities as far as they were said, and what the critic expects of each; the slots as
    they were; the reward that followed. done: whether it could be done, or what was executed.
    """
    then = moment if step is None else moment.to(step)
    answer = then.env(env)
    if not answer.decisions:
        raise NoDataYet(
            f"no decision of env {env} was recorded", records(then, "run.step(actions=...)", "")
        )
    decision = max(answer.decisions, key=lambda one: one.step)
    policy = said(then.policy)
    q = {} if policy is None else {one.action: one.q for one in policy.actions}
    names = list(dict.fromkeys([*q, *decision.probabilities]))
    taken = [seed for seed in answer.seeds if not columns.is_empty(seed)]
    ops = [Op(name, decision, q.get(name, NOT_MEASURED)) for name in names]
    if not more:
        ops = [one for one in ops if one.chosen or number(one.probability)]
    blocks: list[Block] = [
        Facts(_facts(answer, decision)),
        _ops(ops),
        columns.choices([one for one in decision.choices if one.option is not None]),
    ]
    if more and taken:
        blocks.append(Table(SLOTS, taken, title="slots"))
    return Report(
        f"decision of env {env} at step {decision.step:,}",
        *blocks,
        headline=_headline(decision, _is_told(answer)),
        notes=_notes(answer, decision, more),
        at=answer.at,
        next=f"env {env}",
    )


def _ops(ops: list[Op]) -> Table:
    """What the critic expects of each op stands on screens where some critic said it."""
    valued = any(not isinstance(one.q, Absent) for one in ops)
    return Table(
        (*OPS, Q) if valued else OPS,
        ops,
        empty="ops: not measured",
        detail=() if valued else (Q,),
    )


def _headline(one: Decision, told: bool) -> str:
    chosen = columns.op(one) or "an op that was not said"
    words = f"{chosen}, probability {percent(one.probability)}"
    if one.forced:
        words += ", forced"
    came = f": {_came(one)}" if told else ""
    return f"{words}{came}; reward {cell(one.reward)}"


def _came(one: Decision) -> str:
    came = columns.done(one)
    if came is None:
        return "what came of it was not said"
    return {"yes": "done", "no": "could not be done"}.get(came, f"executed {came}")


def _facts(answer: EnvAnswer, one: Decision) -> list[Fact]:
    parts = [] if answer.rewards is None else answer.rewards.components
    summands = [part for part in parts if part.inside is None]
    made = [(part.name, times(part.last, part.sign)) for part in summands]
    made.sort(key=lambda part: -abs(number(part[1]) or 0.0))
    most = listed([f"{name} {cell(value, 3)}" for name, value in made if number(value)])
    return [
        Fact("value", one.value, answer.units.get("value", "reward")),
        Fact("reward", one.reward, "reward", note=most),
        *([Fact("done", columns.done(one))] if _is_told(answer) else []),
    ]


def _is_told(answer: EnvAnswer) -> bool:
    """Whether this run says what came of its decisions, of any of them."""
    return any(columns.done(one) is not None for one in answer.decisions)


def _notes(answer: EnvAnswer, one: Decision, more: bool) -> list[str]:
    notes = []
    if answer.at.step is not None and one.step < answer.at.step:
        notes.append(f"the newest decision by step {answer.at.step:,}")
    unused = [choice.head for choice in one.choices if choice.option is None]
    if unused and more:
        notes.append(f"without a part in it: {', '.join(unused)}")
    if "value" in answer.units:
        notes.append("value and reward are on different scales")
    return ["; ".join(notes)] if notes else []
