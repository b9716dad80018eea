"""``replay N [STEP]``: a decision evaluated again, with the weights of then, now or the hall."""

from __future__ import annotations

from collections.abc import Sequence
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
from sanctum.command.readings import counted, listed, times
from sanctum.command.replays import options, spans, trust_option, weights
from sanctum.model.answers import Verdict
from sanctum.model.readings import NOT_MEASURED, Reading, number
from sanctum.model.replayed import Evaluation, HeadAgain, ReplayAnswer, StretchAnswer, StretchRow

LIMIT = 12
"""Rows of a stretch that are shown unless more are asked for."""

NOTES = 3


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

STRETCH = (
    Column("step", lambda row: row.step, priority=0, digits=0),
    Column("action", lambda row: row.action, priority=0),
    Column("recorded", lambda row: times(row.recorded, 100), "percent", 1, digits=1),
    Column(
        "then",
        lambda row: times(row.then, 100),
        "percent",
        0,
        digits=1,
        verdict=lambda row: _row_verdict(row),
    ),
    Column("now", lambda row: times(row.now, 100), "percent", 0, digits=1),
    Column("then choice", lambda row: row.then_choice, priority=0),
    Column("now choice", lambda row: _now_choice(row), priority=0),
)
OF_STRETCH = (
    Column("update", lambda row: row.update),
    Column("acted", lambda row: row.acted),
    Column("difference", lambda row: row.difference),
    Column("reproduced", lambda row: row.reproduced),
    Column("disagrees", lambda row: row.disagrees),
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
        stretch = moment.replay_stretch(env, first, last, trust=trust)
        return _of_stretch(stretch, disagree, None if more else limit or LIMIT, trust)
    if last is not None or disagree or limit is not None:
        raise UsageError("--to, --disagree and --limit go with --from", "replay 7 --from -40")
    then = moment if step is None else moment.to(step)
    return _of_one(then.replay(env, hall=hall, trust=trust), more, trust)


def _of_one(answer: ReplayAnswer, more: bool, trust: bool) -> Report:
    made = [_recorded(answer), *map(_made, answer.evaluations)]
    heads = answer.evaluations[0].heads if answer.evaluations else []
    main = next((one for one in heads if _is_main(one, answer)), None)
    shown = heads if more else [] if main is None else [main]
    blocks: list[Block] = [Table(MADE, made), *(_options(one.head, answer) for one in shown)]
    at = f"{answer.env} {answer.step}"
    which = "then" if _then(answer) is not None else answer.evaluations[0].which
    moved = any(one.choice != answer.choice for one in answer.evaluations)
    return Report(
        f"replay of env {answer.env} at step {answer.step:,}",
        *blocks,
        headline=_headline(answer),
        notes=_notes(answer, len(heads) - len(shown)),
        verdict=_worst(answer),
        at=answer.at,
        next=f"{'saliency' if moved else 'flip'} {at}{options(which, trust)}",
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


def _headline(answer: ReplayAnswer) -> str:
    first = _then(answer)
    if first is None:
        why = answer.absent.get("then", "no weights of then")
        return f"not replayed as it was: {why}"
    limit = f"limit {answer.tolerance:g}"
    whose = weights(first.which, first.update, first.acted)
    if first.reproduced is None:
        return f"nothing to compare with was recorded; evaluated with {whose}"
    what = "" if first.compared == "probabilities" else f" of the {first.compared}"
    if first.reproduced:
        return (
            f"reproduced: largest difference{what} {cell(first.difference)} ({limit}), with {whose}"
        )
    apart = first.difference
    if (number(apart) or 0.0) < answer.tolerance:
        return f"NOT reproduced: the value is off by {cell(first.value_difference)}, with {whose}"
    return f"NOT reproduced: largest difference{what} {cell(apart)} ({limit}), with {whose}"


def _verdict(one: Evaluation) -> Verdict | None:
    """Only the weights that acted have to give the same again."""
    if one.reproduced is None or one.which != "then":
        return None
    if one.reproduced:
        return "ok"
    return "crit" if one.acted else "warn"


def _worst(answer: ReplayAnswer) -> Verdict | None:
    first = _then(answer)
    return None if first is None else _verdict(first)


def _row_verdict(row: StretchRow) -> Verdict | None:
    return "crit" if row.reproduced is False and row.acted is not False else None


def _word(reproduced: bool | None) -> str | None:
    return None if reproduced is None else "yes" if reproduced else "no"


def _notes(answer: ReplayAnswer, heads: int) -> list[str]:
    first = answer.evaluations[0] if answer.evaluations else None
    machine = "" if first is None else f"; {first.dtype} on {first.device}"
    notes = [f"{which}: {why}" for which, why in answer.absent.items() if which != "then"]
    notes += answer.notes
    if answer.kept:
        notes.append(f"weights kept: {spans(answer.kept)}{machine}")
    notes += [f"{counted(heads, 'head')} more: --more"] if heads > 0 else []
    return notes


def _of_stretch(answer: StretchAnswer, disagree: bool, limit: int | None, trust: bool) -> Report:
    differing = [row for row in answer.rows if row.disagrees]
    rows = differing if disagree else answer.rows
    shown = rows if limit is None else rows[:limit]
    empty = "then and now agree at every step" if disagree else "no decision in this stretch"
    steps = f"steps {answer.first_step:,}-{answer.last_step:,}"
    look = next(iter(differing or answer.rows), None)
    return Report(
        f"replay of env {answer.env}, {steps}",
        Table(STRETCH, shown, empty=empty, total=len(rows), detail=OF_STRETCH),
        headline=_of_all(answer, differing),
        notes=answer.notes if limit is None else _few(answer.notes),
        verdict=_of_rows(answer.rows),
        at=answer.at,
        next="" if look is None else f"replay {answer.env} {look.step}{options('then', trust)}",
    )


def _of_all(answer: StretchAnswer, differing: Sequence[StretchRow]) -> str:
    """How many were reproduced, and where the newest weights would choose otherwise."""
    now = f"u{answer.now_update}"
    if not differing:
        return f"{_made_again(answer)}; {now} chooses the same at every step"
    where = listed([f"{row.step:,}" for row in differing], 4)
    return f"{_made_again(answer)}; {now} chooses differently at {answer.disagreements:,}: {where}"


def _made_again(answer: StretchAnswer) -> str:
    """How many came out as recorded, of those whose own weights are kept."""
    compared = [row for row in answer.rows if row.reproduced is not None]
    own = [row for row in compared if row.acted is not False]
    if not compared:
        return "nothing to compare with was recorded"
    if not own:
        return (
            f"none of the weights that acted are kept; nearby ones differ by {_worst_of(compared)}"
        )
    good = sum(row.reproduced is True for row in own)
    word = "reproduced" if good == len(own) else "NOT all reproduced:"
    others = len(compared) - len(own)
    rest = f" ({others:,} more: weights not kept)" if others else ""
    return f"{word} {good:,} of {len(own):,}, worst {_worst_of(own)}{rest}"


def _worst_of(rows: Sequence[StretchRow]) -> str:
    return cell(max((number(row.difference) or 0.0 for row in rows), default=0.0))


def _of_rows(rows: Sequence[StretchRow]) -> Verdict | None:
    """Only where the weights that acted were at hand is a difference a finding."""
    own = [row for row in rows if row.reproduced is not None and row.acted is not False]
    if not own:
        return None
    return "ok" if all(row.reproduced for row in own) else "crit"


def _few(notes: Sequence[str]) -> list[str]:
    left = len(notes) - NOTES
    return [*notes[:NOTES], f"{counted(left, 'note')} more: --more"] if left > 0 else list(notes)


def _now_choice(row: StretchRow) -> str | None:
    return f"{row.now_choice} *" if row.disagrees else row.now_choice
