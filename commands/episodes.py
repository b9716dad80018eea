"""``episodes``: those that have ended, one row each."""

from __future__ import annotations

import functools

import click

from sanctum.command import ENV, Column, Moment, Report, Table, cell, inspect_command
from sanctum.command.advice import makes_calls
from sanctum.command.curves import finite
from sanctum.command.readings import counted, mean
from sanctum.model.answers import Episode, EpisodesAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading


def fall(one: Episode) -> Reading:
    """How many points of accuracy an episode lost from its best to its end."""
    best, final = number(one.best_accuracy), number(one.final_accuracy)
    return NOT_MEASURED if best is None or final is None else reading(best - final)


FALL = Column("fall", fall, unit="points", priority=1, digits=1)
WHICH = (
    Column("env", lambda e: e.env, priority=0, digits=0),
    Column("episode", lambda e: e.episode, priority=0, digits=0),
)
COLUMNS = (
    *WHICH,
    Column("from step", lambda e: e.first_step, priority=2, digits=0),
    Column("to step", lambda e: e.step, priority=0, digits=0),
    Column("length", lambda e: e.length, priority=1, digits=0),
    Column("accuracy", lambda e: e.final_accuracy, unit="percent", priority=0, digits=1),
    Column("best", lambda e: e.best_accuracy, unit="percent", priority=1, digits=1),
    Column("return", lambda e: e.episode_return, priority=0, digits=2),
    Column("outcome", lambda e: _outcome(e), priority=2),
)


@inspect_command(
    "episodes",
    group="time",
    examples=("episodes", "episodes --env 7", "episodes --sort -return -n 5"),
)
@click.option("--env", type=ENV, metavar="N", help="only of this environment")
@click.option("--sort", metavar="COLUMN", default="step", help="by accuracy, -return, -fall, ...")
@click.option("-n", "--limit", type=click.IntRange(1), default=15, show_default=True)
@click.option("--more", is_flag=True, help="the numbers that the trainer sent along, too")
def command(moment: Moment, env: int | None, sort: str, limit: int, more: bool) -> Report:
    """List episodes that have ended: the newest, the last of them at the bottom; or by --sort.

    accuracy is the final one, best the peak; `-` before a column puts the largest first. --more
    adds the fall from the peak to the end, and the numbers that the trainer sent along.
    """
    found = moment.episodes(env=env, sort=sort, limit=limit)
    numbers = [FALL, *_numbers(found)]
    shown = _columns(found)
    empty = "no episode is recorded"
    if not found.total and makes_calls(moment.run()):
        empty += "; run.episode(...) records one"
    further = [Table((*WHICH, *numbers), found.rows)] if more and found.rows else []
    return Report(
        "episodes" + ("" if env is None else f" of env {env}"),
        Table(
            shown,
            found.rows,
            empty=empty,
            total=found.total,
            detail=[*(one for one in COLUMNS if one not in shown), *numbers],
        ),
        *further,
        headline=_headline(found),
        at=found.at,
        next=_next(found, env),
    )


def _columns(found: EpisodesAnswer) -> tuple[Column, ...]:
    """Those of a screen; without accuracies where no episode ended with one."""
    if any(number(one.final_accuracy) is not None for one in found.rows) or not found.rows:
        return COLUMNS
    return tuple(one for one in COLUMNS if one.name not in ("accuracy", "best"))


def _numbers(found: EpisodesAnswer) -> list[Column]:
    """A column for each number that a trainer sent along."""
    names = list(dict.fromkeys(name for one in found.rows for name in one.numbers))
    return [Column(name, functools.partial(_number, name)) for name in names]


def _number(name: str, one: Episode) -> Reading | None:
    return one.numbers.get(name)


def _outcome(one: Episode) -> str | None:
    if one.outcome is not None:
        return one.outcome
    return "terminated" if one.terminated else "truncated" if one.truncated else None


def _headline(found: EpisodesAnswer) -> str:
    if not found.rows:
        return ""
    best = max(found.rows, key=lambda e: max(finite([e.best_accuracy]), default=-1.0))
    said = [f"{counted(found.total, 'episode')} ended"]
    if finite([best.best_accuracy]):
        said.append(f"best of these {cell(best.best_accuracy, 1)} % (env {best.env})")
    average = mean(e.episode_return for e in found.rows)
    if finite([average]):
        of = "" if len(found.rows) == found.total else " of these"
        said.append(f"mean return{of} {cell(average, 2)}")
    return ", ".join(said)


def _next(found: EpisodesAnswer, env: int | None) -> str:
    if not found.rows:
        return ""
    return "hall" if env is not None else f"episodes --env {found.rows[-1].env}"
