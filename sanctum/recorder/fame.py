"""The hall of fame while a run is recorded: which episodes to keep, and when.

An episode that ended waits until an update has learned from its last step, since advantages and
returns are said with that; one that never speaks of updates is not waited for long. Of those that
wait the ten best are remembered, and a tick copies only for so long: sixteen environments may end
their episodes at once, and the recorder has one thread. What waits when the run ends is kept then.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import msgspec

from sanctum.errors import RecordError
from sanctum.model.answers import HallEntry
from sanctum.record.hall import (
    SIZE,
    Busy,
    Candidate,
    Copy,
    Hall,
    TooLong,
    candidate,
    described,
    opened,
)
from sanctum.record.hall.candidate import MAX_ROWS
from sanctum.record.reader import Reader
from sanctum.telemetry import EpisodeEnded

log = logging.getLogger(__name__)
TICK_S = 0.03
PATIENCE_STEPS, PATIENCE_TICKS = 512, 10
SETTLE_S = 2.0
AGAIN_TICKS = 30
_episode = msgspec.msgpack.Decoder(EpisodeEnded)


class Fame:
    """Hands the best episodes of a run to the hall of its task. The recorder's thread's.

    `say` writes a warning to the timeline: once for each time that the hall fails.
    """

    def __init__(self, hall: Hall, reader: Reader, say: Callable[[str], None]) -> None:
        self._hall = hall
        self._reader = reader
        self._say = say
        self._heard: list[tuple[int, EpisodeEnded, int | None]] = []
        self._waiting: list[Candidate] = []
        self._heard_at: dict[tuple[int, int, int], int] = {}
        self._ticks = 0
        self._copy: Copy | None = None
        self._ready: tuple[HallEntry, float, bytes] | None = None
        self._attempt = 0
        self._ends: dict[int, int] = {}
        self._learned: int | None = None
        self._failed = False
        self._rest = 0
        self._said_too_long = False

    def recall(self, attempt: int) -> None:
        """Hear the last episodes of an attempt again, which an earlier recorder may not have kept.

        The hall knows those that it has.
        """
        count = 8 * self._reader.envs(attempt)
        rows = self._reader.rows(
            "SELECT data FROM episodes WHERE attempt = ? ORDER BY id DESC LIMIT ?", attempt, count
        )
        ends = [_episode.decode(data) for (data,) in reversed(rows)]
        for end in ends:
            self.ended(attempt, end)
        if len(rows) == count:  # the first of each began at a step that was not looked for
            self._heard = [one for one in self._heard if one[2] is not None]

    def ended(self, attempt: int, end: EpisodeEnded) -> None:
        """An environment ended an episode; it is looked at with the next tick."""
        if attempt != self._attempt:
            self._attempt, self._ends, self._learned = attempt, {}, None
        before = self._ends.get(end.env)
        if before is None or end.step > before:
            self._heard.append((attempt, end, before))
            self._ends[end.env] = end.step

    def tick(self) -> None:
        """At every tick: copy and keep for `TICK_S`, as far as there is something to be kept."""
        self._ticks += 1
        if self._rest:
            self._rest -= 1
            return
        until = time.monotonic() + TICK_S
        self._judge()
        while self._work(self._is_ripe) and time.monotonic() < until:
            pass
        if self._waiting:
            self._learned = self._learned_by_now()

    def settle(self) -> None:
        """The run is over: keep everything that waits."""
        until = time.monotonic() + SETTLE_S
        self._judge()
        while self._work(lambda _: True) or self._is_blocked(until):
            pass
        if self._waiting or self._ready:
            log.error("episodes were not kept: the hall of fame %s fails", self._hall.path)

    def _is_blocked(self, until: float) -> bool:
        """Whether another recorder is in the way, and there is time to try again."""
        return self._ready is not None and not self._failed and time.monotonic() < until

    def _judge(self) -> None:
        """Look at what has ended: the ten best wait, those that ten are better than do not."""
        heard, self._heard = self._heard, []
        if not heard:
            return
        floor = self._floor()
        for attempt, end, before in heard:
            try:
                one = candidate(self._reader, attempt, end, before)
            except TooLong:
                self._too_long(end)
                continue
            if one is not None and one.accuracy > floor:
                self._waiting.append(one)
                self._heard_at[one.key] = self._ticks
        self._waiting.sort(key=lambda one: one.order)
        del self._waiting[SIZE:]
        self._heard_at = {one.key: self._heard_at[one.key] for one in self._waiting}

    def _floor(self) -> float:
        try:
            return self._hall.floor()
        except RecordError:
            return float("-inf")  # what is the matter is said when one is to be kept

    def _work(self, is_due: Callable[[Candidate], bool]) -> bool:
        """One piece of work: keep what is copied, copy on, or begin with the best that is due."""
        if self._ready is not None:
            return self._keep(*self._ready)
        copy, self._copy = self._copy, None
        if copy is not None:
            if not copy.go_on():
                self._copy = copy
                return True
            data = copy.done()
            entry = opened(data)
            try:
                last = entry.last_attempt()
                assert last is not None
                self._ready = described(entry, copy.of, time.time()), last.started, data
            finally:
                entry.db.close()
            return True
        due = next(filter(is_due, self._waiting), None)
        if due is None:
            return False
        self._waiting.remove(due)
        if due.accuracy > self._floor():
            try:
                self._copy = Copy(self._reader, due)
            except RecordError as error:
                log.warning("an episode of env %d is not kept: %s", due.said.env, error)
        return True

    def _keep(self, entry: HallEntry, started: float, data: bytes) -> bool:
        """Write an entry; False when that has to be tried again."""
        try:
            kept = self._hall.keep(entry, started, data)
        except Busy:
            return False
        except RecordError as error:
            log.warning("%s", error)
            if not self._failed:
                self._say(f"the hall of fame is not written: {error.sentence}")
            self._failed, self._rest = True, AGAIN_TICKS
            return False
        self._failed, self._ready = False, None
        if kept:
            log.info("env %d, episode %d is in the hall of fame", entry.env, entry.episode)
        return True

    def _is_ripe(self, one: Candidate) -> bool:
        """Whether all that will be said of an episode has been said."""
        if one.attempt != self._attempt:
            return True
        if self._learned is None:
            if self._ticks - self._heard_at[one.key] >= PATIENCE_TICKS:
                return True
        elif self._learned >= one.said.step:
            return True
        span = self._reader.span(one.attempt)
        rollout = self._reader.header(one.attempt).rollout_steps
        patience = 2 * rollout if rollout else PATIENCE_STEPS
        return span is not None and span[1] - one.said.step >= patience

    def _learned_by_now(self) -> int | None:
        """The last step that an update has learned from."""
        found = self._reader.rows(
            "SELECT coalesce(last_step, step) FROM updates WHERE attempt = ?"
            " ORDER BY id DESC LIMIT 1",
            self._attempt,
        )
        return None if not found or found[0][0] is None else int(found[0][0])

    def _too_long(self, end: EpisodeEnded) -> None:
        if not self._said_too_long:
            self._said_too_long = True
            self._say(
                f"the hall of fame keeps no episode of more than {MAX_ROWS:,} steps,"
                f" as that of env {end.env}"
            )
