"""Models of Stable-Baselines3 that really learn, and what every word says of them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from sanctum.record.weights import saved
from tests.live.running import Home, asking
from tests.live.test_weights import again

pytestmark = pytest.mark.live
TRAINS = """
import torch
from sb3_contrib import MaskablePPO, RecurrentPPO
from sb3_contrib.common.envs import InvalidActionEnvDiscrete
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize
from sanctum.adapters.sb3 import SanctumCallback

torch.set_num_threads(1)

def learn(model, steps, run_id, **more):
    callback = SanctumCallback(run_id, **more)
    model.learn(steps, callback=callback)
    assert not (callback.failures or callback.run.refused or callback.run.lost), run_id

learn(PPO("MlpPolicy", "CartPole-v1", n_steps=256, n_epochs=4, seed=1), 1024, "cart")
envs = VecNormalize(make_vec_env("CartPole-v1", n_envs=4, seed=1))
learn(A2C("MlpPolicy", envs, seed=1), 1200, "four")
choices = InvalidActionEnvDiscrete(dim=6, n_invalid_actions=3)
learn(MaskablePPO("MlpPolicy", choices, n_steps=64, seed=1), 256, "masked", task="choices")
pair = make_vec_env("CartPole-v1", n_envs=2, seed=1)
kwargs = {"lstm_hidden_size": 16}
model = RecurrentPPO("MlpLstmPolicy", pair, n_steps=64, n_epochs=2, seed=1, policy_kwargs=kwargs)
learn(model, 512, "remembering")

class Stop(BaseCallback):
    def _on_step(self):
        if self.num_timesteps == 100:
            raise KeyboardInterrupt
        return True

model = PPO("MlpPolicy", "CartPole-v1", n_steps=64)
model.learn(200, callback=[SanctumCallback("stopped"), Stop()])
"""
STEPS = {"cart": 1024, "four": 300, "masked": 256, "remembering": 256}
WORDS = (
    "run", "env 0", "envs", "brain", "actions", "rewards", "seeds", "episodes", "events",
    "history reward", "find reward > 0 --env 0", "overwatch", "vitals", "history entropy",
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where four models have learned, and a fifth was stopped."""
    folder = tmp_path_factory.mktemp("sb3")
    for name in ("runs", "run"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANCTUM_HOME", str(folder / "runs"))
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
        patch.setenv("SANCTUM_LINGER_S", "30")
        found = Home(folder)
        script = folder / "train.py"
        script.write_text(TRAINS)
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, timeout=100, check=False
        )
        told, trace = done.stderr.split("Traceback", 1)
        lines = told.splitlines()
        assert "sanctum: this run is cart; to ask it: sanctum shell cart" in lines, done.stderr
        assert all(line.startswith("sanctum: this run is ") for line in lines), done.stderr
        assert trace.rstrip().endswith("KeyboardInterrupt"), done.stderr
        yield found
        found.end_all()


def said(run_id, *words):
    """What words say of a run, one after the other; those that begin with a dash are options."""
    options = [*itertools.dropwhile(lambda one: not one.startswith("--"), words)]
    lines = [part for word in words[: len(words) - len(options)] for part in ("-c", word)]
    command = [sys.executable, "-m", "sanctum", "exec", *lines, "--run", run_id, *options]
    environment = {**os.environ, "TERM": "dumb"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("run_id", STEPS)
def test_every_word_has_an_answer(home, run_id):
    found = list(map(json.loads, said(run_id, *WORDS, "--format", "json").splitlines()))
    assert [one["command"] for one in found] == [word.split()[0] for word in WORDS]
    assert said(run_id, "seeds").count("seeds: not measured") == 1
    with asking(run_id) as ask:
        run, brain = ask.run_read(), ask.policy_read()
        rewards, episodes = ask.rewards_read(), ask.episodes_list(limit=None)
        env = ask.env_read(0)
    assert (run.state.word, run.last_step) == ("finished", STEPS[run_id] - 1)
    assert (run.lost_count, run.header.planned_steps) == (0, STEPS[run_id])
    assert run.header.planned_updates == run.at.update
    names = {one.name for one in brain.readings if hasattr(one.value, "value")}
    wanted = {"entropy", "value_loss", "policy_loss", "explained_variance", "learning_rate"}
    assert wanted <= names
    assert rewards.total.mean.value > 0
    assert len(episodes.rows) >= 2
    assert all(one.episode_return.value > 0 for one in episodes.rows)
    assert env.decisions[-1].action in run.header.actions["op"]
    assert 0 < env.decisions[-1].probability.value <= 1


@pytest.mark.parametrize("run_id", STEPS)
def test_decisions_can_be_made_again_from_the_record(home, run_id):
    reader = Reader(open_read_only(home.folder / "runs" / f"{run_id}.sanctum.db"))
    # Weights may be left out, but those that are kept act from the step after them.
    firsts = [0 if step is None else step + 1 for _, step in saved(reader, 1)]
    steps = [step for step in firsts if step < STEPS[run_id]][-3:]
    assert len(steps) == 3
    for step in steps:
        cells, now = again(reader, step, "op")
        assert np.allclose(cells["probability/op"], now["probability/op"], atol=1e-6)
        assert np.allclose(cells["value"][:, 0], now["value"], atol=1e-5)
    reader.db.close()


def test_every_decision_of_a_recurrent_model_can_be_made_again(home):
    reader = Reader(open_read_only(home.folder / "runs" / "remembering.sanctum.db"))
    kept = {update for update, _ in saved(reader, 1)}
    acted = reader.window(["policy_version"], 1, 0, STEPS["remembering"] - 1)
    versions = acted.cells["policy_version"][0][:, 0, 0]
    assert len(versions) == STEPS["remembering"]
    steps = [step for step, version in enumerate(versions) if version in kept]
    assert len(steps) >= 64
    for step in steps:
        cells, now = again(reader, step, "op")
        assert np.allclose(cells["probability/op"], now["probability/op"], rtol=0, atol=1e-5)
        assert np.allclose(cells["value"][:, 0], now["value"], rtol=0, atol=1e-5)
    reader.db.close()


def test_a_model_that_was_stopped_is_interrupted(home):
    with asking("stopped") as ask:
        run = ask.run_read()
    assert (run.state.word, run.last_step) == ("interrupted", 99)
    assert run.at.update == 1
