"""Moments: what a person types (``1200``, ``-50``, ``u41``, ``-5m``) as a place in the record."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sanctum.errors import NoDataYet, UsageError
from sanctum.model.answers import At
from sanctum.record.reader import AttemptRow, Reader
from sanctum.telemetry import RunStarted

_STEP = re.compile(r"\d+\Z")
_BACK = re.compile(r"-(\d+)\Z")
_UPDATE = re.compile(r"u(\d+)\Z")
_AGO = re.compile(r"-(\d+(?:\.\d+)?)([smhd])\Z")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FORMS = "a step (1200), steps back (-50), an update (u41), -5m, 14:05:30 or live"


@dataclass(frozen=True, slots=True)
class Scope:
    """A question's ground: the reader, the attempt, and the moment it is asked as of.

    `step` is None before the first step; `is_now` says that no moment was named, so that what has
    no step (the end of the run, events after the last step) belongs to it too.
    """

    reader: Reader
    attempt: AttemptRow
    at: At
    is_now: bool
    now: float

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

    def check_env(self, env: int) -> None:
        """Raise UsageError for an environment out of range."""
        if not 0 <= env < self.header.envs:
            raise UsageError(
                f"no environment {env}: this run has {self.header.envs}, "
                f"0 to {self.header.envs - 1}"
            )


def scope(reader: Reader, when: str | None, *, live: bool, now: float) -> Scope:
    """The ground for a question asked as of `when`. Raises UsageError, NoDataYet."""
    attempts = reader.attempts()
    if not attempts:
        raise NoDataYet("the record is empty: no trainer has said hello")
    attempt = attempts[-1]
    span = reader.span(attempt.attempt)
    if when is None or when.strip() in ("", "live", "now", "end"):
        step = span[1] if span else None
        moment = None if step is None else reader.time_of(attempt.attempt, step)
        at = At(step, update_at(reader, attempt.attempt, step), moment, live, attempt.attempt)
        return Scope(reader, attempt, at, True, now)
    if span is None:
        raise NoDataYet(f"{attempt.header.run_id} has not reported a step yet")
    step = _step(reader, attempt, when.strip().replace(",", ""), span, now)
    row = reader.block_at(attempt.attempt, step)
    assert row is not None
    step = int(row[0].steps[row[1]])
    at = At(
        step,
        update_at(reader, attempt.attempt, step),
        float(row[0].times[row[1]]),
        False,
        attempt.attempt,
    )
    return Scope(reader, attempt, at, False, now)


def update_at(reader: Reader, attempt: int, step: int | None) -> int | None:
    """The number of the last update at or before a step."""
    found = reader.rows(
        "SELECT number FROM updates WHERE attempt = ? AND coalesce(step, -1) <= ?"
        " ORDER BY step DESC, id DESC LIMIT 1",
        attempt,
        -1 if step is None else step,
    )
    return int(found[0][0]) if found else None


def _step(reader: Reader, attempt: AttemptRow, when: str, span: tuple[int, int], now: float) -> int:
    if _STEP.match(when):
        return _within(int(when), span, when)
    if found := _BACK.match(when):
        return reader.steps_back(attempt.attempt, span[1], int(found[1]))
    if found := _UPDATE.match(when):
        return _step_of_update(reader, attempt, int(found[1]))
    if found := _AGO.match(when):
        newest = reader.time_of(attempt.attempt, span[1]) or now
        base = now if attempt.ended is None else newest
        return _at_time(reader, attempt, base - float(found[1]) * _SECONDS[found[2]], when)
    if found := _CLOCK.match(when):
        return _at_time(reader, attempt, _today(found, now), when)
    raise UsageError(f"'{when}' is no moment", f"a moment is {FORMS}")


def _within(step: int, span: tuple[int, int], when: str) -> int:
    if not span[0] <= step <= span[1]:
        raise UsageError(
            f"step {when} is outside of the record, which spans {span[0]} to {span[1]}"
        )
    return step


def _step_of_update(reader: Reader, attempt: AttemptRow, number: int) -> int:
    found = reader.rows(
        "SELECT step FROM updates WHERE attempt = ? AND number = ? ORDER BY id DESC LIMIT 1",
        attempt.attempt,
        number,
    )
    if found and found[0][0] is not None:
        return int(found[0][0])
    ((low, high),) = reader.rows(
        "SELECT min(number), max(number) FROM updates WHERE attempt = ?", attempt.attempt
    )
    span = "there is none yet" if low is None else f"there are u{low} to u{high}"
    raise UsageError(f"no update u{number}: {span}")


def _at_time(reader: Reader, attempt: AttemptRow, moment: float, when: str) -> int:
    step = reader.step_at_time(attempt.attempt, moment)
    if step is None:
        began = time.strftime("%H:%M:%S", time.localtime(attempt.started))
        raise UsageError(f"{when} is before the first step; this attempt began at {began}")
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
