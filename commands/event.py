"""``event ID``: one event in full, with the data that came with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from sanctum.command import (
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    Text,
    UsageError,
    clock,
    columns,
    inspect_command,
)
from sanctum.model.answers import Event

DATA = (
    Column("name", lambda one: one[0], priority=0),
    Column("value", lambda one: one[1], priority=0, flex=True),
)


@inspect_command("event", group="look", examples=("event 0", "event 12 --format json"))
@click.argument("id", metavar="ID", type=click.IntRange(0))
def command(moment: Moment, id: int) -> Report:
    """Show one event in full: when, where, its text, and all the data that came with it.

    ID is the number that events --more shows.
    """
    event = moment.event(id)
    if event is None:
        raise UsageError(f"there is no event {id} here", "events --more shows their numbers")
    blocks: list[Block] = [Facts(_facts(event))]
    texts = {name: one for name, one in event.data.items() if _is_long(one)}
    rest = {name: one for name, one in event.data.items() if name not in texts}
    blocks.append(Table(DATA, list(_flat(rest)), title="data", empty="no data came with it"))
    blocks += [Text(str(one).rstrip(), title=name) for name, one in texts.items()]
    run = moment.run()
    return Report(
        f"event {event.id}",
        *blocks,
        headline=event.text,
        verdict=columns.SEVERITIES.get(event.severity),
        at=run.at,
        next=f"events --type {event.type}",
    )


def _facts(event: Event) -> list[Fact]:
    return [
        Fact("type", event.type, note=event.severity),
        Fact("step", event.step, note="" if event.attempt == 1 else f"attempt {event.attempt}"),
        Fact("time", clock(event.time)),
        Fact("where", columns.place(event)),
    ]


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value


def _flat(data: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Values by the path to them; a list of plain values is one."""
    for name, value in data.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{path}.")
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            yield from _flat({str(place): one for place, one in enumerate(value)}, f"{path}.")
        elif isinstance(value, list | dict):
            yield path, json.dumps(value)
        else:
            yield path, value
