"""``replay N [STEP]``: a decision evaluated again, with the weights of then, now or the hall."""

from __future__ import annotations

from typing import NamedTuple

import click

from sanctum.command import (
    ENV,
    Block,
    Column,
    Moment,
    Report,
    Table,
    UsageError,
    cell,
    inspect_command,
)
from sanctum.command.decided import not_measured
from sanctum.command.readings import counted, times
from sanctum.command.replays import options, spans, trust_option, weights, when
from sanctum.command.stretch import stretch
from sanctum.model.answers import Verdict
from sanctum.model.readings import NOT_MEASURED, NonFinite, Reading, number
from sanctum.model.replayed import DISTRIBUTION, Evaluation, HeadAgain, ReplayAnswer

LIMIT = 12
"""Rows of a stretch that are shown unless more are asked for."""


CAUSES = (
    "usual causes: it acted in training mode (dropout, batch norm), a normaliser that is not among"
    " the weights, TF32 or autocast on a GPU, code that changed since"
)
"""Of weights that acted and now give something else."""


class Made(NamedTuple):
    """What one set of weights made of the decision, or the record (`again` is None)."""

    weights: str
    update: str
    choice: str | None
    value: Reading
    again: Evaluation | None = None


class Option(NamedTuple):
    """One option of a head: what was recorded, and what each set of weights gives it."""

    name: str
    legal: bool | None
    recorded: Reading
    again: dict[str, Reading]


MADE = (
    Column("weights", lambda one: one.weights, priority=0),
    Column("update", lambda one: one.update, priority=0),
    Column("choice", lambda one: one.choice, priority=0),
    Column("value", lambda one: one.value, priority=1),
    Column(
        "largest difference",
        lambda one: None if one.again is None else one.again.difference,
        priority=1,
    ),
    Column(
        "as recorded",
        lambda one: None if one.again is None else _word(one.again.reproduced),
        priority=0,
        verdict=lambda one: None if one.again is None else _verdict(one.again),
    ),
)


@inspect_command(
    "replay",
    group="explain",
    examples=("replay 7", "replay 7 1200", "replay 7 --hall 1", "replay 7 --from -40 --to -1"),
)
@click.argument("env", type=ENV, metavar="N")
@click.argument("step", metavar="[STEP]", required=False)
@click.option("--hall", type=click.IntRange(1), metavar="K", help="an entry's weights, too")
@click.option("--from", "first", metavar="STEP", help="every decision from this one on")
@click.option("--to", "last", metavar="STEP", help="with --from: up to this one; else the newest")
@click.option("--disagree", is_flag=True, help="with --from: only where then and now differ")
@click.option("-n", "--limit", type=click.IntRange(1), help="with --from: so many rows")
@click.option("--more", is_flag=True, help="every head; every row")
@trust_option
def command(
    moment: Moment,
    env: int,
    step: str | None,
    hall: int | None,
    first: str | None,
    last: str | None,
    disagree: bool,
    limit: int | None,
    more: bool,
    trust: bool,
) -> Report:
    """Evaluate a decision again: what was recorded, with the weights of then, of now, of the hall.

    The recorded observation, mask and recurrent state go through the policy again, in a process of
    its own. Reproduced: no probability differs by 1e-5 or more, and the value is the same. choice
    is the most probable op; the one taken was drawn. With --from, every decision of a stretch: the
    probability of the op that was taken, recorded, then and now; * where then and now would choose
    differently.
    """
    if first is not None:
        if step is not None or hall is not None:
            raise UsageError("--from takes a stretch, not one STEP or --hall", "replay 7 --from 9")
        last = last or "live"
        found = moment.replay_stretch(env, first, last, trust=trust)
        return stretch(found, disagree, None if more else limit or LIMIT, trust)
    if last is not None or disagree or limit is not None:
        raise UsageError("--to, --disagree and --limit go with --from", "replay 7 --from -40")
    then = moment if step is None else moment.to(step)
    return _of_one(then.replay(env, hall=hall, trust=trust), more, trust)


def _of_one(answer: ReplayAnswer, more: bool, trust: bool) -> Report:
    made = [_recorded(answer), *map(_made, answer.evaluations)]
    heads = answer.evaluations[0].heads if answer.evaluations else []
    main = next((one for one in heads if _is_main(one, answer)), next(iter(heads), None))
    shown = heads if more else [] if main is None else [main]
    blocks: list[Block] = [Table(MADE, made), *(_options(one.head, answer) for one in shown)]
    at = f"{answer.env} {when(answer.at, answer.step)}"
    which = "then" if _then(answer) is not None else answer.evaluations[0].which
    moved = answer.choice is not None and any(
        one.choice != answer.choice for one in answer.evaluations
    )
    return Report(
        f"replay of env {answer.env} at step {answer.step:,}",
        *blocks,
        headline=_headline(answer),
        notes=_notes(answer, len(heads) - len(shown)),
        verdict=_worst(answer),
        at=answer.at,
        next=f"replay {answer.env} --from {answer.step}{' --trust' if trust else ''}"
        if any(one.head == DISTRIBUTION for one in heads)
        else f"{'saliency' if moved else 'flip'} {at}{options(which, trust)}",
    )


def _then(answer: ReplayAnswer) -> Evaluation | None:
    return next((one for one in answer.evaluations if one.which == "then"), None)


def _recorded(answer: ReplayAnswer) -> Made:
    value = answer.evaluations[0].recorded_value if answer.evaluations else NOT_MEASURED
    return Made("recorded", "", answer.choice, value)


def _made(one: Evaluation) -> Made:
    return Made(one.which, f"u{one.update}", one.choice, one.value, one)


def _is_main(head: HeadAgain, answer: ReplayAnswer) -> bool:
    return any(one.name == answer.evaluations[0].choice for one in head.options)


def _options(head: str, answer: ReplayAnswer) -> Table:
    """The options of a head, with a column for each set of weights."""
    rows: dict[str, Option] = {}
    for one in answer.evaluations:
        for option in next((h.options for h in one.heads if h.head == head), []):
            row = rows.setdefault(
                option.name, Option(option.name, option.legal, option.recorded, {})
            )
            row.again[one.which] = option.again
    if head == DISTRIBUTION:
        return Table(
            (
                Column(head, lambda row: row.name, priority=0),
                Column("recorded", lambda row: row.recorded, priority=0),
                *(_number(one.which) for one in answer.evaluations),
            ),
            list(rows.values()),
        )
    return Table(
        (
            Column(head, lambda row: row.name, priority=0),
            Column("legal", lambda row: row.legal, priority=1),
            Column("taken", lambda row: row.name == answer.action or None, priority=2),
            Column("recorded", lambda row: times(row.recorded, 100), "percent", 0, digits=1),
            *(_column(one.which) for one in answer.evaluations),
        ),
        list(rows.values()),
        empty=f"{head}: the policy gives it no probabilities",
    )


def _column(which: str) -> Column:
    def get(row: Option) -> Reading:
        return times(row.again.get(which, NOT_MEASURED), 100)

    return Column(which, get, "percent", 0, digits=1)


def _number(which: str) -> Column:
    return Column(which, lambda row: row.again.get(which, NOT_MEASURED), priority=0)


def _headline(answer: ReplayAnswer) -> str:
    first = _then(answer)
    if first is None:
        why = answer.absent.get("then", "no weights of then")
        return f"not replayed as it was: {why}"
    limit = "" if first.compared == "value" else f" (limit {answer.tolerance:g})"
    whose = weights(first.which, first.update, first.acted)
    if first.reproduced is None:
        return f"nothing to compare with was recorded; evaluated with {whose}"
    what = "" if first.compared == "probabilities" else f" of the {first.compared}"
    apart = first.difference
    if first.reproduced:
        broken = " (not finite, then as now)" if _is_broken(first) else ""
        return f"reproduced{broken}: largest difference{what} {cell(apart)}{limit}, with {whose}"
    if (number(apart) or 0.0) < answer.tolerance:
        return f"NOT reproduced: the value is off by {cell(first.value_difference)}, with {whose}"
    return f"NOT reproduced: largest difference{what} {cell(apart)}{limit}, with {whose}"


def _is_broken(one: Evaluation) -> bool:
    """Whether the probability of what may be chosen is no number."""
    return any(
        isinstance(option.again, NonFinite) and option.legal is not False
        for head in one.heads
        for option in head.options
    )


def _verdict(one: Evaluation) -> Verdict | None:
    """Only the weights that acted have to give the same again."""
    if one.reproduced is None or one.which != "then":
        return None
    if one.reproduced:
        return "crit" if _is_broken(one) else "ok"
    return "crit" if one.acted else "warn"


def _worst(answer: ReplayAnswer) -> Verdict | None:
    first = _then(answer)
    return None if first is None else _verdict(first)


def _word(reproduced: bool | None) -> str | None:
    return None if reproduced is None else "yes" if reproduced else "no"


def _notes(answer: ReplayAnswer, heads: int) -> list[str]:
    first = answer.evaluations[0] if answer.evaluations else None
    machine = "" if first is None else f"; {first.dtype} on {first.device}"
    notes = [f"{which}: {why}" for which, why in answer.absent.items() if which != "then"]
    notes += answer.notes
    if first is not None and first.reproduced is False and _verdict(first) == "crit":
        notes.append(CAUSES)
    if answer.kept:
        notes.append(f"weights kept: {spans(answer.kept)}{machine}")
    notes += [f"{counted(heads, 'head')} more: --more"] if heads > 0 else []
    # A mask that nobody says may just as well be one that forbids nothing.
    known = {"legal ops"} if _worst(answer) in (None, "ok") else set()
    lacking = {name: call for name, call in answer.missing.items() if name not in known}
    return [*notes, line] if (line := not_measured(lacking)) else notes
