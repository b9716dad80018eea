"""Neighbours: past decisions upon like observations at which another op was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sanctum.model.decisions import HORIZONS, Neighbour
from sanctum.record.ahead import Flags
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.questions.decision.aftermath import Aftermath
from sanctum.record.questions.decision.sight import Indices, Sight, Stretch
from sanctum.record.questions.decision.spot import Floats, Spot
from sanctum.record.questions.decisions import named

COUNT = 5
APART_ROWS = max(HORIZONS)
"""How far two neighbours of one episode are from each other, so that they share no reward."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Past decisions for another op: how far, of which environment, step, row and episode."""

    distance: Floats
    env: Indices
    step: Indices
    row: Indices
    episode: Indices


def neighbours(
    of: Scope, head: str, chosen: int, sight: Sight, env: int
) -> tuple[list[Neighbour], int]:
    """The nearest decisions before one of `env` for another op than `chosen`, and among how many.

    Those just before it in `env` are none: what came of them is mostly what came of it. Of each
    episode of an environment there is one, as long as there are enough episodes; then others that
    have no reward in common.
    """
    every = _candidates(head, chosen, sight, env)
    found = [_told(of, head, every, one) for one in _nearest(every)]
    return sorted(found, key=lambda one: one.distance), int(every.distance.size)


def _candidates(head: str, chosen: int, sight: Sight, env: int) -> Candidates:
    """All past observations with another op that can be compared."""
    parts, start = [], 0
    last = sum(one.values.shape[0] for one in sight.before) - APART_ROWS
    for one in sight.before:
        cells = one.block.cells(f"action/{head}")
        if cells is not None:
            ops, states = cells[0][one.rows, :, 0], cells[1][one.rows]
            is_other = (states == VALUE) & (one.states == VALUE) & (ops != chosen)
            is_other[max(0, last - start + 1) :, env] = False
            rows, envs = np.nonzero(is_other)
            far = sight.distances(one, rows, envs)
            steps, episodes = one.block.steps[one.rows][rows], _episodes(one, rows, envs)
            told = (far, envs, steps, rows + start, episodes)
            parts.append([each[np.isfinite(far)] for each in told])
        start += one.values.shape[0]
    if not parts:
        return Candidates(np.zeros(0), *(np.zeros(0, np.int64) for _ in range(4)))
    return Candidates(*map(np.concatenate, zip(*parts, strict=True)))


def _episodes(one: Stretch, rows: Indices, envs: Indices) -> Indices:
    """The numbers of their episodes; -1 where that was not said."""
    cells = one.block.cells("episode")
    if cells is None:
        return np.full(rows.size, -1, np.int64)
    values, there = cells[0][one.rows, :, 0][rows, envs], cells[1][one.rows][rows, envs] == VALUE
    with np.errstate(invalid="ignore"):
        return np.where(there & np.isfinite(values), values, -1).astype(np.int64)


def _nearest(every: Candidates) -> list[int]:
    """The places of the nearest, `COUNT` at most."""
    taken: list[int] = []
    for is_strict in (True, False):
        left = every.distance.copy()
        for one in taken:
            left[_alike(every, one, is_strict)] = np.inf
        while len(taken) < COUNT and left.size and np.isfinite(left).any():
            taken.append(int(np.argmin(left)))
            left[_alike(every, taken[-1], is_strict)] = np.inf
    return taken


def _alike(every: Candidates, one: int, is_strict: bool) -> Flags:
    """Which tell nothing that `one` does not tell: of its episode, or not even far from it."""
    alike = np.abs(every.row - every.row[one]) < APART_ROWS
    if is_strict and every.episode[one] >= 0:
        alike |= every.episode == every.episode[one]
    return np.asarray(alike & (every.env == every.env[one]))


def _told(of: Scope, head: str, every: Candidates, place: int) -> Neighbour:
    env, step = int(every.env[place]), int(every.step[place])
    spot, options = Spot(of.reader, of.attempt.attempt, step, env), of.header.actions
    target = None
    if head != "slot" and "slot" in options:
        target = named(spot.reading("action/slot"), options["slot"])
    after = Aftermath(of, env, step)
    return Neighbour(
        env,
        step,
        float(every.distance[place]),
        named(spot.reading(f"action/{head}"), options[head]) or "",
        target,
        after.reward,
        after.ahead,
        spot.reading("value"),
        after.next_value,
        after.advantage,
        after.episode_return,
    )
