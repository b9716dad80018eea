"""A question to the person at the terminal, for what cannot be undone."""

from __future__ import annotations

import sys

from sanctum.errors import UsageError

_WORDS = {"y": True, "yes": True, "n": False, "no": False}


def confirmed(question: str, unasked: bool = False) -> bool:
    """Whether the person says yes; `unasked` is what Enter alone means.

    The question goes to stderr, so that an answer may be redirected meanwhile. The end of input
    means no. Raises UsageError where nobody can answer.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        what = question.splitlines()[-1]
        raise UsageError(f"{what}: nobody is here to say", "--yes does it without asking")
    choices = "Y/n" if unasked else "y/N"
    while True:
        sys.stdout.flush()
        sys.stderr.write(f"{question} ({choices})? ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            sys.stderr.write("\n")
            return False
        word = line.strip().lower()
        if not word:
            return unasked
        if word in _WORDS:
            return _WORDS[word]
        sys.stderr.write("y or n is expected\n")
