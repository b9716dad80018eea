"""A record with all that makes conditions hard, and what `condition_check` says at every moment."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np

from sanctum.errors import ConditionError
from sanctum.record.moments import Scope, scope
from sanctum.record.pulse import Pulse
from sanctum.record.questions.condition import condition_check
from sanctum.record.reader import Reader
from sanctum.telemetry import Message, SeedState, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest

STEPS = 20
COLUMNS = ("accuracy", "loss", "reward", "reward/rent", "odd", "whole", "flag", "rare", "late")
SCALARS = ("entropy", "grad_norm", "sparse", "entropy.op")
OPS = ["WAIT", "GERMINATE", "CULL"]
STAGES = ("TRAINING", "BLENDING", "CULLED", "DORMANT")


class Past:
    """One record, and its moments as grounds, each made once."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self._to = ingest(
            Path(tempfile.mkdtemp()) / "demo.sanctum.db",
            block_rows=6,
            slots=["a"] if seed % 2 else [],
            actions={"op": OPS, "slot": ["a", "b"]},
        )
        self.steps: list[int] = []
        self.updates: list[int] = []
        self.values: dict[str, list[float]] = {}
        step = 3
        for number in range(STEPS):
            self._say(step, number)
            self.steps.append(step)
            step += 1 if seed % 3 else int(self.random.integers(1, 4))
        if seed % 4 == 3:
            self._to.end("finished")
        self.reader: Reader = self._to.reader

    @functools.cache  # noqa: B019 (a handful of records, for as long as the tests run)
    def at(self, when: str | None) -> Scope:
        return scope(self.reader, when, live=False, now=0.0)

    def check(self, when: str, condition: str, env: int | None) -> bool | None:
        """What one moment says; a name that nobody knows yet leaves it open."""
        try:
            return condition_check(self.at(when), Pulse(), condition, env).holds
        except ConditionError as error:
            assert "nothing is called" in str(error), (condition, error)
            return None

    def _say(self, step: int, number: int) -> None:
        random = self.random
        always = {"accuracy": 50 + random.integers(-3, 4, ENVS).astype(np.float32)}
        columns = {
            "whole": random.integers(-2, 3, ENVS),
            "flag": random.random(ENVS) < 0.5,
            "action/op": random.integers(0, 3, ENVS),
        }
        loss = random.normal(size=ENVS).round(1)
        loss[random.random(ENVS) < 0.15] = random.choice([np.nan, np.inf, -np.inf])
        always["loss"] = loss
        rent = np.ma.masked_array(random.normal(size=ENVS).round(1), random.random(ENVS) < 0.3)
        columns["reward/rent"] = rent
        if number >= STEPS // 2:
            columns["late"] = random.integers(0, 3, ENVS).astype(np.float32)
        if number >= STEPS // 3 and number % 5 == 0:
            columns["action/slot"] = random.integers(0, 2, ENVS)
        envs = [int(one) for one in random.permutation(ENVS)[: random.integers(1, ENVS + 1)]]
        partial = {
            "odd": random.integers(0, 4, len(envs)).astype(np.float16),
            "reward": random.normal(size=len(envs)).round(1),
        }
        if random.random() < 0.2:
            partial["rare"] = random.integers(0, 9, len(envs)).astype(np.float64)
        self._step(step, always | columns if random.random() < 0.7 else always)
        self._step(step, partial, envs)
        for env in range(ENVS):
            if random.random() < 0.25:
                stage = str(random.choice(STAGES))
                slot = str(random.choice(["a", "b"]))
                numbers = {"alpha": float(random.integers(0, 3)) / 2, "contribution": None}
                if random.random() < 0.5:
                    numbers["contribution"] = round(float(random.normal()), 1)
                self._to.take(SeedState(env, slot, stage, step, "norm", numbers))
        if random.random() < 0.1:
            self._to.take(Message("look", severity=str(random.choice(["warn", "error"]))))
        if random.random() < 0.45:
            self._update(step)

    def _step(self, step: int, columns, envs=None) -> None:
        packed = {name: pack(np.ma.asanyarray(values)) for name, values in columns.items()}
        self._to.take(
            Step(step, packed, {"observation": pack(np.ones((ENVS, 2)))}, None)
            if (envs is None)
            else Step(step, packed, {}, envs)
        )
        for name, values in columns.items():
            self.values.setdefault(name, []).extend(float(one) for one in np.ma.getdata(values))

    def _update(self, step: int) -> None:
        random = self.random
        scalars = {"entropy": round(float(random.random()), 1), "entropy.op": None}
        scalars["grad_norm"] = float(random.choice([0.5, 1.0, np.nan, np.inf]))
        if random.random() < 0.5:
            scalars["entropy.op"] = float(random.integers(0, 3))
        if random.random() < 0.4:
            scalars["sparse"] = float(random.integers(0, 3))
        masked = ["entropy.op"] if random.random() < 0.3 else []
        for name in masked:
            scalars.pop(name)
        if len(self.updates) > 4 and random.random() < 0.5:
            scalars["afterwards"] = 1.0
        number = len(self.updates) + 1
        self._to.take(Update(number, scalars, masked, None, None, step))
        self.updates.append(number)
        for name, value in scalars.items():
            if value is not None:
                self.values.setdefault(name, []).append(value)


@functools.cache
def past(seed: int) -> Past:
    return Past(seed)
