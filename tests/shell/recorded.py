"""A real record of a made-up run, to be asked in this process."""

from pathlib import Path

import numpy as np

from sanctum.record.record import Record
from sanctum.telemetry import Backfill, SeedState, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest


class Recorded:
    """`Queries` of a run of 100 vector steps (0, 2, ... 198) and 10 updates, u1 to u10.

    Accuracy rises by a point a step; entropy falls by a twentieth an update.
    """

    def __init__(self, path: Path, run_id: str = "demo-3", worse_by: float = 0.0) -> None:
        self.run_id = run_id
        self.to = ingest(
            path,
            block_rows=16,
            actions={"op": ["WAIT", "GROW"]},
            slots=["a"],
            rewards={"gain": 1, "rent": -1},
            rollout_steps=8,
        )
        for row in range(100):
            self._step(row * 2, worse_by)
        self._record = Record(self.to.reader, path)

    def __getattr__(self, name: str):
        return getattr(self._record, name)

    def _step(self, step: int, worse_by: float) -> None:
        gain, rent = np.full(ENVS, step / 100), np.full(ENVS, 0.5)
        columns = {
            "accuracy": np.array([step / 2, step / 2 + 0.5, 40.0]) - worse_by,
            "reward": gain - rent,
            "reward/gain": gain,
            "reward/rent": rent,
            "action/op": np.zeros(ENVS, np.int64),
        }
        self.to.take(Step(step, {name: pack(one) for name, one in columns.items()}))
        if step == 60:
            said = {"contribution": 1.5, "alpha": 0.5}
            self.to.take(SeedState(1, "a", "TRAINING", step, "conv", said))
        if step % 20 == 18:
            number = step // 20 + 1
            scalars = {"entropy": 1.0 - number / 20, "learning_rate": 0.001}
            self.to.take(Update(number, scalars, [], None, None, step))
            worth = np.full((20, ENVS), 0.1 * number)
            self.to.take(Backfill(step - 19, {"advantage": pack(worth)}))
