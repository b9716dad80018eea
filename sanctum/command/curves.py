"""Curves of several metrics over the same stretch of a run: for ``history`` and ``plot``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from sanctum.command.moment import Moment
from sanctum.command.session import Session
from sanctum.command.types import ENV
from sanctum.errors import UsageError
from sanctum.model.answers import Curve
from sanctum.model.readings import Measured, Reading, number, reading
from sanctum.view.report import ChartLine, Mark

Clocks = dict[str, list[Curve]]
F = TypeVar("F", bound=Callable[..., Any])
MARKS = 20


def stretch_options(function: F) -> F:
    """``--env``, ``--last`` and ``--since``."""
    for option in (
        click.option("--since", metavar="WHEN", help="from step 1200, -50, u41, -5m on"),
        click.option("--last", type=click.IntRange(1), metavar="K", help="the last so many"),
        click.option("--env", type=ENV, metavar="N", help="of one environment, not the mean"),
    ):
        function = option(function)
    return function


def left_out(curves: Iterable[Curve]) -> list[str]:
    """What gave way and is in none of the curves, for people."""
    return sorted({f"left out: {one.dropped}" for one in curves if one.dropped is not None})


def read(
    moment: Moment,
    metrics: Sequence[str],
    *,
    env: int | None,
    last: int | None,
    since: str | None,
    points: int,
) -> list[Curve]:
    """The curves of some metrics, each once, in the order asked for."""
    asked = dict.fromkeys(metrics)
    return [moment.series(one, env=env, last=last, since=since, points=points) for one in asked]


def by_clock(curves: Sequence[Curve]) -> Clocks:
    """Curves by what they count: steps or updates."""
    found: Clocks = {}
    for one in curves:
        found.setdefault(one.clock, []).append(one)
    return found


def title(word: str, metrics: Sequence[str], env: int | None) -> str:
    """``history accuracy, loss, env 7``."""
    names = ", ".join(dict.fromkeys(metrics))
    return f"{word} {names}" + ("" if env is None else f", env {env}")


def averaged(moment: Moment, curves: Sequence[Curve], env: int | None) -> str:
    """What the curves of environments are the mean of, in words; empty where they are of one."""
    envs = moment.run().header.envs
    if env is not None or envs < 2 or not any(one.clock == "step" for one in curves):
        return ""
    both = len({one.clock for one in curves}) > 1
    return f"{'by step: ' if both else ''}mean of {envs} envs"


def unit(curve: Curve) -> str:
    """The unit of a curve, but where its name says it: the reward is in reward."""
    return "" if curve.unit == curve.metric else curve.unit


def finite(values: Sequence[Reading]) -> list[float]:
    """The finite numbers among some readings."""
    return [one.value for one in values if isinstance(one, Measured)]


def median(curve: Curve) -> Reading | None:
    """The median of a curve's finite points; None when there are none."""
    values = finite(curve.values)
    return reading(statistics.median(values)) if values else None


def extremes(curve: Curve) -> tuple[float, float] | None:
    """Least and greatest finite value, of what decimated points stand for too."""
    values = finite([*curve.values, *curve.low, *curve.high])
    return (min(values), max(values)) if values else None


def plotted(curve: Curve) -> ChartLine:
    """A curve as a chart has it."""
    return ChartLine(
        curve.metric,
        unit(curve),
        tuple(curve.steps),
        tuple(curve.values),
        tuple(curve.low),
        tuple(curve.high),
    )


def notes(session: Session, moment: Moment, clock: str, first: int, last: int) -> list[Mark]:
    """What people noted between two moments of a clock."""
    try:
        found = moment.events(type="note", limit=MARKS)
    except UsageError:  # nobody noted anything so far
        return []
    marks = []
    for one in found.rows:
        if one.step is None or one.attempt != found.at.attempt:
            continue
        at: int | None = one.step
        if clock == "update":
            at = session.moment(moment.run_id, str(one.step)).run().at.update
        if at is not None and first <= at <= last:
            marks.append(Mark(at, one.text))
    return marks


def is_broken(one: Reading) -> bool:
    """Whether it was measured and is nan or infinite."""
    return number(one) is not None and not isinstance(one, Measured)
