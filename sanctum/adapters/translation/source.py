"""Where the events come from, and what of them could not be used: counted, and said a few times."""

from __future__ import annotations

from collections import Counter

from sanctum.probe.run import Run

KEPT = 20
"""How many sentences about what could not be read are kept."""


class Origin:
    """The account of one stream of events, shared by the runs that come of it."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.counts: Counter[str] = Counter()
        self.unknown = 0
        self.refused: list[str] = []
        self.refused_count = 0
        self.dropped: int | None = None
        self._odd: set[str] = set()

    @property
    def is_live(self) -> bool:
        """Whether the events come from Esper itself, not from a file."""
        return self.place == "live"

    def refuse(self, text: str) -> bool:
        """Something could not be read; whether its sentence was kept."""
        self.refused_count += 1
        if len(self.refused) >= KEPT:
            return False
        self.refused.append(text)
        return True

    def odd(self, kind: str, text: str) -> bool:
        """Something made no sense; whether it is the first of its `kind`, to be said."""
        self.refused_count += 1
        if kind in self._odd:
            return False
        self._odd.add(kind)
        if len(self.refused) < KEPT:
            self.refused.append(text)
        return True

    def say(self, run: Run, counts: Counter[str]) -> None:
        """Tell a run; `counts` are of its own group."""
        run.source(
            "esper",
            self.place,
            counts=counts,
            unknown=self.unknown,
            refused=self.refused,
            refused_count=self.refused_count,
            dropped=self.dropped,
        )
