"""``run.step()`` on the training thread beside TensorBoard's ``add_scalar`` for the same record."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable

import numpy as np

import sanctum
from tests.bench.table import Row, compared, summary

ENVS, COLUMNS, ROUNDS, CALLS = 16, 20, 7, 300
PAUSE_S = 0.002


def rows() -> list[Row]:
    """Calls are spaced by some work, as in a trainer; rounds of both alternate."""
    rng = np.random.default_rng(0)
    record = {f"c{index}": rng.random(ENVS, np.float32) for index in range(COLUMNS)}
    times: dict[str, list[float]] = {"run.step, numpy": [], "run.step, torch": [], "copy": []}
    with tempfile.TemporaryDirectory() as home:
        os.environ["SANCTUM_HOME"] = home
        board = _board(home)
        if board is not None:
            times["TensorBoard add_scalar"] = []
        tensors = _tensors(record)
        run = sanctum.attach("bench", envs=ENVS)
        clock = iter(range(10**9))
        for _ in range(ROUNDS):
            _measure(times["run.step, numpy"], lambda: run.step(next(clock), **record), CALLS)
            if tensors:
                _measure(times["run.step, torch"], lambda: run.step(next(clock), **tensors), CALLS)
            _measure(times["copy"], lambda: [one.copy() for one in record.values()], CALLS)
            if board is not None:
                _measure(times["TensorBoard add_scalar"], lambda: board(record, next(clock)), 20)
        run.close()
    found = [summary(name, values, "us", 1e6) for name, values in times.items() if values]
    by_name = {row.what: row for row in found}
    beside = by_name.get("TensorBoard add_scalar", by_name["copy"])
    return [compared(row, beside) if row is not beside else row for row in found]


def _measure(into: list[float], call: Callable[[], object], count: int) -> None:
    for _ in range(count):
        until = time.perf_counter() + PAUSE_S
        while time.perf_counter() < until:
            pass
        start = time.perf_counter()
        call()
        into.append(time.perf_counter() - start)


def _tensors(record: dict[str, np.ndarray]) -> dict[str, object]:  # type: ignore[type-arg]
    try:
        import torch
    except ImportError:
        return {}
    return {name: torch.from_numpy(values) for name, values in record.items()}


def _board(folder: str) -> Callable[[dict[str, np.ndarray], int], None] | None:  # type: ignore[type-arg]
    """One scalar per environment and column, as a script that logs per environment would."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        print("TensorBoard is not installed: python -m pip install -e '.[train,bench]'")
        return None
    writer = SummaryWriter(f"{folder}/board")

    def write(record: dict[str, np.ndarray], step: int) -> None:  # type: ignore[type-arg]
        for name, values in record.items():
            for env, value in enumerate(values):
                writer.add_scalar(f"{name}/{env}", value, step)

    return write
