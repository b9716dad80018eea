"""``run.read``: the header, how the run is, its clocks, throughput and record."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec

from sanctum.model.answers import Attempt, Header, Lost, RunAnswer, SourceSaid
from sanctum.model.readings import NOT_MEASURED, Reading, reading
from sanctum.record.moments import Scope
from sanctum.record.pulse import Pulse
from sanctum.record.questions.events import as_of, event_types
from sanctum.record.questions.series import scalars, update_rows
from sanctum.record.questions.state import state
from sanctum.record.retention import dropped, keep_bytes

RATE_WINDOW_S = 10.0
MAX_GAPS = 20


def run_read(of: Scope, path: Path, pulse: Pulse) -> RunAnswer:
    """Everything that is known of the run as a whole."""
    attempt = of.attempt.attempt
    span = of.reader.span(attempt)
    lost = lost_of(of)
    stopped = pulse.stopped()
    return RunAnswer(
        of.at,
        header(of),
        state(of, pulse),
        str(path),
        sum(one.stat().st_size for tail in ("", "-wal") if (one := Path(f"{path}{tail}")).exists()),
        stopped is None,
        span[0] if span else None,
        of.at.step if span else None,
        of.at.update,
        _count(of, "episodes"),
        _count(of, "events"),
        rate(of, RATE_WINDOW_S) if of.at.live else NOT_MEASURED,
        rate(of, None),
        lost,
        lost_count(of, pulse),
        of.reader.sizes.all(),
        _attempts(of),
        of.column_names,
        sorted({name for row in update_rows(of, 1) for name in scalars(row[3])[0]}),
        event_types(of),
        keep_bytes(of.reader),
        dropped(of.reader, attempt),
        None if stopped is None else max(0.0, of.now - stopped[0]),
        None if stopped is None else stopped[1],
        _source(of),
    )


def header(of: Scope) -> Header:
    """The trainer's hello as an answer."""
    said = of.header
    return Header(
        said.run_id,
        said.task,
        said.envs,
        said.actions,
        said.slots,
        said.blueprints,
        said.stages,
        said.rewards,
        said.features,
        said.rollout_steps,
        said.planned_steps,
        said.planned_updates,
        said.planned_episodes,
        dict(said.config),
        said.trainer_pid if said.followed else said.pid,
        said.host,
        said.argv,
        said.directory,
        of.attempt.started,
        said.units,
        said.inside,
        said.trainer,
        said.mask_rules,
        said.policy,
    )


def _source(of: Scope) -> SourceSaid | None:
    said = of.reader.source(of.attempt.attempt)
    return None if said is None else msgspec.convert(msgspec.to_builtins(said), SourceSaid)


def rate(of: Scope, window_s: float | None) -> Reading:
    """Vector steps per second up to the moment: over the last `window_s`, or the whole attempt."""
    if of.at.step is None or of.at.time is None:
        return NOT_MEASURED
    attempt = of.attempt.attempt
    span = of.reader.span(attempt)
    end = of.at.time
    if window_s is not None and of.at.live:
        end = max(end, of.now)
    if window_s is None:
        first = span[0] if span else 0
    else:
        first = max(of.reader.step_at_time(attempt, end - window_s) or 0, span[0] if span else 0)
    began = of.reader.time_of(attempt, first)
    if began is None or end - began <= 0:
        return NOT_MEASURED
    return reading((of.at.step - first) / (end - began))


def lost_count(of: Scope, pulse: Pulse) -> int:
    """How many readings did not arrive by the moment; now, also those no gap tells of yet."""
    return max(sum(one.count for one in lost_of(of)), pulse.lost() if of.is_now else 0)


def lost_of(of: Scope) -> list[Lost]:
    """Telemetry that did not arrive, up to the moment."""
    step = -1 if of.at.step is None else of.at.step
    return _gaps(of, f"(? OR {of.reader.said('gaps')} <= ?)", of.is_now, step)


def with_gaps(of: Scope, when: str | None) -> Scope:
    """The same ground, whose moment names the newest gaps: all answers carry them.

    A step that was asked for by its number and is not there may be in a gap itself.
    """
    gaps = lost_of(of)[-MAX_GAPS:]
    asked = int(when) if when is not None and when.strip().isdecimal() else None
    if asked is not None and of.at.step is not None and asked > of.at.step:
        gaps += _gaps(of, "first_step > ? AND first_step <= ?", of.at.step, asked)
    if not gaps:
        return of
    return dataclasses.replace(of, at=msgspec.structs.replace(of.at, gaps=gaps))


def _gaps(of: Scope, condition: str, *values: object) -> list[Lost]:
    rows = of.reader.rows(
        "SELECT what, first_step, last_step, count, reason FROM gaps WHERE attempt = ?"
        f" AND {condition} ORDER BY id",
        of.attempt.attempt,
        *values,
    )
    return [
        Lost(str(what), first, last, int(count), str(reason))
        for what, first, last, count, reason in rows
    ]


def _count(of: Scope, table: str) -> int:
    """Rows of this attempt by the moment."""
    attempt = of.attempt.attempt
    if of.is_now:
        return of.reader.sizes.rows(table, attempt)
    if table == "events":
        sql, values = as_of(of)
    else:
        sql, values = f"{of.reader.said(table)} <= ?", [of.step]
    sql = f"SELECT count(*) FROM {table} WHERE attempt = ? AND {sql}"
    return int(of.reader.rows(sql, attempt, *values)[0][0])


def _attempts(of: Scope) -> list[Attempt]:
    found = []
    for one in of.reader.attempts():
        if not of.is_now and one.attempt > of.attempt.attempt:
            break
        span, how = of.reader.span(one.attempt, kept=False), one.how
        if not of.is_now and one.attempt == of.attempt.attempt:
            span, how = span and (span[0], of.step), None
        found.append(
            Attempt(
                one.attempt,
                one.pid,
                one.started,
                span[0] if span else None,
                span[1] if span else None,
                how or "going on",
            )
        )
    return found
