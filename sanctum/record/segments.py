"""Segments: what each flush appends of the open block, and the open block made of them again."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator

import msgspec
import numpy as np

from sanctum.record.blocks import BLOCK_ROWS
from sanctum.record.carry import unpack_carry
from sanctum.record.cells import Values, joined, planes_of, squeeze_apart, unsqueeze
from sanctum.record.opened import OpenBlock


class Piece(msgspec.Struct, array_like=True):
    """Some rows of one column in a segment, as (envs, width, rows).

    Values are in the segment's planes; `states` are (envs, rows), empty when all are values.
    """

    name: str
    dtype: str
    width: int
    row: int
    rows: int
    states: bytes


class Segment(msgspec.Struct, array_like=True):
    """What one flush adds to the open block: steps and times of its new rows, and cells."""

    row: int
    steps: bytes
    times: bytes
    pieces: list[Piece]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Segment)
_LENGTH = struct.Struct("<I")


def segment(block: OpenBlock) -> bytes | None:
    """What changed in `block` since it was flushed, as bytes for the file; None: nothing.

    A length, a `Segment`, then planes: the last bytes of all values of all pieces, the bytes before
    those, and so on, so that few rows of many columns compress as well as many rows of one.
    """
    pieces, planes = [], []
    for name, buffer in block.buffers.items():
        if buffer.dirty is None:
            continue
        first, last = buffer.dirty
        values, states = buffer.values[first : last + 1], buffer.states[first : last + 1]
        marks = states.T.tobytes() if states.any() else b""
        rows, _, width = values.shape
        pieces.append(Piece(name, values.dtype.str, width, first, rows, marks))
        planes.append(planes_of(values.transpose(1, 2, 0))[::-1])
    new = slice(block.flushed_rows, block.rows)
    if not pieces and new.start == new.stop:
        return None
    steps, times = block.all_steps[new].tobytes(), block.all_times[new].tobytes()
    head = _encoder.encode(Segment(new.start, steps, times, pieces))
    return squeeze_apart([_LENGTH.pack(len(head)) + head, *_by_place(planes)])


def _by_place(planes: list[Values]) -> Iterator[bytes]:
    """The first planes of all pieces, then the second ones of those that have so many."""
    for place in range(max(map(len, planes), default=0)):
        yield b"".join(one[place].tobytes() for one in planes if place < len(one))


def _read(data: bytes, envs: int) -> tuple[Segment, list[Values]]:
    """A segment, and the values of its pieces as (envs, width, rows)."""
    raw = unsqueeze(data)
    (length,) = _LENGTH.unpack_from(raw)
    start = _LENGTH.size + length
    found = _decoder.decode(raw[_LENGTH.size : start])
    kinds = [np.dtype(piece.dtype) for piece in found.pieces]
    counts = [envs * piece.width * piece.rows for piece in found.pieces]
    planes = [np.empty((kind.itemsize, n), np.uint8) for kind, n in zip(kinds, counts, strict=True)]
    for place in range(max((kind.itemsize for kind in kinds), default=0)):
        for one in planes:
            if place < len(one):
                one[place] = np.frombuffer(raw, np.uint8, one.shape[1], start)
                start += one.shape[1]
    return found, [
        joined(one[::-1], kind).reshape(envs, piece.width, piece.rows)
        for one, kind, piece in zip(planes, kinds, found.pieces, strict=True)
    ]


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
    segments = [_read(one, envs) for (one,) in data]
    rows = max((one.row + len(one.steps) // 8 for one, _ in segments), default=0)
    block = OpenBlock(id, attempt, envs, max(block_rows, rows), unpack_carry(carry))
    for one, cells in segments:
        steps = np.frombuffer(one.steps, np.int64)
        new = slice(one.row, one.row + steps.size)
        block.all_steps[new] = steps
        block.all_times[new] = np.frombuffer(one.times, np.float64)
        block.rows = max(block.rows, new.stop)
        for piece, values in zip(one.pieces, cells, strict=True):
            states = np.zeros((piece.rows, envs), np.uint8)
            if piece.states:
                states = np.frombuffer(piece.states, np.uint8).reshape(envs, piece.rows).T
            rows_of = slice(piece.row, piece.row + piece.rows)
            block.put(piece.name, rows_of, slice(None), values.transpose(2, 0, 1), states)
            block.used_bytes += values.nbytes
    flushed(block)
    return block
