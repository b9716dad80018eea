"""Records of runs from all kinds of trainers, and a shell over them in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sanctum
from sanctum.cli.events import import_events
from sanctum.cli.importing import importing
from sanctum.model.queries import Queries
from sanctum.probe.hello import About
from sanctum.probe.run import Run
from sanctum.recorder.reading import opened
from sanctum.shell.dispatch import Dispatcher
from sanctum.shell.output import Output
from sanctum.shell.session import ShellSession
from sanctum.shell.words import Words, shipped_folder
from sanctum.trainer.settings import Settings
from sanctum.trainer.train import train
from sanctum.wire.places import record_path

RECORDING = Path(__file__).parents[1] / "adapters" / "data" / "esper_short.jsonl.gz"
BEGAN = 1_790_000_000.0
SETTINGS = Settings(
    task="spirals",
    envs=2,
    updates=2,
    rollout_steps=32,
    episode_length=24,
    batch_size=16,
    validation_size=64,
    hidden=16,
    training_steps=2,
    blending_steps=3,
    seed_every=3,
)


def reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reference trainer says of a short training."""
    with importing() as made, monkeypatch.context() as patch:

        def attach(run_id: str | None, **about: Any) -> Run:
            known = {name: about[name] for name in About.__annotations__ if name in about}
            return made.open(run_id or "reference", BEGAN, **known)  # type: ignore[arg-type]

        patch.setattr(sanctum, "attach", attach)
        train(SETTINGS, run_id="reference")
        made.finish()


def esper() -> None:
    """A piece of a real recording of Esper."""
    import_events(RECORDING, "esper")


def library() -> None:
    """A run in the manner of Stable-Baselines3: rewards and episodes, no accuracy, no seeds."""
    envs, rollout = 3, 8
    random = np.random.default_rng(7)
    with importing() as made:
        run = made.open(
            "library",
            BEGAN,
            task="CartPole-v1",
            envs=envs,
            actions={"action": ["LEFT", "RIGHT"]},
            features=["position", "speed"],
            rollout_steps=rollout,
            planned_updates=3,
            config={"gamma": 0.99, "n_steps": rollout},
            trainer="stable-baselines3 PPO",
        )
        for step in range(3 * rollout):
            run.at_time(BEGAN + step)
            chance = random.uniform(0.2, 0.8, envs)
            run.step(
                step,
                reward=np.ones(envs),
                value=random.normal(5.0, 1.0, envs),
                log_prob=np.log(chance),
                entropy=np.full(envs, 0.9),
                done=np.full(envs, step % 12 == 11),
                episode=np.full(envs, step // 12),
                env_step=np.full(envs, step % 12),
                actions={"action": random.integers(0, 2, envs)},
                probabilities={"action": np.stack([chance, 1 - chance], axis=1)},
                observation=random.normal(size=(envs, 2)),
            )
            if step % 12 == 11:
                for env in range(envs):
                    run.episode(env, step // 12, episode_return=12.0, length=12, truncated=True)
            if step % rollout == rollout - 1:
                scalars = {
                    "train/approx_kl": 0.004,
                    "train/clip_fraction": 0.05,
                    "train/entropy_loss": -0.61,
                    "train/policy_gradient_loss": -0.01,
                    "train/value_loss": 12.0,
                    "train/explained_variance": 0.4,
                    "train/learning_rate": 3e-4,
                    "rollout/ep_rew_mean": 12.0,
                }
                run.update(step // rollout + 1, steps=(step - rollout + 1, step), **scalars)
        run.close()
        made.finish()


def updates_only() -> None:
    """A run of which nothing is known but its updates, as of scalars that were logged."""
    with importing() as made:
        run = made.open("updates", BEGAN, task="logged", envs=1, trainer="tensorboard")
        for update in range(1, 6):
            run.at_time(BEGAN + 10 * update)
            run.update(update, **{"losses/value_loss": 1 / update, "charts/SPS": 900.0})
        run.message("a line that was logged", type="log")
        run.source("tensorboard", "runs/logged", counts={"scalar": 10})
        run.close("ended")
        made.finish()


class Here:
    """A connection to a record in this process."""

    live = False
    others: tuple[str, ...] = ()

    def __init__(self, run_id: str, record: Queries) -> None:
        self.run_id = run_id
        self._record = record

    def queries(self, timeout_s: float | None = None) -> Queries:
        return self._record

    def close(self) -> None:
        pass


class Desk:
    """A shell on a dumb terminal over the records of a home, `run` its own."""

    def __init__(self, run: str) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        output = Output(self.out, self.err, {"TERM": "dumb"})
        self.session = ShellSession(
            run, choosy=False, words=Words((shipped_folder(),)), opener=self._open, say=output.say
        )
        self._dispatcher = Dispatcher(self.session, output)
        self._records: dict[str, Queries] = {}
        self._answers: dict[str, tuple[int, str, str]] = {}

    def type(self, line: str) -> tuple[int, str, str]:
        """The exit code of a line, and what it wrote on either stream."""
        code = self._dispatcher.line(line)
        said = self.out.getvalue(), self.err.getvalue()
        for stream in (self.out, self.err):
            stream.seek(0)
            stream.truncate()
        return code, *said

    def answer(self, line: str) -> tuple[int, str, str]:
        """`type` with a program's format, live again after it; what was asked once is kept."""
        if line not in self._answers:
            self._answers[line] = self.type(f"{line} --format json")
            self.session.settings["at"] = "live"
        return self._answers[line]

    def blocks(self, line: str) -> list[Mapping[str, Any]]:
        """The blocks of an answer as a program gets them."""
        code, out, err = self.answer(line)
        assert code == 0, err
        found: list[Mapping[str, Any]] = json.loads(out)["blocks"]
        return found

    def _open(self, run: str | None) -> Here:
        name = run or self.session.run_name or ""
        if name not in self._records:
            self._records[name] = opened(record_path(name))
        return Here(name, self._records[name])
