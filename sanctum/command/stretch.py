"""A stretch of decisions evaluated again, as ``replay N --from A --to B`` shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sanctum.command.readings import counted, listed, times
from sanctum.command.replays import THEN, options, when
from sanctum.model.answers import Verdict
from sanctum.model.readings import NOT_MEASURED, number, reading
from sanctum.model.replayed import StretchAnswer, StretchRow
from sanctum.view.numbers import cell
from sanctum.view.report import Column, Report, Table

NOTES = 3
"""Notes that are shown unless all rows are."""


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
OF_NUMBERS = (
    Column("step", lambda row: row.step, priority=0, digits=0),
    Column("update", lambda row: row.update, priority=0, digits=0),
    Column(
        "difference",
        lambda row: row.difference,
        priority=0,
        verdict=lambda row: _row_verdict(row),
    ),
    Column("reproduced", lambda row: row.reproduced, priority=0),
)
"""Where no row has a choice among options: of continuous actions."""

OF_STRETCH = (
    Column("update", lambda row: row.update),
    Column("acted", lambda row: row.acted),
    Column("difference", lambda row: row.difference),
    Column("reproduced", lambda row: row.reproduced),
    Column("disagrees", lambda row: row.disagrees),
)


def stretch(answer: StretchAnswer, disagree: bool, limit: int | None, trust: bool) -> Report:
    """The first `limit` rows (None: all), those alone where then and now differ with `disagree`."""
    differing = [row for row in answer.rows if row.disagrees]
    rows = differing if disagree else answer.rows
    shown = rows if limit is None else rows[:limit]
    empty = "then and now agree at every step" if disagree else "no decision in this stretch"
    steps = f"steps {answer.first_step:,}-{answer.last_step:,}"
    look = next(iter(differing or answer.rows), None)
    return Report(
        f"replay of env {answer.env}, {steps}",
        Table(STRETCH, shown, empty=empty, total=len(rows), detail=OF_STRETCH)
        if _chooses(answer)
        else Table(OF_NUMBERS, shown, empty=empty, total=len(rows)),
        headline=_of_all(answer, differing),
        notes=answer.notes if limit is None else _few(answer.notes),
        verdict=_of_rows(answer.rows),
        at=answer.at,
        next=""
        if look is None
        else f"replay {answer.env} {when(answer.at, look.step)}{options(THEN, trust)}",
    )


def _of_all(answer: StretchAnswer, differing: Sequence[StretchRow]) -> str:
    """How many were reproduced, and where the newest weights would choose otherwise."""
    now = f"u{answer.now_update}"
    if not _chooses(answer):
        return _made_again(answer)
    if not differing:
        return f"{_made_again(answer)}; {now} chooses the same at every step"
    where = listed([f"{row.step:,}" for row in differing], 4)
    return f"{_made_again(answer)}; {now} chooses differently at {answer.disagreements:,}: {where}"


def _chooses(answer: StretchAnswer) -> bool:
    """Whether there are options to choose among."""
    return any(row.then_choice or row.now_choice for row in answer.rows)


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
    of_values = all((number(row.difference) or 0.0) < answer.tolerance for row in own)
    worst = "the values differ" if of_values and good < len(own) else f"worst {_worst_of(own)}"
    return f"{word} {good:,} of {len(own):,}, {worst}{rest}"


def _worst_of(rows: Sequence[StretchRow]) -> str:
    """The largest difference; one that is no number is larger than any."""
    known = [value for row in rows if (value := number(row.difference)) is not None]
    worst = max(known, key=lambda one: math.inf if math.isnan(one) else one, default=None)
    return cell(NOT_MEASURED if worst is None else reading(worst))


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
    return f"{row.now_choice or 'none'} *" if row.disagrees else row.now_choice


def _row_verdict(row: StretchRow) -> Verdict | None:
    return "crit" if row.reproduced is False and row.acted is not False else None
