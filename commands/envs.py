"""``envs``: one row for each environment, with its health in a word and why."""

from __future__ import annotations

import click

from sanctum.command import Column, Moment, Report, Table, Text, cell, inspect_command
from sanctum.command.readings import badness, counted, listed, worst
from sanctum.model.answers import EnvRow, EnvsAnswer, Verdict


def _health(row: EnvRow) -> str:
    """The word, and what it rests on."""
    return f"{row.health.word}: {row.health.reason}" if row.health.reason else row.health.word


def _verdict(row: EnvRow) -> Verdict | None:
    return row.health.verdict


def _action(row: EnvRow) -> str | None:
    return " ".join(part for part in (row.action, row.target) if part) or None


COLUMNS = (
    Column("env", lambda r: r.env, priority=0, digits=0),
    Column("health", _health, priority=0, verdict=_verdict, flex=True),
    Column("accuracy", lambda r: r.accuracy, unit="%", priority=0, digits=1),
    Column("best", lambda r: r.best_accuracy, unit="%", priority=3, digits=1),
    Column("loss", lambda r: r.loss, unit="nats", priority=1, digits=3),
    Column("seeds", lambda r: r.active_seeds, priority=2, digits=0),
    Column("reward", lambda r: r.reward, priority=1, digits=3),
    Column("action", _action, priority=1),
)
AGE = Column("age", lambda r: r.age_steps, unit="steps", priority=1, digits=0)
CARDS_ACROSS, CARD_WIDTH = 4, 19


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
@click.option("--cards", is_flag=True, help="four cards a line in place of rows")
def command(moment: Moment, sort: str, where: str | None, limit: int | None, cards: bool) -> Report:
    """List the environments: health, accuracy, loss, seeds, reward, last action.

    Accuracy is the host's validation accuracy in percent, now and the best of this episode. The
    reward is that of the last step. An age stands only where something is old.
    """
    answer = moment.envs(where=where, sort=sort, limit=limit)
    sick = sorted(
        (row for row in answer.rows if badness(row.health.verdict) > 1),
        key=lambda row: -badness(row.health.verdict),
    )
    return Report(
        "envs" + (f" where {where}" if where else ""),
        Text(_cards(answer.rows)) if cards and answer.rows else _table(answer, where),
        headline=_headline(answer, sick),
        notes=_notes(answer),
        verdict=worst(row.health.verdict for row in answer.rows),
        at=answer.at,
        next=f"env {sick[0].env}" if sick else "overwatch",
    )


def _table(answer: EnvsAnswer, where: str | None) -> Table:
    old = any(row.age_steps for row in answer.rows)
    empty = "it holds for no environment" if where else "no environment has been heard of yet"
    columns = (*COLUMNS, AGE) if old else COLUMNS
    return Table(columns, answer.rows, empty=empty, total=answer.total)


def _headline(answer: EnvsAnswer, sick: list[EnvRow]) -> str:
    if not answer.rows:
        return ""
    if sick:
        said = [f"env {row.env} {row.health.word} ({row.health.reason})" for row in sick]
        return f"{len(sick)} of {answer.shown} not well: {listed(said, 2)}"
    judged = sum(row.health.verdict is not None for row in answer.rows)
    if not judged:
        return f"{counted(answer.shown, 'environment')}, none judged yet"
    return f"no alarm in {judged} of {counted(answer.shown, 'environment')}"


def _notes(answer: EnvsAnswer) -> list[str]:
    if not answer.unknown:
        return []
    return [f"{counted(answer.unknown, 'row')} left out: the condition cannot be decided for them"]


def _cards(rows: list[EnvRow]) -> list[str]:
    lines = []
    for first in range(0, len(rows), CARDS_ACROSS):
        cards = [_card(row) for row in rows[first : first + CARDS_ACROSS]]
        lines += [" ".join(parts).rstrip() for parts in zip(*cards, strict=True)]
        lines.append("")
    return lines[:-1]


def _card(row: EnvRow) -> list[str]:
    mark = "! " if badness(row.health.verdict) > 1 else ""
    return [
        _ends(f"env {row.env}", f"{cell(row.accuracy, 1)} %"),
        _ends(f"{mark}{row.health.word}", f"rew {cell(row.reward, 2)}"),
        _ends(f"loss {cell(row.loss, 2)}", f"{cell(row.active_seeds, 0)} seeds"),
        f"{_action(row) or '-':{CARD_WIDTH}.{CARD_WIDTH}}",
    ]


def _ends(left: str, right: str) -> str:
    room = CARD_WIDTH - 1 - len(right)
    return f"{left[: room - 1]:{room}}{right} "
