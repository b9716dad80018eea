"""Cells of a block as Arrow arrays: absent cells are null, nan stays nan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sanctum.export.keys import coded, micros, same
from sanctum.export.source import Source
from sanctum.record.blocks import Block, Cells
from sanctum.record.cells import LATE, MASKED_CELL, NOT_MEASURED, VALUE, States, Values

WHY = ["masked", "late", "dropped"]
_WHY_OF_STATE = np.full(4, -1, np.int32)
_WHY_OF_STATE[[MASKED_CELL, LATE]] = WHY.index("masked"), WHY.index("late")
Flat = npt.NDArray[np.int64]


def arrow_type(dtypes: Iterable[str]) -> Any:
    """The Arrow type that holds the numbers of all these dtypes."""
    kind = np.result_type(*dtypes)
    if kind.kind == "f":
        return pa.float32() if kind.itemsize <= 4 else pa.float64()
    return pa.from_numpy_dtype(kind)


def said(cells: Iterable[Cells | None]) -> Flat:
    """Which cells of (rows x envs), in that order, say something in any of some columns."""
    any_said: Any = None
    for one in cells:
        if one is not None:
            says = one[1] != NOT_MEASURED
            any_said = says if any_said is None else any_said | says
    if any_said is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(any_said.reshape(-1))


def keys(source: Source, block: Block, at: Flat) -> list[Any]:
    """The columns `CELL_KEYS` of the cells `at`."""
    rows, env = np.divmod(at, source.reader.envs(block.attempt))
    return [
        same(source.run, at.size),
        pa.array(np.full(at.size, block.attempt, np.int32)),
        pa.array(block.steps[rows]),
        micros(block.times[rows]),
        pa.array(env.astype(np.int32)),
    ]


def numbers(cells: Cells | None, at: Flat, kind: Any) -> Any:
    """The numbers of a single-valued column; null where there is none."""
    if cells is None:
        return pa.nulls(at.size, kind)
    values, states = _flat(cells, at)
    wanted: Any = kind.to_pandas_dtype()
    return pa.array(values[:, 0].astype(wanted, copy=False), kind, mask=states != VALUE)


def lists(cells: Cells | None, at: Flat, kind: Any) -> Any:
    """The rows of a matrix as lists; null where there is none."""
    if cells is None:
        return pa.nulls(at.size, kind)
    values, states = _flat(cells, at)
    there = states == VALUE
    ends = np.concatenate(([0], np.cumsum(there))) * values.shape[1]
    flat = values[there].reshape(-1).astype(kind.value_type.to_pandas_dtype(), copy=False)
    offsets = pa.array(ends.astype(np.int32), mask=np.append(~there, False))
    return pa.ListArray.from_arrays(offsets, pa.array(flat, kind.value_type))


def whys(cells: Cells | None, at: Flat, gone: bool) -> Any:
    """Why a cell is null: masked, late, or dropped (`gone`); null where it was not measured."""
    if cells is None:
        return coded(np.full(at.size, WHY.index("dropped") if gone else -1, np.int32), WHY)
    return coded(_WHY_OF_STATE[cells[1].reshape(-1)[at]], WHY)


def words(cells: Cells | None, at: Flat, meaning: dict[int, str]) -> Any:
    """The texts behind a coded column."""
    names = sorted(set(meaning.values()))
    codes = np.full(at.size, -1, np.int32)
    if cells is not None:
        values, states = _flat(cells, at)
        numbers = values[:, 0].astype(np.float64)
        known = (states == VALUE) & np.isfinite(numbers)
        place = {name: index for index, name in enumerate(names)}
        for code in np.unique(numbers[known]):
            if int(code) == code and int(code) in meaning:
                codes[known & (numbers == code)] = place[meaning[int(code)]]
    return coded(codes, names)


def _flat(cells: Cells, at: Flat) -> tuple[Values, States]:
    values, states = cells
    flat, marks = values.reshape(-1, values.shape[2]), states.reshape(-1)
    if at.size == marks.size:
        return flat, marks
    return flat[at], marks[at]
