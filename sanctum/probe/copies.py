"""Copies of the trainer's arrays, made at once on its own thread: environments reuse their buffers.

Runs on the training thread at every step, so each branch is ordered by how common it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sanctum.telemetry import Array
from sanctum.telemetry.arrays import KINDS, MASKED_CELL, pack

if TYPE_CHECKING:
    from sanctum.probe.tensors import OnItsWay

_DTYPES: dict[Any, str] = {}
_TAKERS: dict[type, Callable[[Any], Any]] = {}


class NoRoom(Exception):
    """No pinned memory is free, or a graph is being captured: a device's reading is left out."""


def gather(given: Mapping[str, Any], into: dict[str, Any], missed: list[str]) -> int:
    """Put a copy of every array of `given` under its name into `into`; gives their bytes.

    None is left out. What a device could not hand over in time goes to `missed` by name. Raises
    TypeError for what is no array of numbers.
    """
    used = 0
    known = _DTYPES
    for name, values in given.items():
        if type(values) is np.ndarray:
            dtype = known.get(values.dtype) or _named(values.dtype)
            data = values.tobytes()
            into[name] = Array(dtype, values.shape, data)
            used += len(data)
        elif values is not None:
            try:
                one = into[name] = copied(values)
            except NoRoom:
                missed.append(name)
            else:
                used += size_of(one)
    return used


def size_of(one: Array | OnItsWay) -> int:
    """The bytes of its values."""
    return len(one.data) if isinstance(one, Array) else one.used_bytes


def copied(values: Any) -> Array | OnItsWay:
    """`values` as an `Array` of its own bytes, or as a copy that a device has yet to deliver.

    Takes numpy arrays (masked ones keep their mask), torch tensors, sequences of numbers, and an
    `Array` that somebody packed with the state of each cell.
    Raises TypeError for what is none of these.
    """
    if type(values) is not np.ndarray:
        taken = _TAKERS.get(type(values)) or _taker(type(values))
        values = taken(values)
        if type(values) is not np.ndarray:
            return _unfinished(values)
    dtype = _DTYPES.get(values.dtype) or _named(values.dtype)
    return Array(dtype, values.shape, values.tobytes())


def _unfinished(values: Any) -> Array | OnItsWay:
    """A masked array packed with its mask; what is packed, or has yet to be delivered, as it is."""
    if isinstance(values, np.ma.MaskedArray):
        return pack(values)
    if isinstance(values, Array):
        return values
    on_its_way: OnItsWay = values
    return on_its_way


def mark_unused(actions: Array) -> None:
    """Mark negative indices of a head that was not used as *masked*."""
    values = np.frombuffer(actions.data, actions.dtype)
    if values.size and values.min() < 0:
        unused = values < 0
        if actions.states is not None:
            unused |= np.frombuffer(actions.states, np.uint8) == MASKED_CELL
        actions.states = (unused * np.uint8(MASKED_CELL)).astype(np.uint8).tobytes()


def prefixed(prefix: str, names: dict[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` under flat names (``reward/rent``), which are kept in `names`."""
    flat = {}
    for name, value in given.items():
        full = names.get(name)
        if full is None:
            full = names[name] = f"{prefix}/{name}"
        flat[full] = value
    return flat


def arrive(columns: dict[str, Any]) -> None:
    """Wait for copies that a device has yet to deliver, and mark what heads did not use.

    The sender's, never the training thread's.
    """
    for name, one in columns.items():
        if not isinstance(one, Array):
            columns[name] = one.array()
        if name.startswith("action/"):
            mark_unused(columns[name])


def _taker(kind: type) -> Callable[[Any], Any]:
    """How to make an array of a `kind` of thing; torch is known only once a tensor has come by."""
    if any(one.__module__.partition(".")[0] == "torch" for one in kind.__mro__):
        from sanctum.probe.tensors import taken

        return _TAKERS.setdefault(kind, taken)
    if issubclass(kind, np.ma.MaskedArray | Array):
        return _TAKERS.setdefault(kind, _itself)
    return _TAKERS.setdefault(kind, np.asarray)


def _itself(values: Any) -> Any:
    return values


def _named(dtype: np.dtype[Any]) -> str:
    """numpy's short string of a dtype. Raises TypeError for what holds no numbers."""
    if dtype.kind not in KINDS:
        raise TypeError(f"numbers were expected, not an array of {dtype}")
    return _DTYPES.setdefault(dtype, dtype.str)
