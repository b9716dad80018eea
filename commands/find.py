"""``find EXPR``: when something became true, and when it stopped."""

from __future__ import annotations

import functools

import click

from sanctum.command import (
    ENV,
    Column,
    Moment,
    NoDataYet,
    Report,
    Session,
    Table,
    columns,
    inspect_command,
)
from sanctum.command.readings import counted
from sanctum.model.answers import FindAnswer, Stretch
from sanctum.model.readings import Reading


@inspect_command(
    "find",
    group="time",
    of="both",
    examples=(
        "find entropy < 0.5",
        "find 'accuracy < 30' --env 7 --last",
        "find value_loss is nan",
    ),
)
@click.argument("condition", metavar="EXPR", nargs=-1, required=True)
@click.option("--env", type=ENV, metavar="N", help="of one environment, at its every step")
@click.option("--first", "which", flag_value="first", help="only the first time")
@click.option("--last", "which", flag_value="last", help="only the last time")
@click.option("--all", "which", flag_value="all", help="every time, however many")
@click.option("-n", "--limit", type=click.IntRange(1), default=12, show_default=True)
def command(
    session: Session,
    moment: Moment,
    condition: tuple[str, ...],
    env: int | None,
    which: str | None,
    limit: int,
) -> Report:
    """Find when a condition became true, and when it stopped.

    Over the policy's updates, or over the steps of one environment (--env). The oldest times come
    first; `at find` then goes to the beginning of the first one, of the last one with --last.
    Conditions are those of `expect`: `entropy < 0.3 for 3`, `loss is nan`, `action = CULL`.
    """
    asked = {"first": 1, "last": 1, "all": None}.get(which or "", limit)
    newest = which == "last"
    text = " ".join(condition)
    found = moment.find(text, env=env, newest=newest, limit=asked)
    if not found.checked:
        raise NoDataYet(f"there is no {found.clock} yet to look at")
    last = _newest(moment, found, newest)
    if found.stretches:
        chosen = found.stretches[-1 if newest else 0]
        session.remember(_place(found, chosen.first))
    return Report(
        _title(found, text),
        Table(
            _columns(found),
            found.stretches,
            empty="no such time",
            total=found.total,
        ),
        headline=_headline(found, last),
        notes=_notes(found),
        at=found.at,
        next=_next(found, which),
    )


def _newest(moment: Moment, found: FindAnswer, newest: bool) -> Stretch | None:
    """The newest time it held; asked for anew where it is not among those shown."""
    if not found.stretches:
        return None
    if newest or found.shown == found.total:
        return found.stretches[-1]
    more = moment.find(found.condition, env=found.env, newest=True, limit=1)
    return more.stretches[-1] if more.stretches else found.stretches[-1]


def _title(found: FindAnswer, text: str) -> str:
    return f"find {text}" + ("" if found.env is None else f", env {found.env}")


def _columns(found: FindAnswer) -> list[Column]:
    clock = found.clock
    names = list(dict.fromkeys(name for one in found.stretches for name in one.values))
    shown = [
        Column(f"from {clock}", lambda s: s.first, priority=0, digits=0),
        Column(f"to {clock}", _end, priority=0, digits=0, align="right"),
        Column(f"{clock}s", lambda s: s.count, priority=1, digits=0, align="right"),
    ]
    if clock == "update":
        shown.append(Column("from step", lambda s: s.first_step, priority=2, digits=0))
    shown.append(Column("began", lambda s: _when(s, found), priority=3))
    shown += [
        Column(f"{name} then", functools.partial(_then, name), priority=4 + place)
        for place, name in enumerate(names)
        if name not in ("step", "update")
    ]
    return shown


def _when(one: Stretch, found: FindAnswer) -> str | None:
    return None if one.time is None else columns.when(one.time, found.at.time)


def _end(one: Stretch) -> int | str:
    return "still" if one.last is None else one.last


def _then(name: str, one: Stretch) -> Reading | None:
    return one.values.get(name)


def _headline(found: FindAnswer, last: Stretch | None) -> str:
    if last is None:
        known = found.checked - found.unknown
        return f"never, in {_counted(found)}" if known else f"not known at any of {_counted(found)}"
    first = found.stretches[0]
    times = "once" if found.total == 1 else f"{found.total:,} times"
    said = [f"{times}, at {found.held:,} of {_counted(found)}"]
    if first != last:
        said.insert(0, f"first {_span(found.clock, first)}")
    if last.last is None:
        said.insert(0, f"holds still, since {found.clock} {last.first:,}")
    else:
        word = "" if found.total == 1 else "last "
        said.insert(-1, f"{word}{_span(found.clock, last)}")
    return "; ".join(said)


def _span(clock: str, one: Stretch) -> str:
    if one.last is None:
        return f"from {clock} {one.first:,} on"
    if one.last == one.first:
        return f"at {clock} {one.first:,}"
    return f"from {clock} {one.first:,} to {one.last:,}"


def _counted(found: FindAnswer) -> str:
    return counted(found.checked, found.clock)


def _notes(found: FindAnswer) -> list[str]:
    gone = [] if found.dropped is None else [f"not searched: {found.dropped}"]
    if not found.unknown:
        return gone
    if found.unknown == found.checked:
        return ["something it names has no value at any of them", *gone]
    unknown = f"not known at {found.unknown:,} of {_counted(found)}: something it names was absent"
    return [unknown, *gone]


def _place(found: FindAnswer, moment: int) -> str:
    """A moment as it may be typed."""
    return f"u{moment}" if found.clock == "update" else str(moment)


def _next(found: FindAnswer, which: str | None) -> str:
    if found.stretches:
        return "at find"
    return "help find" if found.unknown == found.checked else ""
