"""The executable: the first word says whether it is the program's or a command's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

INTERRUPTED, BROKEN_PIPE = 130, 141


def main() -> None:
    """Run ``sanctum`` with the arguments of this process, and end it with the exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Do what `arguments` say; gives the exit code. Never a traceback.

    A reader that has had enough (``sanctum events | head -1``) is no error to speak of.
    """
    _open_streams()
    try:
        code = _routed(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN_PIPE
    except OSError as error:
        if os.environ.get("SANCTUM_TRACE"):
            raise
        from sanctum.shell.dispatch import refused
        from sanctum.shell.output import standard

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still held cannot be written either
        return standard().complain(refused(error))
    except Exception as error:  # the last resort: a sentence, and a traceback for who asks
        if os.environ.get("SANCTUM_TRACE"):
            raise
        line = f"{type(error).__name__}: {error}".splitlines()[0]
        sys.stderr.write(f"a defect of Sanctum's: {line!a}\n  SANCTUM_TRACE=1 shows where\n")
        return 1


def _open_streams() -> None:
    """Put something in the place of streams that were closed before the start (``sanctum <&-``)."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115, open for good


def _routed(arguments: list[str]) -> int:
    from sanctum.cli.program import PROGRAM, run_program

    first = arguments[0] if arguments else ""
    if first in ("-h", "--help"):
        from sanctum.cli.overview import overview

        sys.stdout.write(overview())
        return 0
    if first in ("-V", "--version"):
        from sanctum import __version__

        sys.stdout.write(f"sanctum {__version__}\n")
        return 0
    if first in PROGRAM:
        return run_program(first, arguments[1:])
    if not first:
        return run_program("shell" if sys.stdin.isatty() else "exec", [])
    if first.startswith("-"):
        return run_program("exec", arguments)
    from sanctum.cli.oneshot import answer

    return answer(arguments)
