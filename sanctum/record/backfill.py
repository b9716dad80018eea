"""Backfill: cells of earlier rows, said only later, in whichever block those rows are by now."""

from __future__ import annotations

import numpy as np

from sanctum.record.blocks import OPEN, SEALED
from sanctum.record.cells import States, Values
from sanctum.record.late import note_late
from sanctum.record.reader import Reader
from sanctum.record.sealed import SealedBlock
from sanctum.record.writer import Writer


def backfill(
    writer: Writer,
    reader: Reader,
    attempt: int,
    first_step: int,
    name: str,
    values: Values,
    states: States,
    said: int | None,
) -> None:
    """Set a column for the steps from `first_step` on; steps without a row are passed over.

    Values are (steps, envs, width), states (steps, envs). `said` is the step it is said at.
    """
    oldest: int | None = None
    at = first_step + values.shape[0] - 1
    while at >= first_step:
        found = reader.block_at(attempt, at)
        if found is None:  # gave way; what was pinned before it may be there
            before = _before(reader, attempt, at)
            if before is None:
                break
            at = before
            continue
        block, row = found
        start = int(np.searchsorted(block.steps, first_step, "left"))
        if start > row:
            break
        picked, rows = block.steps[start : row + 1] - first_step, slice(start, row + 1)
        note_late(writer, block, name, rows, None, said)
        if isinstance(block, SealedBlock):
            writer.amend(block, name, rows, values[picked], states[picked])
            oldest = block.id
        elif writer.open is not None:
            writer.open.put(name, rows, slice(None), values[picked], states[picked])
        at = int(block.steps[0]) - 1
    if oldest is not None and values.shape[2] == 1:
        _carry_on(writer, reader, attempt, oldest, name)


def _before(reader: Reader, attempt: int, step: int) -> int | None:
    """The step before the stretch that holds `step`; None where there is no stretch."""
    ((first,),) = reader.rows(
        "SELECT max(first_step) FROM blocks WHERE attempt = ? AND first_step <= ?", attempt, step
    )
    return None if first is None else int(first) - 1


def _carry_on(writer: Writer, reader: Reader, attempt: int, oldest: int, name: str) -> None:
    """Tell the blocks after an amended one what was last said before them."""
    blocks = reader.rows(
        "SELECT id, sealed FROM blocks WHERE attempt = ? AND id >= ? ORDER BY id",
        attempt,
        oldest,
    )
    said = None
    for id, how in blocks:
        if how != SEALED:
            said = said if how == OPEN else None  # what a stretch that is gone said, nobody knows
            continue
        block = reader.sealed(int(id))
        if said is not None:
            writer.carry_into(block, name, said)
        said = block.latest(name, block.rows - 1)
    open_block = writer.open if writer.open and writer.open.attempt == attempt else None
    if said is not None and (open_block is not None or writer.open is None):
        writer.carry_into(open_block, name, said)
