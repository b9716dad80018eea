"""Each op of a window: how often taken and legal, what forbade it, what it brought."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from sanctum.model.decisions import HORIZONS
from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, number
from sanctum.model.why import Gain, Outcome, Price, Together
from sanctum.record.columns import mean, spread
from sanctum.record.questions.outcomes.denied import Denied, denied
from sanctum.record.questions.outcomes.gains import Sides, edge, gain, sides
from sanctum.record.questions.outcomes.seen import Alike, Flags, Floats, Seen, alike

NEARLY_ALL = 0.99
"""Share of decisions whose probabilities must be known for a mean."""
MOST_SETS = 32
"""Sets of legal ops that are told apart."""


WAITING = frozenset(
    {"WAIT", "NOOP", "NO_OP", "NO-OP", "NOP", "IDLE", "HOLD", "STAY", "NOTHING", "PASS", "SKIP"}
)
"""Words for an op that does nothing."""


def rival(seen: Seen) -> str | None:
    """The op that all others are compared with: the one that does nothing, or the most taken."""
    idle = [op for op in seen.ops if op.upper() in WAITING]
    if idle:
        return idle[0]
    taken = np.bincount(seen.op[seen.op >= 0], minlength=len(seen.ops))[: len(seen.ops)]
    return seen.ops[int(taken.argmax())] if taken.any() else None


class Ops:
    """The ops of the decisions `mine`, (rows, envs) bool; `env` where they are of one.

    `rules` are the names of the rules, `components` the parts of the reward as they enter it,
    `empty` the cells before which a slot stood empty.
    """

    def __init__(
        self,
        seen: Seen,
        mine: Flags,
        env: int | None,
        rules: list[str],
        components: dict[str, Floats],
        empty: Flags | None,
    ) -> None:
        self._empty = empty
        self._seen = seen
        self._mine = mine
        self._env = env
        self._rules = rules
        self._components = components
        self._gains = seen.gains()
        self._rewards = seen.grid("reward")
        self._later: dict[str, dict[int, Floats]] = {}
        self._forced = seen.forced()
        self._chances = seen.probabilities()
        self._rival = -1 if rival(seen) is None else seen.ops.index(rival(seen) or "")

    @cached_property
    def _alike(self) -> Alike:
        return alike(self._seen)

    def outcome(self, op: int) -> Outcome:
        """What there is to say of one op."""
        took = self._mine & (self._seen.op == op)
        can = self._legal(op) | took
        others, clusters = can & ~took, self._alike.cluster
        every, by = self._denied(op, took)
        is_legal, rule, same, longer = self._now(op)
        edges, parts, price = self._beside_rival(op, took, can)
        return Outcome(
            self._seen.ops[op],
            int(took.sum()),
            None if self._seen.legal is None else int(can.sum()),
            [gain(n, one[took], clusters[took]) for n, one in self._gains.items()],
            [gain(n, one[others], clusters[others]) for n, one in self._gains.items()],
            {name: _mean_of(grid[took]) for name, grid in self._components.items()},
            self._probability(op, can),
            self._struck_by(op),
            edges=edges,
            edge_components=parts,
            price=price,
            forced=None if self._forced is None else int((took & self._forced[0]).sum()),
            denied=every,
            denied_by=by,
            beside=self._together(op, took),
            spread=NOT_MEASURED if self._rewards is None else _spread_of(self._rewards[took]),
            legal_now=is_legal,
            rule_now=rule,
            same_steps=same,
            same_longer=longer,
        )

    def _beside_rival(
        self, op: int, took: Flags, can: Flags
    ) -> tuple[list[Gain], dict[str, Reading], Price | None]:
        """By how much an op did better than the rival, that of each component, and the worst."""
        if op == self._rival:
            return [], {}, None
        apart = sides(took, can & (self._seen.op == self._rival), self._alike)
        edges = [edge(steps, one[apart.cells], apart) for steps, one in self._gains.items()]
        parts = {
            name: edge(HORIZONS[0], grid[apart.cells], apart).mean
            for name, grid in self._components.items()
        }
        return edges, parts, self._price(parts, apart)

    def signal(self) -> tuple[Reading, Reading]:
        """Of the rewards over the longest horizon: the share that is 0, and the spread."""
        found = self._gains.get(HORIZONS[-1])
        if found is None:
            return NOT_MEASURED, NOT_MEASURED
        known = found[self._mine & ~np.isnan(found)]
        return mean(known == 0.0), spread(known)

    def _price(self, at_once: dict[str, Reading], apart: Sides) -> Price | None:
        """The component that an op loses most of at once, and what it has lost of it later."""
        known = {name: value for name, one in at_once.items() if (value := number(one)) is not None}
        if not known or not min(known.values()) < 0:
            return None
        name = min(known, key=lambda one: known[one])
        if name not in self._later:
            self._later[name] = self._seen.ahead_of(self._components[name])
        later = {steps: grid[apart.cells] for steps, grid in self._later[name].items()}
        return Price(name, [edge(steps, values, apart) for steps, values in later.items()])

    def _legal(self, op: int) -> Flags:
        """The decisions at which an op was legal; where nobody says, all that were not forced."""
        if self._seen.legal is None:
            return self._mine if self._forced is None else self._mine & ~self._forced[0]
        can: Flags = self._mine & self._seen.masked & self._seen.legal[:, :, op]
        return can

    def _probability(self, op: int, can: Flags) -> Reading:
        """The mean probability where it was legal.

        Not measured where that was not said of all decisions but a few: those were not picked by
        chance. Who sends the most probable ops only leaves out just those at which rare ones count.
        """
        if self._chances is None:
            return NOT_MEASURED
        where = can & self._chances[1]
        if where.sum() < NEARLY_ALL * can.sum():
            return NOT_MEASURED
        return mean(self._chances[0][:, :, op][where]) if where.any() else MASKED

    def _struck_by(self, op: int) -> dict[str, int]:
        """How often each rule forbade it."""
        if self._seen.rule is None:
            return {}
        found = self._seen.rule[:, :, op][self._mine & self._seen.masked]
        kinds, counts = np.unique(found[found >= 0].astype(np.int64), return_counts=True)
        ordered = sorted(zip(counts.tolist(), kinds.tolist(), strict=True), reverse=True)
        return {self._rule(kind): count for count, kind in ordered}

    def _denied(self, op: int, took: Flags) -> tuple[int | None, dict[str, int]]:
        found: Denied | None = denied(self._seen, self._empty, op)
        if found is None:
            return None, {}
        there = took & found.every
        by = {self._named(other, rule): int((there & here).sum()) for other, rule, here in found.by}
        return int(there.sum()), {what: count for what, count in by.items() if count}

    def _together(self, op: int, took: Flags) -> list[Together]:
        """Which other ops were legal together at its unforced decisions, most often first.

        Sets are told apart by the first 64 ops.
        """
        if self._seen.legal is None or self._forced is None:
            return []
        free = took & ~self._forced[0] & self._seen.masked
        sets = self._seen.legal[free]
        sets[:, op] = False
        octets = np.packbits(sets, axis=1, bitorder="little")[:, :8].astype(np.uint64)
        codes = (octets << (8 * np.arange(octets.shape[1], dtype=np.uint64))).sum(axis=1)
        _, first, counts = np.unique(codes, return_index=True, return_counts=True)
        names = np.array(self._seen.ops, object)
        found = [
            Together(names[sets[row]].tolist(), int(count))
            for row, count in zip(first, counts, strict=True)
        ]
        return sorted(found, key=lambda one: -one.count)[:MOST_SETS]

    def _now(self, op: int) -> tuple[bool | None, str | None, int | None, bool]:
        """Whether it is legal at the newest decision, what forbids it, for how many decisions.

        The last one says that these are all.
        """
        legal, rule = self._seen.legal, self._seen.rule
        if legal is None or self._env is None:
            return None, None, None, False
        rows = np.flatnonzero(self._seen.masked[:, self._env])
        if not rows.size:
            return None, None, None, False
        can: Any = legal[rows, self._env, op].astype(np.int64)
        if rule is not None:
            can = np.where(can > 0, -1, rule[rows, self._env, op])
        is_legal = bool(legal[rows[-1], self._env, op])
        changed = np.flatnonzero(can != can[-1])
        same = rows.size if not changed.size else rows.size - 1 - int(changed[-1])
        named = None if rule is None or is_legal else self._rule(int(can[-1]))
        return is_legal, named, same, not changed.size

    def _named(self, op: int, rule: int) -> str:
        name = self._seen.ops[op]
        return name if rule < 0 else f"{name}: {self._rule(rule)}"

    def _rule(self, kind: int) -> str:
        return self._rules[kind] if kind < len(self._rules) else f"rule {kind}"


def _mean_of(values: Floats) -> Reading:
    return mean(values[~np.isnan(values)])


def _spread_of(values: Floats) -> Reading:
    return spread(values[~np.isnan(values)])
