"""``events.list``: the timeline, filtered and counted."""

from __future__ import annotations

from typing import Any

import msgspec

from sanctum.errors import UsageError, did_you_mean
from sanctum.model.answers import Event, EventsAnswer
from sanctum.record.moments import Scope, within
from sanctum.telemetry import SEVERITIES

END, NOTE, ROLLBACK = "end", "note", "rollback"
_COLUMNS = "id, attempt, step, time, severity, type, env, slot, text, data"


def events_list(
    of: Scope,
    severity: str | None = None,
    type: str | None = None,
    env: int | None = None,
    since: str | None = None,
    limit: int | None = 20,
    slot: str | None = None,
    id: int | None = None,
) -> EventsAnswer:
    """The newest events at or above `severity`, oldest of them first; or the one of that `id`."""
    sql, values = as_of(of)
    if id is not None:
        sql, values = sql + " AND id = ?", [*values, id]
    if env is not None:
        of.check_env(env)
        sql, values = sql + " AND env = ?", [*values, env]
    if slot is not None:
        sql, values = sql + " AND slot = ?", [*values, slot]
    if since is not None:
        start = within(of, since)
        sql += " AND (attempt > ? OR (attempt = ? AND coalesce(step, -1) >= ?))"
        values += [start.attempt.attempt, start.attempt.attempt, start.step]
    kinds = of.reader.rows(
        f"SELECT type, count(*) AS n FROM events WHERE {sql} GROUP BY type ORDER BY n DESC, type",
        *values,
    )
    types = {str(kind): int(count) for kind, count in kinds}
    if type is not None:
        _check_type(of, type)
        sql, values = sql + " AND type = ?", [*values, type]
    counted = of.reader.rows(
        f"SELECT severity, count(*) FROM events WHERE {sql} GROUP BY severity", *values
    )
    severities = {SEVERITIES[int(level)]: int(count) for level, count in sorted(counted)}
    if severity is not None:
        if severity not in SEVERITIES:
            raise UsageError(
                f"no severity '{severity}'",
                did_you_mean(severity, SEVERITIES) or f"there are {', '.join(SEVERITIES)}",
            )
        sql, values = sql + " AND severity >= ?", [*values, SEVERITIES.index(severity)]
    ((total,),) = of.reader.rows(f"SELECT count(*) FROM events WHERE {sql}", *values)
    found = of.reader.rows(
        f"SELECT {_COLUMNS} FROM events WHERE {sql} ORDER BY id DESC LIMIT ?",
        *values,
        -1 if limit is None else limit,
    )
    events = in_order([event(row) for row in reversed(found)])
    return EventsAnswer(of.at, events, len(events), int(total), severities, types)


def in_order(events: list[Event]) -> list[Event]:
    """Events as they were recorded, but notes, which may be put on the past, where they stand."""
    keys, reached = [], (0, -1)
    for one in events:
        own = (one.attempt, -1 if one.step is None else one.step)
        reached = reached if one.type == NOTE else max(reached, own)
        keys.append(own if one.type == NOTE else reached)
    order = sorted(range(len(events)), key=keys.__getitem__)
    return [events[place] for place in order]


def events_of_env(of: Scope, env: int, limit: int) -> list[Event]:
    """The newest events of one environment, oldest of them first."""
    sql, values = as_of(of)
    found = of.reader.rows(
        f"SELECT {_COLUMNS} FROM events WHERE {sql} AND env = ? ORDER BY id DESC LIMIT ?",
        *values,
        env,
        limit,
    )
    return [event(row) for row in reversed(found)]


def changes_of_env(of: Scope, env: int, since: int) -> list[Event]:
    """What befell the slots of one environment from the step `since` on, oldest first."""
    sql, values = as_of(of)
    found = of.reader.rows(
        f"SELECT {_COLUMNS} FROM events WHERE attempt = ? AND step >= ? AND +env = ?"
        f" AND slot IS NOT NULL AND {sql} ORDER BY id",
        of.attempt.attempt,
        since,
        env,
        *values,
    )
    return [event(row) for row in found]


def events_of_slot(
    of: Scope, env: int, slot: str, since: int | None = None, limit: int = 200
) -> list[Event]:
    """The newest events of one slot, from the step `since` on, oldest of them first.

    What befell the whole environment and its seeds with it is among them.
    """
    sql, values = as_of(of)
    if since is not None:
        sql, values = f"{sql} AND attempt = ? AND step >= ?", [*values, of.attempt.attempt, since]
    found = of.reader.rows(
        f"SELECT {_COLUMNS} FROM events WHERE {sql} AND env = ?"
        f" AND (slot = ? OR slot IS NULL AND type = '{ROLLBACK}') ORDER BY id DESC LIMIT ?",
        *values,
        env,
        slot,
        limit,
    )
    return [event(row) for row in reversed(found)]


def event(row: tuple[Any, ...]) -> Event:
    """A row of the table as an `Event`."""
    id, attempt, step, time, severity, type, env, slot, text, data = row
    return Event(
        int(id),
        step,
        float(time),
        SEVERITIES[int(severity)],
        str(type),
        str(text),
        env,
        slot,
        int(attempt),
        msgspec.msgpack.decode(data) if data else {},
    )


def as_of(of: Scope) -> tuple[str, list[Any]]:
    """The condition that leaves out what happened after the moment asked about.

    The end of an attempt happened after its last step, though it bears that step's number. What
    people noted stands where they put it, whenever they did.
    """
    if of.is_now:
        return "1", []
    attempt = of.attempt.attempt
    said = of.reader.said("events")
    return (
        f"(attempt < ? OR (attempt = ? AND (type != ? OR step < ?) AND ({said} <= ?"
        " OR (type = ? AND coalesce(step, -1) <= ?))))",
        [attempt, attempt, END, of.step, of.step, NOTE, of.step],
    )


def event_types(of: Scope) -> list[str]:
    """Every type of event there was by then."""
    if of.is_now:
        return of.reader.sizes.event_types()
    sql, values = as_of(of)
    found = of.reader.rows(f"SELECT DISTINCT type FROM events WHERE {sql} ORDER BY type", *values)
    return [str(one) for (one,) in found]


def _check_type(of: Scope, type: str) -> None:
    known = event_types(of)
    if type not in known:
        raise UsageError(
            f"no event of type '{type}' so far",
            did_you_mean(type, known) or (f"there are {', '.join(known)}" if known else None),
        )
