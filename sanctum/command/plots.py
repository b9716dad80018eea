"""The curves of a page about a run: how well it does, and how its policy learns."""

from __future__ import annotations

import math

from sanctum.command import curves
from sanctum.command.moment import Moment
from sanctum.errors import NoDataYet, UsageError
from sanctum.model.readings import Measured, reading
from sanctum.view.report import Chart, ChartLine, Report

RETURN = "episode_return"
METRICS = (
    *("accuracy", RETURN, "reward", "entropy", "approx_kl", "clip_fraction"),
    *("explained_variance", "value_loss", "grad_norm"),
)
POINTS, EPISODES = 400, 2_000


def report(moment: Moment) -> Report:
    """A chart for each of `METRICS` that was measured; those that were not are named."""
    found = {name: _line(moment, name) for name in METRICS}
    charts = [
        Chart([one], clock=clock)
        for clock, one in found.values()
        if any(isinstance(value, Measured) for value in one.values)
    ]
    drawn = {one.lines[0].name for one in charts}
    missing = [name for name in METRICS if name not in drawn]
    notes = [f"nothing to draw of {', '.join(missing)}"] if missing else []
    envs = moment.run().header.envs
    if envs > 1 and any(one.clock == "step" for one in charts):
        notes.append(f"by step: mean of {envs} envs")
    return Report("curves", *charts, notes=notes)


def _line(moment: Moment, name: str) -> tuple[str, ChartLine]:
    """The clock and the curve of a metric; the curve has no points where it is not measured."""
    if name == RETURN:
        return "step", _returns(moment)
    try:
        curve = moment.series(name, points=POINTS)
    except (NoDataYet, UsageError):
        return "step", ChartLine(name, "", (), ())
    return curve.clock, curves.plotted(curve)


def _returns(moment: Moment) -> ChartLine:
    """The mean return of the episodes that ended at each step, the newest episodes of many."""
    try:
        answer = moment.episodes(limit=EPISODES)
    except (NoDataYet, UsageError):
        return ChartLine(RETURN, "", (), ())
    ended: dict[int, list[float]] = {}
    for one in answer.rows:
        if isinstance(one.episode_return, Measured) and one.attempt == answer.at.attempt:
            ended.setdefault(one.step, []).append(one.episode_return.value)
    steps = sorted(ended)
    means = tuple(reading(math.fsum(ended[at]) / len(ended[at])) for at in steps)
    return ChartLine(RETURN, "reward", tuple(steps), means)
