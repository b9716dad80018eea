"""A hall of fame of two runs: ten entries and a pinned one, of which some readings are absent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sanctum.errors import NoDataYet, UsageError
from sanctum.model.answers import HallAnswer, HallEntry
from sanctum.model.readings import NOT_MEASURED, NonFinite, reading

_SEEDS = [
    ["r0c0 wide FOSSILIZED", "r0c1 norm TRAINING", "r0c2 adapter BLENDING"],
    ["r0c0 bottleneck FOSSILIZED", "r0c2 wide FOSSILIZED"],
    ["r0c1 gated HOLDING"],
    [],
]
NOW = 1763776387.0


def _entry(rank: int) -> HallEntry:
    accuracy = 96.2 - rank * 0.7 if rank < 11 else 71.3
    final = {4: NonFinite("nan"), 7: NOT_MEASURED}.get(rank, reading(accuracy - rank % 4 * 1.3))
    fall = {4: NonFinite("nan"), 7: NOT_MEASURED}.get(rank, reading(rank % 4 * 1.3))
    first = 1000 + 64 * rank
    return HallEntry(
        rank,
        30 - rank,
        "demo-3" if rank % 3 else "demo-2",
        (rank * 5) % 16,
        20 + rank,
        first,
        first + 40 + rank,
        first + 63,
        reading(accuracy),
        final,
        fall,
        NOT_MEASURED if rank == 7 else reading(17.3 - rank),
        NOT_MEASURED if rank == 7 else reading(412 * (3 - rank % 4)),
        _SEEDS[rank % 4],
        1,
        NOW - 60 * rank,
        rank in (2, 11),
        20_000 + rank,
    )


ENTRIES = [_entry(rank) for rank in range(1, 12)]


class FakeHall:
    """The questions about the hall of fame, and what was done to it."""

    entries: Sequence[HallEntry] = ENTRIES

    def hall_list(self, worst: bool = False, limit: int | None = None) -> HallAnswer:
        rows = list(self.entries)
        if worst:
            rows = sorted(rows, key=lambda e: -getattr(e.fall, "value", -1.0))
        return HallAnswer("digits", "/home/ada/runs/hall/digits.hall.db", rows[:limit])

    def hall_read(self, rank: int) -> HallEntry:
        if not self.entries:
            raise NoDataYet("the hall of fame of digits is empty")
        if not 1 <= rank <= len(self.entries):
            raise UsageError(f"no rank {rank}: the hall of fame of digits has 11 entries, 1 to 11")
        return self.entries[rank - 1]

    def hall_pin(self, rank: int, pinned: bool = True) -> HallEntry:
        self._done("pin", rank=rank, pinned=pinned)
        return self.hall_read(rank)

    def hall_export(self, rank: int, path: str, force: bool = False) -> HallEntry:
        self._done("export", rank=rank, path=path, force=force)
        return self.hall_read(rank)

    def _done(self, what: str, **given: Any) -> None:
        self.__dict__.setdefault("done", []).append((what, given))
