"""A made-up run for the bench of the record: 16 environments, 30 columns, 60 policy scalars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sanctum.telemetry import Array, Frame, Step, Update

ENVS, UPDATE_EVERY, EPISODE, SMOOTHING = 16, 64, 200, 0.02
NOISY = tuple(f"noisy{number:02}" for number in range(20))
SLOW = ("episode", "env_step", "stage", "active_seeds", "policy_version")
SMOOTH = tuple(f"smooth{number}" for number in range(5))
COLUMNS = (*NOISY, *SLOW, *SMOOTH)
SCALARS = tuple(f"scalar{number:02}" for number in range(60))
GROUPS = {"noisy": NOISY, "slow": SLOW, "smooth": SMOOTH}
RAW_BYTES = len(COLUMNS) * ENVS * 4
Cells = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """Some vector steps: cells (rows, columns, envs), and the updates (number, step, scalars)."""

    first: int
    cells: Cells
    updates: list[tuple[int, int, list[float]]]

    def frames(self) -> list[Frame]:
        """What a trainer would have said."""
        made: list[Frame] = []
        by_step = {step: (number, scalars) for number, step, scalars in self.updates}
        data, size = self.cells.tobytes(), ENVS * 4
        for row in range(len(self.cells)):
            step, start = self.first + row, row * len(COLUMNS) * size
            columns = {
                name: Array("<f4", (ENVS,), data[start + place * size : start + (place + 1) * size])
                for place, name in enumerate(COLUMNS)
            }
            made.append(Step(step, columns))
            if step in by_step:
                number, scalars = by_step[step]
                named: dict[str, Any] = dict(zip(SCALARS, scalars, strict=True))
                made.append(Update(number, named, [], step - UPDATE_EVERY + 1, step, step))
        return made


def stretches(steps: int, rows: int) -> Iterator[Stretch]:
    """A run of so many vector steps, `rows` of them at a time; always the same run."""
    random = np.random.default_rng(0)
    env = np.arange(ENVS)
    walk = np.zeros((len(SMOOTH), ENVS))
    for first in range(0, steps, rows):
        step = np.arange(first, min(first + rows, steps))[:, None]
        cells = np.empty((step.size, len(COLUMNS), ENVS), np.float32)
        cells[:, : len(NOISY)] = random.standard_normal((step.size, len(NOISY), ENVS), np.float32)
        since = step + env * EPISODE // ENVS
        slow = (
            since // EPISODE,
            since % EPISODE,
            (since // 37 * 7919) % 9,
            (since // 50 + env) % 4,
            np.broadcast_to(step // UPDATE_EVERY, (step.size, ENVS)),
        )
        cells[:, len(NOISY) : len(NOISY) + len(SLOW)] = np.stack(slow, axis=1)
        for row, push in enumerate(random.standard_normal((step.size, *walk.shape))):
            walk += SMOOTHING * (push - walk)
            cells[row, -len(SMOOTH) :] = walk
        ends = [one for one in step[:, 0].tolist() if one % UPDATE_EVERY == UPDATE_EVERY - 1]
        updates = [
            (one // UPDATE_EVERY, one, random.standard_normal(len(SCALARS)).tolist())
            for one in ends
        ]
        yield Stretch(first, cells, updates)
