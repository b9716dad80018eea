"""``envs``: one row for each environment, with its health in a word and why."""

from __future__ import annotations

import click

from sanctum.command import Column, Moment, Report, Table, Text, cell, inspect_command
from sanctum.command.readings import badness, counted, listed, worst
from sanctum.model.answers import EnvRow, EnvsAnswer

NAMES = {"best": "best_accuracy", "seeds": "active_seeds"}
CARDS_ACROSS, CARD_WIDTH = 4, 19


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


COLUMNS = (
    Column("env", lambda r: r.env, priority=0, digits=0),
    Column("health", health, priority=0, flex=True),
    Column("accuracy", lambda r: r.accuracy, unit="percent", priority=0, digits=1),
    Column("loss", lambda r: r.loss, unit="nats", digits=3),
    Column("seeds", lambda r: r.active_seeds, digits=0),
    Column("reward", lambda r: r.reward, digits=3),
    Column("action", action),
)
DETAIL = (
    Column("best", lambda r: r.best_accuracy, unit="percent", priority=3, digits=1),
    Column("episode", lambda r: r.episode, priority=4, digits=0),
    Column("env_step", lambda r: r.env_step, priority=4, digits=0),
    Column("age", lambda r: r.age_steps, unit="steps", priority=4, digits=0),
    Column("value", lambda r: r.value, priority=5, digits=3),
    Column("entropy", lambda r: r.entropy, priority=5, digits=3),
    Column("word", lambda r: r.health.word, priority=6),
    Column("verdict", lambda r: r.health.verdict, priority=6),
    Column("reason", lambda r: r.health.reason, priority=6),
)


@inspect_command(
    "envs",
    group="look",
    examples=("envs", "envs --sort -loss", "envs --where 'accuracy < 60'", "envs --cards"),
)
@click.option(
    "--sort", metavar="COLUMN", default="env", show_default=True, help="-COLUMN: largest first"
)
@click.option("--where", metavar="CONDITION", help="only those it holds for: 'loss > 1'")
@click.option("-n", "--limit", type=click.IntRange(1), help="so many rows at most")
@click.option("--more", is_flag=True, help="all columns, as --format json has them")
@click.option("--cards", is_flag=True, help="four cards a line in place of rows")
def command(
    moment: Moment, sort: str, where: str | None, limit: int | None, more: bool, cards: bool
) -> Report:
    """List the environments: health, accuracy, loss, seeds, reward, last action.

    Accuracy is the host's validation accuracy, seeds those alive, the reward (r on a card) that of
    the last step, action the op last chosen with its slot. A ! on a card: not well.
    """
    answer = moment.envs(where=where, sort=_sorting(sort))
    rows = answer.rows[:limit]
    sick = sorted(
        filter(is_sick, answer.rows),
        key=lambda row: -badness(row.health.verdict),
    )
    empty = "it holds for no environment" if where else "no environment has been heard of yet"
    table = Table(
        (*COLUMNS, *DETAIL) if more else COLUMNS,
        rows,
        empty=empty,
        total=answer.total,
        detail=() if more else DETAIL,
    )
    return Report(
        "envs" + (f" where {where}" if where else ""),
        Text(_cards(rows)) if cards and rows else table,
        headline=_headline(answer, sick),
        notes=_notes(answer, answer.total - len(rows) if cards else 0),
        verdict=worst(row.health.verdict for row in answer.rows),
        at=answer.at,
        next=f"env {sick[0].env}" if sick else "overwatch",
    )


def _sorting(column: str) -> str:
    """A column's name here as the model's own."""
    name = column.lstrip("-")
    return ("-" if column.startswith("-") else "") + NAMES.get(name, name)


def _headline(answer: EnvsAnswer, sick: list[EnvRow]) -> str:
    if not answer.rows:
        return ""
    if sick:
        said = [f"env {row.env} {row.health.word}" for row in sick]
        return f"{len(sick)} of {answer.total} not well: {listed(said)}"
    judged = sum(row.health.verdict is not None for row in answer.rows)
    if not judged:
        return f"{counted(answer.total, 'environment')}, none judged yet"
    return f"no alarm in {judged} of {counted(answer.total, 'environment')}"


def _notes(answer: EnvsAnswer, unseen: int) -> list[str]:
    notes = []
    if answer.unknown:
        rows = counted(answer.unknown, "row")
        notes.append(f"{rows} left out: the condition cannot be decided for them")
    if unseen:
        notes.append(f"{counted(unseen, 'more card')} not shown")
    return notes


def _cards(rows: list[EnvRow]) -> list[str]:
    lines = []
    for first in range(0, len(rows), CARDS_ACROSS):
        cards = [_card(row) for row in rows[first : first + CARDS_ACROSS]]
        lines += [" ".join(parts).rstrip() for parts in zip(*cards, strict=True)]
        lines.append("")
    return lines[:-1]


def _card(row: EnvRow) -> list[str]:
    mark = "! " if is_sick(row) else ""
    alive = cell(row.active_seeds, 0)
    return [
        _ends(f"env {row.env}", f"{cell(row.accuracy, 1)} %"),
        _ends(f"{mark}{row.health.word}", f"{alive} seed{'' if alive == '1' else 's'}"),
        _ends(f"loss {cell(row.loss, 2)}", f"r {cell(row.reward, 3)}"),
        f"{action(row) or '-':{CARD_WIDTH}.{CARD_WIDTH}}",
    ]


def _ends(left: str, right: str) -> str:
    room = CARD_WIDTH - len(right)
    return f"{left[: room - 1]:{room}}{right}"
