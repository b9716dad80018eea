"""The shell: words, lines, scripts and the prompt. Loaded on first use, since start-up counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanctum.shell.links import Opener


def open_shell(
    run: str | None = None,
    *,
    wait_s: float = 0.0,
    plain: bool = False,
    opener: Opener | None = None,
) -> int:
    """Talk to a run in this terminal until the person leaves; gives the exit code.

    `run` is an id or a record file, None for the newest live run; up to `wait_s` seconds are spent
    waiting for it to be found. `opener` opens it where that is more than to connect. Without a
    terminal, lines are read from stdin.
    """
    from sanctum.shell.interactive import converse

    return converse(run, wait_s=wait_s, plain=plain, opener=opener)


def answer_line(run: str, line: str) -> str:
    """The answer to one line as text for this process's stdout, ending in a newline.

    An error comes back as its sentence; nothing is raised for a run that is not there (yet).
    """
    from sanctum.shell.interactive import answered

    return answered(run, line)
