"""Alarms: what is wrong at a moment, in rows, gathered from the answers that judge something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sanctum.command.columns import SEVERITIES
from sanctum.command.gaps import said as gap
from sanctum.command.moment import Moment
from sanctum.command.readings import badness, counted, said
from sanctum.errors import UsageError
from sanctum.model.answers import Event, RunAnswer, Verdict
from sanctum.view.numbers import cell
from sanctum.view.report import Column, Report, Table

ENVS, EVENTS, GAPS = 8, 200, 3
"""Rows of environments, events that are looked at, rows of gaps, at most."""

UNITS = {"percent": "%", "count": ""}
TEXT = 200
"""Characters of an event's text."""

END = "end"
"""The type of the event that says how the run ended, as its state does."""


class Alarm(NamedTuple):
    """One thing that is wrong: how bad, what, in which words; `see` is the command about it."""

    verdict: Verdict
    what: str
    said: str
    see: str


COLUMNS = (
    Column("what", lambda one: one.what, priority=0, verdict=lambda one: one.verdict),
    Column("said", lambda one: one.said, priority=0, flex=True),
    Column("see", lambda one: one.see, priority=1),
)


def table(found: Sequence[Alarm]) -> Table:
    """Alarms as a table."""
    return Table(COLUMNS, found, empty="nothing that is judged here is at warn or crit")


def alarms(moment: Moment, run: RunAnswer, judged: Sequence[Report]) -> list[Alarm]:
    """All that is wrong, the worst first; `judged` are further answers with a verdict.

    `run` is the run's own answer. What is not measured is not judged and is no alarm.
    """
    found = [
        *(_of_report(one) for one in judged if badness(one.verdict) > 1),
        *_readings(moment),
        *_envs(moment),
        *_events(moment),
        *_telemetry(run),
    ]
    return sorted(found, key=lambda one: -badness(one.verdict))


def _of_report(report: Report) -> Alarm:
    assert report.verdict is not None
    return Alarm(report.verdict, report.command, report.headline, report.command)


def _readings(moment: Moment) -> Iterator[Alarm]:
    policy = said(moment.policy)
    for one in () if policy is None else policy.readings:
        if one.verdict is not None and badness(one.verdict) > 1:
            now = f"{cell(one.value)} {UNITS.get(one.unit, one.unit)}".rstrip()
            age = f", {counted(one.age_updates, 'update')} old" if one.age_updates else ""
            limit = f" ({one.thresholds})" if one.thresholds else ""
            yield Alarm(one.verdict, one.name, f"{now}{age}{limit}", "brain --more")


def _envs(moment: Moment) -> Iterator[Alarm]:
    answer = said(moment.envs)
    rows = [] if answer is None else answer.rows
    sick = [row for row in rows if badness(row.health.verdict) > 1]
    sick.sort(key=lambda row: -badness(row.health.verdict))
    for row in sick[:ENVS]:
        assert row.health.verdict is not None
        why = ": ".join(part for part in (row.health.word, row.health.reason) if part)
        yield Alarm(row.health.verdict, f"env {row.env}", why, f"env {row.env}")
    if rest := sick[ENVS:]:
        assert rest[0].health.verdict is not None
        words = ", ".join(sorted({row.health.word for row in rest}))
        yield Alarm(rest[0].health.verdict, f"{len(rest)} more envs", words, "envs")


def _events(moment: Moment) -> Iterator[Alarm]:
    """One row for each type and severity of the newest events at warn or worse."""
    answer = said(lambda: moment.events(severity="warn", limit=EVENTS), UsageError)
    if answer is None:
        return
    kinds: dict[tuple[str, str], list[Event]] = {}
    for one in answer.rows:
        told = one.type == END or one.severity not in SEVERITIES
        if one.attempt == answer.at.attempt and not told:
            kinds.setdefault((one.severity, one.type), []).append(one)
    for (severity, type), events in kinds.items():
        last = events[-1]
        when = "" if last.step is None else f"step {last.step:,}: "
        times = f"{len(events):,} times, the last at " if len(events) > 1 and when else ""
        see = f"events --severity warn --type {type}"
        text = last.text.partition("\n")[0][:TEXT]
        yield Alarm(SEVERITIES[severity], f"event {type}", f"{times}{when}{text}", see)
    if answer.total > answer.shown:
        older = f"{answer.total - answer.shown:,} older ones are not looked at here"
        yield Alarm("warn", "events", older, "events --severity warn -n 1000")


def _telemetry(run: RunAnswer) -> Iterator[Alarm]:
    """What did not arrive, could not be read, or is not written."""
    for one in run.lost[-GAPS:]:
        yield Alarm("warn", "telemetry lost", gap(one), "run --more")
    if older := run.lost[:-GAPS]:
        yield Alarm("warn", "telemetry lost", f"{counted(len(older), 'gap')} before", "run --more")
    source = run.source
    if source is not None and source.refused_count:
        first = f": {source.refused[0]}" if source.refused else ""
        lines = f"{counted(source.refused_count, 'line')} could not be read{first}"
        yield Alarm("warn", "source", lines, "run --more")
    if source is not None and source.dropped:
        yield Alarm("warn", "source", f"{counted(source.dropped, 'event')} dropped there", "run")
