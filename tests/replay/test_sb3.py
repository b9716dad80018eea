"""Policies of Stable-Baselines3 through the worker: evaluated, flipped, explained."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from sanctum.adapters.sb3 import policies
from sanctum.model.jobs import (
    Evaluate,
    FindFlips,
    FindSaliency,
    FlipsFound,
    Policy,
    Rows,
    SaliencyFound,
)
from sanctum.replay.asking import matrix
from tests.adapters.sb3_worlds import World
from tests.replay.grounds import asked, evaluated, failed, random

SEEN = torch.randn(5, 3, generator=random(1))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Of other people's libraries."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="stable_baselines3|sb3_contrib|gymnasium")
        yield


def model(actions: Any, kind: Any = PPO, wrap: Any = lambda env: env) -> Any:
    env = wrap(DummyVecEnv([lambda: World(0, actions)]))
    return kind("MlpPolicy", env, n_steps=8, batch_size=8, seed=3, device="cpu")


def saved(of: Any) -> Policy:
    """As the record has it."""
    tensors = {name: torch.as_tensor(one) for name, one in policies.weights(of).items()}
    about = json.loads(json.dumps(policies.about(of)))
    return Policy(1, policies.FACTORY, safetensors.torch.save(tensors), about)


def distribution(of: Any, **more: Any) -> Any:
    with torch.no_grad():
        return of.policy.get_distribution(SEEN, **more).distribution


@pytest.mark.parametrize("wrap", [lambda env: env, VecNormalize], ids=["plain", "normalised"])
def test_ppo_with_one_head(wrap: Any) -> None:
    ppo = model(spaces.Discrete(3), wrap=wrap)
    (found,) = evaluated(saved(ppo), Rows(matrix(SEEN)))
    assert found.keys() == {"probability/op", "value"}
    assert torch.allclose(found["probability/op"], distribution(ppo).probs, atol=1e-6)
    assert torch.allclose(found["value"], ppo.policy.predict_values(SEEN)[:, 0], atol=1e-6)


def test_ppo_with_several_heads() -> None:
    ppo = model(spaces.MultiDiscrete([2, 3]))
    with torch.no_grad():
        wanted = [one.probs for one in ppo.policy.get_distribution(SEEN).distribution]
    (found,) = evaluated(saved(ppo), Rows(matrix(SEEN)))
    assert found.keys() == {"probability/d0", "probability/d1", "value"}
    assert torch.allclose(found["probability/d0"], wanted[0], atol=1e-6)
    assert torch.allclose(found["probability/d1"], wanted[1], atol=1e-6)


def test_maskable_ppo_with_the_recorded_mask() -> None:
    ppo = model(spaces.Discrete(3), MaskablePPO)
    mask = torch.tensor([[1.0, 0, 1], [1, 1, 1], [0, 0, 1], [1, 1, 0], [0, 1, 1]])
    (found,) = evaluated(saved(ppo), Rows(matrix(SEEN), {"op": matrix(mask)}))
    wanted = distribution(ppo, action_masks=mask.numpy().astype(bool)).probs
    assert torch.allclose(found["probability/op"], wanted, atol=1e-6)
    assert (found["probability/op"][mask == 0] < 1e-6).all()


def test_ppo_with_a_continuous_action_has_no_probabilities_but_a_mean() -> None:
    ppo = model(spaces.Box(-1, 1, (2,), np.float32))
    (found,) = evaluated(saved(ppo), Rows(matrix(SEEN)))
    assert {"value", "action_mean.0", "action_mean.1"} <= found.keys()
    assert not any(name.startswith("probability/") for name in found)
    means = torch.stack([found["action_mean.0"], found["action_mean.1"]], dim=1)
    assert torch.allclose(means, distribution(ppo).mean, atol=1e-6)
    row = Rows(matrix(SEEN[:1]))
    said = failed(FindFlips(saved(ppo), row, "op", [1.0] * 3, 5.0))
    assert said.sentence == "the policy gives no probabilities of op"


@pytest.mark.parametrize("kind", [PPO, MaskablePPO])
def test_flips_and_saliency_of_one_head(kind: Any) -> None:
    ppo = model(spaces.Discrete(3), kind)
    with torch.no_grad():
        ppo.policy.action_net.weight.mul_(200)
    of, row = saved(ppo), Rows(matrix(SEEN[:1]), {"op": matrix(torch.ones(1, 3))})
    flips = asked(FindFlips(of, row, "op", [1.0] * 3, 5.0))
    assert isinstance(flips, FlipsFound)
    assert flips.found
    for flip in flips.found:
        for share, flipped in ((1.0, True), (0.9, False)):
            changed = SEEN[:1].clone()
            before = float(changed[0, flip.feature])
            changed[0, flip.feature] = before + share * (flip.value - before)
            (found,) = evaluated(of, Rows(matrix(changed), row.masks))
            choice = int(found["probability/op"][0].argmax())
            assert (choice != flips.choice) is flipped
    salient = asked(FindSaliency(of, row, "op", flips.choice, matrix(torch.zeros(1, 3))))
    assert isinstance(salient, SaliencyFound)
    difference = salient.log_probability - salient.baseline_log_probability
    assert sum(salient.integrated) == pytest.approx(difference, rel=0.01, abs=1e-5)


def test_weights_of_another_network_do_not_fit() -> None:
    of = saved(model(spaces.Discrete(3)))
    other = saved(model(spaces.Discrete(4)))
    said = failed(Evaluate([Policy(1, of.factory, other.data, of.about)], [Rows(matrix(SEEN))]))
    assert said.kind == "unfit"
    assert "action_net.weight is (4, 64) and should be (3, 64)" in said.sentence
