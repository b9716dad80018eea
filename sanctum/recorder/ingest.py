"""From frames to rows: what the trainer says becomes cells, updates, events and episodes.

A frame that makes no sense is counted, said once as an event, and left out; nothing here raises.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import numpy as np

from sanctum.record.blocks import SealedBlock
from sanctum.record.reader import Reader
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.lifecycles import Lifecycles
from sanctum.telemetry import (
    SEVERITIES,
    Array,
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
    Step,
    Update,
)
from sanctum.telemetry.arrays import MASKED_CELL, VALUE, unpack
from sanctum.telemetry.metrics import canonical

log = logging.getLogger(__name__)
_encoder = msgspec.msgpack.Encoder()
MAX_COLUMNS = 4096


class Ingest:
    """Takes frames in order and writes them; one per recorder, on its only thread.

    `ended` is how the run ended, None while it goes on; `heard` is the wall time of the last frame
    that said something of the run, `beat` of the last one at all.
    """

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self.writer = writer
        self.clock = clock
        self.reader = Reader(writer.db, lambda: writer.open, writer.settle)
        self.header: RunStarted | None = None
        self.attempt = 0
        self.last_step: int | None = None
        self.ended: str | None = None
        self.heard = clock.now()
        self.beat = clock.now()
        self.lost = 0
        self.queued_bytes = 0
        self.refused = 0
        self._pending: list[SeedState] = []
        self._lifecycles = Lifecycles(writer, self._event)

    def take(self, frame: Frame) -> None:
        """Write one frame."""
        now = self.clock.now()
        self.beat = now
        if not isinstance(frame, Beat | RunStarted):
            self.heard = now
        try:
            self._take(frame, now)
        except Exception as error:
            self.refused += 1
            log.exception("a %s frame was left out", type(frame).__name__)
            if self.refused == 1 and self.header is not None:
                text = f"a {type(frame).__name__} message was left out: {error}"
                self._event("warn", "recorder", text, now)

    def begin(self, header: RunStarted, pid_started: float, boot_id: str) -> None:
        """A trainer's process has said hello: a new attempt, or the same one going on.

        The same process with the same start time, after a recorder that died, goes on; the open
        block is put together again.
        """
        now = self.clock.now()
        self.header = header
        before = self.reader.attempts()
        last = before[-1] if before else None
        same = (
            last is not None
            and last.ended is None
            and (last.pid, last.pid_started, last.boot_id) == (header.pid, pid_started, boot_id)
        )
        if last is not None:
            self._take_up(last.attempt, going_on=same)
        if same and last is not None:
            self.attempt = last.attempt
            span = self.reader.span(self.attempt)
            self.last_step = span[1] if span else None
            text = "the recorder was started again; what came between is missing"
            self.writer.insert(
                "INSERT INTO gaps (attempt, what, first_step, last_step, time, count, reason)"
                " VALUES (?, 'everything', ?, NULL, ?, 0, ?)",
                self.attempt,
                self.last_step,
                now,
                text,
            )
            self._event("warn", "gap", text, now)
        else:
            if last is not None and last.ended is None:
                self.writer.insert(
                    "UPDATE attempts SET ended = coalesce(last_time, started), how = 'died'"
                    " WHERE attempt = ?",
                    last.attempt,
                )
            self._open_attempt(last.attempt + 1 if last else 1, pid_started, boot_id, now)
        self.writer.flush(now)

    def end(self, how: str, exception: str | None = None, trace: str | None = None) -> None:
        """The attempt is over: seal what is open, say how it ended. Only the first end counts."""
        if self.ended is not None or self.header is None:
            return
        now = self.clock.now()
        self._apply_pending(None, now)
        self.ended = how
        text = {"finished": "the run finished", "interrupted": "the run was interrupted"}.get(
            how, f"the trainer {how}" + (f": {exception}" if exception else "")
        )
        severity = "info" if how in ("finished", "interrupted") else "critical"
        self._event(severity, "end", text, now)
        self.writer.seal()
        self.writer.insert(
            "UPDATE attempts SET ended = ?, how = ?, exception = ?, traceback = ?, last_step = ?,"
            " last_time = ? WHERE attempt = ?",
            now if how != "died" else self.heard,
            how,
            exception,
            trace,
            self.last_step,
            self.heard,
            self.attempt,
        )
        self.writer.flush(now)

    def tick(self) -> None:
        """Once a second: everything to the disk."""
        now = self.clock.now()
        if self.header is not None and self.ended is None:
            self.writer.insert(
                "UPDATE attempts SET last_time = ?, last_step = ? WHERE attempt = ?",
                self.heard,
                self.last_step,
                self.attempt,
            )
        self.writer.flush(now)

    def _take(self, frame: Frame, now: float) -> None:
        match frame:
            case Step():
                self._step(frame, self.clock.at(frame.at))
            case Update():
                self._update(frame, now)
            case SeedState():
                self._pending.append(frame)
                if self.last_step is None or frame.step <= self.last_step:
                    self._apply_pending(self.last_step, now)
            case EpisodeEnded():
                self._episode(frame, now)
            case Message():
                self._message(frame, now)
            case Backfill():
                self._backfill(frame)
            case Gap():
                self._gap(frame, now)
            case Beat():
                self.lost, self.queued_bytes = frame.lost, frame.queued_bytes
            case RunEnded():
                how = "failed" if frame.how == "exception" else frame.how
                self.end(how, frame.exception, frame.traceback)
            case RunStarted():
                raise ValueError("a second start on one connection")
            case PolicySaved():
                log.info("policy weights of update %d are at %s", frame.update, frame.path)

    def _step(self, frame: Step, time: float) -> None:
        assert self.header is not None
        if self.last_step is not None and frame.step < self.last_step:
            self._next_attempt(time)
        self._apply_pending(frame.step - 1, time)
        row_bytes = sum(
            len(one.data) for one in (*frame.columns.values(), *frame.matrices.values())
        )
        row = self._row(frame.step, time, row_bytes)
        self.last_step = frame.step
        envs: Any = slice(None) if frame.envs is None else frame.envs
        count = self.header.envs if frame.envs is None else len(frame.envs)
        for name, array in (*frame.columns.items(), *frame.matrices.items()):
            try:
                self._put(name, array, row, envs, count)
            except (ValueError, IndexError) as error:
                self.refused += 1
                if self.refused == 1:
                    self._event("warn", "recorder", f"column {name} was left out: {error}", time)
        self._apply_pending(frame.step, time)

    def _put(self, name: str, array: Array, row: int, envs: Any, count: int) -> None:
        block = self.writer.open
        assert block is not None
        values, states = unpack(array)
        if values.ndim == 0:
            values = values.reshape(1)
        if values.shape[0] != count:
            raise ValueError(f"{values.shape[0]} rows for {count} environments")
        cells = values.reshape(count, -1)
        known = block.buffers.get(name)
        if known is None and len(block.buffers) >= MAX_COLUMNS:
            raise ValueError(f"more than {MAX_COLUMNS} columns")
        if known is not None and known.values.shape[2] != cells.shape[1]:
            raise ValueError(
                f"{cells.shape[1]} values a cell where there were {known.values.shape[2]}"
            )
        marks: Any = VALUE
        if states is not None:
            marks = states.reshape(count, -1).min(axis=1)[None, :]
        block.put(name, slice(row, row + 1), envs, cells[None], marks)

    def _row(self, step: int, time: float, row_bytes: int) -> int:
        """The row of `step` in the open block; seals a full block and begins the next."""
        assert self.header is not None
        block = self.writer.open
        if block is not None and block.is_full and block.steps[-1] != step:
            self.writer.seal()
            block = None
        if block is None:
            self.writer.begin_block(self.attempt, self.header.envs, row_bytes, step, time)
            block = self.writer.open
            assert block is not None
        return block.row(step, time)

    def _apply_pending(self, upto: int | None, now: float) -> None:
        """Seed states wait for the vector step they belong to, so that rows stay in order."""
        if not self._pending:
            return
        due = [one for one in self._pending if upto is None or one.step <= upto]
        if self.last_step is None and upto is None and self._pending:
            due = self._pending
        if not due:
            return
        self._pending = [one for one in self._pending if one not in due]
        for state in sorted(due, key=lambda one: one.step):
            self._seed(state, now)

    def _seed(self, state: SeedState, now: float) -> None:
        assert self.header is not None
        if not 0 <= state.env < self.header.envs:
            raise ValueError(f"seed of environment {state.env}; there are {self.header.envs}")
        block = self.writer.open
        row = block.row_at(state.step) if block is not None else None
        if row is None:
            newest = int(block.steps[-1]) if block is not None and block.rows else None
            step = state.step if newest is None else max(state.step, newest)
            row = self._row(step, now, 64)
        block = self.writer.open
        assert block is not None
        for name, value in self._lifecycles.columns(state, now):
            cells = np.full((1, 1, 1), np.nan if value is None else value)
            marks = MASKED_CELL if value is None else VALUE
            block.put(name, slice(row, row + 1), [state.env], cells, marks)

    def _update(self, frame: Update, now: float) -> None:
        scalars = {canonical(name): value for name, value in frame.scalars.items()}
        data = _encoder.encode((scalars, [canonical(name) for name in frame.masked]))
        step = self.last_step if frame.step is None else frame.step
        self.writer.insert(
            "INSERT INTO updates (attempt, number, step, first_step, last_step, time, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            self.attempt,
            frame.update,
            step,
            frame.first_step,
            frame.last_step,
            now,
            data,
        )

    def _episode(self, frame: EpisodeEnded, now: float) -> None:
        self.writer.insert(
            "INSERT INTO episodes (attempt, env, episode, step, time, data)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            self.attempt,
            frame.env,
            frame.episode,
            frame.step,
            now,
            _encoder.encode(frame),
        )

    def _message(self, frame: Message, now: float) -> None:
        step = self.last_step if frame.step is None else frame.step
        self._event(
            frame.severity, frame.type, frame.text, now, step, frame.env, frame.slot, frame.data
        )

    def _gap(self, frame: Gap, now: float) -> None:
        self.writer.insert(
            "INSERT INTO gaps (attempt, what, first_step, last_step, time, count, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            self.attempt,
            frame.what,
            frame.first_step,
            frame.last_step,
            now,
            frame.count,
            frame.reason,
        )
        span = f"{frame.first_step} to {frame.last_step}"
        text = f"{frame.what} of steps {span} were lost: {frame.reason}"
        self._event("warn", "gap", text, now)

    def _backfill(self, frame: Backfill) -> None:
        """Cells of earlier rows, wherever those are by now."""
        assert self.header is not None
        for name, array in frame.columns.items():
            values, states = unpack(array)
            cells = values.reshape(values.shape[0], self.header.envs, -1)
            marks = (
                np.zeros(cells.shape[:2], np.uint8)
                if states is None
                else states.reshape(cells.shape[:2])
            )
            last = frame.first_step + cells.shape[0] - 1
            at = last
            while at >= frame.first_step:
                found = self.reader.block_at(self.attempt, at)
                if found is None:
                    break
                block, row = found
                start = int(np.searchsorted(block.steps, frame.first_step, "left"))
                if start > row:
                    break
                picked = block.steps[start : row + 1] - frame.first_step
                rows = slice(start, row + 1)
                if isinstance(block, SealedBlock):
                    self.writer.amend(block, name, rows, cells[picked], marks[picked])
                elif self.writer.open is not None:
                    self.writer.open.put(name, rows, slice(None), cells[picked], marks[picked])
                at = int(block.steps[0]) - 1

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
            "INSERT INTO events (attempt, step, time, severity, type, env, slot, text, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.attempt,
            self.last_step if step is None else step,
            now,
            SEVERITIES.index(severity) if severity in SEVERITIES else 1,
            type,
            env,
            slot,
            text,
            _encoder.encode(data) if data else None,
        )

    def _take_up(self, attempt: int, *, going_on: bool) -> None:
        """The unsealed block of an earlier recorder: go on with it, or seal it."""
        found = self.reader.rows(
            "SELECT id, attempt FROM blocks WHERE sealed = 0 ORDER BY id DESC LIMIT 1"
        )
        if found:
            id, of = int(found[0][0]), int(found[0][1])
            self.writer.restore(id, of, self.reader.envs(of))
            if not going_on or of != attempt:
                self.writer.seal()

    def _next_attempt(self, now: float) -> None:
        """Steps went back: the trainer resumed from a checkpoint within one process."""
        ((pid_started, boot_id),) = self.reader.rows(
            "SELECT pid_started, boot_id FROM attempts WHERE attempt = ?", self.attempt
        )
        self._apply_pending(None, now)
        self.writer.seal()
        self.writer.insert(
            "UPDATE attempts SET ended = ?, how = 'resumed', last_step = ?, last_time = ?"
            " WHERE attempt = ?",
            now,
            self.last_step,
            now,
            self.attempt,
        )
        self._open_attempt(self.attempt + 1, pid_started, boot_id, now)

    def _open_attempt(self, attempt: int, pid_started: float, boot_id: str, now: float) -> None:
        assert self.header is not None
        self.attempt, self.last_step = attempt, None
        self._lifecycles.forget()
        self.writer.insert(
            "INSERT INTO attempts (attempt, header, pid, pid_started, boot_id, started, last_time)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            attempt,
            _encoder.encode(self.header),
            self.header.pid,
            pid_started,
            boot_id,
            now,
            now,
        )
