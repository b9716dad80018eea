"""Copies of the trainer's arrays, made at once on its own thread: environments reuse their buffers.

Runs on the training thread at every step, so each branch is ordered by how common it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sanctum.telemetry import Array
from sanctum.telemetry.arrays import KINDS, MASKED_CELL, pack

_DTYPES: dict[Any, str] = {}


def copied(values: Any) -> Array:
    """`values` as an `Array` of its own bytes.

    Takes numpy arrays (masked ones keep their mask), torch tensors and sequences of numbers.
    Raises TypeError for what is none of these.
    """
    if type(values) is not np.ndarray:
        if isinstance(values, np.ma.MaskedArray):
            return pack(values)
        if type(values).__module__.partition(".")[0] == "torch":
            from sanctum.probe.tensors import on_host

            values = on_host(values)
        else:
            values = np.asarray(values)
    dtype = values.dtype
    name = _DTYPES.get(dtype)
    if name is None:
        if dtype.kind not in KINDS:
            raise TypeError(f"numbers were expected, not an array of {dtype}")
        name = _DTYPES[dtype] = dtype.str
    return Array(name, values.shape, values.tobytes())


def chosen(actions: Any) -> Array:
    """Indices of actions; negative ones mean that the head was not used: *masked*."""
    array = copied(actions)
    values = np.frombuffer(array.data, array.dtype)
    if values.size and values.min() < 0:
        array.states = ((values < 0) * np.uint8(MASKED_CELL)).astype(np.uint8).tobytes()
    return array


def prefixed(prefix: str, names: dict[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` under flat names (``reward/rent``), which are kept in `names`."""
    flat = {}
    for name, value in given.items():
        full = names.get(name)
        if full is None:
            full = names[name] = f"{prefix}/{name}"
        flat[full] = value
    return flat
