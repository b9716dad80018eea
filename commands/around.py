"""``around WHEN``: what was measured and what happened near a moment, in one timeline."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import click

from sanctum.command import (
    ENV,
    Column,
    Moment,
    Report,
    Session,
    Table,
    UsageError,
    cell,
    columns,
    inspect_command,
)
from sanctum.command.readings import counted, said, worst
from sanctum.model.answers import At, Curve, Event, EventsAnswer, PolicyAnswer, Verdict
from sanctum.model.readings import Reading, number

OF_ENV = ("accuracy", "loss", "reward")
OF_ALL = ("accuracy", "reward")
OF_POLICY = ("entropy", "approx_kl", "explained_variance")
UPDATES, EVENTS = 3, 500


class Row(NamedTuple):
    """One line of the timeline: readings of a step, or something that happened at it."""

    step: int
    here: bool
    readings: dict[str, Reading]
    action: str | None = None
    text: str | None = None
    severity: str | None = None


@inspect_command(
    "around",
    group="time",
    of="both",
    examples=("around u41", "around 1200 --window 3 --env 7", "around find"),
)
@click.argument("when", metavar="WHEN")
@click.option(
    "--window", type=click.IntRange(1, 200), default=5, show_default=True, help="steps either side"
)
@click.option("--env", type=ENV, metavar="N", help="of one environment rather than the mean")
def command(session: Session, moment: Moment, when: str, window: int, env: int | None) -> Report:
    """Show metrics and events together, a few steps before and after a moment.

    WHEN is a moment as `at` takes it: 1200, -50, u41, -5m, find. The row marked `>` is the moment.
    Means over all environments with the policy's updates, or one environment with its actions.
    """
    at = _centre(session, moment, when)
    end = _after(session, moment, at, window)
    until = end.run()
    first = _before(session, moment, at, window)
    known = [
        one
        for name in (OF_ENV if env is not None else OF_ALL)
        if (one := _curve(end, name, env, first, window)) is not None
    ]
    steps = sorted({step for one in known for step in one.steps} | {at.step or 0})
    actions = _actions(end, env, first, window, until.header.actions)
    found = end.events(env=env, since=str(first), limit=EVENTS)
    events = [e for e in found.rows if e.step is not None and e.attempt == found.at.attempt]
    quiet = _quiet(events, together=env is None)
    rows = [
        Row(
            step,
            step == at.step,
            {one.metric: value for one in known if (value := _at(one, step)) is not None},
            actions.get(step),
            quiet.get(step),
        )
        for step in sorted({*steps, *quiet})
    ]
    happened = [
        Row(one.step, False, {}, None, _told(one, env is not None), one.severity)
        for one in events
        if one.step is not None and _is_loud(one)
    ]
    if env is None:
        happened += _updates(session, moment, first, until.at)
    rows = sorted([*rows, *happened], key=lambda row: row.step)
    return Report(
        f"around {when}" + ("" if env is None else f", env {env}"),
        Table(_columns(known, actions, rows), rows, empty="nothing was said near it"),
        headline=_headline(at, events),
        notes=_notes(found, at, moment, until.at.live),
        verdict=worst(_verdict(row) for row in happened),
        at=at,
        next=f"at {when}" if env is None else f"env {env} --at {when}",
    )


def _centre(session: Session, moment: Moment, when: str) -> At:
    """The moment that `when` names. Raises UsageError for one after the moment asked about."""
    if when.strip() == "find":
        found = session.remembered()
        if found is None:
            raise UsageError("nothing was found so far", "as in find 'entropy < 0.5'")
        when = found
    at = session.moment(moment.run_id, when).run().at
    now = moment.run().at
    if at.step is not None and now.step is not None and at.step > now.step:
        raise UsageError(f"{when} is after the moment asked about, step {now.step:,}")
    return at


def _notes(found: EventsAnswer, at: At, moment: Moment, is_live: bool) -> list[str]:
    """What is not in the timeline, and why."""
    notes = [f"only the newest {EVENTS} events"] if found.total > found.shown else []
    if moment.at is not None and not is_live and moment.run().at.step == at.step:
        notes.append("what came later is not shown at this moment of the past: at live shows it")
    return notes


def _after(session: Session, moment: Moment, at: At, window: int) -> Moment:
    """The moment so many steps later, or the one asked about when that is earlier."""
    now = moment.run().at.step
    with contextlib.suppress(UsageError):
        later = session.moment(moment.run_id, f"{at.step}+{window}")
        step = later.run().at.step
        if step is not None and now is not None and step <= now:
            return later
    return moment


def _before(session: Session, moment: Moment, at: At, window: int) -> int:
    """The step so many before, or the first one."""
    with contextlib.suppress(UsageError):
        return session.moment(moment.run_id, f"{at.step}-{window}").run().at.step or 0
    return moment.run().first_step or 0


def _curve(end: Moment, name: str, env: int | None, first: int, window: int) -> Curve | None:
    """A metric from the step `first` on; None where it is not measured by step."""
    found = said(
        lambda: end.series(name, env=env, since=str(first), points=4 * window + 4), UsageError
    )
    return found if found is not None and found.clock == "step" and found.steps else None


def _at(curve: Curve, step: int) -> Reading | None:
    return curve.values[curve.steps.index(step)] if step in curve.steps else None


def _actions(
    end: Moment, env: int | None, first: int, window: int, heads: dict[str, list[str]]
) -> dict[int, str]:
    """What an environment chose, by step."""
    if env is None or not heads:
        return {}
    head = "op" if "op" in heads else next(iter(heads))
    found = _curve(end, f"action/{head}", env, first, window)
    if found is None:
        return {}
    chosen = {}
    for step, value in zip(found.steps, found.values, strict=True):
        index = number(value)
        if index is not None and 0 <= index < len(heads[head]):
            chosen[step] = heads[head][int(index)]
    return chosen


def _is_loud(one: Event) -> bool:
    """Whether an event has a row of its own: what warns, and notes."""
    return one.severity in columns.SEVERITIES or one.type == "note"


def _quiet(events: list[Event], *, together: bool) -> dict[int, str]:
    """What else happened, by step: told, or `together` counted by type."""
    by_step: dict[int, list[Event]] = {}
    for one in events:
        if one.step is not None and not _is_loud(one):
            by_step.setdefault(one.step, []).append(one)
    if not together:
        return {
            step: "; ".join(_told(one, True) for one in found) for step, found in by_step.items()
        }
    counts = {step: Counter(one.type for one in found) for step, found in by_step.items()}
    return {
        step: ", ".join(f"{count} {type}" for type, count in found.items())
        for step, found in counts.items()
    }


def _told(one: Event, of_env: bool) -> str:
    where = one.slot if of_env else columns.place(one)
    return one.text if where in (None, "run") else f"{where}: {one.text}"


def _updates(session: Session, moment: Moment, first: int, end: At) -> Iterator[Row]:
    """The newest policy updates of the time, with what they came to."""
    if end.update is None:
        return
    for update in range(end.update, max(end.update - UPDATES, -1), -1):
        answer = said(functools.partial(_policy_at, session, moment, update), UsageError)
        if answer is None or answer.update_step is None or answer.update_step < first:
            return
        yield Row(answer.update_step, False, {}, None, f"update {update}: {_policy(answer)}")


def _policy_at(session: Session, moment: Moment, update: int) -> PolicyAnswer:
    return session.moment(moment.run_id, f"u{update}").policy()


def _policy(answer: PolicyAnswer) -> str:
    named = {one.name: one for one in answer.readings}
    return (
        ", ".join(f"{name} {cell(named[name].value)}" for name in OF_POLICY if name in named)
        or "nothing was said of it"
    )


def _columns(known: list[Curve], actions: dict[int, str], rows: list[Row]) -> list[Column]:
    shown = [
        Column("", lambda row: ">" if row.here else "", priority=0),
        Column("step", lambda row: row.step, priority=0, digits=0),
    ]
    for place, one in enumerate(known):
        shown.append(
            Column(
                one.metric,
                functools.partial(_reading, one.metric),
                "" if one.unit == one.metric else one.unit,
                priority=place + 1,
                align="right",
            )
        )
    if actions:
        shown.append(Column("action", lambda row: row.action or "", priority=1))
    if any(row.text for row in rows):
        shown.append(Column("happened", lambda row: row.text or "", priority=0, flex=True))
    return shown


def _reading(name: str, row: Row) -> Reading | str:
    return row.readings.get(name, "")


def _verdict(row: Row) -> Verdict | None:
    return columns.SEVERITIES.get(row.severity or "")


def _headline(at: At, events: list[Event]) -> str:
    bad = sum(one.severity in columns.SEVERITIES for one in events)
    where = "before the first step" if at.step is None else f"step {at.step:,}"
    update = "" if at.update is None else f", update {at.update}"
    near = f"{counted(len(events), 'event')} near it"
    return f"{where}{update}; {near}" + (f", {bad} from warn on" if bad else "")
