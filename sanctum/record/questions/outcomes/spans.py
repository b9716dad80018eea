"""Which steps to look at: the newest, and those further back at which rare ops were taken.

A policy that does one thing only takes no other op any more; what those bring is to be seen where
it still tried them, often at the very beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import WINDOW_STEPS, head_of
from sanctum.record.questions.outcomes.seen import Ints
from sanctum.record.rows import AllRows
from sanctum.record.track import Track

Span = tuple[int, int]

ROLLOUTS, LEAST_STEPS = 8, 512
"""The newest that are looked at whatever was taken: rollouts, and steps at least."""
ENOUGH, FEW = 100, 30
"""Decisions of each op beyond which nobody looks further back, and below which pieces are taken
that have only some."""
WORTH = 8
"""Decisions of an op that make a piece worth looking at."""
MOST_DECISIONS = 1 << 15
MOST_SEARCHED = 1 << 20
"""Decisions that are looked through at most: one half from the newest on, one from the oldest."""
PIECE_DECISIONS = 1 << 13
LEAST_PIECE_STEPS = 64


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some vector steps, and how often each op was taken in them."""

    span: Span
    decisions: int
    taken: Ints


def newest(of: Scope, steps: int) -> list[Span]:
    """The last so many vector steps."""
    return [(of.reader.steps_back(of.attempt.attempt, of.step, steps - 1), of.step)]


def telling(of: Scope) -> list[Span]:
    """The newest steps, and the pieces before them that show what other ops bring; oldest first."""
    envs = of.header.envs
    usual = max(ROLLOUTS * (of.header.rollout_steps or WINDOW_STEPS), LEAST_STEPS)
    length = max(LEAST_PIECE_STEPS, min(usual, MOST_DECISIONS // 2 // envs))
    (recent,) = newest(of, length)
    search = _Search(of, max(LEAST_PIECE_STEPS, PIECE_DECISIONS // envs))
    found = [recent, *search.pieces(recent)]
    return _joined(sorted(found))


class _Search:
    """Looks through the ops that were taken, the newest first and then from the beginning."""

    def __init__(self, of: Scope, steps: int) -> None:
        head = head_of(of) or ""
        self._ops = len(of.header.actions.get(head, []))
        self._rows = AllRows(of.reader, of.attempt.attempt, of.step)
        self._track = Track(self._rows, f"action/{head}", None)
        self._steps = steps

    def pieces(self, recent: Span) -> list[Span]:
        """The pieces before `recent` that are worth looking at."""
        every = len(self._rows.stretches)
        half = every // 2
        taken = np.zeros(self._ops, np.int64)
        room, searched = MOST_DECISIONS, 0
        spare: list[_Piece] = []
        chosen: list[_Piece] = []
        for place in _outside_in(every):
            if place >= half and searched > MOST_SEARCHED // 2:
                continue
            for piece in self._of(place, recent[0]):
                searched += piece.decisions
                if piece.span[0] >= recent[0]:
                    taken += piece.taken
                    room -= piece.decisions
                    continue
                lacking = taken < ENOUGH
                if (piece.taken[lacking] >= WORTH).any() and room >= piece.decisions:
                    chosen.append(piece)
                    taken += piece.taken
                    room -= piece.decisions
                elif piece.taken[lacking].any():
                    spare.append(piece)
            if searched > MOST_SEARCHED or not (taken < ENOUGH).any() or room <= 0:
                break
        chosen += _best(spare, taken, room)
        return [piece.span for piece in chosen]

    def _of(self, place: int, border: int) -> list[_Piece]:
        """The pieces of one stretch of the record, newest first; none reaches over the border."""
        one = self._rows.stretches[place]
        values, states = self._track.cells(place, place + 1)
        steps = self._rows.steps_of(one)
        middle = int(np.searchsorted(steps[: one.count], border))
        stops = [*range(one.count, middle, -self._steps), *range(middle, 0, -self._steps)]
        found = []
        for stop in stops:
            rows = slice(max(0 if stop <= middle else middle, stop - self._steps), stop)
            ops = values[rows][states[rows] == VALUE].astype(np.int64)
            counts = np.bincount(ops[(ops >= 0) & (ops < self._ops)], minlength=self._ops)
            span = int(steps[rows.start]), int(steps[stop - 1])
            found.append(_Piece(span, ops.size, counts))
        return found


def _outside_in(count: int) -> list[int]:
    """The newest half of the places from the newest on, then the others from the oldest on."""
    half = count // 2
    return [*range(count - 1, half - 1, -1), *range(half)]


def _best(spare: list[_Piece], taken: Ints, room: int) -> list[_Piece]:
    """Of pieces with few decisions of rare ops the best, until there are a few of each."""
    chosen: list[_Piece] = []
    for op in np.flatnonzero(taken < FEW):
        for piece in sorted(spare, key=lambda one: -int(one.taken[op])):
            if taken[op] >= FEW or not piece.taken[op] or room < piece.decisions:
                break
            if all(one.span != piece.span for one in chosen):
                chosen.append(piece)
                taken = taken + piece.taken
                room -= piece.decisions
    return chosen


def _joined(spans: list[Span]) -> list[Span]:
    """Spans that follow one another as one."""
    found = spans[:1]
    for first, last in spans[1:]:
        if first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found
