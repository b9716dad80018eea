"""Every error a person can meet, with its sentence, hint and exit code.

    SanctumError                1  a command failed
      UsageError                2  what was typed cannot be understood
        ConditionError          2  a malformed condition (``--where``, ``expect``)
      NoSuchRun                 3  no such run, or nothing to connect to
        RecordError             3  a record that cannot be read
      ConnectionLost            4  the recorder went away while it was asked
      DeadlinePassed            5  no answer in time
      ExpectationFailed         6  an ``expect`` does not hold
      NoDataYet                 7  the run has not said this (yet)
      Interrupted             130  Ctrl-C

Caught where a line is dispatched and in ``cli.main``; nowhere else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SanctumError(Exception):
    """What went wrong in one sentence, and what would have been right."""

    exit_code = 1

    def __init__(self, sentence: str, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class UsageError(SanctumError):
    """What was typed cannot be understood or is out of range."""

    exit_code = 2


class ConditionError(UsageError):
    """A malformed condition, or one that names something unknown."""


class NoSuchRun(SanctumError):
    """No such run, or nobody to connect to."""

    exit_code = 3


class RecordError(NoSuchRun):
    """A file that is not a record, or one this version cannot read."""


class ConnectionLost(SanctumError):
    """The recorder went away while it was asked."""

    exit_code = 4


class DeadlinePassed(SanctumError):
    """No answer within the time that was allowed."""

    exit_code = 5


class ExpectationFailed(SanctumError):
    """An ``expect`` that does not hold."""

    exit_code = 6


class NoDataYet(SanctumError):
    """The run has not said this (yet)."""

    exit_code = 7


class Interrupted(SanctumError):
    """Ctrl-C while a question was under way."""

    exit_code = 130


BY_EXIT_CODE: dict[int, type[SanctumError]] = {
    kind.exit_code: kind
    for kind in (
        SanctumError,
        UsageError,
        NoSuchRun,
        ConnectionLost,
        DeadlinePassed,
        ExpectationFailed,
        NoDataYet,
        Interrupted,
    )
}


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Up to `count` known words that look like `word`, best first."""
    candidates = list(dict.fromkeys(known))
    lowered = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.lower(), list(lowered), n=count, cutoff=0.5)
    return [lowered[one] for one in found]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known words, or None when nothing is near."""
    found = nearest(word, known)
    return f"did you mean {' or '.join(found)}?" if found else None
