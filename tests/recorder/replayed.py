"""A small run with a policy of its own, and its record in a home of its own."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from sanctum.probe.direct import direct
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import RunStarted

ENVS, WIDTH = 2, 4
FEATURES = ["growth", "accuracy", "still", "spare"]
OPS = ["WAIT", "GERMINATE", "CULL"]
KINDS = ["norm", "wide"]
MODULE = '''
import torch

class Policy(torch.nn.Module):
    """Two heads and a value; the second has a part only when the first says GERMINATE."""

    def __init__(self, hidden):
        super().__init__()
        self.trunk = torch.nn.Linear(4, hidden)
        self.op = torch.nn.Linear(hidden, 3)
        self.kind = torch.nn.Linear(hidden, 2)
        self.critic = torch.nn.Linear(4, 1)

    def readings(self, observation, masks, actions):
        seen = self.trunk(observation).tanh()
        logits = self.op(seen)
        if "op" in masks:
            logits = logits.masked_fill(~masks["op"], -torch.inf)
        return {
            "probability/op": logits.softmax(1),
            "probability/kind": self.kind(seen).softmax(1),
            "value": self.critic(observation).squeeze(1),
        }

def made(weights, about):
    policy = Policy(about["hidden"])
    policy.load_state_dict(dict(weights))
    return policy

class Other(Policy):
    """Of what the policy says, other things."""

    def __init__(self, hidden, says):
        super().__init__(hidden)
        self.says = says

    def readings(self, observation, masks, actions):
        found = super().readings(observation, masks, actions)
        return {name: found[name][..., :columns] for name, columns in self.says.items()}

def other(weights, about):
    policy = Other(about["hidden"], about["says"])
    policy.load_state_dict(dict(weights))
    return policy

class Arm(Policy):
    """Its action is a number, drawn around the first logit."""

    def readings(self, observation, masks, actions):
        mean = self.op(self.trunk(observation).tanh())[:, 0]
        return {"action_mean.0": mean, "value": self.critic(observation).squeeze(1)}

def arm(weights, about):
    policy = Arm(about["hidden"])
    policy.load_state_dict(dict(weights))
    return policy

def broken(weights, about):
    raise RuntimeError("this factory needs the simulator")
'''


def module(folder: Path) -> ModuleType:
    """The run's own module, which a worker imports as ``mine``."""
    path = folder / "mine.py"
    path.write_text(MODULE)
    spec = importlib.util.spec_from_file_location("mine_of_test", path)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


class Course:
    """Acts, learns and saves, as a trainer does. `folder` is its home; the record lies in it."""

    def __init__(self, folder: Path, task: str = "digits", **about) -> None:
        self.path = folder / "demo.sanctum.db"
        self.rng = np.random.default_rng(3)
        torch.manual_seed(3)
        self.policy = module(folder).Policy(8)
        self.to = Ingest(Writer(self.path, block_rows=16), Clock())
        said = {
            "actions": {"op": OPS, "kind": KINDS},
            "features": FEATURES,
            "host": socket.gethostname(),
            "python": sys.executable,
            "directory": str(folder),
            "path": [str(folder)],
        }
        self.to.begin(RunStarted("demo", task, ENVS, **{**said, **about}), 1.0, "boot")
        self.run = direct("demo", self.to.take)
        self.run.record = str(self.path)
        self.step, self.version = -1, 0
        self.observations: list[np.ndarray] = []

    def save(self, **more) -> None:
        given = {"factory": "mine:made", "hidden": 8, **more}
        self.run.save_policy(self.version, self.policy, step=self.step, **given)

    def learn(self, **more) -> None:
        """Change every weight a little, and save."""
        self.version += 1
        with torch.no_grad():
            for one in self.policy.parameters():
                one += 0.3 * torch.randn_like(one)
        self.save(**more)

    def act(self, steps: int, leave_out: tuple[str, ...] = (), **more) -> None:
        """Vector steps; `leave_out` is not said, `more` is said besides or instead."""
        for _ in range(steps):
            self.step += 1
            seen = self.rng.normal(size=(ENVS, WIDTH)).astype(np.float32)
            seen[:, 2] = 0.5
            self.observations.append(seen)
            legal = np.ones((ENVS, 3), bool)
            legal[:, 2] = self.step % 3 == 0
            with torch.no_grad():
                found = self.policy.readings(
                    torch.from_numpy(seen), {"op": torch.from_numpy(legal)}, {}
                )
            ops = np.array(
                [
                    self.rng.choice(3, p=p / p.sum())
                    for p in found["probability/op"].numpy().astype(float)
                ]
            )
            kinds = np.where(ops == 1, self.rng.integers(0, 2, ENVS), -1)
            of_kind = np.ma.array(found["probability/kind"].numpy(), mask=np.zeros((ENVS, 2), bool))
            of_kind[ops != 1] = np.ma.masked
            said = {
                "observation": seen,
                "actions": {"op": ops, "kind": kinds},
                "probabilities": {"op": found["probability/op"].numpy(), "kind": of_kind},
                "masks": {"op": legal},
                "value": found["value"].numpy(),
                "policy_version": np.full(ENVS, self.version),
                "reward": np.zeros(ENVS),
                **more,
            }
            self.run.step(self.step, **{k: v for k, v in said.items() if k not in leave_out})

    def close(self) -> Path:
        """The record, whole."""
        self.run.close()
        self.to.writer.close(self.to.clock.now())
        return self.path
