"""``events``: the timeline, newest at the bottom."""

from __future__ import annotations

import click

from sanctum.command import ENV, Column, Moment, Report, Table, columns, inspect_command
from sanctum.command.readings import counted, worst
from sanctum.model.answers import Event, EventsAnswer

SEVERITIES = ("debug", "info", "warn", "error", "critical")
NUMBER = Column("id", lambda e: e.id, priority=0, digits=0)
TYPES = (
    Column("type", lambda one: one[0], priority=0),
    Column("count", lambda one: one[1], priority=0, digits=0),
)


@inspect_command(
    "events",
    group="look",
    examples=(
        "events --severity warn",
        "events --env 7 --since -5m",
        "events --type stage",
        "events --types",
    ),
)
@click.option("--severity", type=click.Choice(SEVERITIES), help="this one and worse")
@click.option("--type", metavar="TYPE", help="only events of this type")
@click.option("--env", type=ENV, metavar="N", help="only events of this environment")
@click.option("--slot", metavar="SLOT", help="only events of this slot")
@click.option("--since", metavar="WHEN", help="from step 1200, -50, u41, -5m or 14:05:30 on")
@click.option("-n", "--limit", type=click.IntRange(1), default=15, show_default=True)
@click.option("--more", is_flag=True, help="with their numbers, for event NUMBER")
@click.option("--types", is_flag=True, help="how many of each type")
def command(
    moment: Moment,
    severity: str | None,
    type: str | None,
    env: int | None,
    slot: str | None,
    since: str | None,
    limit: int,
    more: bool,
    types: bool,
) -> Report:
    """List what happened, the newest last; event NUMBER shows one of them in full.

    Those of severity debug are left out unless --severity debug or a type is asked for. Severities
    are counted over everything that matches the other filters, shown or not.
    """
    least = severity or (None if type else "info")
    found = moment.events(severity=least, type=type, env=env, slot=slot, since=since, limit=limit)
    asked = [
        f"{severity} and worse" if severity and severity != "critical" else severity,
        f"of type {type}" if type else None,
        f"of env {env}" if env is not None else None,
        f"of slot {slot}" if slot else None,
        f"since {since}" if since else None,
    ]
    shown = columns.events(found.at, found.rows, typed=type is None)
    numbered: tuple[Column, ...] = (NUMBER,)
    if more:
        shown, numbered = (*numbered, *shown), ()
    title = ", ".join(("events", *(one for one in asked if one)))
    table = Table(shown, found.rows, empty=_empty(found, asked), total=found.total, detail=numbered)
    counts = list(found.types.items())
    return Report(
        title,
        Table(TYPES, counts, empty=_empty(found, asked)) if types else table,
        headline=_headline(found, least),
        notes=_notes(found),
        verdict=worst(columns.SEVERITIES.get(one.severity) for one in _of_now(found)),
        at=found.at,
        next=_next(found),
    )


def _headline(found: EventsAnswer, severity: str | None) -> str:
    if not found.rows:
        return ""
    least = SEVERITIES.index(severity) if severity else 0
    lesser = sum(found.severities.get(one, 0) for one in SEVERITIES[:least])
    worst_first = [one for one in SEVERITIES[least:][::-1] if found.severities.get(one)]
    others = [one for one in found.severities if one not in SEVERITIES]
    return ", ".join(f"{found.severities[one]:,} {one}" for one in (*worst_first, *others)) + (
        f"; {lesser:,} lesser ones" if lesser else ""
    )


def _of_now(found: EventsAnswer) -> list[Event]:
    """Those of the attempt asked about: the end of an earlier one is no alarm any more."""
    return [one for one in found.rows if one.attempt == found.at.attempt]


def _notes(found: EventsAnswer) -> list[str]:
    earlier = len(found.rows) - len(_of_now(found))
    if not earlier:
        return []
    said = f"{counted(earlier, 'row')} of earlier attempts; this is attempt {found.at.attempt}"
    return [said]


def _empty(found: EventsAnswer, asked: list[str | None]) -> str:
    if not any(asked):
        return "nothing has happened yet"
    lesser = sum(found.severities.values())
    return "no event matches" + (f"; {lesser:,} of lesser severity do" if lesser else "")


def _next(found: EventsAnswer) -> str:
    bad = [
        one for one in _of_now(found) if one.severity in columns.SEVERITIES and one.env is not None
    ]
    if bad:
        return f"env {bad[-1].env}"
    return "overwatch" if found.rows else ""
