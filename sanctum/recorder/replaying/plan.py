"""A plan: what a question has a worker compute, and what becomes of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sanctum.errors import SanctumError, UsageError
from sanctum.model.jobs import (
    Done,
    Evaluated,
    Failed,
    FlipsFound,
    Job,
    SaliencyFound,
)
from sanctum.recorder.replaying.place import Place

TRACED = "set trace on shows where"


@dataclass(frozen=True, slots=True)
class Plan:
    """`jobs` are made one after another, each when the one before is done: weights may be large.

    `finish` makes the answer of what came of them, in their order; it may raise SanctumError.
    """

    place: Place
    jobs: Sequence[Callable[[], Job]]
    finish: Callable[[list[Done]], Any]


def evaluated(done: Done) -> Evaluated:
    """What an evaluation came to. Raises what it failed with."""
    return done if isinstance(done, Evaluated) else _wrong(done)


def flips_of(done: Done) -> FlipsFound:
    """What a search for flips came to. Raises what it failed with."""
    return done if isinstance(done, FlipsFound) else _wrong(done)


def saliency_of(done: Done) -> SaliencyFound:
    """What a search for what carried a choice came to. Raises what it failed with."""
    return done if isinstance(done, SaliencyFound) else _wrong(done)


def refused(failed: Failed) -> SanctumError:
    """What a worker could not do, as an error; where it came from is in its notes."""
    kind = UsageError if failed.kind == "illegal" else SanctumError
    error = kind(failed.sentence, failed.hint or (TRACED if failed.traceback else None))
    if failed.traceback:
        error.add_note(failed.traceback.rstrip())
    return error


def _wrong(done: Done) -> Any:
    if isinstance(done, Failed):
        raise refused(done)
    raise SanctumError(f"the replay worker answered with {type(done).__name__}")
