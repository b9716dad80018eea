"""``envs``: one row for each environment, with its health in a word and why."""

from __future__ import annotations

from collections.abc import Callable

import click

from sanctum.command import (
    Card,
    Cards,
    Column,
    Moment,
    Report,
    SanctumError,
    Table,
    cell,
    inspect_command,
)
from sanctum.command.readings import badness, counted, listed, said, worst
from sanctum.model.answers import EnvRow, EnvsAnswer, HallEntry
from sanctum.model.readings import NOT_MEASURED, Reading, number

NAMES = {"best": "best_accuracy", "seeds": "active_seeds", "age": "age_steps"}
CARD, SMALL_CARD, HALL_CARD = 19, 12, 17
"""Cells of a card, of a small one, and of one of the hall of fame."""


def is_sick(row: EnvRow) -> bool:
    """Whether its health is worse than ok."""
    return badness(row.health.verdict) > 1


def health(row: EnvRow) -> str:
    """The word; the reason where it is not well; the age where it is older than the last step."""
    said = f"{row.health.word}: {row.health.reason}" if is_sick(row) else row.health.word
    return f"{said}, {row.age_steps:,} steps old" if (row.age_steps or 0) > 1 else said


def action(row: EnvRow) -> str | None:
    """The op last chosen, and the slot it was for."""
    return " ".join(part for part in (row.action, row.target) if part) or None


def measured(name: str) -> Callable[[EnvRow], Reading]:
    """How to get a column that only some runs have."""

    def get(row: EnvRow) -> Reading:
        return row.columns.get(name, NOT_MEASURED)

    return get


def slots(row: EnvRow) -> str | None:
    """The stage of each slot that holds a seed."""
    return ", ".join(one.replace(":", " ") for one in row.seeds) or None


COLUMNS = (
    Column("env", lambda r: r.env, priority=0, digits=0),
    Column("health", health, priority=0, flex=True),
    Column("accuracy", lambda r: r.accuracy, unit="percent", priority=0, digits=1),
    Column("loss", lambda r: r.loss, unit="nats", digits=3),
    Column("seeds", lambda r: r.active_seeds, digits=0),
    Column("reward", lambda r: r.reward, digits=3),
    Column("action", action),
)
VAL_LOSS = Column("val_loss", measured("val_loss"), unit="nats", priority=3, digits=3)
GROWTH = Column("growth", measured("growth"), unit="x", priority=3, digits=2)
DETAIL = (
    Column("since_best", lambda r: r.health.since_best, unit="steps", priority=2, digits=0),
    Column("best", lambda r: r.best_accuracy, unit="percent", priority=3, digits=1),
    Column("slots", slots, priority=3),
    VAL_LOSS,
    GROWTH,
    Column("episode", lambda r: r.episode, priority=4, digits=0),
    Column("env_step", lambda r: r.env_step, priority=4, digits=0),
    Column("age", lambda r: r.age_steps, unit="steps", priority=4, digits=0),
    Column("value", lambda r: r.value, priority=5, digits=3),
    Column("entropy", lambda r: r.entropy, priority=5, digits=3),
    Column("word", lambda r: r.health.word, priority=6),
    Column("verdict", lambda r: r.health.verdict, priority=6),
    Column("reason", lambda r: r.health.reason, priority=6),
)


INSTEAD = ("val_loss", "episode", "env_step", "value")
"""What is shown of environments that have no accuracy."""

CARDS = 16
"""Cards that are shown unless --limit says otherwise."""


@inspect_command(
    "envs",
    group="look",
    examples=("envs", "envs --sort -since_best", "envs --where 'accuracy < 60'", "envs --cards"),
)
@click.option(
    "--sort", metavar="COLUMN", default="env", show_default=True, help="-COLUMN: largest first"
)
@click.option("--where", metavar="CONDITION", help="only those it holds for: 'loss > 1'")
@click.option("-n", "--limit", type=click.IntRange(1), help="so many at most; of cards, 16")
@click.option("--more", is_flag=True, help="all columns, as --format json has them")
@click.option("--cards", is_flag=True, help="cards, the hall of fame beside them")
def command(
    moment: Moment, sort: str, where: str | None, limit: int | None, more: bool, cards: bool
) -> Report:
    """List the environments: health, accuracy, loss, seeds, reward, last action.

    Accuracy is the host's validation accuracy, seeds those alive, the reward (r on a card) that of
    the last step, action the op last chosen with its slot. With --more, since_best: steps since the
    best accuracy of the episode. It sorts by any of its columns, and by any that env --more names.
    On cards: ! not well, 2s two seeds; the hall of fame stands beside them, or below.
    """
    answer = moment.envs(where=where, sort=_sorting(sort))
    rows = answer.rows[: limit or (CARDS if cards else None)]
    shown, detail = _columns(answer.rows)
    sick = sorted(
        filter(is_sick, answer.rows),
        key=lambda row: -badness(row.health.verdict),
    )
    empty = "it holds for no environment" if where else "no environment has been heard of yet"
    table = Table(shown, rows, empty=empty, total=answer.total, detail=detail)
    further = [Table((shown[0], *detail), rows, empty="-")] if more and rows else []
    return Report(
        "envs" + (f" where {where}" if where else ""),
        _cards(moment, rows) if cards and rows else table,
        *further,
        headline=_headline(answer, sick),
        notes=_notes(answer, answer.total - len(rows) if cards else 0),
        verdict=worst(row.health.verdict for row in answer.rows),
        at=answer.at,
        next=f"env {sick[0].env}" if sick else "overwatch",
    )


def _columns(rows: list[EnvRow]) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """The columns of a screen, and those for programs.

    What nobody measured gives way to what was: a loss to the validation loss, an accuracy to the
    episode, its step and the value.
    """
    silent = {"accuracy", "loss", "seeds"} if rows else set()
    aside = {
        one.name
        for one in COLUMNS
        if one.name in silent and all(one.get(row) == NOT_MEASURED for row in rows)
    }
    shown = [one for one in COLUMNS if one.name not in aside]
    detail = [*DETAIL, *(one for one in COLUMNS if one.name in aside)]
    instead = INSTEAD if "accuracy" in aside else ("val_loss",) if "loss" in aside else ()
    for one in DETAIL:
        if one.name in instead and any(one.get(row) != NOT_MEASURED for row in rows):
            shown.insert(-2, one._replace(priority=2))
            detail.remove(one)
    return tuple(shown), tuple(detail)


def _sorting(column: str) -> str:
    """A column's name here as the model's own."""
    name = column.lstrip("-")
    return ("-" if column.startswith("-") else "") + NAMES.get(name, name)


def _headline(answer: EnvsAnswer, sick: list[EnvRow]) -> str:
    if not answer.rows:
        return ""
    if sick:
        sick_ones = [f"env {row.env} {row.health.word}" for row in sick]
        return f"{len(sick)} of {answer.total} not well: {listed(sick_ones)}"
    judged = sum(row.health.verdict is not None for row in answer.rows)
    if not judged:
        count = counted(answer.total, "environment")
        if any(number(row.accuracy) is not None for row in answer.rows):
            return f"{count}, none judged yet"
        return f"{count}; health goes by accuracy, which is not measured"
    return f"no alarm in {judged} of {counted(answer.total, 'environment')}"


def _notes(answer: EnvsAnswer, unseen: int) -> list[str]:
    notes = []
    if answer.unknown:
        rows = counted(answer.unknown, "row")
        notes.append(f"{rows} left out: the condition cannot be decided for them")
    if unseen:
        notes.append(f"{counted(unseen, 'more card')} not shown")
    return notes


def _cards(moment: Moment, rows: list[EnvRow]) -> Cards:
    """The cards of the environments, those of the hall of fame beside them."""
    hall = said(moment.hall, SanctumError)
    kept = None
    if hall is not None and hall.rows:
        first = [_hall_card(entry) for entry in hall.rows[: hall.size]]
        kept = Cards(first, title=f"hall of fame of {hall.task}")
    return Cards((_card(row) for row in rows), beside=kept)


def _card(row: EnvRow) -> Card:
    mark = "! " if is_sick(row) else ""
    alive = cell(row.active_seeds, 0)
    accuracy, loss = cell(row.accuracy, 1), cell(row.loss, 2)
    return Card(
        (
            _ends(f"env {row.env}", f"{accuracy} %"),
            _ends(f"{mark}{row.health.word}", f"{alive} seed{'' if alive == '1' else 's'}"),
            _ends(f"loss {loss}", f"r {cell(row.reward, 3)}"),
            f"{action(row) or '-':{CARD}.{CARD}}",
        ),
        (
            _ends(f"env {row.env}", _short(row.accuracy), SMALL_CARD),
            f"{mark}{row.health.word}"[:SMALL_CARD],
            _ends(f"loss {loss}", f"{alive}s", SMALL_CARD),
            _small_action(row),
        ),
    )


def _hall_card(entry: HallEntry) -> Card:
    pin = "*" if entry.pinned else ""
    growth = "" if number(entry.growth) is None else f"+{cell(entry.growth, 0)}"
    seeds = counted(len(entry.seeds), "seed")
    place, small_place = f" env {entry.env}", f" e{entry.env}"
    return Card(
        (
            _ends(f"#{entry.rank}{pin}", f"{cell(entry.accuracy, 1)} %", HALL_CARD),
            entry.run_id[: HALL_CARD - len(place)] + place,
            _ends(seeds, growth, HALL_CARD),
        ),
        (
            _ends(f"#{entry.rank}{pin}", _short(entry.accuracy), SMALL_CARD),
            entry.run_id[: SMALL_CARD - len(small_place)] + small_place,
            _ends(f"{len(entry.seeds)}s", growth, SMALL_CARD),
        ),
    )


def _short(accuracy: Reading) -> str:
    """In five cells at most: ``81.7%``, ``100%``."""
    value = number(accuracy)
    return f"{cell(accuracy, 0 if value is not None and value >= 99.95 else 1)}%"


def _small_action(row: EnvRow) -> str:
    if row.action is None or row.target is None:
        return (row.action or "-")[:SMALL_CARD]
    room = SMALL_CARD - len(row.target) - 1
    return f"{row.action[: max(room, 1)]} {row.target}"[:SMALL_CARD]


def _ends(left: str, right: str, width: int = CARD) -> str:
    room = width - len(right)
    return f"{left[: room - 1]:{room}}{right}"
