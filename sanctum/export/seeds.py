"""``seeds``: one row whenever something was said of a slot, with what was said then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from sanctum.export.cells import Flat, keys, numbers, said, words
from sanctum.export.keys import CELL_KEYS, WORD, same, spelled
from sanctum.export.source import Source
from sanctum.record.blocks import Block

WORDS = ("stage", "blueprint", "gate")
STEPS = ("born", "since")


class Seeds:
    """The columns ``seed/SLOT/FIELD`` with the slot as a column; null is *not said then*.

    `born` and `since` are the steps at which the seed and its stage began; ``gate/INPUT`` is what
    the next gate looks at, ``needs/INPUT`` what it asks for.
    """

    name = "seeds"

    def __init__(self, source: Source) -> None:
        self.left_out: set[str] = set()
        self._source = source
        self._slots = source.slots()
        self._words = source.reader.words()
        every = {field for fields in self._slots.values() for field in fields}
        self._numbers = sorted(every - {*WORDS, *STEPS})
        taken = [field.name for field in CELL_KEYS]
        called = spelled(self._numbers, [*taken, "slot", *WORDS, *STEPS])
        self.schema = pa.schema(
            [
                *CELL_KEYS,
                pa.field("slot", WORD),
                *(pa.field(one, WORD) for one in WORDS),
                *(pa.field(one, pa.int64()) for one in STEPS),
                *(pa.field(called[one], pa.float64()) for one in self._numbers),
            ]
        )

    def batches(self) -> Iterator[Any]:
        """A table a block, by step, environment and slot."""
        for block in self._source.blocks():
            parts = [(self._of_slot(block, slot)) for slot in self._slots]
            found = [one for one in parts if one is not None]
            if found:
                together = pa.concat_tables([one for _, one in found]).unify_dictionaries()
                yield together.take(
                    np.argsort(np.concatenate([at for at, _ in found]), kind="stable")
                )

    def _of_slot(self, block: Block, slot: str) -> tuple[Flat, Any] | None:
        """Where a block says something of a slot, and the rows of that."""
        fields = self._slots[slot]
        cells = {field: block.cells(f"seed/{slot}/{field}") for field in fields}
        at = said(cells.values())
        if not at.size:
            return None
        arrays = [
            *keys(self._source, block, at),
            same(slot, at.size),
            *(words(cells.get(field), at, self._words) for field in WORDS),
            *(_steps(numbers(cells.get(field), at, pa.float64())) for field in STEPS),
            *(numbers(cells.get(field), at, pa.float64()) for field in self._numbers),
        ]
        return at, pa.Table.from_arrays(arrays, schema=self.schema)


def _steps(found: Any) -> Any:
    """Steps that the record keeps as numbers; null where one is none."""
    values = found.to_numpy(zero_copy_only=False)
    there = np.isfinite(values) & (np.abs(values) < 2.0**62)
    whole = np.where(there, values, 0).astype(np.int64)
    return pa.array(whole, mask=~there)
