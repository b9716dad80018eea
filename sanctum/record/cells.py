"""Cells of a column as bytes: values shuffled by byte and compressed, states two bits a cell."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from sanctum.errors import RecordError
from sanctum.telemetry.arrays import LATE, MASKED_CELL, NOT_MEASURED, VALUE

GONE = 4
"""The state of cells that gave way to hold the record to its size; in memory only."""

Values = npt.NDArray[Any]
States = npt.NDArray[np.uint8]

__all__ = ["GONE", "LATE", "MASKED_CELL", "NOT_MEASURED", "VALUE", "States", "Values"]

_compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
_decompressor = zstandard.ZstdDecompressor()


_QUADS = np.array(
    [[byte >> (2 * place) & 3 for place in range(4)] for byte in range(256)], np.uint8
).view(np.uint32)[:, 0]
"""The four states in each byte of packed ones."""


class Damaged(ValueError):
    """Cells that are not what their row of the file says."""


DAMAGE = (
    sqlite3.DatabaseError,
    zstandard.ZstdError,
    msgspec.MsgspecError,
    UnicodeError,
    Damaged,
)
"""What reading a damaged file may raise."""


def damage(name: str, steps: npt.NDArray[np.int64], error: Exception) -> RecordError:
    """Why a column of the steps of a block cannot be read."""
    return RecordError(
        f"the record is damaged: {name} of steps {steps[0]:,} to {steps[-1]:,} cannot be read"
        f" ({error})",
        "other columns and other steps can still be asked",
    )


def squeeze(data: bytes) -> bytes:
    """Compressed bytes."""
    return _compressor.compress(data)


def squeeze_apart(parts: Iterable[bytes]) -> bytes:
    """Parts that are not alike, compressed each by its own statistics; one frame, as `squeeze`'s.

    Noise beside something regular would otherwise cost both: a tenth of a noisy column.
    """
    parts = list(parts)
    press = _compressor.compressobj(size=sum(map(len, parts)))
    found = []
    for part in parts:
        found.append(press.compress(part))
        found.append(press.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
    found.append(press.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))
    return b"".join(found)


def unsqueeze(data: bytes) -> bytes:
    """What `squeeze` was given, or the parts `squeeze_apart` was given, joined. Raises Damaged."""
    try:
        return _decompressor.decompress(data)
    except zstandard.ZstdError as error:
        raise Damaged(str(error)) from error


def pack_values(values: Values) -> bytes:
    """An array of any shape as bytes: like bytes of all cells side by side, then compressed.

    The last axis runs fastest; put the time axis there, since neighbours in time are alike.
    """
    return squeeze_apart(plane.tobytes() for plane in planes_of(values))


def unpack_values(data: bytes, dtype: str, envs: int, rows: int) -> Values:
    """The array that `pack_values` was given, as (envs, width, rows); no width when it is gone."""
    kind = np.dtype(dtype)
    if not data:
        return np.zeros((envs, 0, rows), kind)
    raw = np.frombuffer(unsqueeze(data), np.uint8)
    if raw.size % max(kind.itemsize * envs * rows, 1):
        raise Damaged(f"{raw.size} bytes are not {envs} x {rows} cells of {dtype}")
    return joined(raw, kind).reshape(envs, -1, rows)


def planes_of(values: Values) -> Values:
    """The bytes of an array, (bytes a cell, cells): the first of all cells, the second, ..."""
    flat = np.ascontiguousarray(values).reshape(-1)
    return np.ascontiguousarray(flat.view(np.uint8).reshape(flat.size, flat.dtype.itemsize).T)


def joined(planes: Values, kind: np.dtype[Any]) -> Values:
    """The cells that `planes_of` took apart, as one flat array."""
    apart = planes.reshape(kind.itemsize, -1)
    cells = np.empty((apart.shape[1], kind.itemsize), np.uint8)
    for place, plane in enumerate(apart):
        cells[:, place] = plane
    return cells.reshape(-1).view(kind)


def unpack_one(data: bytes, dtype: str, envs: int, rows: int, place: int) -> Values | None:
    """The values (rows,) of the environment at `place` of those that `pack_values` was given.

    None when the column has several values a cell, and when they are gone.
    """
    if not data:
        return None
    kind = np.dtype(dtype)
    raw = np.frombuffer(unsqueeze(data), np.uint8)
    if raw.size != kind.itemsize * envs * rows:
        return None
    planes = raw.reshape(kind.itemsize, envs, rows)[:, place]
    return np.ascontiguousarray(planes.T).reshape(-1).view(kind)


def pack_states(states: States) -> bytes | None:
    """States at two bits a cell, compressed; None when every cell is a value."""
    if not states.any():
        return None
    flat = np.where(states > LATE, NOT_MEASURED, states).reshape(-1)
    padded = np.zeros(-(-flat.size // 4) * 4, np.uint8)
    padded[: flat.size] = flat
    quads = padded.reshape(-1, 4)
    packed = quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6
    return squeeze(packed.astype(np.uint8).tobytes())


def unpack_states(data: bytes | None, shape: tuple[int, ...]) -> States:
    """The states that `pack_states` was given."""
    count = math.prod(shape)
    if data is None:
        return np.zeros(shape, np.uint8)
    quads = _QUADS[np.frombuffer(unsqueeze(data), np.uint8)]
    return quads.view(np.uint8)[:count].reshape(shape)


Chunk = tuple[str, float | None, float | None, int, int, int, bytes | None, bytes]


def chunk(values: Values, states: States) -> Chunk:
    """Cells (rows, envs, width) and states (rows, envs) as the row of ``chunks`` has them.

    From `dtype` on: dtype, lowest and highest finite value, how many are not finite, how many are
    absent, bytes, states, data.
    """
    known = values[states == VALUE]
    finite = known[np.isfinite(known)] if known.dtype.kind == "f" else known
    data = pack_values(values.transpose(1, 2, 0))
    packed = pack_states(np.ascontiguousarray(states.T))
    return (
        values.dtype.str,
        float(finite.min()) if finite.size else None,
        float(finite.max()) if finite.size else None,
        int(known.size - finite.size),
        int((states != VALUE).sum()),
        len(data) + len(packed or b""),
        packed,
        data,
    )
