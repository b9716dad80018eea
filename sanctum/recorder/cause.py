"""What ended a trainer that did not say so: its exit status, its last words, the memory killer.

Evidence in that order; where there is none, the answer says so.
"""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass

from sanctum.recorder.oom import Kills
from sanctum.recorder.witness import FATAL, Witness

MEANINGS = {
    "SIGKILL": "nothing catches it: kill -9, a batch system's limit or the out-of-memory killer",
    "SIGTERM": "it was told to end: kill, a batch system's time limit, or a shutdown",
    "SIGHUP": "its terminal went away; nohup, tmux or a batch system would have kept it",
    "SIGQUIT": "somebody typed Ctrl-\\ or sent it",
    "SIGUSR1": "a batch system's warning, perhaps; the trainer did not handle it",
    "SIGXCPU": "its CPU time was used up (ulimit -t)",
    "SIGSEGV": "compiled code touched memory that is not its own",
    "SIGABRT": "compiled code gave up (abort)",
    "SIGBUS": "a mapped file or shared memory went away; /dev/shm may be full",
    "SIGFPE": "compiled code divided by zero",
    "SIGILL": "compiled code was made for another processor",
    "SIGPIPE": "it wrote to a pipe that nobody reads any more",
}
_FATAL_ERRORS = {
    "Segmentation fault": "SIGSEGV",
    "Aborted": "SIGABRT",
    "Bus error": "SIGBUS",
    "Floating-point exception": "SIGFPE",
    "Floating point exception": "SIGFPE",
    "Illegal instruction": "SIGILL",
}
_FATAL = re.compile(r"Fatal Python error: (.*)")


@dataclass(frozen=True, slots=True)
class Cause:
    """How a trainer ended, as an attempt says it: the word, the signal, a sentence, its stacks.

    `text` is what the timeline says of it, where that is not made of the others.
    """

    how: str
    signal: str | None = None
    why: str | None = None
    traceback: str | None = None
    text: str | None = None


def cause(status: int | None, witness: Witness, before: Kills, after: Kills) -> Cause:
    """What the evidence says: a wait status (None: not known), last words, kills for memory."""
    if status is None:
        return _without_status(witness, before, after)
    if os.WIFSIGNALED(status):
        return _killed(_name(os.WTERMSIG(status)), witness, before, after)
    code = os.WEXITSTATUS(status)
    if code == 0:
        return Cause("ended", None, "it left with exit status 0 and without run.close()")
    why = f"it left with exit status {code}, without an exception that Python saw"
    return Cause("failed", None, why, _last_words("fatal", witness))


def _killed(name: str, witness: Witness, before: Kills, after: Kills) -> Cause:
    if name == "SIGINT":
        return Cause("interrupted", name)
    why = MEANINGS.get(name)
    if name == "SIGKILL":
        why = before.then(after) or why
    return Cause("killed", name, why, _last_words(name, witness))


def _without_status(witness: Witness, before: Kills, after: Kills) -> Cause:
    last = witness.last()
    if last is not None:
        name = last if last != FATAL else _crash(witness.text(FATAL))
        if name is not None:
            return _killed(name, witness, before, after)
    struck = before.then(after)
    if struck:
        return Cause("died", None, f"{struck}: most likely it took the trainer")
    return Cause("died")


def _crash(text: str) -> str | None:
    """The signal of a crash from the first line of what faulthandler wrote."""
    found = _FATAL.search(text)
    return None if found is None else _FATAL_ERRORS.get(found[1].strip())


def _last_words(name: str, witness: Witness) -> str | None:
    """The stack that was written at the signal; None where there is none."""
    text = witness.text(name)
    if text:
        return f"at {name}, the thread that took it, innermost call first:\n{_plain(text)}"
    text = witness.text(FATAL)
    return f"the crash, innermost call first:\n{_plain(text)}" if text else None


def _plain(text: str) -> str:
    """faulthandler's frames without its heading."""
    return text.replace("Stack (most recent call first):\n", "").rstrip()


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
