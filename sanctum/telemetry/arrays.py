"""Between numpy arrays and the `Array` on the wire, with the state of every cell."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from sanctum.telemetry.messages import Array

VALUE, NOT_MEASURED, MASKED_CELL, LATE = 0, 1, 2, 3
KINDS = "biuf"
_DTYPE = re.compile(r"[<>|=]?[biuf]\d{1,2}")


def pack(values: npt.NDArray[Any], states: npt.NDArray[np.uint8] | None = None) -> Array:
    """A copy of `values` for the wire. A numpy masked array's masked cells become *masked*."""
    if isinstance(values, np.ma.MaskedArray):
        if states is None:
            states = np.ma.getmaskarray(values).astype(np.uint8) * np.uint8(MASKED_CELL)
        values = values.filled(np.nan if values.dtype.kind == "f" else 0)
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
    values = np.frombuffer(array.data, _dtype(array.dtype)).reshape(array.shape)
    if array.states is None:
        return values, None
    states = np.frombuffer(array.states, np.uint8).reshape(array.shape)
    if states.size and states.max() > LATE:
        raise ValueError(f"no cell state {states.max()}")
    return values, states


@functools.lru_cache(256)
def _dtype(name: str) -> np.dtype[Any]:
    if not _DTYPE.fullmatch(name):
        raise ValueError(f"not a dtype of numbers: {name!r}")
    try:
        return np.dtype(name)
    except TypeError as error:
        raise ValueError(f"not a dtype: {name!r}") from error
