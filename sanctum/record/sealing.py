"""Sealing: a full block becomes chunks, a few at a time, so that no step waits for all of them.

Its rows go into the file together, when the last chunk is made; until then its segments stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from sanctum.record.blocks import SEALED
from sanctum.record.cells import NOT_MEASURED, chunk, squeeze
from sanctum.record.opened import OpenBlock
from sanctum.record.sizes import class_of
from sanctum.record.waiting import Row, Whole

CHUNK_BYTES = 128 * 1024


class Sealing:
    """A block on its way. `column` gives the id of a column by its name and values."""

    def __init__(self, block: OpenBlock, column: Callable[[str, Any], int]) -> None:
        self.block = block
        self._column = column
        self._rows: list[Row] = []
        self._left = self._chunks()
        self._each = max(2, -(-16 * len(block.buffers) // block.capacity))

    @property
    def whole(self) -> Whole:
        """The block's place in the record."""
        block = self.block
        first, last = int(block.steps[0]), int(block.steps[-1])
        times = float(block.times[0]), float(block.times[-1])
        return Whole(block.id, block.attempt, first, last, *times, block.rows)

    def work(self) -> bool:
        """Make the next few chunks; True when all are made."""
        before = len(self._rows)
        self._rows += islice(self._left, self._each)
        return len(self._rows) - before < self._each

    def _chunks(self) -> Iterator[Row]:
        block = self.block
        for name, buffer in block.buffers.items():
            values, states = buffer.values[: block.rows], buffer.states[: block.rows]
            column = self._column(name, values)
            yield from chunk_rows(block.id, column, class_of(name), values, states)

    def rows(self) -> Iterator[Row]:
        """All that has to be written; does what is left to do."""
        self._rows += self._left
        block, whole = self.block, self.whole
        # First the segments go, so that chunks take their pages and not new ones.
        yield Row("DELETE FROM segments WHERE block = ?", (block.id,), block.id)
        yield from self._rows
        yield Row(
            "UPDATE blocks SET last_step = ?, last_time = ?, rows = ?, sealed = ?, steps = ?,"
            " times = ? WHERE id = ?",
            (
                whole.last_step,
                whole.last_time,
                block.rows,
                SEALED,
                squeeze(block.steps.tobytes()),
                squeeze(block.times.tobytes()),
                block.id,
            ),
            block.id,
        )


def chunk_rows(
    block: int, column: int, what: str, values: Any, states: Any, *, minor: bool = False
) -> Iterator[Row]:
    """The chunks of one column in one block, split by environments where it is large."""
    rows, envs, width = values.shape
    per_env = max(rows * width * values.dtype.itemsize, 1)
    group = min(envs, max(1, CHUNK_BYTES // per_env))
    for env0 in range(0, envs, group):
        part, marks = values[:, env0 : env0 + group], states[:, env0 : env0 + group]
        if (marks == NOT_MEASURED).all():
            continue
        dtype, *numbers, used_bytes, packed, data = chunk(part, marks)
        yield Row(
            "INSERT INTO chunks (block, column, env0, envs, dtype, low, high, nonfinite,"
            " absent, bytes, states, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (block, column, env0, part.shape[1], dtype, *numbers, used_bytes, packed, data),
            block,
            minor,
            (what, used_bytes),
        )
