"""From frames to rows: what the trainer says becomes cells, updates, events and episodes.

A frame that makes no sense is counted, said once as an event, and left out; nothing here raises.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from sanctum.record.reader import Reader
from sanctum.record.writer import Writer
from sanctum.recorder.attempts import Attempts
from sanctum.recorder.cause import Cause
from sanctum.recorder.cells import Cells
from sanctum.recorder.clock import Clock
from sanctum.recorder.gaps import EVERYTHING, missing
from sanctum.recorder.pace import Pace
from sanctum.recorder.policies import Policies
from sanctum.telemetry import (
    SEVERITIES,
    Backfill,
    Beat,
    EpisodeEnded,
    Frame,
    Gap,
    Message,
    PolicySaved,
    RunEnded,
    RunStarted,
    SeedState,
    Settings,
    Source,
    Step,
    Update,
)
from sanctum.telemetry.metrics import canonical

log = logging.getLogger(__name__)
_encoder = msgspec.msgpack.Encoder()


_ENDED = {
    "finished": "the run finished",
    "interrupted": "the run was interrupted",
    "ended": "the trainer's script ended without run.close()",
}


class Ingest:
    """Takes frames in order and writes them; one per recorder, on its only thread.

    `ended` is how the run ended, None while it goes on; `heard` is the wall time of the last frame
    that said something of the run, `pace` how fast steps come.
    """

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self.writer = writer
        self.clock = clock
        self.reader = Reader(writer.db, lambda: writer.open, writer.settle, writer.sizes)
        self.header: RunStarted | None = None
        self.ended: str | None = None
        self.heard = clock.now()
        self.lost = 0
        self.queued_bytes = 0
        self.refused = 0
        self.threads: dict[int, str] = {}
        self.signal: str | None = None
        self.began = self.heard
        self.pace = Pace()
        self._interrupted = False
        self._newest: tuple[tuple[int, int], dict[str, float | None], set[str]] | None = None
        self.on_end: Callable[[], None] = lambda: None
        self.on_episode: Callable[[int, EpisodeEnded], None] = lambda attempt, frame: None
        self._cells = Cells(writer, self.reader, self._event, self._refuse)
        self._attempts = Attempts(writer, self.reader)
        self._policies = Policies(writer, self.reader)

    @property
    def attempt(self) -> int:
        """The attempt that is being written."""
        return self._cells.attempt

    @property
    def last_step(self) -> int | None:
        """The newest step of the attempt; None before the first."""
        return self._cells.last_step

    def take(self, frame: Frame) -> None:
        """Write one frame; at the time that it gives, or now."""
        now = self.clock.now()
        if not isinstance(frame, Beat | RunStarted):
            self.heard = now
        now = getattr(frame, "time", 0.0) or now
        try:
            self._take(frame, now)
        except Exception as error:
            log.debug("a %s frame was left out", type(frame).__name__, exc_info=True)
            self._refuse(f"a {type(frame).__name__} message was left out: {error}")

    def begin(self, header: RunStarted, pid_started: float, boot_id: str) -> None:
        """A trainer's process has said hello: a new attempt, or the same one going on.

        The same hello of the same process, after a recorder that died, goes on; the open block is
        put together again, and the gap is marked when the next step is known.
        """
        now = (header.time if header.followed else 0.0) or self.clock.now()
        self.header = header
        attempt, is_same, self.ended = self._attempts.begin(header, pid_started, boot_id, now)
        self.began = now
        if is_same:
            self._cells.resume(attempt, header.envs)
            last = self.reader.last_attempt()
            self.began = now if last is None else last.started
            self._interrupted = self.ended is None
        else:
            self._cells.begin(attempt, header.envs)
        self.writer.flush(now)

    def end(
        self,
        how: str,
        exception: str | None = None,
        trace: str | None = None,
        *,
        step: int | None = None,
        cause: Cause | None = None,
        time: float = 0.0,
    ) -> None:
        """The attempt is over: seal what is open, say how it ended. Only the first end counts.

        `step` is the trainer's last, where it said so; `cause` what its process left with; `time`
        when that was, 0: now.
        """
        if self.ended is not None or self.header is None:
            return
        now = time or self.clock.now()
        self._cells.settle_seeds(None, now)
        self._take_left()
        before = self.last_step
        self._mark_gap(before, None if step is None else max(step, before or 0) + 1, now)
        self.ended, self.signal = how, cause.signal if cause else None
        cause = cause or Cause(how, traceback=trace)
        self._say_end(cause, exception, now)
        self.writer.seal()
        self._attempts.end(self.attempt, cause, exception, self.last_step, now, self.heard)
        self.writer.fold(now)
        self._policies.tidy()
        self.on_end()

    def amend(self, cause: Cause) -> None:
        """The script's end was said, and then its process left with a status that says more."""
        now = self.clock.now()
        if self.ended == "ended" and cause.how != "ended":
            self.ended, self.signal = cause.how, cause.signal
            self._say_end(cause, None, now)
            self._attempts.end(self.attempt, cause, None, self.last_step, now, self.heard)
            self.writer.fold(now)
            self.on_end()

    def _say_end(self, cause: Cause, exception: str | None, now: float) -> None:
        how, about = cause.how, exception or cause.why
        what = f"was {how} by {cause.signal}" if how == "killed" else how
        text = cause.text or _ENDED.get(
            how, f"the trainer {what}" + (f": {about}" if about else "")
        )
        self._event("info" if how in _ENDED else "critical", "end", text, now)

    def _mark_gap(self, before: int | None, after: int | None, now: float) -> None:
        """Write down what an earlier recorder lost, once it is known where that ends."""
        if self._interrupted:
            self._interrupted = False
            gap = missing(before, after)
            self._insert_gap(EVERYTHING, gap.first, gap.last, gap.count, gap.why, now)
            self._event("warn", "gap", gap.text, now)

    def tick(self) -> None:
        """At every tick: everything to the disk."""
        now = self.clock.now()
        if self.header is not None and self.ended is None:
            self._cells.tick(now)
            self._attempts.note(self.attempt, self.last_step, self.heard)
        before = self.writer.stopped
        self.writer.flush(now)
        self._policies.tidy()
        self._say_disk(before, now)

    def _say_disk(self, before: tuple[float, str] | None, now: float) -> None:
        """Put on the timeline that the disk takes nothing, or that it does so again."""
        stopped = self.writer.stopped
        if before is None and stopped is not None:
            text = f"recording stopped: {stopped[1]}; memory holds what it can until there is room"
            self._event("warn", "recorder", text, now)
        if before is not None and stopped is None:
            lost = f"lost {self.writer.gave_way}" if self.writer.gave_way else "nothing lost"
            text = f"recording goes on after {now - before[0]:.0f} s ({before[1]}): {lost}"
            self._event("warn", "recorder", text, now)

    def _take(self, frame: Frame, now: float) -> None:
        match frame:
            case Step():
                time = frame.time or self.clock.at(frame.at)
                before = self.last_step
                if before is not None and 0 <= frame.step < before:
                    self._mark_gap(before, None, now)
                    self._next_attempt(time)
                self.pace.step(frame.step, time)
                self._cells.step(frame, time)
                self._mark_gap(before, frame.step, now)
            case Update():
                self._update(frame, now)
            case SeedState():
                self._cells.seed(frame, now)
            case EpisodeEnded():
                self._episode(frame, now)
            case Message():
                step = self.last_step if frame.step is None else frame.step
                about = (frame.env, frame.slot, frame.data)
                self._event(frame.severity, frame.type, frame.text, now, step, *about)
            case Backfill():
                self._cells.later(frame)
            case Gap():
                span = (frame.first_step, frame.last_step)
                self._insert_gap(frame.what, *span, frame.count, frame.reason, now)
                text = f"{frame.what} of steps {span[0]} to {span[1]} were lost: {frame.reason}"
                self._event("warn", "gap", text, now)
            case Beat():
                self.lost, self.queued_bytes = frame.lost, frame.queued_bytes
                self.threads = frame.threads or self.threads
            case RunEnded():
                how = "failed" if frame.how == "exception" else frame.how
                cause = Cause(how, None, frame.why, frame.traceback, frame.why)
                self.end(how, frame.exception, step=frame.step, cause=cause, time=frame.time)
            case Settings():
                self.header = self._attempts.configure(self.attempt, frame)
            case Source():
                self._attempts.source(self.attempt, frame)
            case RunStarted():
                raise ValueError("a second start on one connection")
            case PolicySaved():
                self._policies.take(self.attempt, frame)

    def _take_left(self) -> None:
        """The last resort for weights that the trainer wrote and could not speak of any more."""
        assert self.header is not None
        try:
            self._policies.take_left(self.attempt, self.header)
        except Exception as error:
            self._refuse(f"policy weights that were left behind cannot be read: {error}")

    def _update(self, frame: Update, now: float) -> None:
        """A new update, or more of the newest: what is said again is added."""
        scalars = {canonical(name): value for name, value in frame.scalars.items()}
        masked = {canonical(name) for name in frame.masked}
        key = (self.attempt, frame.update)
        is_same = self._newest is not None and self._newest[0] == key
        if self._newest is not None and is_same:
            _, before, hidden = self._newest
            masked |= hidden - scalars.keys()
            scalars = {name: one for name, one in before.items() if name not in masked} | scalars
        self._newest = key, scalars, masked
        data = _encoder.encode((scalars, sorted(masked)))
        if is_same:
            self.writer.insert(
                "UPDATE updates SET data = ? WHERE attempt = ? AND number = ?", data, *key
            )
            return
        step = self.last_step if frame.step is None else frame.step
        self.writer.insert(
            "INSERT INTO updates (attempt, number, step, first_step, last_step, time, data,"
            " said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self.attempt,
            frame.update,
            step,
            frame.first_step,
            frame.last_step,
            now,
            data,
            self.last_step,
        )

    def _episode(self, frame: EpisodeEnded, now: float) -> None:
        self.writer.insert(
            "INSERT INTO episodes (attempt, env, episode, step, time, data, said)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            self.attempt,
            frame.env,
            frame.episode,
            frame.step,
            now,
            _encoder.encode(frame),
            self.last_step,
        )
        self.on_episode(self.attempt, frame)

    def warn(self, type: str, text: str) -> None:
        """Put a warning of the recorder's own on the timeline."""
        self._event("warn", type, text, self.clock.now())

    def _insert_gap(
        self, what: str, first: int | None, last: int | None, count: int, why: str, now: float
    ) -> None:
        self.writer.insert(
            "INSERT INTO gaps (attempt, what, first_step, last_step, time, count, reason, said)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self.attempt,
            what,
            first,
            last,
            now,
            count,
            why,
            self.last_step,
        )

    def _refuse(self, text: str) -> None:
        self.refused += 1
        if self.refused == 1 and self.header is not None:
            self._event("warn", "recorder", text, self.clock.now())

    def _event(
        self,
        severity: str,
        type: str,
        text: str,
        now: float,
        step: int | None = None,
        env: int | None = None,
        slot: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        self.writer.insert(
            "INSERT INTO events (attempt, step, time, severity, type, env, slot, text, data,"
            " said) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.attempt,
            self.last_step if step is None else step,
            now,
            SEVERITIES.index(severity) if severity in SEVERITIES else 1,
            type,
            env,
            slot,
            text,
            _encoder.encode(data) if data else None,
            self.last_step,
            minor=severity in ("debug", "info") and type != "end",
        )

    def _next_attempt(self, now: float) -> None:
        """Steps went back: the trainer resumed from a checkpoint within one process."""
        assert self.header is not None
        self._cells.settle_seeds(None, now)
        attempt = self._attempts.next(self.attempt, self.header, self.last_step, now)
        self._cells.begin(attempt, self.header.envs)
