"""Frames of a real training run, with what a careless trainer might say in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

import sanctum
from sanctum.telemetry import (
    Backfill,
    EpisodeEnded,
    Frame,
    Gap,
    Message,
    PolicySaved,
    RunStarted,
    SeedState,
    Step,
    Update,
)
from sanctum.telemetry.arrays import LATE, pack
from sanctum.trainer.settings import Settings
from sanctum.trainer.train import train
from tests.probe.listening import Listener

SETTINGS = Settings(
    task="spirals",
    envs=4,
    updates=6,
    rollout_steps=64,
    episode_length=40,
    batch_size=16,
    validation_size=64,
    hidden=16,
    training_steps=2,
    blending_steps=3,
    seed_every=3,
)
ENVS = SETTINGS.envs


def real_run(monkeypatch: pytest.MonkeyPatch) -> tuple[RunStarted, list[Frame]]:
    """What the reference trainer says over some hundred vector steps: hello, and the rest."""
    listener, hello = Listener(), {}

    def attach(run_id: str | None, **about: Any) -> sanctum.Run:
        hello.update(about)
        return listener.start()

    def sent(progress: object) -> None:
        """Wait until all is sent, so that none is given up at the end on a busy machine."""
        while len(listener.run._backlog):
            time.sleep(0.01)

    monkeypatch.setattr(sanctum, "attach", attach)
    train(SETTINGS, run_id="demo", on_update=sent)
    known = {name: hello[name] for name in RunStarted.__struct_fields__ if name in hello}
    known["actions"] = {head: list(options) for head, options in known["actions"].items()}
    header = msgspec.convert(
        {"run_id": "demo", "pid": 4242, **known, "is": "start"}, RunStarted, strict=False
    )
    frames = listener.heard()
    assert frames[-1].how == "finished"
    # Weights are files of their own, which go when they are taken.
    return header, [frame for frame in frames[:-1] if not isinstance(frame, PolicySaved)]


def by_step(frames: list[Frame]) -> Iterator[tuple[int, list[Frame]]]:
    """Each vector step with all that was said from it to the next one."""
    last, said = None, []
    for frame in frames:
        if isinstance(frame, Step) and frame.step != last:
            if last is not None:
                yield last, said
            last, said = frame.step, []
        said.append(frame)
    assert last is not None
    yield last, said


def careless(step: int, frames: list[Frame]) -> list[Frame]:
    """The frames of a step, and some that speak of earlier steps, correct them, or come late."""
    frames = [_with_more(step, one) if isinstance(one, Step) else one for one in frames]
    if step % 37 == 5:
        frames.append(Message(f"said at {step}", "warn", "tardy", step - 5))
    if step % 37 == 6:
        frames.append(Message(f"said early at {step}", "error", "early", step + 9, 1, "r0c0"))
    if step % 53 == 4:
        frames.append(Gap("matrices", step - 3, step - 1, 7, "the queue was full"))
    if step % 41 == 7:
        numbers = {"contribution": float(step), "alpha": 0.25}
        frames.append(SeedState(1, "r0c0", "TRAINING", step - 4, "conv", numbers))
        frames.append(SeedState(2, "r0c1", "BLENDING", step - 1, "norm", {"alpha": None}))
    if step % 29 == 3:
        frames.append(EpisodeEnded(3, 1000 + step, step - 2, 10.0, 20.0, float(step), 7))
    if step % 97 == 9:
        frames.append(
            Update(900 + step, {"entropy": 0.01, "odd_loss": 1.0}, [], None, None, step - 6)
        )
    if step % 61 == 20:
        again = np.full((12, ENVS), float(step), np.float32)
        frames.append(Backfill(step - 15, {"advantage": pack(again), "reward": pack(again)}))
    if step % 48 == 47:
        late = np.linspace(0, 1, 48 * ENVS).reshape(48, ENVS)
        frames.append(Backfill(step - 47, {"promised": pack(late)}))
    if step == 170:
        wide = np.zeros((30, ENVS, 3), np.float32)
        frames.append(
            Backfill(step - 29, {"later_matrix": pack(wide), "later": pack(wide[..., 0])})
        )
    return frames


def _with_more(step: int, frame: Step) -> Step:
    """The row with a column that is promised, one that comes up later, one that is now and then."""
    columns = dict(frame.columns)
    columns["promised"] = pack(np.zeros(ENVS), np.full(ENVS, LATE, np.uint8))
    if step > 200:
        columns["fresh"] = pack(np.arange(ENVS) if step < 300 else np.arange(ENVS) / 3)
    if step % 11 == 2:
        columns["now_and_then"] = pack(np.array([step, np.nan, -np.inf, 0.5]))
    matrices = dict(frame.matrices)
    if step % 19 == 1:
        matrices["recurrent"] = pack(np.full((ENVS, 5), step, np.float32))
    return Step(step, columns, matrices, frame.envs, frame.at)
