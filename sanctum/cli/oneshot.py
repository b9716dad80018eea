"""``sanctum WORD``: one question, one answer, an exit code."""

from __future__ import annotations

import os

from sanctum.errors import SanctumError, UsageError
from sanctum.shell.dispatch import Dispatcher
from sanctum.shell.output import standard
from sanctum.shell.session import ShellSession, default_run
from sanctum.shell.settings import seconds


def answer(arguments: list[str]) -> int:
    """Answer a command from the command line; gives the exit code."""
    output = standard()
    try:
        words, wait_s = without_wait(arguments)
    except SanctumError as error:
        return output.complain(error)
    session = ShellSession(default_run(), say=output.say)
    if os.environ.get("SANCTUM_TRACE"):
        session.set("trace", "on")
    try:
        return Dispatcher(session, output, wait_s=wait_s).arguments(words)
    finally:
        session.close()


def without_wait(arguments: list[str]) -> tuple[list[str], float]:
    """The arguments without ``--wait S``, and how long to wait for a run and its data."""
    kept: list[str] = []
    wait_s = 0.0
    rest = iter(arguments)
    for one in rest:
        if one == "--":
            kept += [one, *rest]
        elif one == "--wait":
            value = next(rest, None)
            if value is None:
                raise UsageError("--wait needs a time", "as in --wait 60s")
            wait_s = seconds(value)
        elif one.startswith("--wait="):
            wait_s = seconds(one.removeprefix("--wait="))
        else:
            kept.append(one)
    return kept, wait_s
