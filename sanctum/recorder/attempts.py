"""Attempts: one per trainer's process, and one more each time its steps go back."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from sanctum.record.reader import Reader, source_key
from sanctum.record.writer import Writer
from sanctum.recorder.cause import Cause
from sanctum.telemetry import RunStarted, Settings, Source

_encoder = msgspec.msgpack.Encoder()


class Attempts:
    """Opens and closes attempts in the record."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    def begin(
        self, header: RunStarted, pid_started: float, boot_id: str, now: float
    ) -> tuple[int, bool, str | None]:
        """The attempt of a trainer that said hello, whether it was begun before, how it ended.

        It was begun before when the same process says the same hello. The block that an earlier
        recorder left open is gone on with, or sealed.
        """
        last = self._reader.last_attempt()
        if last is None:
            self._open(1, header, pid_started, boot_id, now)
            return 1, False, None
        who = (last.pid, last.pid_started, last.boot_id, last.header.time)
        is_same = who == (header.pid, pid_started, boot_id, header.time)
        self._take_up(last.attempt, going_on=is_same)
        if is_same:
            return last.attempt, True, last.how
        if last.ended is None:
            self._writer.insert(
                "UPDATE attempts SET ended = coalesce(last_time, started), how = 'died'"
                " WHERE attempt = ?",
                last.attempt,
            )
        self._open(last.attempt + 1, header, pid_started, boot_id, now)
        return last.attempt + 1, False, None

    def next(self, attempt: int, header: RunStarted, last_step: int | None, now: float) -> int:
        """The attempt after `attempt`, of the same process."""
        ((pid_started, boot_id),) = self._reader.rows(
            "SELECT pid_started, boot_id FROM attempts WHERE attempt = ?", attempt
        )
        self._writer.seal()
        self.end(attempt, Cause("resumed"), None, last_step, now, now)
        self._open(attempt + 1, header, pid_started, boot_id, now)
        return attempt + 1

    def note(self, attempt: int, last_step: int | None, heard: float) -> None:
        """How far an attempt has come."""
        self._writer.insert(
            "UPDATE attempts SET last_time = ?, last_step = ? WHERE attempt = ?",
            heard,
            last_step,
            attempt,
            minor=True,
        )

    def configure(self, attempt: int, said: Settings) -> RunStarted:
        """Settings that were known only later join the header of an attempt; gives that."""
        before = self._reader.header(attempt)
        planned = before.planned_steps if said.planned_steps is None else said.planned_steps
        header = replace(before, config={**before.config, **said.config}, planned_steps=planned)
        self._writer.insert(
            "UPDATE attempts SET header = ? WHERE attempt = ?", _encoder.encode(header), attempt
        )
        self._reader.forget_header(attempt)
        return header

    def source(self, attempt: int, source: Source) -> None:
        """Where the telemetry of an attempt comes from."""
        self._writer.insert(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
            source_key(attempt),
            msgspec.json.encode(source).decode(),
        )

    def end(
        self,
        attempt: int,
        cause: Cause,
        exception: str | None,
        last_step: int | None,
        ended: float,
        heard: float,
    ) -> None:
        """How an attempt ended."""
        self._writer.insert(
            "UPDATE attempts SET ended = ?, how = ?, signal = ?, why = ?, exception = ?,"
            " traceback = ?, last_step = ?, last_time = ? WHERE attempt = ?",
            ended,
            cause.how,
            cause.signal,
            cause.why,
            exception,
            cause.traceback,
            last_step,
            heard,
            attempt,
        )

    def _open(
        self, attempt: int, header: RunStarted, pid_started: float, boot_id: str, now: float
    ) -> None:
        self._writer.insert(
            "INSERT INTO attempts (attempt, header, pid, pid_started, boot_id, started, last_time)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            attempt,
            _encoder.encode(header),
            header.pid,
            pid_started,
            boot_id,
            now,
            now,
        )

    def _take_up(self, attempt: int, *, going_on: bool) -> None:
        """The unsealed block of an earlier recorder: go on with it, or seal it."""
        found = self._reader.rows(
            "SELECT id, attempt FROM blocks WHERE sealed = 0 ORDER BY id DESC LIMIT 1"
        )
        if found:
            id, of = int(found[0][0]), int(found[0][1])
            self._writer.restore(id, of, self._reader.envs(of))
            if not going_on or of != attempt:
                self._writer.seal()
