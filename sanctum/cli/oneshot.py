"""``sanctum WORD``: one question, one answer, an exit code."""

from __future__ import annotations

import os

from sanctum.cli.foreign import opener
from sanctum.cli.program import PROGRAM
from sanctum.shell.dispatch import Dispatcher
from sanctum.shell.output import standard
from sanctum.shell.session import ShellSession, default_run
from sanctum.shell.words import Words


def answer(arguments: list[str]) -> int:
    """Answer a command from the command line; gives the exit code."""
    output = standard()
    session = ShellSession(
        default_run(), words=Words(also=tuple(PROGRAM)), opener=opener(output), say=output.say
    )
    if os.environ.get("SANCTUM_TRACE"):
        session.set("trace", "on")
    try:
        return Dispatcher(session, output).arguments(arguments)
    finally:
        session.close()
