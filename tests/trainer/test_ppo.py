"""Advantages and the update."""

import dataclasses
import math

import pytest
import torch

from sanctum.trainer.actions import Legal, Op
from sanctum.trainer.host import SLOTS
from sanctum.trainer.observation import FEATURES
from sanctum.trainer.policy import Tamiyo
from sanctum.trainer.ppo import PPO
from sanctum.trainer.rollout import Batch, advantages
from tests.trainer.hand_made import SMALL


def batch(policy: Tamiyo, rows: int = 64, *, waiting: bool = False) -> Batch:
    """Rows as a rollout of the policy would give them, with made-up advantages."""
    dice = torch.Generator().manual_seed(0)
    seen = torch.randn(rows, len(FEATURES), generator=dice)
    slots = torch.rand(rows, len(Op), len(SLOTS), generator=dice) > 0.5
    slots[:, Op.WAIT] = False
    slots &= not waiting
    with torch.no_grad():
        outlook = policy(seen, Legal(slots))
    drawn = outlook.sample(dice)
    advantage = torch.randn(rows, generator=dice)
    log_prob = outlook.log_prob(drawn)
    returns = outlook.value + advantage
    return Batch(
        seen,
        slots,
        drawn.op,
        drawn.slot,
        drawn.blueprint,
        log_prob,
        outlook.value,
        advantage,
        returns,
    )


def learner() -> PPO:
    dice = torch.Generator().manual_seed(1)
    return PPO(Tamiyo.fresh(SMALL.hidden, dice), SMALL, dice)


def test_advantages_are_the_discounted_sum_of_surprises() -> None:
    dice = torch.Generator().manual_seed(3)
    rewards, values = torch.randn(9, 3, generator=dice), torch.randn(10, 3, generator=dice)
    ended = torch.rand(9, 3, generator=dice) > 0.7
    found = advantages(rewards, values, ended, gamma=0.9, lam=0.8)
    for env in range(3):
        for step in range(9):
            expected, weight = 0.0, 1.0
            for later in range(step, 9):
                ahead = 0.0 if ended[later, env] else 0.9 * float(values[later + 1, env])
                expected += weight * float(rewards[later, env] + ahead - values[later, env])
                if ended[later, env]:
                    break
                weight *= 0.9 * 0.8
            assert float(found[step, env]) == pytest.approx(expected, abs=1e-5)


def test_the_first_minibatch_rebuilds_the_distribution_that_acted() -> None:
    ppo = learner()
    report = ppo.update(batch(ppo.policy), share_left=1.0)
    deviation = report.scalars["first_minibatch_ratio_deviation"]
    assert deviation is not None and deviation < 1e-5


def test_what_is_reported_is_finite_and_in_range() -> None:
    ppo = learner()
    rows = batch(ppo.policy)
    report = ppo.update(rows, share_left=0.5)
    scalars = {name: value for name, value in report.scalars.items() if value is not None}
    assert set(scalars) == set(report.scalars)
    assert all(math.isfinite(value) for value in scalars.values())
    assert 0 < scalars["entropy"] <= 1 and 0 <= scalars["clip_fraction"] <= 1
    assert scalars["learning_rate"] == pytest.approx(SMALL.learning_rate * 0.625)
    assert scalars["advantage_std"] == pytest.approx(float(rows.advantage.std(correction=0)))
    assert scalars["minibatches"] == SMALL.epochs * SMALL.minibatches
    assert set(report.heads) == {"op", "slot", "blueprint"}
    for head in report.heads.values():
        assert 0 < head["entropy"] <= 1 + 1e-6 and head["grad_norm"] > 0


def test_a_rollout_without_freedom_has_no_entropy_to_report() -> None:
    ppo = learner()
    report = ppo.update(batch(ppo.policy, waiting=True), share_left=1.0)
    assert report.scalars["entropy"] is None
    assert report.scalars["forced_share"] == 1
    assert report.heads == {}


def test_explained_variance_is_not_measured_when_returns_do_not_vary() -> None:
    ppo = learner()
    rows = dataclasses.replace(batch(ppo.policy), returns=torch.full((64,), 2.0))
    assert ppo.update(rows, share_left=1.0).scalars["explained_variance"] is None


def test_a_minibatch_that_is_not_finite_is_left_out_and_counted() -> None:
    ppo = learner()
    rows = batch(ppo.policy)
    before = {name: part.clone() for name, part in ppo.policy.state_dict().items()}
    rows.returns[3] = math.nan
    report = ppo.update(rows, share_left=1.0)
    assert report.scalars["skipped_minibatches"] == SMALL.epochs
    assert all(part.isfinite().all() for part in ppo.policy.state_dict().values())
    assert any(
        not torch.equal(before[name], part) for name, part in ppo.policy.state_dict().items()
    )


def test_an_update_ends_early_beyond_the_target_kl() -> None:
    dice = torch.Generator().manual_seed(1)
    settings = dataclasses.replace(SMALL, target_kl=1e-9, learning_rate=0.01)
    ppo = PPO(Tamiyo.fresh(SMALL.hidden, dice), settings, dice)
    report = ppo.update(batch(ppo.policy), share_left=1.0)
    assert report.scalars["minibatches"] == SMALL.minibatches
