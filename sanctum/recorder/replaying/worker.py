"""The worker: one process that makes policies again and computes jobs, one at a time.

It is talked to over pipes in the recorder's selector, so that the recorder never waits for it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import subprocess
import time
import weakref
from collections.abc import Callable

from sanctum.errors import SanctumError
from sanctum.model.jobs import LENGTH_BYTES, Done, Job, done_of, framed, length
from sanctum.recorder.replaying.place import Place
from sanctum.wire.processes import started

log = logging.getLogger(__name__)
READ_BYTES = 1 << 18
WRITE_BYTES = 1 << 18
TAIL_BYTES = 4096
STATUS_WITHIN_S = 0.1
END_WITHIN_S = 2.0


class Worker:
    """A worker at a place, computing at most one job. Runs in a selector's loop, on its thread.

    `heard` is called with what came of a job, `died` with a sentence when the process went away
    while it had one to do. `since` is when that job was given, in monotonic seconds. Raises
    SanctumError when no process can be started.
    """

    def __init__(
        self,
        place: Place,
        selector: selectors.BaseSelector,
        heard: Callable[[Done], None],
        died: Callable[[str], None],
    ) -> None:
        self.place = place
        self.since = time.monotonic()
        self.is_busy = False
        self.is_gone = False
        self._selector = selector
        self._heard, self._died = heard, died
        self._due = memoryview(b"")
        self._held = bytearray()
        self._said = bytearray()
        self._process = _started(place)
        # A process that is not collected would complain when this one ends.
        self._finalizer = weakref.finalize(self, _finish, self._process)
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._stderr = self._process.stderr
        for pipe in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(pipe.fileno(), False)
        selector.register(self._stdout, selectors.EVENT_READ, lambda _: self._read())
        selector.register(self._stderr, selectors.EVENT_READ, lambda _: self._listen())
        log.info("replay worker %d started: %s in %s", self.pid, place.python, place.directory)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def is_there(self) -> bool:
        """Whether it can be given a job; it may be gone before its pipe has told so."""
        # Its first thread may have ended and another not, and until then it cannot be collected.
        return not self.is_gone and self._process.poll() is None and started(self.pid) is not None

    def give(self, job: Job) -> None:
        """Have a job computed. Raises ValueError when it is too large for a message."""
        assert not self.is_busy
        self._due = memoryview(framed(job))
        self.is_busy, self.since = True, time.monotonic()
        self._selector.register(self._stdin, selectors.EVENT_WRITE, lambda _: self._write())

    def end(self) -> None:
        """Let it go: it leaves by itself when there is nothing more to read."""
        if not self.is_gone:
            self._let_go()

    def kill(self) -> None:
        """End it whatever it does, with all that it started."""
        self._let_go()
        _kill(self._process)

    def is_collected(self) -> bool:
        """Whether the process is over, now that it was let go; ends it when it lingers."""
        if self._process.poll() is None and time.monotonic() - self.since > END_WITHIN_S:
            _kill(self._process)
        return self._process.poll() is not None

    def close(self) -> None:
        """End it and wait until it is over."""
        self.kill()
        self._finalizer()

    def _write(self) -> None:
        if self.is_gone:
            return  # it was let go for what came just before
        try:
            sent = os.write(self._stdin.fileno(), self._due[:WRITE_BYTES])
        except BlockingIOError:
            return
        except OSError:
            self._selector.unregister(self._stdin)
            return  # its end is seen on its stdout, with what it said before
        self._due = self._due[sent:]
        if not self._due:
            self._selector.unregister(self._stdin)

    def _read(self) -> None:
        if self.is_gone:
            return
        try:
            data = os.read(self._stdout.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        self._held += data
        try:
            done = self._message()
        except (ValueError, TypeError) as error:
            self._broke(f"answered what cannot be read: {error}")
            return
        if done is not None:
            self.is_busy, self.since = False, time.monotonic()
            self._heard(done)
        elif not data:
            self._broke(None)

    def _message(self) -> Done | None:
        """The answer that has arrived whole. Raises ValueError (msgspec's errors are such)."""
        if len(self._held) < LENGTH_BYTES:
            return None
        end = LENGTH_BYTES + length(bytes(self._held[:LENGTH_BYTES]))
        if len(self._held) < end:
            return None
        data = bytes(self._held[LENGTH_BYTES:end])
        del self._held[:end]
        if not self.is_busy:
            raise ValueError("an answer that nobody asked for")
        return done_of(data)

    def _listen(self) -> None:
        """What it prints, and what the trainer's code prints in it, goes to the log."""
        if self.is_gone:
            return
        try:
            data = os.read(self._stderr.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._selector.unregister(self._stderr)
            self._stderr.close()
            return
        for line in data.decode(errors="replace").splitlines():
            log.info("replay worker %d: %s", self.pid, line)
        self._said += data
        del self._said[:-TAIL_BYTES]

    def _broke(self, why: str | None) -> None:
        """It ended, or has to, without having been told to."""
        if why is not None:
            _kill(self._process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STATUS_WITHIN_S)
        if not self._stderr.closed:
            with contextlib.suppress(OSError):
                self._said += os.read(self._stderr.fileno(), TAIL_BYTES) or b""
        said = self._said.decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(said) if line.strip()), None)
        was_busy = self.is_busy
        self.kill()
        if was_busy:
            ending = _ending(self._process.returncode) + (f": {last}" if last else "")
            self._died(f"the replay worker {why or ending}")

    def _let_go(self) -> None:
        """Neither read from it nor write to it any more."""
        if self.is_gone:
            return
        self.is_gone, self.is_busy, self.since = True, False, time.monotonic()
        self._due = memoryview(b"")
        for pipe in (self._stdin, self._stdout, self._stderr):
            if not pipe.closed:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(pipe)
                with contextlib.suppress(OSError):
                    pipe.close()


def _started(place: Place) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            place.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=place.directory,
            env=place.environment,
            start_new_session=True,
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SanctumError(f"no replay worker can be started: {place.python}: {why}") from error


def _ending(status: int | None) -> str:
    if status is None:
        return "closed its pipe"
    if status == -signal.SIGKILL:
        return "was killed by SIGKILL, as the kernel does when memory runs out"
    if status < 0:
        try:
            return f"was killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"was killed by signal {-status}"
    return f"ended with status {status}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and what it started; not once it is collected, when its number may be
    another's.
    """
    if process.poll() is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


def _finish(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5.0)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None and not pipe.closed:
            pipe.close()
