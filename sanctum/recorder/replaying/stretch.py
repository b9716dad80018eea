"""``replay.stretch``: every decision of a stretch with the weights of then and of now."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sanctum.errors import NoDataYet, UsageError
from sanctum.model.jobs import Done, Evaluate
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.model.replayed import StretchAnswer, StretchRow
from sanctum.record.moments import within
from sanctum.record.questions.grounds import Grounds, decisions
from sanctum.record.weights import acting, of_update, saved, thinned
from sanctum.recorder.replaying.case import Case, Source
from sanctum.recorder.replaying.evaluation import (
    Readings,
    choice_of,
    difference,
    readings_of,
)
from sanctum.recorder.replaying.features import listed
from sanctum.recorder.replaying.plan import Plan, evaluated
from sanctum.recorder.replaying.which import NOW, THEN, Chosen

MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that are evaluated together: with the weights of one update, under the same masks."""

    update: int
    rows: list[int]


def case_of(source: Source, env: int, first: str, last: str, at: str | None, trust: bool) -> Case:
    """The decisions from moment `first` to `last`. Raises UsageError, NoDataYet."""
    of = source.scope(at)
    begin, end = within(of, first), within(of, last)
    if begin.step > end.step:
        raise UsageError(f"{first} is after {last}", "the earlier moment comes first")
    found, count = decisions(of, env, begin.step, end.step, MOST_ROWS)
    return Case(source, of, found, trust, count)


def replay_stretch(case: Case) -> Plan:
    """What has to be computed for it. Raises NoDataYet where no weights are kept."""
    now = case.choose(NOW)
    reader, attempt = case.of.reader, case.of.attempt.attempt
    grounds = case.grounds
    updates, stood_in = _updates(saved(reader, attempt), grounds)
    notes = [*case.notes(now), *stood_in]
    is_same_run = case.of.at.hall is None
    groups = _groups(grounds, updates)
    now_groups = _groups(grounds, dict.fromkeys(updates, now.weights.update))
    older = [one for one in groups if not is_same_run or one.update != now.weights.update]

    def then(group: _Group) -> Evaluate:
        found = of_update(reader, attempt, group.update)
        try:
            if found is None:
                raise thinned(group.update)
            chosen = Chosen(THEN, found, None)
            case.check(case.of, chosen)
            return Evaluate([chosen.policy()], [grounds.rows(group.rows)])
        except NoDataYet:
            # A live run lets go of weights while those before them are evaluated.
            return Evaluate([], [])

    def newest(group: _Group) -> Evaluate:
        return Evaluate([now.policy()], [grounds.rows(group.rows)])

    jobs = [functools.partial(newest, one) for one in now_groups]
    jobs += [functools.partial(then, one) for one in older]

    def finish(done: list[Done]) -> StretchAnswer:
        made = [evaluated(one).readings for one in done]
        readings = [readings_of(grounds, one[0]) if one else None for one in made]
        nows = _by_row(now_groups, readings[: len(now_groups)])
        thens = nows | _by_row(older, readings[len(now_groups) :])
        gone = [row for group in _without(older, readings[len(now_groups) :]) for row in group.rows]
        there = [row for row in updates if row not in set(gone)]
        if not there:
            raise thinned(updates[gone[0]])
        rows = [_row(grounds, row, updates[row], thens[row], nows[row]) for row in there]
        return _answer(case, now, rows, [*notes, *_left_out(gone, "their weights went meanwhile")])

    return Plan(case.place, jobs, finish)


def _updates(
    kept: list[tuple[int, int | None]], grounds: Grounds
) -> tuple[dict[int, int], list[str]]:
    """By row the update whose weights stand for those that acted; and what is to be said of it.

    Raises NoDataYet where there are none for any row.
    """
    updates: dict[int, int] = {}
    stood_for: dict[int, None] = {}
    without: NoDataYet | None = None
    for row, step in enumerate(grounds.steps.tolist()):
        version = grounds.version(row)
        try:
            updates[row], _ = acting(kept, step, version)
        except NoDataYet as error:
            without = error
            continue
        if version is not None and updates[row] != version:
            stood_for[version] = None
    if without is not None and not updates:
        raise without
    notes = []
    if stood_for:
        names = listed([f"u{version}" for version in stood_for])
        notes.append(f"the weights of {names} are not kept: the nearest before stand for them")
    if without is not None:
        lost = range(len(updates), int(grounds.steps.size))
        notes += _left_out(lost, without.sentence)
    return updates, notes


def _left_out(rows: Sequence[int], why: str) -> list[str]:
    """That so many rows could not be evaluated; nothing where there are none."""
    said = f"{len(rows):,} decision" + ("s are" if len(rows) > 1 else " is")
    return [f"{said} left out: {why}"] if rows else []


def _without(groups: Sequence[_Group], readings: Sequence[Readings | None]) -> list[_Group]:
    """The groups of which nothing came out."""
    return [group for group, one in zip(groups, readings, strict=True) if one is None]


def _groups(grounds: Grounds, updates: dict[int, int]) -> list[_Group]:
    """The rows by update and by what was said of masks, in their order."""
    found: dict[tuple[int, tuple[str, ...]], _Group] = {}
    for row, update in updates.items():
        key = update, grounds.told(row)
        found.setdefault(key, _Group(update, [])).rows.append(row)
    return list(found.values())


def _by_row(
    groups: Sequence[_Group], readings: Sequence[Readings | None]
) -> dict[int, tuple[Readings, int]]:
    """By row, what came out and where in that."""
    return {
        row: (again, place)
        for group, again in zip(groups, readings, strict=True)
        if again is not None
        for place, row in enumerate(group.rows)
    }


def _row(
    grounds: Grounds,
    row: int,
    update: int,
    then: tuple[Readings, int],
    now: tuple[Readings, int],
) -> StretchRow:
    differs = difference(grounds, row, *then)
    choices = choice_of(grounds, *then), choice_of(grounds, *now)
    version = grounds.version(row)
    return StretchRow(
        int(grounds.steps[row]),
        grounds.action(row),
        update,
        _recorded(grounds, row),
        _of_taken(grounds, row, *then),
        _of_taken(grounds, row, *now),
        *choices,
        differs.largest,
        differs.reproduced,
        choices[0] != choices[1],
        None if version is None else version == update,
    )


def _recorded(grounds: Grounds, row: int) -> Reading:
    """The recorded probability of what was taken."""
    head = grounds.main
    place = None if head is None else grounds.option(head, row)
    if head is None or place is None:
        return NOT_MEASURED
    whole = grounds.reading(f"probability/{head}", row, place)
    return grounds.reading(f"confidence.{head}", row) if whole == NOT_MEASURED else whole


def _of_taken(grounds: Grounds, row: int, again: Readings, place: int) -> Reading:
    """The probability of what was taken, as it came out."""
    head = grounds.main
    option = None if head is None else grounds.option(head, row)
    found = again.get(f"probability/{head}")
    if found is None or option is None or option >= found[place].size:
        return NOT_MEASURED
    return reading(float(found[place].reshape(-1)[option]))


def _answer(case: Case, now: Chosen, rows: list[StretchRow], notes: list[str]) -> StretchAnswer:
    apart = [one for row in rows if (one := number(row.difference)) is not None]
    if case.count > case.grounds.steps.size:
        notes = [
            *notes,
            f"these are the first {case.grounds.steps.size:,} of {case.count:,} decisions;"
            f" from step {int(case.grounds.steps[-1]) + 1:,} on are the others",
        ]
    return StretchAnswer(
        case.of.at,
        case.grounds.env,
        rows[0].step,
        rows[-1].step,
        now.weights.update,
        rows,
        sum(row.reproduced is True for row in rows),
        sum(row.reproduced is not None for row in rows),
        sum(row.disagrees for row in rows),
        NOT_MEASURED if not apart else reading(float(np.max(apart))),
        notes=notes,
    )
