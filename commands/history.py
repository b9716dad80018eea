"""``history METRIC...``: the numbers, a sparkline and the extremes of some metrics."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import click

from sanctum.command import Block, Column, Moment, Report, Series, Table, cell, inspect_command
from sanctum.command import curves as of
from sanctum.model.answers import Curve
from sanctum.model.readings import Reading

LAST, MOST = 200, 10_000
"""How far it looks back unless asked, and how many points are had one by one."""


class Row(NamedTuple):
    """One moment, with what each metric was."""

    at: int
    values: dict[str, Reading]


@inspect_command(
    "history",
    group="time",
    examples=("history entropy", "history accuracy loss --env 7 --last 50", "history reward"),
)
@click.argument("metrics", metavar="METRIC", nargs=-1, required=True)
@of.stretch_options
@click.option("-n", "--limit", type=click.IntRange(1), help="so many rows; as fit the screen")
def command(
    moment: Moment,
    metrics: tuple[str, ...],
    env: int | None,
    last: int | None,
    since: str | None,
    limit: int | None,
) -> Report:
    """Show how metrics went: their newest numbers side by side, a sparkline, the extremes.

    Policy metrics count updates, columns of environments count steps (their mean over all, or
    --env); the last 200 unless --last or --since says otherwise.
    """
    back = LAST if last is None and since is None else last
    found = of.read(moment, metrics, env=env, last=back, since=since, points=MOST)
    clocks = of.by_clock(found)
    room = 15 - 3 * len(found) - 5 * (len(clocks) - 1)
    rows = limit or max(room // max(len(clocks), 1), 3)
    blocks: list[Block] = [_course(curve) for curve in found]
    blocks += [_table(moment, env, group, rows) for group in clocks.values()]
    return Report(
        of.title("history", metrics, env),
        *blocks,
        headline="; ".join(filter(None, (_headline(found), of.averaged(moment, found, env)))),
        notes=_notes(clocks, found),
        at=moment.run().at,
        next=_next(metrics, env, last, since),
    )


def _course(curve: Curve) -> Series:
    ends = (curve.steps[0], curve.steps[-1]) if curve.steps else (None, None)
    values = tuple(curve.values)
    first, last = ends
    return Series(curve.metric, values, of.unit(curve), first, last, curve.clock, of.median(curve))


def _table(moment: Moment, env: int | None, curves: Sequence[Curve], rows: int) -> Table:
    """The newest moments of the metrics that count by one clock."""
    newest = [
        moment.series(one.metric, env=env, last=rows, points=max(rows, 2)) if one.decimated else one
        for one in curves
    ]
    known: dict[int, Row] = {}
    for one in newest:
        for at, value in zip(one.steps, one.values, strict=True):
            known.setdefault(at, Row(at, {})).values[one.metric] = value
    shown = [known[at] for at in sorted(known)][-rows:]
    total = max((len({at for one in curves for at in one.steps}), len(shown)))
    columns = [Column(curves[0].clock, lambda row: row.at, priority=0, digits=0)]
    columns += [
        Column(one.metric, functools.partial(_value, one.metric), of.unit(one), priority=place)
        for place, one in enumerate(curves)
    ]
    return Table(columns, shown, empty="no points", total=total)


def _value(name: str, row: Row) -> Reading | None:
    return row.values.get(name)


def _headline(curves: Sequence[Curve]) -> str:
    said = []
    for one in curves:
        if not one.values:
            said.append(f"{one.metric}: no points")
            continue
        now, ends = cell(one.values[-1]), of.extremes(one)
        words = f"{one.metric} {now}"
        if ends is not None and len(one.values) > 1:
            if of.finite(one.values[-1:]) == [ends[0]] and ends[0] < ends[1]:
                words += ", its least"
            elif of.finite(one.values[-1:]) == [ends[1]] and ends[0] < ends[1]:
                words += ", its greatest"
            else:
                words += f", from {cell(ends[0])} to {cell(ends[1])}"
        broken = sum(map(of.is_broken, one.values))
        said.append(words + (f", {broken} not finite" if broken else ""))
    return "; ".join(said)


def _notes(clocks: of.Clocks, curves: Sequence[Curve]) -> list[str]:
    notes = []
    if len(clocks) > 1:
        counted = [
            f"{', '.join(c.metric for c in group)} by {clock}" for clock, group in clocks.items()
        ]
        notes.append(f"not on one clock: {'; '.join(counted)}")
    if any(one.decimated for one in curves):
        notes.append("medians are of every so many points, extremes of all")
    return notes + of.left_out(curves)


def _next(metrics: Sequence[str], env: int | None, last: int | None, since: str | None) -> str:
    words = ["plot", *dict.fromkeys(metrics)]
    words += [] if env is None else ["--env", str(env)]
    words += [] if last is None else ["--last", str(last)]
    words += [] if since is None else ["--since", since]
    return " ".join(words)
