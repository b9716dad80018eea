"""Following a file of Esper's events while it is written: a live run, seen from beside its trainer.

The whole file is told again whenever it is followed anew: the run that was made of it before gives
way, so nothing stands in a record twice.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sanctum.adapters.follow import Growing, Pipe
from sanctum.adapters.jsonl import EXPECTED, Foreign, Lines
from sanctum.adapters.translation import Translator
from sanctum.cli.beside import Beside, Say
from sanctum.errors import RecordError, SanctumError
from sanctum.wire.writing import Process, writer_of

POLL_S = 0.2
IDLE_S = 1.0
"""After so long a silence what is complete is written: Esper writes ten events at a time."""

WRITER_S = 5.0
DONE_S = 60.0
"""Nobody is seen writing, and all rounds are done: over, if the file was left alone so long."""

SHOWN = 5


class Follower:
    """Reads `source` to its end again and again, until its writer has gone or it is told to stop.

    `path` is the file that may have a writer, None for a pipe.
    """

    def __init__(
        self, source: Growing | Pipe, path: Path | None, runs: Beside, run_id: str | None, say: Say
    ) -> None:
        self.stopped: int | None = None
        self._source = source
        self._path = path
        self._runs = runs
        self._say = say
        self._translator = Translator(
            runs.open, run_id, "stdin" if path is None else str(path.absolute())
        )
        self._lines = Lines()
        self._anew = 0
        self._events = self._refused = 0
        self._quoted: list[str] = []
        self._began = self._heard = time.monotonic()
        self._looked = 0.0
        self._gone: Process | None = None
        self._is_idle = self._has_caught_up = False

    def run(self) -> str:
        """Follow; gives how it ended in a sentence. Raises SanctumError where no run came of it."""
        try:
            while self.stopped is None and not self._is_over():
                self._turn()
        except Foreign as foreign:
            name = self._path or "stdin"
            hint = (
                "without --follow it is imported as it is" if "gzip" in str(foreign) else EXPECTED
            )
            raise RecordError(f"{name} is {foreign}, and cannot be followed", hint) from foreign
        finally:
            self._source.close()
        if self.stopped is None:
            self._end_lines()
        return self._ended()

    def _turn(self) -> None:
        """Take what is new, or wait a moment for it."""
        data = self._source.look(POLL_S)
        if self._source.anew != self._anew:
            self._anew = self._source.anew
            self._end_lines()
            self._say(f"{self._path} was replaced or cut short: it is read from its start")
        if data:
            self._take(data)
            return
        quiet_s = time.monotonic() - self._heard
        if not self._is_idle and quiet_s >= IDLE_S:
            self._is_idle = True
            self._translator.idle()
        if not self._has_caught_up and self._source.is_there:
            self._catch_up()
        if not isinstance(self._source, Pipe):
            time.sleep(POLL_S)

    def _take(self, data: bytes) -> None:
        self._heard, self._is_idle = time.monotonic(), False
        if self._runs.writer is None:
            self._look_for_writer()
        for line in self._lines.feed(data):
            if line.event is None:
                self._refuse(str(line))
            else:
                self._events += 1
                self._translator.take(line.event)
        self._runs.wait()

    def _refuse(self, text: str) -> None:
        self._refused += 1
        if len(self._quoted) < SHOWN:
            self._quoted.append(text)
            self._say(f"left out: {text}")
        self._translator.refuse(text)

    def _end_lines(self) -> None:
        for line in self._lines.end():
            if line.event is None:
                self._refuse(str(line))
            else:
                self._events += 1
                self._translator.take(line.event)
        self._lines = Lines()

    def _catch_up(self) -> None:
        """Say once that all that was there has been read."""
        self._has_caught_up = True
        took_s = time.monotonic() - self._began
        self._say(
            f"caught up: {self._events:,} events in {took_s:.1f} s; Ctrl-C ends the following"
        )

    def _look_for_writer(self) -> None:
        """Look now and then for the process that writes the file."""
        now = time.monotonic()
        if self._path is None or not self._source.is_there or now - self._looked < WRITER_S:
            return
        first, self._looked = not self._looked, now
        self._runs.writer = writer = writer_of(self._path)
        if writer is not None:
            command = " ".join(writer.argv) or "its command line is not known"
            self._say(f"process {writer.pid} writes it: {command[:200]}")
        elif first:
            self._say("nobody is seen writing it: it is followed until Ctrl-C")

    def _is_over(self) -> bool:
        """Whether nothing more will come: its writer has gone, and all is read."""
        if self._source.ended:
            return True
        writer = self._runs.writer
        if writer is None:
            self._look_for_writer()
            is_quiet = self._is_idle and self._source.unchanged_s() >= DONE_S
            return is_quiet and self._translator.is_finished
        if writer.is_alive:
            return False
        self._drain()
        if self._runs.writer is not writer:
            return False
        self._gone = writer
        return True

    def _drain(self) -> None:
        """The writer has gone: what it left, and who took over from it."""
        while data := self._source.look():
            self._take(data)
        self._runs.writer = (self._path and writer_of(self._path)) or self._runs.writer

    def _ended(self) -> str:
        """End the runs: how and why."""
        translator, gone = self._translator, self._gone
        if not translator.runs:
            translator.close()
        if not translator.runs:
            raise self._nothing()
        where, names = translator.where, ", ".join(run.run_id for run in translator.runs)
        if self.stopped is not None and not translator.is_finished:
            translator.close("interrupted", f"no longer followed after {where}")
            return f"no longer followed after {where}: {names}"
        if gone is not None and not translator.is_finished:
            translator.close("died", f"its process, {gone.pid}, was gone after {where}")
            return f"its process, {gone.pid}, was gone after {where}: {names}"
        translator.close()
        return f"ended after {where}: {names}"

    def _nothing(self) -> SanctumError:
        name = self._path or "stdin"
        if self.stopped is not None:
            return SanctumError(f"no run began in {name}")
        if self._events:
            what = f"{self._events:,} events, but none that begins a run (TRAINING_STARTED)"
            return RecordError(f"{name} holds {what}")
        first = f": {self._quoted[0]}" if self._quoted else ""
        return RecordError(f"{name} holds no event of Esper's{first}", EXPECTED)


def follow(path: Path | None, run_id: str | None, *, replace: bool, say: Say) -> int:
    """Follow the file at `path`, None: stdin; gives the exit code: 128 + the signal that ended it.

    Raises SanctumError for what cannot be followed, and where no run came of it.
    """
    import sys

    runs = Beside("stdin" if path is None else str(path.absolute()), replace=replace, say=say)
    source = Pipe(sys.stdin.buffer) if path is None else Growing(path)
    follower = Follower(source, path, runs, run_id, say)
    if path is not None and not path.exists():
        folder = "" if path.parent.is_dir() else "; not even its folder is there"
        say(f"waiting for {path}{folder}; Ctrl-C ends")
    with _stoppable(follower):
        say(follower.run())
    return 0 if follower.stopped is None else 128 + follower.stopped


@contextmanager
def _stoppable(follower: Follower) -> Iterator[None]:
    """Ctrl-C and a termination end the following in good order; a second one at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if follower.stopped is not None:
            raise KeyboardInterrupt
        follower.stopped = number

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
