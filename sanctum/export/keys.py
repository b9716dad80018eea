"""The columns that every table begins with, and names that do not collide with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

WORD = pa.dictionary(pa.int32(), pa.string())
TIME = pa.timestamp("us")
RUN = (pa.field("run", WORD), pa.field("attempt", pa.int32()))
CELL_KEYS = (
    *RUN,
    pa.field("step", pa.int64()),
    pa.field("time", TIME),
    pa.field("env", pa.int32()),
)


def spelled(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """What each name is called in a table: itself, unless that is `taken`, however it is cased.

    SQL does not tell `Loss` from `loss`.
    """
    used = {name.casefold() for name in taken}
    found = {}
    for name in names:
        given = name
        while given.casefold() in used:
            given += "__said"
        used.add(given.casefold())
        found[name] = given
    return found


def micros(seconds: Any) -> Any:
    """Seconds since the epoch as a UTC timestamp: an array of them, or one (or None)."""
    if seconds is None:
        return None
    if isinstance(seconds, float | int):
        return round(seconds * 1e6)
    return pa.array(np.round(seconds * 1e6).astype(np.int64)).cast(TIME)


def same(word: str, count: int) -> Any:
    """One word so many times."""
    return coded(np.zeros(count, np.int32), [word])


def coded(codes: npt.NDArray[np.int32], words: list[str]) -> Any:
    """The words behind codes; a code that is out of range means nothing."""
    absent = (codes < 0) | (codes >= len(words))
    indices = pa.array(np.where(absent, 0, codes).astype(np.int32), mask=absent)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))
