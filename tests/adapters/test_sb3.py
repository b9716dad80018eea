"""Stable-Baselines3: every row says what the policy saw, what it did, and what followed."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import sys
import warnings

import gymnasium as gym
import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO, RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO, SAC
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, EvalCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from sanctum.adapters.sb3 import SanctumCallback
from sanctum.adapters.sb3.actions import Heads
from sanctum.adapters.sb3.observations import MOST_NUMBERS, Features
from sanctum.adapters.sb3.policies import FACTORY, rebuilt
from sanctum.telemetry.arrays import unpack
from tests.adapters.sb3_worlds import LENGTH, Told, World, column

ENVS, ROLLOUT = 3, 8


@pytest.fixture(autouse=True)
def quiet():
    """Of other people's libraries."""
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="stable_baselines3|sb3_contrib|gymnasium")
        yield


@pytest.fixture
def told(tmp_path):
    return Told(tmp_path)


def worlds(envs=ENVS, actions=None, wrap=lambda env: env):
    return DummyVecEnv([lambda n=n: wrap(World(n, actions)) for n in range(envs)])


def ppo(env=None, kind=PPO, **more):
    kwargs = {"n_steps": ROLLOUT, "batch_size": 8, "n_epochs": 2, "seed": 1, "device": "cpu"}
    return kind("MlpPolicy", env or worlds(), **kwargs | more)


def remembering(env=None, policy="MlpLstmPolicy", **of_policy):
    kwargs = {"n_steps": ROLLOUT, "batch_size": 8, "n_epochs": 2, "seed": 1, "device": "cpu"}
    return RecurrentPPO(policy, env or worlds(), policy_kwargs=of_policy, **kwargs)


def a2c(**more):
    return A2C("MlpPolicy", worlds(), n_steps=ROLLOUT, seed=1, device="cpu", **more)


def trained(model, told, rollouts=3, **learn):
    callback = SanctumCallback(opens=told)
    model.learn(rollouts * ROLLOUT * model.n_envs, callback=callback, **learn)
    assert callback.failures == 0
    assert callback.run.refused == 0
    return callback


@pytest.mark.parametrize("make", [ppo, a2c, lambda: ppo(kind=MaskablePPO)])
def test_a_row_holds_what_was_seen_before_the_step_and_what_followed(told, make):
    trained(make(), told)
    assert [step.step for step in told.steps] == list(range(3 * ROLLOUT))
    for step in told.steps:
        seen = column(step, "observation")
        assert seen[:, 0].tolist() == list(range(ENVS))
        assert column(step, "episode").tolist() == seen[:, 1].tolist()
        assert column(step, "env_step").tolist() == seen[:, 2].tolist()
        assert column(step, "reward").tolist() == (seen[:, 2] + 1).tolist()
        assert column(step, "done").tolist() == (seen[:, 2] == LENGTH - 1).tolist()
        assert column(step, "policy_version").tolist() == [step.step // ROLLOUT] * ENVS


def test_episodes_are_told_with_their_return_and_how_they_ended(told):
    trained(ppo(), told)
    ended = [one for one in told.episodes if one.env == 1]
    assert [one.episode for one in ended] == [0, 1, 2, 3]
    assert [one.step for one in ended] == [4, 9, 14, 19]
    assert {(one.episode_return, one.length) for one in ended} == {(15.0, LENGTH)}
    assert [(one.terminated, one.truncated) for one in ended] == [(True, False), (False, True)] * 2


def test_the_monitors_own_count_of_an_episode_goes_first(told):
    class Doubled(gym.Wrapper):
        def step(self, action):
            seen, reward, over, cut, info = super().step(action)
            return seen, reward, over, cut, info | {"is_success": True}

    trained(ppo(worlds(wrap=lambda env: Doubled(Monitor(env)))), told)
    assert {one.episode_return for one in told.episodes} == {15.0}
    assert {(one.outcome, one.numbers["success"]) for one in told.episodes} == {("success", 1.0)}


@pytest.mark.parametrize(
    "actions",
    [spaces.Discrete(3), spaces.MultiDiscrete([2, 3]), spaces.MultiBinary(2)],
    ids=["discrete", "multidiscrete", "multibinary"],
)
def test_probabilities_are_those_the_action_was_drawn_from(told, actions):
    model = ppo(worlds(actions=actions), learning_rate=0.0)
    trained(model, told, rollouts=2)
    heads = told.about[0]["actions"]
    for step in told.steps:
        seen = torch.as_tensor(column(step, "observation"))
        chances = {head: column(step, f"probability/{head}") for head in heads}
        taken = {head: column(step, f"action/{head}").astype(int) for head in heads}
        rows = np.arange(ENVS)
        log_prob = sum(np.log(chances[head][rows, taken[head]]) for head in heads)
        assert np.allclose(log_prob, column(step, "log_prob"), atol=1e-5)
        with torch.no_grad():
            dist = model.policy.get_distribution(seen)
            assert np.allclose(
                dist.entropy() / sum(np.log(len(one)) for one in heads.values()),
                column(step, "entropy"),
                atol=1e-5,
            )
            assert np.allclose(
                model.policy.predict_values(seen)[:, 0], column(step, "value"), atol=1e-5
            )
        for head, options in heads.items():
            assert chances[head].shape == (ENVS, len(options))
            assert np.allclose(chances[head].sum(1), 1, atol=1e-5)
            assert column(step, f"mask/{head}").all()
            if len(heads) > 1:
                one = -(chances[head] * np.log(chances[head])).sum(1) / np.log(len(options))
                assert np.allclose(one, column(step, f"entropy.{head}"), atol=1e-5)
    for head in heads if len(heads) > 1 else ():
        every = np.stack([column(one, f"entropy.{head}") for one in told.steps[:ROLLOUT]])
        of_update = told.updates[0].scalars[f"entropy.{head}"]
        assert of_update == pytest.approx(every.mean(), abs=1e-5)


def test_names_of_actions_are_the_environments_own(told):
    trained(ppo(), told, rollouts=1)
    assert told.about[0]["actions"] == {"op": ["LEFT", "STAY", "RIGHT"]}
    assert Heads.of(spaces.Discrete(2), ["one"]).options == {"op": ["a0", "a1"]}


@pytest.mark.parametrize("actions", [spaces.Discrete(3), spaces.MultiDiscrete([2, 3])])
def test_masks_are_those_the_policy_was_given(told, actions):
    trained(ppo(worlds(actions=actions), kind=MaskablePPO), told)
    heads = told.about[0]["actions"]
    for step in told.steps:
        at = column(step, "env_step")
        first, last = (column(step, f"mask/{[*heads][place]}") for place in (0, -1))
        for env in range(ENVS):
            if at[env] == 0:
                assert first[env].tolist() == [True] + [False] * (first.shape[1] - 1)
            else:
                assert last[env].tolist() == [True, True, at[env] % 2 == 0]
        for head in heads:
            chances, masks = column(step, f"probability/{head}"), column(step, f"mask/{head}")
            assert not chances[~masks].any()
            assert masks[np.arange(ENVS), column(step, f"action/{head}")].all()
        entropy = column(step, "entropy")
        assert (np.asarray(entropy)[~np.ma.getmaskarray(entropy)] <= 1 + 1e-6).all()
        if isinstance(actions, spaces.Discrete):
            assert np.ma.getmaskarray(entropy).tolist() == (at == 0).tolist()


def test_continuous_actions_are_columns(told):
    space = spaces.Box(-0.01, 0.01, (2,), np.float32)
    trained(ppo(worlds(actions=space)), told)
    assert told.about[0]["actions"] == {}
    step = told.steps[0]
    actions = np.stack([column(step, f"action.{index}") for index in range(2)], axis=1)
    mean = np.stack([column(step, f"action_mean.{index}") for index in range(2)], axis=1)
    spread = np.stack([column(step, f"action_std.{index}") for index in range(2)], axis=1)
    assert (column(step, "clipped") == (np.abs(actions) > 0.01).any(axis=1)).all()
    normal = torch.distributions.Normal(torch.as_tensor(mean), torch.as_tensor(spread))
    log_prob = normal.log_prob(torch.as_tensor(actions)).sum(1)
    assert np.allclose(log_prob, column(step, "log_prob"), atol=1e-5)
    assert np.allclose(normal.entropy().sum(1), column(step, "entropy_nats"), atol=1e-5)
    assert "entropy" not in step.columns
    assert not step.columns.keys() & {"action/op", "entropy"}
    every = np.stack([column(one, "entropy_nats") for one in told.steps[:ROLLOUT]])
    assert told.updates[0].scalars["entropy_nats"] == pytest.approx(every.mean(), abs=1e-5)


def test_advantages_and_returns_come_with_the_end_of_the_rollout(told):
    class Noting(BaseCallback):
        kept: list = []

        def _on_step(self):
            return True

        def _on_rollout_end(self):
            buffer = self.model.rollout_buffer
            self.kept.append((buffer.advantages.copy(), buffer.returns.copy()))

    noting = Noting()
    callback = SanctumCallback(opens=told)
    ppo().learn(3 * ROLLOUT * ENVS, callback=[noting, callback])
    assert [one.first_step for one in told.backfills] == [0, ROLLOUT, 2 * ROLLOUT]
    for one, (advantages, returns), update in zip(
        told.backfills, noting.kept, told.updates, strict=True
    ):
        assert np.array_equal(unpack(one.columns["advantage"])[0], advantages)
        assert np.array_equal(unpack(one.columns["returns"])[0], returns)
        assert update.scalars["advantage_std"] == pytest.approx(float(advantages.std()))


@pytest.mark.parametrize("log_interval", [1, 2, 100])
@pytest.mark.parametrize("make", [ppo, a2c, lambda: ppo(kind=MaskablePPO)])
def test_every_update_has_its_own_scalars_and_none_is_lost(told, tmp_path, make, log_interval):
    model = make()
    learned: list[dict[str, float]] = []
    train = model.train

    def noted() -> None:
        train()
        learned.append(
            {k: float(v) for k, v in model.logger.name_to_value.items() if k.startswith("train/")}
        )

    model.train = noted
    model.set_logger(configure(str(tmp_path), ["json"]))
    trained(model, told, rollouts=4, log_interval=log_interval)
    model.logger.close()
    assert [one.update for one in told.updates] == [1, 2, 3, 4]
    spans = [(one.first_step, one.last_step) for one in told.updates]
    assert spans == [(0, 7), (8, 15), (16, 23), (24, 31)]
    for update, scalars in zip(told.updates, learned, strict=True):
        assert scalars
        found = {k: v for k, v in update.scalars.items() if k.startswith("train/")}
        assert found == pytest.approx(scalars, nan_ok=True)
        assert 0.9 < update.scalars["entropy"] <= 1.0 + 1e-6
    dumped = [json.loads(line) for line in (tmp_path / "progress.json").read_text().splitlines()]
    for number, row in enumerate(dumped, 1):
        update = told.updates[number * log_interval - 1]
        assert update.scalars["time/total_timesteps"] == row["time/total_timesteps"]


def test_what_others_log_is_said_once(told):
    class Logging(BaseCallback):
        def _on_step(self):
            if self.n_calls == 3:
                self.logger.record("mine/once", 7.0)
                self.logger.record("mine/text", "words")
            return True

    callback = SanctumCallback(opens=told)
    evaluation = EvalCallback(Monitor(World()), eval_freq=5, n_eval_episodes=1, verbose=0)
    model = ppo(learning_rate=0.0)
    model.learn(3 * ROLLOUT * ENVS, callback=CallbackList([Logging(), evaluation, callback]))
    assert [one.scalars.get("mine/once") for one in told.updates] == [7.0, None, None]
    assert [one.scalars.get("eval/mean_reward") for one in told.updates] == [15.0] * 3
    for step in told.steps:
        chances = column(step, "probability/op")
        with torch.no_grad():
            seen = torch.as_tensor(column(step, "observation"))
            asked = model.policy.get_distribution(seen).distribution.probs
        assert np.allclose(chances, asked, atol=1e-6), "an evaluation's distribution was taken"


def test_what_is_said_of_the_model(told):
    trained(ppo(), told)
    (about,) = told.about
    assert about["trainer"] == "stable-baselines3 PPO"
    assert (about["envs"], about["rollout_steps"]) == (ENVS, ROLLOUT)
    assert (about["planned_steps"], about["planned_updates"]) == (3 * ROLLOUT, 3)
    assert about["features"] == ["o0", "o1", "o2"]
    config = about["config"]
    assert (config["n_epochs"], config["clip_range"], config["gamma"]) == (2, 0.2, 0.99)
    assert (config["learning_rate"], config["policy"]) == (0.0003, "ActorCriticPolicy")
    assert about["task"] == "environment"


def test_the_task_is_the_environments_id(told):
    trained(PPO("MlpPolicy", "CartPole-v1", n_steps=ROLLOUT, batch_size=8), told, rollouts=1)
    assert told.about[0]["task"] == "CartPole-v1"


def test_a_normalised_reward_is_said_beside_the_environments_own(told):
    model = ppo(VecNormalize(worlds()))
    trained(model, told)
    for step in told.steps:
        assert column(step, "reward").tolist() == (column(step, "env_step") + 1).tolist()
    learned = np.stack([column(step, "reward_normalised") for step in told.steps])
    assert learned.std() > 0
    assert np.abs(learned).max() < 15
    assert told.about[0]["units"]["value"] == "normalised reward"
    assert told.about[0]["units"]["value_mean"] == "normalised reward"
    assert any("reward is the environment's own" in text for text in told.remarks)
    assert {one.episode_return for one in told.episodes} == {15.0}


def test_observations_that_are_large_are_summarised():
    image = Features.of(spaces.Box(0, 255, (64, 64, 3), np.uint8))
    assert image.names == ["mean", "std", "min", "max"]
    batch = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3)).astype(np.uint8)
    assert np.allclose(image.values(batch)[:, 0], batch.reshape(2, -1).mean(1))
    assert image.values(batch)[:, 3].tolist() == batch.reshape(2, -1).max(1).tolist()
    mixed = Features.of(
        spaces.Dict(
            image=spaces.Box(0, 255, (64, 64, 3), np.uint8),
            place=spaces.Discrete(4),
            speed=spaces.Box(-1, 1, (2,)),
        )
    )
    assert mixed.summaries == ["image"]
    assert mixed.names[4:] == ["place", "speed.0", "speed.1"]
    found = mixed.values({"image": batch, "place": np.array([1, 3]), "speed": np.ones((2, 2))})
    assert found.shape == (2, 7)
    assert found[:, 4].tolist() == [1, 3]
    assert Features.of(spaces.Box(0, 1, (MOST_NUMBERS,))).summaries == []
    assert Heads.of(spaces.MultiBinary(100)).why_none


class Tagged(World):
    """A world that is seen as a mapping."""

    def __init__(self, number=0, actions=None):
        super().__init__(number, actions)
        self.observation_space = spaces.Dict(
            place=spaces.Box(0, 1e6, (3,), np.float32), kind=spaces.Discrete(4)
        )

    def seen(self):
        return {"place": super().seen(), "kind": self.number}


def replayed(frame):
    """The policy of a file, made again as a replay makes it."""
    with safetensors.safe_open(frame.path, framework="pt") as file:
        said = file.metadata()
    tensors = safetensors.torch.load_file(frame.path)
    tensors |= {name: tensors[of] for name, of in json.loads(said["tied"]).items()}
    assert said["factory"] == FACTORY
    module, _, function = FACTORY.partition(":")
    make = getattr(importlib.import_module(module), function)
    assert make is rebuilt
    return make(tensors, json.loads(said["about"]))


MODELS = {
    "ppo": ppo,
    "a2c": a2c,
    "unshared": lambda: ppo(
        policy_kwargs={"share_features_extractor": False, "net_arch": {"pi": [8], "vf": [4, 4]}}
    ),
    "relu": lambda: ppo(policy_kwargs={"activation_fn": torch.nn.ReLU, "net_arch": [8]}),
    "multidiscrete": lambda: ppo(worlds(actions=spaces.MultiDiscrete([2, 3]))),
    "multibinary": lambda: ppo(worlds(actions=spaces.MultiBinary(2))),
    "masked": lambda: ppo(kind=MaskablePPO),
    "masked multidiscrete": lambda: ppo(
        worlds(actions=spaces.MultiDiscrete([2, 3])), kind=MaskablePPO
    ),
    "continuous": lambda: ppo(worlds(actions=spaces.Box(-1, 1, (2,), np.float32))),
    "normalised": lambda: ppo(VecNormalize(worlds())),
    "mapping": lambda: PPO(
        "MultiInputPolicy",
        DummyVecEnv([lambda n=n: Tagged(n) for n in range(ENVS)]),
        n_steps=ROLLOUT,
        batch_size=8,
        device="cpu",
    ),
    "recurrent": lambda: remembering(lstm_hidden_size=6),
    "recurrent, two layers": lambda: remembering(lstm_hidden_size=5, n_lstm_layers=2),
    "recurrent, shared": lambda: remembering(
        lstm_hidden_size=6, shared_lstm=True, enable_critic_lstm=False
    ),
    "recurrent actor": lambda: remembering(lstm_hidden_size=6, enable_critic_lstm=False),
    "recurrent, two heads": lambda: remembering(worlds(actions=spaces.MultiDiscrete([2, 3]))),
    "recurrent, continuous": lambda: remembering(
        worlds(actions=spaces.Box(-1, 1, (2,), np.float32)), lstm_hidden_size=6
    ),
    "recurrent, normalised": lambda: remembering(VecNormalize(worlds()), lstm_hidden_size=6),
    "recurrent, mapping": lambda: remembering(
        DummyVecEnv([lambda n=n: Tagged(n) for n in range(ENVS)]),
        policy="MultiInputLstmPolicy",
        lstm_hidden_size=6,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_policy_made_again_decides_as_it_did(told, name):
    trained(MODELS[name](), told)
    assert [one.update for one in told.saved] == [0, 1, 2, 3]
    assert [one.step for one in told.saved] == [None, 7, 15, 23]
    heads = told.about[0]["actions"]
    for number, frame in enumerate(told.saved[:3]):
        policy = replayed(frame)
        for step in told.steps[number * ROLLOUT : (number + 1) * ROLLOUT]:
            assert (column(step, "policy_version") == frame.update).all()
            masks = {head: torch.as_tensor(column(step, f"mask/{head}")) for head in heads}
            seen = torch.as_tensor(column(step, "observation"))
            state = step.matrices.get("recurrent")
            more = {} if state is None else {"recurrent": torch.as_tensor(unpack(state)[0].copy())}
            with torch.no_grad():
                said = policy.readings(seen, masks, {}, **more)
            assert np.allclose(said.pop("value"), column(step, "value"), atol=1e-5)
            assert said
            for reading, values in said.items():
                assert np.allclose(values, column(step, reading), atol=1e-6), reading


def test_what_a_policy_remembers_is_that_from_before_the_step_and_nothing_at_a_beginning(told):
    trained(remembering(lstm_hidden_size=6), told)
    before = None
    for step in told.steps:
        state = column(step, "recurrent")
        assert state.shape == (ENVS, 4 * 6)
        begins = column(step, "env_step") == 0
        assert (state[begins] == 0).all()
        assert (np.abs(state[~begins]).sum(1) > 0).all()
        assert begins.all() or not np.allclose(state[~begins], before[~begins])
        before = state
    assert any("the recurrent state of 24 numbers" in text for text in told.remarks)


def test_what_a_policy_remembers_decides(told):
    trained(remembering(lstm_hidden_size=6), told)
    policy, step = replayed(told.saved[2]), told.steps[2 * ROLLOUT + 1]
    seen = torch.as_tensor(column(step, "observation"))
    state = torch.as_tensor(column(step, "recurrent"))
    with torch.no_grad():
        was, other = (policy.readings(seen, {}, {}, one) for one in (state, state.flip(1)))
    assert (was["probability/op"] - other["probability/op"]).abs().max() > 1e-5
    assert (was["value"] - other["value"]).abs().max() > 1e-5
    with pytest.raises(ValueError, match="of 7 numbers was recorded; the policy's has 24"):
        policy.readings(seen, {}, {}, state[:, :7])


def test_a_memory_that_is_too_large_is_not_recorded_and_that_is_said(told, monkeypatch):
    monkeypatch.setattr("sanctum.adapters.sb3.recurrent.MOST_NUMBERS", 23)
    trained(remembering(lstm_hidden_size=6), told, rollouts=1)
    assert not any("recurrent" in step.matrices for step in told.steps)
    assert any("no decision can be replayed" in text for text in told.remarks)


def test_of_a_policy_that_remembers_nothing_nothing_is_said(told):
    trained(ppo(), told, rollouts=1)
    assert not any("recurrent" in step.matrices for step in told.steps)
    assert not any("recurrent" in text for text in told.remarks)


def test_the_normaliser_is_kept_with_the_policy(told):
    model = ppo(VecNormalize(worlds()))
    trained(model, told)
    policy = replayed(told.saved[-1])
    raw = np.array([[0.0, 3, 1], [2, 1, 4]])
    want = model.get_vec_normalize_env().normalize_obs(raw)
    assert np.allclose(policy.normalised(torch.as_tensor(raw)), want, atol=1e-6)


def test_a_policy_that_cannot_be_made_again_is_kept_with_the_reason(told):
    class Local(torch.nn.ReLU):
        pass

    trained(ppo(policy_kwargs={"activation_fn": Local}), told)
    with safetensors.safe_open(told.saved[-1].path, framework="pt") as file:
        said = file.metadata()
    assert "factory" not in said
    assert "cannot be imported elsewhere" in json.loads(said["about"])["no_factory"]


def test_weights_need_not_be_kept(told):
    callback = SanctumCallback(opens=told, weights=False)
    ppo().learn(ROLLOUT * ENVS, callback=callback)
    assert told.saved == []


def test_learning_again_is_another_attempt_and_going_on_is_not(told):
    model, callback = ppo(), SanctumCallback(opens=told)
    model.learn(2 * ROLLOUT * ENVS, callback=callback)
    assert [one.how for one in told.ends] == ["finished"]
    model.learn(ROLLOUT * ENVS, callback=callback)
    assert len(told.about) == 2
    assert [one.step for one in told.steps][2 * ROLLOUT :] == list(range(ROLLOUT))
    assert [one.update for one in told.updates] == [1, 2, 1]
    model.learn(ROLLOUT * ENVS, callback=callback, reset_num_timesteps=False)
    model.learn(ROLLOUT * ENVS, callback=callback, reset_num_timesteps=False)
    assert len(told.about) == 3, "the first had ended; the second goes on"
    assert [one.step for one in told.steps][-2 * ROLLOUT :] == list(range(ROLLOUT, 3 * ROLLOUT))
    assert [one.update for one in told.updates] == [1, 2, 1, 2, 3]
    assert len(told.ends) == 2
    callback.close()
    assert len(told.ends) == 3


def test_an_episode_under_way_when_it_is_attached_has_no_step_of_its_own(told):
    model = ppo(worlds(1))
    model.learn(ROLLOUT)
    model.learn(ROLLOUT, callback=SanctumCallback(opens=told), reset_num_timesteps=False)
    masks = [bool(np.ma.getmaskarray(column(step, "env_step"))[0]) for step in told.steps]
    assert masks == [True, True] + [False] * 6
    first, second = told.episodes[:2]
    assert (first.episode_return, first.length) == (None, None)
    assert (second.episode_return, second.length) == (15.0, LENGTH)


def test_as_a_context_it_stays_open_and_says_how_it_ended(told):
    with pytest.raises(KeyboardInterrupt), SanctumCallback(opens=told) as callback:
        model = ppo()
        model.learn(ROLLOUT * ENVS, callback=callback)
        assert told.ends == []
        raise KeyboardInterrupt
    assert [one.how for one in told.ends] == ["interrupted"]


def test_stopping_within_a_rollout_says_no_update_that_was_not_made(told):
    class Stops(BaseCallback):
        def _on_step(self):
            return self.n_calls < ROLLOUT + 3

    ppo().learn(9 * ROLLOUT * ENVS, callback=[SanctumCallback(opens=told), Stops()])
    assert [one.update for one in told.updates] == [1]
    assert len(told.steps) == ROLLOUT + 3
    assert [one.how for one in told.ends] == ["finished"]


def test_nothing_that_goes_wrong_in_it_reaches_the_training(told, capfd):
    class Broken(Told):
        def __call__(self, run_id, time, **about):
            run = super().__call__(run_id, time, **about)
            run.step = None
            return run

    broken = Broken(told.folder)
    callback = SanctumCallback(opens=broken)
    model = ppo()
    model.learn(2 * ROLLOUT * ENVS, callback=callback)
    assert model.num_timesteps == 2 * ROLLOUT * ENVS
    assert callback.failures == 2 * ROLLOUT
    assert capfd.readouterr().err.count("the callback failed in step") == 1
    assert [one.update for one in broken.updates] == [1, 2]


def test_without_a_run_nothing_happens(capfd):
    def refuses(run_id, time, **about):
        raise RuntimeError("no room")

    callback = SanctumCallback(opens=refuses)
    ppo().learn(ROLLOUT * ENVS, callback=callback)
    assert "no room; training goes on" in capfd.readouterr().err
    with callback:
        pass


@pytest.mark.parametrize("kind", [DQN, SAC])
def test_a_model_without_rollouts_has_what_there_is_and_says_what_is_not(told, kind):
    actions = spaces.Box(-1, 1, (1,), np.float32) if kind is SAC else None
    model = kind(
        "MlpPolicy",
        worlds(1, actions, Monitor),
        learning_starts=10,
        buffer_size=100,
        batch_size=4,
        device="cpu",
    )
    callback = SanctumCallback(opens=told)
    model.learn(44, callback=callback, log_interval=2)
    assert callback.failures == 0
    assert [step.step for step in told.steps] == list(range(44))
    for step in told.steps:
        assert column(step, "reward").tolist() == (column(step, "observation")[:, 2] + 1).tolist()
        assert not step.columns.keys() & {"value", "log_prob", "entropy"}
    assert len(told.episodes) == 8
    assert any(f"{kind.__name__} learns from a replay buffer" in text for text in told.remarks)
    assert [one.update for one in told.updates] == [1, 2, 3, 4, 5]
    assert [one.last_step for one in told.updates] == [9, 19, 29, 39, 43]
    assert all("rollout/ep_rew_mean" in one.scalars for one in told.updates[:-1])
    assert all(name in told.updates[2].scalars for name in ("train/learning_rate",))
    assert told.saved == []
    assert ("action.0" in told.steps[0].columns) is (kind is SAC)


def test_a_policy_that_is_not_called_is_looked_at_only_if_it_is_the_one_that_acted(told):
    model = RecurrentPPO("MlpLstmPolicy", worlds(), n_steps=ROLLOUT, batch_size=8, device="cpu")
    trained(model, told, rollouts=1)
    for step in told.steps:
        chances = column(step, "probability/op")
        taken = column(step, "action/op").astype(int)
        log_prob = np.log(chances[np.arange(ENVS), taken])
        assert np.allclose(log_prob, column(step, "log_prob"), atol=1e-4)


def test_a_copy_of_the_policy_does_not_carry_the_run_with_it(told):
    class Copies(BaseCallback):
        made: list = []

        def _on_step(self):
            self.made.append(copy.deepcopy(self.model.policy))
            self.made.append(pickle.dumps(self.model.policy._forward_hooks))
            self.model.save(told.folder / "model.zip")
            return self.n_calls < 2

    callback = SanctumCallback(opens=told)
    model = ppo()
    model.learn(ROLLOUT * ENVS, callback=[callback, Copies()])
    assert len(Copies.made) == 4
    assert callback.failures == 0
    assert not model.policy._forward_hooks
    PPO.load(told.folder / "model.zip")


def test_where_the_library_is_missing_it_says_what_to_install(monkeypatch):
    for name in [one for one in sys.modules if one.startswith("sanctum.adapters.sb3")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "stable_baselines3.common.base_class", None)
    with pytest.raises(ImportError, match=r"python -m pip install 'sanctum\[sb3\]'") as found:
        importlib.import_module("sanctum.adapters.sb3")
    assert type(found.value).__name__ == "LibraryMissing"
