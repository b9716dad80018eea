"""Between numpy arrays and the `Array` on the wire, with the state of every cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sanctum.telemetry.messages import Array

VALUE, NOT_MEASURED, MASKED_CELL, LATE = 0, 1, 2, 3
KINDS = "biuf"


def pack(values: npt.NDArray[Any], states: npt.NDArray[np.uint8] | None = None) -> Array:
    """A copy of `values` for the wire. A numpy masked array's masked cells become *masked*."""
    if isinstance(values, np.ma.MaskedArray):
        if states is None:
            states = np.ma.getmaskarray(values).astype(np.uint8) * np.uint8(MASKED_CELL)
        values = values.filled(0)
    if values.dtype.kind not in KINDS:
        raise TypeError(f"an array of numbers or booleans was expected, not {values.dtype}")
    return Array(
        values.dtype.str,
        values.shape,
        values.tobytes(),
        None if states is None else states.astype(np.uint8).tobytes(),
    )


def unpack(array: Array) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8] | None]:
    """Values and cell states (None: all are values). Raises ValueError on bytes that do not fit."""
    try:
        dtype = np.dtype(array.dtype)
    except TypeError as error:
        raise ValueError(f"not a dtype: {array.dtype!r}") from error
    if dtype.kind not in KINDS:
        raise ValueError(f"not an array of numbers: {array.dtype!r}")
    values = np.frombuffer(array.data, dtype).reshape(array.shape)
    if array.states is None:
        return values, None
    return values, np.frombuffer(array.states, np.uint8).reshape(array.shape)
