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
        if self.at.step is None and self.attempt.ended is not None:
            raise NoDataYet(
                f"{self.header.run_id} never reported a step: nothing is known of environments",
                "brain, history and plot show what its updates said",
            )
        if self.at.step is None:
            raise NoDataYet(
                f"{self.header.run_id} has not reported a step yet", "try again, or --wait 60s"
            )
        return self.at.step

    @property
    def column_names(self) -> list[str]:
        """Every column that was said by then, sorted."""
        return self.reader.column_names() if self.is_now else self.columns.every

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
    newest = now if attempt.ended is None else reader.time_of(attempt.attempt, span[1]) or now
    line = _Line(reader, attempt, span, newest)
    step, update_id = line.place(when.strip().replace(",", ""))
    line.check_kept(step)
    seen = reader.as_of(attempt.attempt, step)
    return _scope(seen, attempt, step, False, False, now, update_id)


def within(of: Scope, when: str) -> Scope:
    """The ground of a moment as one would say it at `of`, knowing nothing of what came later."""
    attempt, typed = of.attempt, when.strip().replace(",", "")
    if typed in NOW:
        return of
    if not typed:
        raise UsageError("an empty moment", f"a moment is {FORMS}")
    first, _ = of.reader.span(attempt.attempt) or (of.step, of.step)
    newest = of.now if of.at.live or of.at.time is None else of.at.time
    line = _Line(of.reader, attempt, (first, of.step), newest, of.update_id)
    try:
        return moved(of, *line.place(typed))
    except UsageError:
        if _BACK.match(typed) or _AGO.match(typed):  # longer ago than there is: all there is
            return moved(of, first)
        raise


def moved(of: Scope, step: int, update_id: int | None = None) -> Scope:
    """The ground of the same attempt at another step, at an update where its row is given."""
    return _scope(of.reader, of.attempt, step, False, False, of.now, update_id)


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
        by_then = "1" if is_now or step is None else f"{reader.said('updates')} <= {step:d}"
        updates = reader.rows(
            f"SELECT id, number FROM updates WHERE attempt = ? AND step <= ? AND {by_then}"
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


@dataclass(frozen=True, slots=True)
class _Line:
    """The steps of an attempt from the first to the newest, on which moments are looked for.

    `newest` is the wall time that ``-5m`` counts from; updates after the row `last_update` are not
    there yet.
    """

    reader: Reader
    attempt: AttemptRow
    span: tuple[int, int]
    newest: float
    last_update: int | None = None

    def place(self, when: str) -> tuple[int, int | None]:
        """The step of a moment, and the row of the update where one was named."""
        if found := _UPDATE.match(when):
            return self._update(int(found[1]), f"no update {when}")
        if _STEP.match(when):
            return self._within(int(when), when), None
        if found := _BACK.match(when):
            return self._moved(self.span[1], -int(found[1]), when), None
        if found := _AGO.match(when):
            ago = float(found[1]) * _SECONDS[found[2]]
            return self._at_time(self.newest - ago, when), None
        if found := _CLOCK.match(when):
            return self._at_time(_today(found, self.newest), when), None
        if found := _MOVED.match(when):
            start, count = found[1], int(found[2] + found[3])
            if of := _UPDATE.match(start):
                return self._update(int(of[1]) + count, f"{when} is no update")
            step = self.span[1] if start in NOW else self.place(start)[0]
            return self._moved(step, count, when), None
        raise UsageError(f"'{when}' is no moment", f"a moment is {FORMS}")

    def check_kept(self, step: int) -> None:
        """Raise UsageError for a step that gave way."""
        sentence = dropped_at(self.reader, self.attempt.attempt, step)
        if sentence is not None:
            raise UsageError(sentence, f"there are {_spelled(self.span)}")

    def _within(self, step: int, when: str) -> int:
        if self.span[0] <= step <= self.span[1]:
            return step
        self.check_kept(step)
        side = "before the first step" if step < self.span[0] else "after the last step"
        raise UsageError(f"{when} is {side}; there are {_spelled(self.span)}")

    def _moved(self, step: int, count: int, when: str) -> int:
        """The step so many recorded vector steps after (or before) `step`."""
        attempt = self.attempt.attempt
        if count >= 0:
            found = self.reader.steps_on(attempt, step, count)
            if found is None or found > self.span[1]:
                raise UsageError(f"{when} is after the last step; there are {_spelled(self.span)}")
            return found
        back = self.reader.steps_back(attempt, step, -count)
        if -count > self.reader.rows_between(attempt, self.span[0], step):
            self.check_kept(back)
            raise UsageError(f"{when} is before the first step; there are {_spelled(self.span)}")
        return back

    def _update(self, number: int, what: str) -> tuple[int, int]:
        """The step and the row of an update."""
        upto = 2**62 if self.last_update is None else self.last_update
        found = self.reader.rows(
            "SELECT id, coalesce(step, -1) FROM updates WHERE attempt = ? AND number = ?"
            " AND id <= ? ORDER BY id DESC LIMIT 1",
            self.attempt.attempt,
            number,
            upto,
        )
        if found:
            step = int(found[0][1])
            if step < self.span[0]:
                self.check_kept(step)
            return max(step, self.span[0]), int(found[0][0])
        ((low, high),) = self.reader.rows(
            "SELECT min(number), max(number) FROM updates WHERE attempt = ? AND id <= ?",
            self.attempt.attempt,
            upto,
        )
        raise UsageError(
            f"{what}: " + ("there is none yet" if low is None else f"there are u{low} to u{high}")
        )

    def _at_time(self, moment: float, when: str) -> int:
        step = self.reader.step_at_time(self.attempt.attempt, moment)
        if step is None:
            began = time.strftime("%H:%M:%S", time.localtime(self.attempt.started))
            raise UsageError(
                f"{when} is before the first step; this attempt began at {began}",
                f"there are {_spelled(self.span)}",
            )
        return min(step, self.span[1])


def _spelled(span: tuple[int, int]) -> str:
    return f"steps {span[0]:,} to {span[1]:,}"


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
