"""Runs that end episodes, as a trainer would say them: steps, seeds, events, updates, ends."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sanctum.record.hall import Hall
from sanctum.recorder.fame import Fame
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import Backfill, EpisodeEnded, Message, SeedState, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest

OPS, SLOTS, ROLLOUT = ["WAIT", "GROW"], ["a", "b"], 8
STAGES = ["TRAINING", "BLENDING", "FOSSILIZED"]


@dataclass
class Told:
    """A run that was recorded, and the ends of its episodes with the step before each began."""

    to: Ingest
    ends: list[tuple[EpisodeEnded, int | None]] = field(default_factory=list)


def hall(path: Path) -> Hall:
    return Hall(path, "digits")


def fame_of(to: Ingest, into: Hall) -> tuple[Fame, list[str]]:
    """A fame that hears the ends of episodes, and what it has to say."""
    said: list[str] = []
    found = Fame(into, to.reader, said.append)
    to.on_episode = found.ended
    return found, said


def recorded(path: Path, run_id: str, **more: Any) -> Ingest:
    """An ingest that has heard the hello of a run of that name."""
    more = {"slots": SLOTS, "actions": {"op": OPS}, "rewards": {"gain": 1, "rent": -1}, **more}
    to = ingest(path, rollout_steps=ROLLOUT, **more)
    assert to.header is not None
    to.writer.settle()
    data = to.reader.rows("SELECT header FROM attempts")[0][0]
    to.writer.insert("UPDATE attempts SET header = ?", _renamed(data, run_id))
    to.writer.settle()
    to.reader._headers.clear()
    return to


def _renamed(data: bytes, run_id: str) -> bytes:
    import msgspec

    from sanctum.telemetry import RunStarted

    header = msgspec.msgpack.decode(data, type=RunStarted)
    header.run_id = run_id
    return msgspec.msgpack.encode(header)


def plain_episode(
    to: Ingest, first: int, accuracies: list[float], env: int = 0, **more: Any
) -> None:
    """One episode of one environment, with nothing but an accuracy."""
    for step, accuracy in enumerate(accuracies, first):
        values = np.full(ENVS, 1.0)
        values[env] = accuracy
        to.take(Step(step, {"accuracy": pack(values)}))
    end = first + len(accuracies) - 1
    to.take(EpisodeEnded(env, more.pop("episode", first), end, **more))


def told(
    path: Path, random_seed: int, steps: int, run_id: str = "demo", into: Hall | None = None
) -> Told:
    """A run of so many steps in which everything is said, some of it not always."""
    dice, numbers = random.Random(random_seed), np.random.default_rng(random_seed)
    to = recorded(path, run_id)
    fame = fame_of(to, into)[0] if into is not None else None
    found = Told(to)
    episode, left = [0] * ENVS, [dice.randint(3, 25) for _ in range(ENVS)]
    began: list[Any] = [None] * ENVS
    for step in range(steps):
        envs = sorted(dice.sample(range(ENVS), dice.choice([1, ENVS, ENVS, ENVS])))
        to.take(_step(step, envs, episode, numbers, dice))
        for env in envs:
            for slot in SLOTS:
                if dice.random() < 0.2:
                    least = 0 if began[env] is None else began[env] + 1
                    to.take(_seed(env, slot, max(least, step - dice.choice([0, 0, 3])), dice))
            if dice.random() < 0.2:
                to.take(Message(f"m{step}", dice.choice(["info", "warn"]), "word", step, env))
            left[env] -= 1
            if left[env] <= 0:
                end = EpisodeEnded(env, episode[env], step, 1.0, 2.0, dice.random(), 7)
                to.take(end)
                found.ends.append((end, began[env]))
                episode[env], left[env], began[env] = episode[env] + 1, dice.randint(3, 25), step
        if step % ROLLOUT == ROLLOUT - 1:
            first = step - ROLLOUT + 1
            scalars = {"entropy": dice.random(), "approx_kl": dice.choice([None, 0.1])}
            to.take(Update(step // ROLLOUT, scalars, [], first, step, step))
            to.take(Backfill(first, {"advantage": pack(numbers.normal(size=(ROLLOUT, ENVS)))}))
            again = numbers.normal(size=(ROLLOUT - 2, ENVS))
            to.take(Backfill(max(0, first - 3), {"advantage": pack(again)}))
        if fame is not None:
            fame.tick()
    return found


def _step(
    step: int, envs: list[int], episode: list[int], numbers: np.random.Generator, dice: Any
) -> Step:
    count = len(envs)
    gain, rent = numbers.normal(size=count), numbers.random(count)
    op = numbers.integers(0, 2, count)
    accuracy = numbers.random(count).astype(np.float32) * 100
    if dice.random() < 0.1:
        accuracy[0] = np.nan
    columns: dict[str, Any] = {
        "accuracy": accuracy,
        "loss": numbers.random(count).astype(np.float32),
        "reward": gain - rent,
        "reward/gain": gain,
        "reward/rent": rent,
        "action/op": op,
        "value": np.ma.MaskedArray(numbers.random(count), mask=numbers.random(count) < 0.3),
        "episode": np.array([episode[env] for env in envs]),
    }
    if dice.random() < 0.3:
        columns["seldom"] = numbers.random(count)
    matrices = {
        "probability/op": numbers.random((count, 2)).astype(np.float32),
        "mask/op": numbers.random((count, 2)) < 0.8,
        "observation": numbers.random((count, 5)).astype(np.float32),
    }
    some = None if count == ENVS else envs
    return Step(
        step,
        {name: pack(values) for name, values in columns.items()},
        {name: pack(values) for name, values in matrices.items()},
        some,
    )


def _seed(env: int, slot: str, step: int, dice: Any) -> SeedState:
    stage = dice.choice([*STAGES, "CULLED"])
    numbers = {"alpha": dice.random(), "parameters": float(dice.randint(1, 99))}
    if dice.random() < 0.5:
        numbers["contribution"] = dice.random()
    inputs = {"alpha": (dice.random(), 0.5)}
    return SeedState(env, slot, stage, step, "norm", numbers, "hold", inputs)
