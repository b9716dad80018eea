"""The decisions of a window as arrays: what was chosen, what was legal, and what was said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sanctum.model.decisions import HORIZONS
from sanctum.record.ahead import ahead
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import head_of
from sanctum.record.reader import Window

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FROM_EPISODES = ("done", "episode", "env_step")
JUDGED = ("reward", "value", "log_prob", "loss")
"""Columns of which nan and infinity are counted, beside the probabilities."""


class Seen:
    """Rows of a window, of all environments. Grids are (rows, envs), nan where nothing was said.

    `legal` and `rule` are (rows, envs, ops), None where never said; `masked` says where they were.
    A decision is a cell of `made`; `op` is -1 elsewhere. `breaks` are the rows before which others
    are missing. Where no head chooses among ops, each step that has a reward is a decision.
    """

    def __init__(self, of: Scope, spans: list[tuple[int, int]], names: list[str]) -> None:
        self.head = head_of(of) or ""
        self.ops = of.header.actions.get(self.head, [])
        wanted = [f"{kind}/{self.head}" for kind in ("action", "mask", "mask_rule", "probability")]
        wanted += [f"forced.{self.head}", f"entropy.{self.head}", "entropy", "policy_version"]
        wanted += [f"probability.{op}" for op in self.ops] + names
        wanted += [*FROM_EPISODES, *JUDGED]
        self._of = of
        self._rows: Window = of.reader.windows(wanted, of.attempt.attempt, spans)
        self.steps = self._rows.steps
        self.shape = (self.steps.size, of.header.envs)
        self.breaks = _breaks(self.steps, [first for first, _ in spans])
        chosen = self.grid(f"action/{self.head}")
        said = self.grid("reward") if chosen is None and not self.ops else chosen
        self.made: Flags = np.zeros(self.shape, bool) if said is None else np.isfinite(said)
        self.op: Ints = np.full(self.shape, -1, np.int64)
        if chosen is not None:
            self.op[self.made] = chosen[self.made].astype(np.int64)
        self.legal, self.rule, self.masked = self._masks()
        self.starts, self.ended = self._episodes()

    def grid(self, name: str) -> Floats | None:
        """A single-valued column, (rows, envs), nan where it was not measured; None: never."""
        cells = self._rows.cells.get(name)
        if cells is None or cells[0].shape[2] != 1:
            return None
        values = cells[0][:, :, 0].astype(np.float64)
        values[cells[1] != VALUE] = np.nan
        return values

    def matrix(self, name: str) -> tuple[Any, Flags] | None:
        """A matrix (rows, envs, ops) and where it was said, (rows, envs); None: never."""
        cells = self._rows.cells.get(name)
        if cells is None or cells[0].shape[2] != len(self.ops):
            return None
        there = cells[1] == VALUE
        return (cells[0], there) if there.any() else None

    def probabilities(self) -> tuple[Any, Flags] | None:
        """Those of every op, as a matrix or put together from columns of their own."""
        whole = self.matrix(f"probability/{self.head}")
        if whole is not None:
            return whole
        parts = [self.grid(f"probability.{op}") for op in self.ops]
        known = [one for one in parts if one is not None]
        if not known or len(known) < len(parts):
            return None
        found = np.stack(known, axis=2)
        there: Flags = np.isfinite(found.sum(axis=2))
        return found, there

    def forced(self) -> tuple[Flags, Flags] | None:
        """At which decisions there was one legal op, and of which it is known; None: of none."""
        if self.legal is not None:
            return self.legal.sum(axis=2) <= 1, self.masked
        said = self.grid(f"forced.{self.head}")
        return None if said is None else (said > 0.5, ~np.isnan(said))

    def gains(self) -> dict[int, Floats]:
        """What the steps after each decision brought, by how many steps; nan: not known (yet)."""
        rewards = self.grid("reward")
        return {} if rewards is None else self.ahead_of(rewards)

    def ahead_of(self, rewards: Floats) -> dict[int, Floats]:
        """The same of a part of the reward, (rows, envs)."""
        rewards = np.where(np.isfinite(rewards), rewards, np.nan)
        pauses = self.breaks
        there = np.ones(self.steps.size + pauses.size, bool)
        there[pauses + np.arange(pauses.size)] = False
        rewards = np.insert(rewards, pauses, np.nan, axis=0)
        ended = self.ended
        if ended is not None:
            ended = np.insert(ended, pauses, False, axis=0)
        return {steps: ahead(rewards, ended, steps)[there] for steps in HORIZONS}

    def since_start(self) -> Ints | None:
        """How many rows into its episode each cell is, -1 before the first start; None: unknown."""
        if self.starts is None:
            return None
        rows = np.arange(self.steps.size)[:, None]
        began = np.maximum.accumulate(np.where(self.starts, rows, -1), axis=0)
        return np.where(began < self.last_break[:, None], -1, rows - began)

    @property
    def last_break(self) -> Ints:
        """For each row the first one of its unbroken stretch, (rows,)."""
        found = np.zeros(self.steps.size, np.int64)
        found[self.breaks] = self.breaks
        return np.maximum.accumulate(found)

    def not_finite(self, rows: slice, pick: slice) -> dict[str, int]:
        """At how many decisions of a part what was said is nan or infinite, by column."""
        found = {}
        for name in JUDGED:
            cells = self._rows.cells.get(name)
            if cells is not None and cells[0].shape[2] == 1 and cells[0].dtype.kind == "f":
                odd = ~np.isfinite(cells[0][rows, pick, 0]) & (cells[1][rows, pick] == VALUE)
                found[name] = int((odd & self.made[rows, pick]).sum())
        chances = self.matrix(f"probability/{self.head}")
        if chances is not None:
            odd = ~np.isfinite(chances[0][rows, pick]).all(axis=2) & chances[1][rows, pick]
            found["probability"] = int((odd & self.made[rows, pick]).sum())
        return {name: count for name, count in found.items() if count}

    def _masks(self) -> tuple[Flags | None, Any, Flags]:
        """Which ops were legal, by which rule others were not, and of which decisions it is known.

        Rules are indices into those of the header, negative where the op is legal.
        """
        mask, rule = self.matrix(f"mask/{self.head}"), self.matrix(f"mask_rule/{self.head}")
        if mask is not None:
            rules = None if rule is None else np.where(rule[1][..., None], rule[0], -1)
            return mask[0] > 0.5, rules, mask[1] & self.made
        if rule is not None:
            return rule[0] < 0, rule[0], rule[1] & self.made
        return None, None, np.zeros(self.shape, bool)

    def _episodes(self) -> tuple[Flags | None, Flags | None]:
        """At which cells an episode begins, and after which one ends; None where nobody says."""
        done, number, step = (self.grid(name) for name in FROM_EPISODES)
        if done is None and number is None and step is None:
            return None, None
        starts, ended = np.zeros(self.shape, bool), np.zeros(self.shape, bool)
        if done is not None:
            ended |= done > 0.5
        if number is not None:
            ended[:-1] |= number[1:] > number[:-1]
        elif step is not None:
            ended[:-1] |= step[1:] < step[:-1]
        starts[1:] = ended[:-1]
        first = np.union1d([0], self.breaks)[: self.steps.size]
        starts[first] = False if step is None else step[first] == 0
        return starts, ended


@dataclass(frozen=True, slots=True)
class Alike:
    """What decisions have in common: `stratum` and `cluster` of each, (rows, envs).

    Strata are alike in the time of the run, the stretch of the episode and the legal ops. Clusters
    are the episodes, whose rewards hang together; where few were seen, pieces of them that are long
    beside what is added up.
    """

    stratum: Ints
    cluster: Ints


IRREGULAR = 0.1
"""Share of steps that are not as far apart as usual beyond which no gap is known."""
STRETCHES = 8
FEW_EPISODES, PIECE_STEPS = 30, 64
"""Episodes below which they are cut up, and how long the pieces are."""
ERA_STEPS, ERA_DECISIONS = 64, 512
"""How long the policy counts as the same: steps, and decisions at least."""
MANY_OPS = 16
"""Ops beyond which the sets of legal ones are too many to compare within."""


def alike(seen: Seen) -> Alike:
    """The strata and clusters of a window."""
    rows, envs = seen.shape
    length = max(ERA_STEPS, ERA_DECISIONS // envs)
    of_piece = np.arange(rows) - seen.last_break
    era = np.cumsum(of_piece % length == 0)[:, None]
    stratum = np.broadcast_to(era, seen.shape).astype(np.int64)
    since = seen.since_start()
    if since is None:
        turn = np.broadcast_to(era, seen.shape).astype(np.int64)
    else:
        longest = max(int(since.max(initial=0)) + 1, 1)
        stretch = np.where(since < 0, STRETCHES, since * STRETCHES // longest)
        stratum = stratum * (STRETCHES + 1) + stretch
        assert seen.starts is not None
        turn = np.cumsum(seen.starts, axis=0) + np.cumsum(of_piece == 0)[:, None]
    cluster = turn * envs + np.arange(envs)[None, :]
    if np.unique(cluster[seen.made]).size < FEW_EPISODES:
        piece = np.cumsum(of_piece % PIECE_STEPS == 0)[:, None]
        cluster = cluster * (rows + 1) + piece
    if seen.legal is not None and len(seen.ops) <= MANY_OPS:
        bits = (seen.legal * (1 << np.arange(len(seen.ops)))).sum(axis=2)
        stratum = stratum * (1 << len(seen.ops)) + bits
    _, flat = np.unique(stratum, return_inverse=True)
    _, cluster = np.unique(cluster, return_inverse=True)
    return Alike(flat.reshape(seen.shape), cluster.reshape(seen.shape))


def _breaks(steps: Any, firsts: list[int]) -> Ints:
    """The rows before which others are missing: where a span begins, and in gaps.

    Gaps are known where steps usually follow one another as regularly as can be.
    """
    if not steps.size:
        return np.zeros(0, np.int64)
    apart = np.diff(steps)
    gaps = np.zeros(0, np.int64)
    if apart.size:
        odd = apart != np.median(apart)
        gaps = np.flatnonzero(odd) + 1 if odd.mean() < IRREGULAR else gaps
    begins = np.searchsorted(steps, firsts)
    found: Ints = np.union1d(gaps, begins[(begins > 0) & (begins < steps.size)]).astype(np.int64)
    return found
