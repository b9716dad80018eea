"""Segments: what each flush appends of the open block, and the open block made of them again."""

from __future__ import annotations

import sqlite3

import msgspec
import numpy as np

from sanctum.record.blocks import BLOCK_ROWS
from sanctum.record.carry import unpack_carry
from sanctum.record.cells import squeeze, unsqueeze
from sanctum.record.opened import OpenBlock


class Piece(msgspec.Struct, array_like=True):
    """Some rows of one column in a segment: values (rows, envs, width) and states, C order."""

    name: str
    dtype: str
    width: int
    row: int
    rows: int
    values: bytes
    states: bytes


class Segment(msgspec.Struct, array_like=True):
    """What one flush adds to the open block: steps and times of its new rows, and cells."""

    row: int
    steps: bytes
    times: bytes
    pieces: list[Piece]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Segment)


def segment(block: OpenBlock) -> bytes | None:
    """What changed in `block` since it was flushed, as bytes for the file; None: nothing."""
    pieces = []
    for name, buffer in block.buffers.items():
        if buffer.dirty is None:
            continue
        first, last = buffer.dirty
        values = buffer.values[first : last + 1]
        pieces.append(
            Piece(
                name,
                values.dtype.str,
                values.shape[2],
                first,
                last + 1 - first,
                values.tobytes(),
                buffer.states[first : last + 1].tobytes(),
            )
        )
    new = slice(block.flushed_rows, block.rows)
    if not pieces and new.start == new.stop:
        return None
    steps, times = block.all_steps[new].tobytes(), block.all_times[new].tobytes()
    return squeeze(_encoder.encode(Segment(new.start, steps, times, pieces)))


def flushed(block: OpenBlock) -> None:
    """Note that all of `block` is in the file."""
    block.flushed_rows = block.rows
    for buffer in block.buffers.values():
        buffer.dirty = None


def restored(
    db: sqlite3.Connection, id: int, attempt: int, envs: int, block_rows: int = BLOCK_ROWS
) -> OpenBlock:
    """An unsealed block put together again from its segments; it takes up to `block_rows` rows."""
    (carry,) = db.execute("SELECT carry FROM blocks WHERE id = ?", (id,)).fetchall()[0]
    data = db.execute("SELECT data FROM segments WHERE block = ? ORDER BY id", (id,)).fetchall()
    segments = [_decoder.decode(unsqueeze(one)) for (one,) in data]
    rows = max((one.row + len(one.steps) // 8 for one in segments), default=0)
    block = OpenBlock(id, attempt, envs, max(block_rows, rows), unpack_carry(carry))
    for one in segments:
        steps = np.frombuffer(one.steps, np.int64)
        new = slice(one.row, one.row + steps.size)
        block.all_steps[new] = steps
        block.all_times[new] = np.frombuffer(one.times, np.float64)
        block.rows = max(block.rows, new.stop)
        for piece in one.pieces:
            shape = (piece.rows, envs, piece.width)
            block.put(
                piece.name,
                slice(piece.row, piece.row + piece.rows),
                slice(None),
                np.frombuffer(piece.values, piece.dtype).reshape(shape),
                np.frombuffer(piece.states, np.uint8).reshape(shape[:2]),
            )
            block.used_bytes += len(piece.values)
    flushed(block)
    return block
