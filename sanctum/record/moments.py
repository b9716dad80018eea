"""Moments: what a person types (``1200``, ``-50``, ``u41``, ``-5m``) as a place in the record.

``1200-10``, ``u41+1`` and ``live-5`` move on from a moment: by updates where an update is named, by
recorded vector steps anywhere else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sanctum.errors import NoDataYet, UsageError
from sanctum.model.answers import At
from sanctum.record.columns import Columns
from sanctum.record.reader import AttemptRow, Reader
from sanctum.record.retention import dropped_at
from sanctum.telemetry import RunStarted

_STEP = re.compile(r"\d{1,18}\Z")
_BACK = re.compile(r"-(\d{1,18})\Z")
_UPDATE = re.compile(r"u(\d{1,18})\Z")
_AGO = re.compile(r"-(\d{1,9}(?:\.\d{1,9})?)([smhd])\Z")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\Z")
_MOVED = re.compile(r"(.{1,24}?)\s*([+-])\s*(\d{1,18})\Z")
PAST_WITHIN_S = 1.0
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NOW = ("live", "now", "end")
FORMS = "1200, -50, u41, -5m, 14:05:30, 1200-10, u41+1, live or hall:2"


@dataclass(frozen=True, slots=True)
class Scope:
    """A question's ground: the reader, the attempt, and the moment it is asked as of.

    `step` is None before the first step; `is_now` says that no moment was named, so that what has
    no step (the end of the run, events after the last step) belongs to it too. `columns` are the
    latest cells by then, `update_id` the row of the last update by then.
    """

    reader: Reader
    attempt: AttemptRow
    at: At
    is_now: bool
    now: float
    columns: Columns
    update_id: int

    @property
    def header(self) -> RunStarted:
        """What the trainer said of itself."""
        return self.attempt.header

    @property
    def step(self) -> int:
        """The step asked about. Raises NoDataYet before the first one."""
        if self.at.step is None:
            raise NoDataYet(
                f"{self.header.run_id} has not reported a step yet", "try again, or --wait 60s"
            )
        return self.at.step

    @property
    def envs(self) -> Sequence[int]:
        """The environments that the record holds."""
        only = self.reader.only_env
        return range(self.header.envs) if only is None else (only,)

    def check_env(self, env: int) -> None:
        """Raise UsageError for an environment out of range, or that the record does not hold."""
        if not 0 <= env < self.header.envs:
            raise UsageError(
                f"no environment {env}: this run has {self.header.envs}, "
                f"0 to {self.header.envs - 1}"
            )
        if env not in self.envs:
            raise UsageError(
                f"environment {env} is not here: this is an episode of env {self.envs[0]} alone",
                f"env {self.envs[0]}",
            )


def scope(reader: Reader, when: str | None, *, live: bool, now: float) -> Scope:
    """The ground for a question asked as of `when`. Raises UsageError, NoDataYet."""
    attempt = reader.last_attempt()
    if attempt is None:
        raise NoDataYet("the record is empty: no trainer has said hello")
    span = reader.span(attempt.attempt)
    if when is not None and not when.strip():
        raise UsageError("an empty moment", f"a moment is {FORMS}")
    if when is None or when.strip() in NOW:
        return _scope(reader, attempt, span[1] if span else None, live, True, now)
    if span is None:
        raise NoDataYet(f"{attempt.header.run_id} has not reported a step yet")
    step, update_id = _place(reader, attempt, when.strip().replace(",", ""), span, now)
    dropped = dropped_at(reader, attempt.attempt, step)
    if dropped is not None:
        raise UsageError(dropped, f"there are {_spelled(span)}")
    return _scope(reader, attempt, step, False, False, now, update_id)


class Past:
    """The grounds so many vector steps before one, each made once.

    Raises UsageError when too many were asked for to answer in time.
    """

    def __init__(self, of: Scope) -> None:
        self._of = of
        self._found: dict[int, Scope] = {0: of}
        self._until = time.monotonic() + PAST_WITHIN_S

    def __call__(self, back: int) -> Scope:
        """The ground `back` vector steps before."""
        if back not in self._found:
            if time.monotonic() > self._until:
                raise UsageError(
                    "the condition looks too far back to be answered in time",
                    "say a smaller number after 'for'",
                )
            of = self._of
            step = of.reader.steps_back(of.attempt.attempt, of.step, back)
            self._found[back] = _scope(of.reader, of.attempt, step, False, False, of.now)
        return self._found[back]


def _scope(
    reader: Reader,
    attempt: AttemptRow,
    step: int | None,
    live: bool,
    is_now: bool,
    now: float,
    update_id: int | None = None,
) -> Scope:
    moment = None
    found = None if step is None else reader.block_at(attempt.attempt, step)
    if found is not None:
        block, row = found
        step, moment = int(block.steps[row]), float(block.times[row])
    if update_id is None:
        updates = reader.rows(
            "SELECT id, number FROM updates WHERE attempt = ? AND step <= ?"
            " ORDER BY step DESC, id DESC LIMIT 1",
            attempt.attempt,
            -1 if step is None else step,
        ) or reader.rows(
            "SELECT id, number FROM updates WHERE attempt = ? AND step IS NULL"
            " ORDER BY id DESC LIMIT 1",
            attempt.attempt,
        )
    else:
        updates = reader.rows("SELECT id, number FROM updates WHERE id = ?", update_id)
    id, update = updates[0] if updates else (0, None)
    at = At(step, update, moment, live, attempt.attempt)
    columns = Columns(reader, attempt.attempt, step)
    return Scope(reader, attempt, at, is_now, now, columns, int(id))


def _place(
    reader: Reader, attempt: AttemptRow, when: str, span: tuple[int, int], now: float
) -> tuple[int, int | None]:
    """The step of a moment, and the row of the update where one was named."""
    if found := _UPDATE.match(when):
        id, step = _update(reader, attempt, int(found[1]))
        return max(step, span[0]), id
    if _STEP.match(when):
        return _within(int(when), span, when), None
    if found := _BACK.match(when):
        return _moved(reader, attempt, span[1], -int(found[1]), span, when), None
    if found := _AGO.match(when):
        newest = reader.time_of(attempt.attempt, span[1]) or now
        base = now if attempt.ended is None else newest
        return _at_time(reader, attempt, base - float(found[1]) * _SECONDS[found[2]], when), None
    if found := _CLOCK.match(when):
        return _at_time(reader, attempt, _today(found, now), when), None
    if found := _MOVED.match(when):
        start, count = found[1], int(found[2] + found[3])
        if of := _UPDATE.match(start):
            id, step = _update(reader, attempt, int(of[1]) + count, when)
            return max(step, span[0]), id
        if start in NOW:
            return _moved(reader, attempt, span[1], count, span, when), None
        step, _ = _place(reader, attempt, start, span, now)
        return _moved(reader, attempt, step, count, span, when), None
    raise UsageError(f"'{when}' is no moment", f"a moment is {FORMS}")


def _moved(
    reader: Reader,
    attempt: AttemptRow,
    step: int,
    count: int,
    span: tuple[int, int],
    when: str,
) -> int:
    """The step so many recorded vector steps after (or before) `step`."""
    if count >= 0:
        found = reader.steps_on(attempt.attempt, step, count)
        if found is None:
            raise UsageError(f"{when} is after the last step; there are {_spelled(span)}")
        return found
    if -count > reader.rows_between(attempt.attempt, span[0], step):
        raise UsageError(f"{when} is before the first step; there are {_spelled(span)}")
    return reader.steps_back(attempt.attempt, step, -count)


def _spelled(span: tuple[int, int]) -> str:
    return f"steps {span[0]:,} to {span[1]:,}"


def _within(step: int, span: tuple[int, int], when: str) -> int:
    if not span[0] <= step <= span[1]:
        side = "before the first step" if step < span[0] else "after the last step"
        raise UsageError(f"{when} is {side}; there are {_spelled(span)}")
    return step


def _update(reader: Reader, attempt: AttemptRow, number: int, when: str = "") -> tuple[int, int]:
    """The row and the step of an update, asked for as `when`."""
    found = reader.rows(
        "SELECT id, coalesce(step, -1) FROM updates WHERE attempt = ? AND number = ?"
        " ORDER BY id DESC LIMIT 1",
        attempt.attempt,
        number,
    )
    if found:
        return int(found[0][0]), int(found[0][1])
    ((low, high),) = reader.rows(
        "SELECT min(number), max(number) FROM updates WHERE attempt = ?", attempt.attempt
    )
    span = "there is none yet" if low is None else f"there are u{low} to u{high}"
    raise UsageError(f"{f'{when} is no update' if when else f'no update u{number}'}: {span}")


def _at_time(reader: Reader, attempt: AttemptRow, moment: float, when: str) -> int:
    step = reader.step_at_time(attempt.attempt, moment)
    if step is None:
        began = time.strftime("%H:%M:%S", time.localtime(attempt.started))
        span = reader.span(attempt.attempt)
        there = f"there are {_spelled(span)}" if span else None
        raise UsageError(f"{when} is before the first step; this attempt began at {began}", there)
    return step


def _today(found: re.Match[str], now: float) -> float:
    """The last time the clock showed that."""
    local = datetime.fromtimestamp(now)
    try:
        wanted = local.replace(
            hour=int(found[1]), minute=int(found[2]), second=int(found[3] or 0), microsecond=999999
        )
    except ValueError as error:
        raise UsageError(f"'{found[0]}' is no time of day") from error
    if wanted > local + timedelta(seconds=1):
        wanted -= timedelta(days=1)
    return wanted.timestamp()
