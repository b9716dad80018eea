"""A recorder's ingest with small blocks, and a brute-force memory of all that was said to it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sanctum.record.columns import Columns
from sanctum.record.reader import Reader
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import Backfill, Frame, RunStarted, Step
from sanctum.telemetry.arrays import MASKED_CELL, NOT_MEASURED, VALUE, pack

ENVS = 3
BEGAN = time.time()
Cell = tuple[int, float]
NOTHING: Cell = (NOT_MEASURED, 0.0)


def header(envs: int = ENVS, **more: Any) -> RunStarted:
    return RunStarted("demo", "digits", envs, pid=4242, time=BEGAN, **more)


def ingest(path: Path, *, envs: int = ENVS, block_rows: int = 4, **more: Any) -> Ingest:
    """An ingest that has heard a trainer's hello."""
    found = Ingest(Writer(path, block_rows=block_rows), Clock())
    found.begin(header(envs, **more), 1.0, "boot")
    return found


@dataclass
class Said:
    """Everything that was said of one attempt, cell by cell."""

    envs: int = ENVS
    rows: dict[int, dict[str, list[Cell]]] = field(default_factory=dict)

    def step(self, frame: Step, columns: dict[str, Any]) -> None:
        row = self.rows.setdefault(frame.step, {})
        where = range(self.envs) if frame.envs is None else frame.envs
        for name, values in columns.items():
            cells = row.setdefault(name, [NOTHING] * self.envs)
            for env, cell in zip(where, cells_of(values), strict=True):
                cells[env] = cell

    def backfill(self, first: int, name: str, values: Any) -> None:
        for offset, row in enumerate(values):
            if first + offset in self.rows:
                self.rows[first + offset][name] = cells_of(row)

    def latest(self, name: str, env: int, step: int) -> tuple[Cell, int]:
        for at in sorted((one for one in self.rows if one <= step), reverse=True):
            cell = self.rows[at].get(name, [NOTHING] * self.envs)[env]
            if cell[0] != NOT_MEASURED:
                return cell, at
        return NOTHING, -1

    @property
    def names(self) -> list[str]:
        return sorted({name for row in self.rows.values() for name in row})

    def copy(self) -> Said:
        rows = {at: {name: list(c) for name, c in row.items()} for at, row in self.rows.items()}
        return Said(self.envs, rows)


def cells_of(values: Any) -> list[Cell]:
    """The cells of a numpy array, masked or not."""
    masks = np.ma.getmaskarray(values)
    plain = np.ma.getdata(values)
    return [
        (MASKED_CELL, 0.0) if masked else (VALUE, float(value))
        for value, masked in zip(plain, masks, strict=True)
    ]


def say_step(to: Ingest, said: Said, step: int, columns: dict[str, Any], envs: Any = None) -> None:
    frame = Step(step, {name: pack(values) for name, values in columns.items()}, {}, envs)
    to.take(frame)
    said.step(frame, columns)


def say_backfill(to: Ingest, said: Said, first: int, name: str, values: Any) -> None:
    to.take(Backfill(first, {name: pack(values)}))
    said.backfill(first, name, values)


def assert_holds(reader: Reader, said: Said, attempt: int = 1) -> None:
    """Every cell, and what each environment last said at every moment, is as it was said."""
    if not said.rows:
        assert reader.span(attempt) is None
        return
    steps = sorted(said.rows)
    assert reader.span(attempt) == (steps[0], steps[-1])
    window = reader.window(said.names, attempt, steps[0], steps[-1])
    assert window.steps.tolist() == steps
    for name in said.names:
        values, states = window.cells[name]
        for row, step in enumerate(steps):
            for env, want in enumerate(said.rows[step].get(name, [NOTHING] * said.envs)):
                got = (int(states[row, env]), float(values[row, env, 0]))
                assert same(got, want), (name, step, env, got, want)
    for step in steps:
        columns = Columns(reader, attempt, step)
        for name in said.names:
            got_values, got_states, got_steps = columns.cells(name)
            for env in range(said.envs):
                want, at = said.latest(name, env, step)
                got_step = got_steps[env] if got_steps else -1
                assert got_step == at, (name, env, step)
                if at >= 0:
                    assert same((got_states[env], float(got_values[env])), want), (name, env, step)


def same(got: Cell, want: Cell) -> bool:
    if got[0] != want[0]:
        return False
    both_nan = math.isnan(got[1]) and math.isnan(want[1])
    return want[0] != VALUE or both_nan or got[1] == want[1]


def take(to: Ingest, *frames: Frame) -> None:
    for frame in frames:
        to.take(frame)
