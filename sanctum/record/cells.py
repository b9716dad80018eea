"""Cells of a column as bytes: values shuffled by byte and compressed, states two bits a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from sanctum.telemetry.arrays import LATE, MASKED_CELL, NOT_MEASURED, VALUE

Values = npt.NDArray[Any]
States = npt.NDArray[np.uint8]

__all__ = ["LATE", "MASKED_CELL", "NOT_MEASURED", "VALUE", "States", "Values"]

_compressor = zstandard.ZstdCompressor(level=1)
_decompressor = zstandard.ZstdDecompressor()


def squeeze(data: bytes) -> bytes:
    """Compressed bytes."""
    return _compressor.compress(data)


def unsqueeze(data: bytes) -> bytes:
    """What `squeeze` was given."""
    return _decompressor.decompress(data)


def pack_values(values: Values) -> bytes:
    """An array of any shape as bytes: like bytes of all cells side by side, then compressed.

    The last axis runs fastest; put the time axis there, since neighbours in time are alike.
    """
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.dtype.itemsize == 1:
        return squeeze(flat.tobytes())
    planes = flat.view(np.uint8).reshape(flat.size, flat.dtype.itemsize).T
    return squeeze(planes.tobytes())


def unpack_values(data: bytes, dtype: str, envs: int, rows: int) -> Values:
    """The array that `pack_values` was given, as (envs, width, rows)."""
    kind = np.dtype(dtype)
    raw = np.frombuffer(unsqueeze(data), np.uint8)
    if kind.itemsize > 1:
        raw = np.ascontiguousarray(raw.reshape(kind.itemsize, -1).T).reshape(-1)
    return raw.view(kind).reshape(envs, -1, rows)


def pack_states(states: States) -> bytes | None:
    """States at two bits a cell, compressed; None when every cell is a value."""
    if not states.any():
        return None
    flat = states.reshape(-1)
    padded = np.zeros(-(-flat.size // 4) * 4, np.uint8)
    padded[: flat.size] = flat
    quads = padded.reshape(-1, 4)
    packed = quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6
    return squeeze(packed.astype(np.uint8).tobytes())


def unpack_states(data: bytes | None, shape: tuple[int, ...]) -> States:
    """The states that `pack_states` was given."""
    count = int(np.prod(shape))
    if data is None:
        return np.zeros(shape, np.uint8)
    packed = np.frombuffer(unsqueeze(data), np.uint8)
    flat = np.empty((packed.size, 4), np.uint8)
    for place in range(4):
        flat[:, place] = packed >> (2 * place) & 3
    return flat.reshape(-1)[:count].reshape(shape)


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
