"""``series.read``: one metric over steps or over updates, decimated with min and max kept."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import numpy as np

from sanctum.errors import NoDataYet, UsageError, did_you_mean
from sanctum.model.answers import Curve
from sanctum.model.readings import NOT_MEASURED, Measured, Reading, reading
from sanctum.record.blocks import Steps
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.questions.units import unit as unit_of
from sanctum.record.retention import left_out
from sanctum.record.rows import AllRows
from sanctum.record.track import Floats, Track
from sanctum.telemetry.metrics import canonical

AT_ONCE = 64
"""Blocks that are read together."""

_decoder = msgspec.msgpack.Decoder(tuple[dict[str, float | None], list[str]])


def series_read(
    of: Scope,
    name: str,
    env: int | None = None,
    last: int | None = None,
    points: int = 200,
    start: Scope | None = None,
) -> Curve:
    """The metric up to the moment asked about; of one environment, or the mean over all.

    Of the last `last` steps or updates, and of those from the step of `start` on; an update counts
    by the step it was made at.
    """
    if points < 2:
        raise UsageError("a curve has at least 2 points")
    since = None if start is None else start.step
    if since is not None and since > of.step:
        raise UsageError(f"step {since:,} is after the moment asked about, step {of.step:,}")
    name = canonical(name)
    known = of.column_names
    spelled = name if name in known else name.replace(".", "/")
    if spelled in known and (env is not None or not _is_scalar(of, name)):
        if env is not None:
            of.check_env(env)
        if last is not None:
            first = of.reader.steps_back(of.attempt.attempt, of.step, max(last - 1, 0))
            since = max(first, -1 if since is None else since)
        return curve(of, spelled, env, since=since, points=points)
    return _over_updates(of, name, last, -1 if since is None else since, points)


@np.errstate(all="ignore")
def curve(
    of: Scope,
    name: str,
    env: int | None,
    *,
    since: int | None = None,
    points: int = 200,
    unit: str | None = None,
) -> Curve:
    """A single-valued column over steps from `since` on; steps without a value are left out."""
    since = -1 if since is None else since
    rows = AllRows(of.reader, of.attempt.attempt, of.step, since)
    track = Track(rows, name, env)
    parts = [
        _course(track, start, min(start + AT_ONCE, len(rows.stretches)), since)
        for start in range(0, len(rows.stretches), AT_ONCE)
    ]
    steps = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in parts)])
    values = np.concatenate([np.zeros(0), *(part[1] for part in parts)])
    found = _decimated(name, unit or unit_of(of, name), "step", steps, values, points)
    gone = left_out(of.reader, of.attempt.attempt, max(since, 0), of.step)
    return found if gone is None else msgspec.structs.replace(found, dropped=gone)


def _course(track: Track, start: int, stop: int, since: int) -> tuple[Steps, Floats]:
    """Steps and values of some stretches of rows; of all environments the mean of what was said."""
    steps = track.rows.steps(start, stop)
    values, states = track.cells(start, stop)
    there = states == VALUE
    if track.env is None:
        counts = there.sum(axis=1)
        if not there.all():
            values = np.where(there, values, 0.0)
        values, there = values.sum(axis=1) / counts, counts > 0
    chosen = there & (steps >= since)
    return steps[chosen], values[chosen]


def update_rows(of: Scope, last: int | None = None) -> list[tuple[int, int | None, float, bytes]]:
    """Number, step, time and data of updates up to the moment, newest first."""
    return of.reader.rows(
        "SELECT number, step, time, data FROM updates WHERE +attempt = ? AND id <= ?"
        " ORDER BY id DESC LIMIT ?",
        of.attempt.attempt,
        of.update_id,
        -1 if last is None else last,
    )


def scalars(data: bytes) -> tuple[dict[str, float | None], list[str]]:
    """An update's scalars by name, and the names of those that were masked."""
    return _decoder.decode(data)


def _is_scalar(of: Scope, name: str) -> bool:
    rows = update_rows(of, 1)
    return bool(rows) and name in scalars(rows[0][3])[0]


def _over_updates(of: Scope, name: str, last: int | None, since: int, points: int) -> Curve:
    numbers, values = [], []
    said: set[str] = set()
    for number, step, _time, data in reversed(update_rows(of, last)):
        found, masked = scalars(data)
        said |= {*found, *masked}
        if since > (-1 if step is None else step):
            continue
        value = found.get(name)
        if value is not None:
            numbers.append(int(number))
            values.append(value)
    if not numbers and name not in said:
        known = {*said, *of.column_names}
        hint = did_you_mean(name, known)
        if not known:
            raise NoDataYet(f"{of.header.run_id} has not reported anything yet")
        listed = f"there are {', '.join(sorted(known)[:12])}, ..."
        raise UsageError(f"no metric '{name}' in {of.header.run_id}", hint or listed)
    return _decimated(
        name, unit_of(of, name), "update", np.array(numbers, np.int64), np.array(values), points
    )


def _decimated(name: str, unit: str, clock: Any, steps: Any, values: Any, points: int) -> Curve:
    """At most `points` points: the last of each stretch, with the stretch's min and max."""
    if len(steps) <= points:
        return Curve(name, unit, clock, steps.tolist(), _readings(values))
    edges = np.linspace(0, len(steps), points + 1).astype(np.int64)
    at, newest, low, high = [], [], [], []
    for start, stop in itertools.pairwise(edges):
        part = values[start:stop]
        finite = part[np.isfinite(part)]
        at.append(int(steps[stop - 1]))
        newest.append(reading(float(part[-1])))
        low.append(_extreme(finite.min() if finite.size else None))
        high.append(_extreme(finite.max() if finite.size else None))
    return Curve(name, unit, clock, at, newest, low, high, True)


def _readings(values: Any) -> list[Reading]:
    if np.isfinite(values).all():
        return list(map(Measured, values.tolist()))
    return [reading(one) for one in values.tolist()]


def _extreme(value: Any) -> Reading:
    return NOT_MEASURED if value is None else reading(float(value))
