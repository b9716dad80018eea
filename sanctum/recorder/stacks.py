"""What a trainer's Python threads are doing, asked for while it runs or hangs.

The probe's thread is asked first: it answers under the interpreter lock, so no thread moves while
it looks. Where it cannot, somebody holds that lock: then each thread is sent a signal under which
``faulthandler`` writes that thread's own stack. It is sent only while a handler stands for it,
under a lock that the probe takes before it goes: without a handler it would end the trainer.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import time
from collections.abc import Callable, Iterator, Mapping

from sanctum.model.answers import StacksAnswer
from sanctum.recorder.trainer import TrainerWatch
from sanctum.recorder.witness import ASKED, Witness
from sanctum.wire.processes import catches, doing, waits_in

PROBE_S, MAIN_S, OTHERS_S = 0.12, 0.08, 0.06
"""How long to wait for the probe, for the main thread, for all others: the recorder's only thread
waits too, and a question must not take it longer than 0.3 s."""

SETTLED_S = 0.004
OWN = "sanctum-probe"
_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting in the kernel",
    "T": "stopped",
    "t": "traced",
    "Z": "gone",
    "X": "gone",
    "I": "sleeping",
    "": "gone",
}


def held(pid: int) -> str | None:
    """What the system says holds a process, and what to do; None when nothing is to be seen."""
    letter = doing(pid)
    if letter == "T":
        return f"its process is stopped (Ctrl-Z, kill -STOP): kill -CONT {pid} lets it go on"
    if letter == "t":
        return f"a debugger holds its process {pid}: let it go on there"
    if letter == "D":
        place = waits_in(pid)
        return (
            f"its process waits in the kernel{f' ({place})' if place else ''} for a disk, a"
            " network file system or a driver: look at dmesg; it cannot be interrupted"
        )
    return None


def asked(
    trainer: TrainerWatch,
    witness: Witness,
    threads: Mapping[int, str],
    ask_probe: Callable[[], bool],
    now: float,
) -> StacksAnswer:
    """The stacks, main thread first; or why there are none. Takes at most 0.3 s.

    `ask_probe` says to the probe that somebody asks; False when it cannot be reached.
    """
    process = _STATES.get(doing(trainer.pid), "running")
    why = held(trainer.pid)
    if process == "gone" or why:
        return StacksAnswer(None, process, why or "its process is gone")
    if ASKED not in witness.files:
        return StacksAnswer(None, process, "its probe found no way to write stacks on this system")
    witness.empty(ASKED)
    if ask_probe():
        text = _grown(witness, 0, PROBE_S)
        if text:
            return StacksAnswer(text, process, None, now)
    text = _by_signal(trainer, witness, threads)
    if text:
        note = "its interpreter lock is held or hard to get: each thread wrote its own stack\n"
        return StacksAnswer(note + text, process, None, now)
    return StacksAnswer(None, process, _unanswered(trainer, witness))


def _by_signal(trainer: TrainerWatch, witness: Witness, threads: Mapping[int, str]) -> str:
    """The threads' own stacks one after another, the main thread's first."""
    others = [tid for tid, name in threads.items() if tid != trainer.pid and name != OWN]
    parts = []
    until = time.monotonic() + MAIN_S + OTHERS_S
    for tid in (trainer.pid, *others):
        start = witness.size(ASKED)
        left = until - time.monotonic()
        if left <= 0 or not _poke(trainer, witness, tid):
            break
        wait_s = MAIN_S if tid == trainer.pid else min(left, OTHERS_S / 4)
        text = _grown(witness, start, wait_s)
        frames = text.replace("Stack (most recent call first):\n", "").rstrip("\n")
        if frames:
            name = threads.get(tid, "MainThread")
            parts.append(f"Thread {name} (most recent call first):\n{frames}\n")
    return "".join(parts)


def _poke(trainer: TrainerWatch, witness: Witness, tid: int) -> bool:
    """Send the signal to one thread if its process has a handler; False when it was not sent."""
    number = witness.signal
    if number is None:
        return False
    with _locked(witness.files[ASKED]) as is_ours:
        if not is_ours or not trainer.is_there() or not catches(trainer.pid, number):
            return False
        try:
            return bool(ctypes.CDLL(None).tgkill(trainer.pid, tid, number) == 0)
        except AttributeError:
            return tid == trainer.pid and trainer.send(number)


@contextlib.contextmanager
def _locked(fd: int) -> Iterator[bool]:
    """The lock that the probe takes before its handler goes; False while it holds it."""
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        fcntl.lockf(fd, fcntl.LOCK_UN)


def _grown(witness: Witness, start: int, within_s: float) -> str:
    """What is written from `start` on, once it grows no more; empty when nothing comes in time."""
    until = time.monotonic() + within_s
    size = start
    while (now := time.monotonic()) < until:
        before, size = size, witness.size(ASKED)
        if size > start and size == before:
            break
        time.sleep(min(SETTLED_S, until - now))
    return witness.since(ASKED, start) if size > start else ""


def _unanswered(trainer: TrainerWatch, witness: Witness) -> str:
    if witness.signal is None or not catches(trainer.pid, witness.signal):
        return "its interpreter lock is held, and nobody handles the signal that asks its threads"
    return "it was asked, but did not answer in 0.3 s; ask again, or: py-spy dump --pid " + str(
        trainer.pid
    )
