"""Candidates: episodes that have ended, and how good each was at its best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sanctum.record.cells import VALUE
from sanctum.record.reader import Reader
from sanctum.record.retention import dropped_within
from sanctum.telemetry import EpisodeEnded

ACCURACY, EPISODE = "accuracy", "episode"
MAX_ROWS = 50_000
"""An episode longer than that is left out: it would be a record as large as a run's."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One episode of one environment: its steps, its highest accuracy and where that was first."""

    attempt: int
    first_step: int
    best_step: int
    accuracy: float
    said: EpisodeEnded

    @property
    def key(self) -> tuple[int, int, int]:
        """What tells it from all others of its run."""
        return (self.attempt, self.said.env, self.said.step)

    @property
    def order(self) -> tuple[float, int, int]:
        """The better one first; of two equal ones the earlier."""
        return (-self.accuracy, self.said.step, self.said.env)


class TooLong(Exception):
    """An episode has more than `MAX_ROWS` rows."""


def candidate(
    reader: Reader, attempt: int, said: EpisodeEnded, before: int | None
) -> Candidate | None:
    """The episode that `said` ends, which began after the step `before`; None if it cannot compete.

    Its peak is the highest finite accuracy of its rows, its end's row among them; where accuracy is
    no column, the best accuracy that the trainer said with the end. It begins where the column
    ``episode`` last changed, when that column calls it by the same number at its end. One of which
    steps were dropped cannot compete. Raises TooLong.
    """
    first = -1 if before is None else before + 1
    rows = _rows(reader, attempt, said.env, first, said.step)
    steps, accuracy = rows.pop(ACCURACY)
    if not steps.size:
        return None
    episodes = rows[EPISODE][1]
    known = np.flatnonzero(np.isfinite(episodes))
    if known.size and episodes[known[-1]] == said.episode:
        other = known[episodes[known] != said.episode]
        start = int(other[-1]) + 1 if other.size else 0
        first = int(steps[start]) if start else first
        steps, accuracy = steps[start:], accuracy[start:]
    if dropped_within(reader, attempt, first, said.step) is not None:
        return None
    finite = np.isfinite(accuracy)
    if finite.any():
        at = int(np.argmax(np.where(finite, accuracy, -np.inf)))
        return Candidate(attempt, int(steps[0]), int(steps[at]), float(accuracy[at]), said)
    best = said.best_accuracy
    if ACCURACY in reader.column_names() or best is None or not math.isfinite(best):
        return None
    return Candidate(attempt, int(steps[0]), int(steps[-1]), best, said)


def _rows(reader: Reader, attempt: int, env: int, first: int, last: int) -> dict[str, Any]:
    """Steps and values of one environment's rows; nan where nothing was measured."""
    span = reader.span(attempt)
    if span is not None and reader.rows_between(attempt, max(first, span[0]), last) >= MAX_ROWS:
        raise TooLong
    pieces = reader.pieces(attempt, first, last)
    found: dict[str, Any] = {}
    for name in (ACCURACY, EPISODE):
        steps, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for block, part in pieces:
            steps.append(block.steps[part])
            cells = block.cells(name)
            if cells is None:
                values.append(np.full(part.stop - part.start, np.nan))
                continue
            there = cells[1][part, env] == VALUE
            values.append(np.where(there, cells[0][part, env, 0].astype(np.float64), np.nan))
        found[name] = np.concatenate(steps), np.concatenate(values)
    return found
