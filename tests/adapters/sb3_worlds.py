"""Small environments whose observations say where they are, and a run that keeps what it hears."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sanctum.probe.direct import direct
from sanctum.telemetry import (
    Backfill,
    EpisodeEnded,
    Message,
    PolicySaved,
    RunEnded,
    Step,
    Update,
)
from sanctum.telemetry.arrays import unpack

LENGTH = 5


class World(gym.Env[Any, Any]):
    """Episodes of `LENGTH` steps; every second one is cut off instead of over.

    It sees its number, its episode and its step, and is paid one more than its step.
    """

    def __init__(self, number: int = 0, actions: spaces.Space[Any] | None = None) -> None:
        self.number, self.episode, self.step_in_it = number, -1, 0
        self.observation_space: spaces.Space[Any] = spaces.Box(0, 1e6, (3,), np.float32)
        self.action_space = actions or spaces.Discrete(3)

    def seen(self) -> Any:
        return np.array([self.number, self.episode, self.step_in_it], np.float32)

    def reset(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        self.episode, self.step_in_it = self.episode + 1, 0
        return self.seen(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.step_in_it += 1
        over = self.step_in_it == LENGTH
        odd = self.episode % 2 == 1
        return self.seen(), float(self.step_in_it), over and not odd, over and odd, {}

    def get_action_meanings(self) -> list[str]:
        return ["LEFT", "STAY", "RIGHT"]

    def action_masks(self) -> Any:
        """With a choice of three, one at step 0, two at odd steps; else all."""
        sizes = {"Discrete": [3], "MultiDiscrete": [2, 3]}[type(self.action_space).__name__]
        masks = [np.ones(size, bool) for size in sizes]
        if self.step_in_it == 0:
            masks[0][1:] = False
        elif self.step_in_it % 2:
            masks[-1][2] = False
        return np.concatenate(masks)


class Told:
    """Opens a run that keeps every frame; `about` is how each attempt was opened."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self.frames: list[Any] = []
        self.about: list[dict[str, Any]] = []

    def __call__(self, run_id: str, time: float, **about: Any) -> Any:
        self.about.append(about)
        run = direct("demo", self.frames.append)
        run.record = str(self.folder / "demo.sanctum.db")
        return run

    def of(self, kind: type) -> list[Any]:
        return [one for one in self.frames if isinstance(one, kind)]

    @property
    def steps(self) -> list[Step]:
        return self.of(Step)

    @property
    def updates(self) -> list[Update]:
        return self.of(Update)

    @property
    def episodes(self) -> list[EpisodeEnded]:
        return self.of(EpisodeEnded)

    @property
    def saved(self) -> list[PolicySaved]:
        return self.of(PolicySaved)

    @property
    def remarks(self) -> list[str]:
        return [one.text for one in self.of(Message)]

    @property
    def ends(self) -> list[RunEnded]:
        return self.of(RunEnded)

    @property
    def backfills(self) -> list[Backfill]:
        return self.of(Backfill)


def column(step: Step, name: str) -> Any:
    """A column or matrix of a step; masked where it had no meaning or was not measured."""
    values, states = unpack((step.columns | step.matrices)[name])
    return values.copy() if states is None else np.ma.MaskedArray(values, mask=states != 0)
