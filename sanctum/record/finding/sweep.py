"""A condition at every moment of a search: chunks that cannot matter are not read.

First what may be true in each stretch of rows is worked out from extremes; where only one answer is
possible it stands, the rest is read and evaluated. What must have held so many times in a row is
evaluated for itself, over all moments, and then counted back.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sanctum.model.conditions import Held, Node, names
from sanctum.record.finding.bounds import Bounds, Possible, Range
from sanctum.record.finding.moments import Moments, Patience
from sanctum.record.finding.sources import BATCH, Source, picked
from sanctum.record.finding.vectors import ABSENT, Codes, Vector, Vectors, Words, run_of
from sanctum.record.finding.walk import ALL, NO, YES, walk


class Sweep:
    """Evaluates questions with `sources` for names, at the moments before `until`.

    Moments before `since` are looked at only as far as others count back to them.
    """

    def __init__(
        self,
        moments: Moments,
        sources: dict[str, Source | None],
        words: Words,
        patience: Patience,
        since: int = 0,
        until: int | None = None,
    ) -> None:
        self._moments = moments
        self._sources = sources
        self._words = words
        self._patience = patience
        self._since = since
        self._until = moments.count if until is None else until
        self._held: dict[Held, Codes] = {}

    def codes(self, node: Node) -> Codes:
        """The truth of a question at every moment; NO where it was not looked for."""
        if self._moments.clock == "step":
            return self._by_stretches(node)
        by = Vectors(lambda name: self._at(name, 0), self._run, self._words)
        return self._all(by, node)

    def _all(self, by: Vectors, node: Node) -> Codes:
        self._patience.check()
        found = by.question(walk(node, by)).data
        return np.array(np.broadcast_to(found, self._moments.count), np.int8)

    def _by_stretches(self, node: Node) -> Codes:
        """Stretch by stretch, those that need it."""
        stretches = self._moments.rows.stretches
        held = {one: self._run(one) for one in _held_in(node)}
        possible = self._possible(node, held)
        found = np.zeros(self._moments.count, np.int8)
        waiting: list[int] = []
        for place, one in enumerate(stretches):
            ends = one.start, one.start + one.count
            if ends[1] <= self._since or ends[0] >= self._until:
                continue
            codes = np.flatnonzero(possible[:, place])
            if codes.size == 1:
                found[slice(*ends)] = codes[0]
                continue
            if waiting and (place != waiting[-1] + 1 or len(waiting) == BATCH):
                self._fill(node, waiting, held, found)
                waiting = []
            waiting.append(place)
        if waiting:
            self._fill(node, waiting, held, found)
        return found

    def _fill(self, node: Node, places: list[int], held: dict[Held, Codes], into: Codes) -> None:
        """Read and evaluate some stretches that follow each other."""
        self._patience.check()
        start, stop = places[0], places[-1] + 1
        first, last = self._moments.span(start, stop)
        seen: dict[str, Vector | None] = {}

        def look(name: str) -> Vector | None:
            if name not in seen:
                source = self._sources[name]
                seen[name] = None if source is None else source.read(start, stop)
            return seen[name]

        by = Vectors(look, lambda one: held[one][first:last], self._words)
        into[first:last] = by.question(walk(node, by)).data

    def _possible(self, node: Node, held: dict[Held, Codes]) -> Possible:
        """Which truths are possible in each stretch."""
        stretches = self._moments.rows.stretches
        starts = self._moments.rows.starts
        ranges: dict[str, Range | None] = {}

        def look(name: str) -> Range | None:
            if name not in ranges:
                source = self._sources[name]
                ranges[name] = None if source is None else source.range(len(stretches))
            return ranges[name]

        def was(one: Held) -> Possible:
            codes = held[one]
            return np.stack([np.logical_or.reduceat(codes == code, starts) for code in range(4)])

        by = Bounds(len(stretches), look, was)
        return by.question(walk(node, by)).state

    def _run(self, node: Held) -> Codes:
        """At every moment whether that held so many times in a row."""
        if node not in self._held:
            self._held[node] = self._counted(node)
        return self._held[node]

    def _counted(self, node: Held) -> Codes:
        tapes = {
            source.tape
            for name in names(node.operand)
            if (source := self._sources[name]) is not None
        }
        native = "rows" if self._moments.clock == "step" else "updates"
        if not tapes - {"moment"}:
            return self._before_all(node.operand)
        if tapes == {native}:
            before = YES
            if native == "updates":
                nothing = Vectors(self._nothing, self._held_by_nothing, self._words)
                before = int(nothing.question(walk(node.operand, nothing)).data[0])
            return run_of(self._before_all(node.operand), node.count, before)
        return self._back(node, 0)

    def _before_all(self, node: Node) -> Codes:
        """The truth of a question that later moments count back to."""
        since, self._since = self._since, 0
        try:
            return self.codes(node)
        finally:
            self._since = since

    def _back(self, node: Held, back: int) -> Codes:
        """That so many times in a row, as of so many before each moment, one look at a time."""
        found: Codes | None = None
        for one in range(back, back + node.count):
            by = Vectors(self._look_back(one), self._held_back(one), self._words)
            now = self._all(by, node.operand)
            found = now if found is None else ALL[found, now]
            if not (found != NO).any():
                break
        assert found is not None
        return found

    def _look_back(self, back: int) -> Callable[[str], Vector | None]:
        return lambda name: self._at(name, back)

    def _held_back(self, back: int) -> Callable[[Held], Codes]:
        return lambda node: self._back(node, back)

    def _at(self, name: str, back: int) -> Vector | None:
        """The readings of a name so many rows or updates before each moment."""
        source = self._sources[name]
        if source is None:
            return None
        full = source.full()
        if source.tape == "moment":
            return full
        if source.tape == "rows":
            return picked(full, np.maximum(self._moments.row - back, 0))
        return picked(full, np.where(self._moments.update < back, -1, self._moments.update - back))

    def _nothing(self, name: str) -> Vector | None:
        return None if self._sources[name] is None else ABSENT

    def _held_by_nothing(self, node: Held) -> Codes:
        nothing = Vectors(self._nothing, self._held_by_nothing, self._words)
        return nothing.question(walk(node.operand, nothing)).data


def _held_in(node: Node) -> list[Held]:
    """The outermost ``for`` of a condition."""
    if isinstance(node, Held):
        return [node]
    below = [getattr(node, one, None) for one in ("operand", "left", "right")]
    return [held for one in below if one is not None for held in _held_in(one)]
