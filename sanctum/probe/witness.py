"""The witness: files in which a trainer's last Python stack outlives it, read by its recorder.

``faulthandler`` writes to them when a signal kills the process. They are files without a name, so
writing never blocks; the recorder holds them too, so they survive the trainer. Costs the
training loop nothing.

Each thread writes its own stack only. Writing the others' while they run was measured: it ends the
process with a segmentation fault, within a second where several Python threads are busy.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import fcntl
import json
import os
import signal
import struct
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from types import FrameType

DEADLY = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGXCPU")
FATAL, ASKED = "fatal", "asked"
"""The files beside those of `DEADLY`: of crashes in compiled code, and of stacks asked for."""

FIRST_ASKED = 11
MOST_FRAMES = 100
_SIGACTION_BYTES = 512


class _File:
    """What faulthandler holds; that nothing holds it any more says that it was replaced there."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        """The descriptor that is written to."""
        return self._fd

    def flush(self) -> None:
        """Nothing is kept back."""


class Witness:
    """Made by `witness`. Handlers stand only where the system's default stood, and act like it.

    `fds` are the files' descriptors, to be inherited by the recorder; `argument` tells it which is
    which.
    """

    def __init__(self) -> None:
        self._fds: dict[str, int] = {}
        self._held: dict[str, weakref.ref[_File]] = {}
        self._handlers: dict[str, int] = {}
        self._asked: int | None = None

    def install(self) -> None:
        """Open the files and register for the signals. Raises OSError where that cannot be."""
        for name in DEADLY:
            number = getattr(signal, name, None)
            if number is not None and _handler(number) == _DEFAULT:
                self._register(name, number, chain=True)
        if not faulthandler.is_enabled():
            file = self._open(FATAL)
            faulthandler.enable(file=file, all_threads=False)
            self._held[FATAL] = weakref.ref(file)
        self._asked = next((one for one in _rare() if _handler(one) == _DEFAULT), None)
        if self._asked is not None:
            self._register(ASKED, self._asked, chain=False)

    @property
    def fds(self) -> tuple[int, ...]:
        """The descriptors of the files."""
        return tuple(self._fds.values())

    @property
    def argument(self) -> str:
        """The files by name, and the signal that asks for stacks, as JSON."""
        return json.dumps({"files": self._fds, "signal": self._asked})

    def write_stacks(self) -> None:
        """Write what every Python thread is doing to the file of stacks asked for.

        Needs the interpreter lock, under which no other thread can move; one write, so that it is
        there whole or not at all.
        """
        fd = self._fds.get(ASKED)
        if fd is not None:
            with contextlib.suppress(OSError):
                os.write(fd, stacks().encode(errors="replace"))

    def close(self) -> None:
        """Put back what was there; a handler that somebody replaced since is left alone."""
        with self._unasked() as safe:
            for name in list(self._held):
                if name != ASKED or safe:
                    self._unregister(name)

    def turn_off_in_child(self) -> None:
        """In a forked child: what ends it is its own affair."""
        for name in list(self._held):
            self._unregister(name)

    def _open(self, name: str) -> _File:
        fd = self._fds[name] = _nameless()
        return _File(fd)

    def _register(self, name: str, number: int, *, chain: bool) -> None:
        file = self._open(name)
        faulthandler.register(number, file=file, all_threads=False, chain=chain)
        self._held[name] = weakref.ref(file)
        self._handlers[name] = _handler(number)

    def _unregister(self, name: str) -> None:
        """Take our handler away where it stands, and close its file.

        Where another stands now it may call ours, which would write to whatever has the
        descriptor's number by then: the file stays open.
        """
        if self._held.pop(name)() is not None:
            if name == FATAL:
                faulthandler.disable()
            else:
                number = self._asked if name == ASKED else getattr(signal, name)
                if number is None or _handler(number) != self._handlers[name]:
                    return
                faulthandler.unregister(number)
        os.close(self._fds.pop(name))

    @contextlib.contextmanager
    def _unasked(self) -> Iterator[bool]:
        """Hold the lock under which a recorder asks: a signal in flight must meet its handler.

        Gives False when a recorder kept it (it was stopped just then); the handler then stays.
        """
        fd = self._fds.get(ASKED)
        held = fd is None
        for _ in range(20):
            if held:
                break
            assert fd is not None
            try:
                fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
            except OSError:
                time.sleep(0.005)
        yield held


def witness() -> Witness | None:
    """The witness of this process, in place; None where the system has no means for it."""
    made = Witness()
    try:
        made.install()
    except Exception:
        with contextlib.suppress(Exception):
            made.close()
        return None
    return made


def stacks() -> str:
    """What every Python thread but this one is doing, innermost frame first, main thread first."""
    names = {one.ident: one.name for one in threading.enumerate()}
    main, own = threading.main_thread().ident, threading.get_ident()
    found = sys._current_frames()
    lines = []
    for ident in sorted(found, key=lambda one: one != main):
        if ident == own:
            continue
        lines.append(f"Thread {names.get(ident, ident)} (most recent call first):")
        lines += _frames(found[ident])
    return "\n".join(lines) + "\n"


def _frames(frame: FrameType | None) -> list[str]:
    """The frames from the innermost on, without those that merely started the thread."""
    lines: list[str] = []
    while frame is not None and len(lines) < MOST_FRAMES:
        code = frame.f_code
        if code.co_filename != threading.__file__ or not lines:
            lines.append(f'  File "{code.co_filename}", line {frame.f_lineno} in {code.co_name}')
        frame = frame.f_back
    return [*lines, "  ..."] if frame is not None else lines


_DEFAULT = 0


def _handler(number: int) -> int:
    """The address of a signal's handler, 0 for the system's default: what Python cannot tell.

    It is the first field of `struct sigaction`.
    """
    held = ctypes.create_string_buffer(_SIGACTION_BYTES)
    if ctypes.CDLL(None).sigaction(number, None, held) != 0:
        raise OSError(f"signal {number} cannot be looked at")
    (address,) = struct.unpack_from("P", held)
    return int(address)


def _rare() -> list[int]:
    """Signals that nobody is likely to use: real-time ones where there are any."""
    if hasattr(signal, "SIGRTMIN"):
        return list(range(signal.SIGRTMIN + FIRST_ASKED, signal.SIGRTMAX))
    return [int(signal.SIGUSR2)]


def _nameless() -> int:
    """A file without a name, written at its end; in memory where the system can do that."""
    if hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):
            return _appending(os.memfd_create("sanctum-witness"))
    with tempfile.TemporaryFile() as file:
        return _appending(os.dup(file.fileno()))


def _appending(fd: int) -> int:
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_APPEND)
    return fd
