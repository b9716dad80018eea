"""``plot METRIC...``: a line chart in the terminal, or in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sanctum.command import Chart, Moment, Report, Session, cell, drawing, inspect_command
from sanctum.command import curves as of
from sanctum.model.answers import Curve

POINTS, POINTS_OF_A_FILE = 200, 2_000


@inspect_command(
    "plot",
    group="time",
    of="both",
    examples=("plot entropy", "plot accuracy reward --env 7", "plot entropy --since u10"),
)
@click.argument("metrics", metavar="METRIC", nargs=-1, required=True)
@of.stretch_options
@click.option("--out", metavar="FILE", help="draw a .png, .svg or .pdf instead")
@click.option("--force", is_flag=True, help="write over an existing file")
def command(
    session: Session,
    moment: Moment,
    metrics: tuple[str, ...],
    env: int | None,
    last: int | None,
    since: str | None,
    out: str | None,
    force: bool,
) -> Report:
    """Draw metrics over time; those of one unit share an axis.

    The whole run unless --last or --since says otherwise. Where many points fall together, what is
    drawn goes from their least to their greatest. Notes (`note TEXT`) stand on the time axis.
    """
    path = None if out is None else Path(out).expanduser()
    if path is not None:
        drawing.check(path, force=force)
    points = POINTS if path is None else POINTS_OF_A_FILE
    found = of.read(moment, metrics, env=env, last=last, since=since, points=points)
    title = of.title("plot", metrics, env)
    charts = _charts(session, moment, found)
    at = moment.run().at
    if path is not None:
        drawing.draw(charts, " ".join(filter(None, (title, moment.run_id))), path)
        return Report(title, headline=f"drawn in {path}", at=at)
    return Report(
        title,
        *charts,
        headline="; ".join(filter(None, (_headline(found), of.averaged(moment, found, env)))),
        notes=of.left_out(found),
        at=at,
        next=_next(metrics, env),
    )


def _charts(session: Session, moment: Moment, curves: Sequence[Curve]) -> list[Chart]:
    """A chart for each clock, with the notes of its time."""
    clocks = of.by_clock(curves)
    charts = []
    for clock, group in clocks.items():
        every = [at for one in group for at in one.steps]
        marks = of.notes(session, moment, clock, min(every), max(every)) if every else []
        charts.append(Chart(map(of.plotted, group), marks, clock=clock, beside=len(clocks)))
    return charts


def _headline(curves: Sequence[Curve]) -> str:
    said = []
    for one in curves:
        ends = of.extremes(one)
        if ends is None:
            said.append(f"{one.metric}: no finite point")
            continue
        said.append(f"{one.metric} {cell(one.values[-1])}, from {cell(ends[0])} to {cell(ends[1])}")
    return "; ".join(said)


def _next(metrics: Sequence[str], env: int | None) -> str:
    return " ".join(["history", *metrics, *([] if env is None else ["--env", str(env)])])
