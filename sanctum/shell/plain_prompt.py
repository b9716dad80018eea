"""The prompt for dumb and unknown terminals: the text, a line, and not one escape sequence."""

from __future__ import annotations

import sys


def read(prompt: str) -> str:
    """One line after `prompt`. Raises EOFError at Ctrl-D, KeyboardInterrupt at Ctrl-C.

    Not `input`: with readline loaded by anybody it would send escapes of its own.
    """
    sys.stdout.write(prompt)
    sys.stdout.flush()
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        raise
    if not line:
        sys.stdout.write("\n")
        raise EOFError
    return line
