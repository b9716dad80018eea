"""Jobs from one pipe, answers into another, until there are no more."""

from __future__ import annotations

import shlex
import sys
from typing import BinaryIO

import msgspec

from sanctum.model.jobs import Done, Failed, framed, job_of, unframed
from sanctum.replay.own import Own
from sanctum.replay.refusals import said

INSTALL = f"{shlex.quote(sys.executable)} -m pip install 'sanctum[replay]'"
"""For the interpreter of the run, which need not be the one that asks."""


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answer every job. Raises ValueError and EOFError for what is no stream of messages."""
    own = Own()
    while (data := unframed(jobs)) is not None:
        if own.forget_changed() and "sanctum.replay.jobs" in sys.modules:
            from sanctum.replay.jobs import forget_policies

            forget_policies()
        done = answer(data)
        own.look()
        try:
            message = framed(done)
        except ValueError as error:
            message = framed(Failed("bad_job", f"the answer is too large: {error}"))
        answers.write(message)
        answers.flush()


def answer(data: bytes) -> Done:
    """What one message asks for; never raises for what is in it."""
    try:
        job = job_of(data)
    except msgspec.MsgspecError as error:
        return Failed("bad_job", f"what was asked cannot be read: {error}")
    try:
        # Only here, so that the process can say what is missing.
        import torch  # noqa: F401
    except ImportError as error:
        return Failed("no_torch", f"torch cannot be imported here: {said(error)}", INSTALL)
    from sanctum.replay.jobs import done

    return done(job)
