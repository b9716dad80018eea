"""Whole runs: the reward adds up, the same seed gives the same run, the policy improves."""

import dataclasses
import signal
import statistics
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from sanctum import MASKED
from sanctum.trainer import reward
from sanctum.trainer.baselines import UNSEEN, chance, never, play, trained
from sanctum.trainer.observation import FEATURES
from sanctum.trainer.settings import Settings
from sanctum.trainer.stages import STAGES
from sanctum.trainer.train import Progress, train
from tests.trainer.hand_made import SMALL, NotedRun

UPDATE_NAMES = {
    "policy_loss", "value_loss", "entropy", "approx_kl", "clip_fraction", "explained_variance",
    "grad_norm", "learning_rate", "advantage_mean", "advantage_std", "return_mean", "return_std",
    "ratio_mean", "ratio_max", "first_minibatch_ratio_deviation", "skipped_minibatches",
    "minibatches", "value_mean", "value_std", "entropy_coefficient", "max_grad_norm",
    "update_seconds", "forced_share",
}  # fmt: skip


def test_the_components_of_the_reward_add_up_to_it(noted: NotedRun) -> None:
    train(dataclasses.replace(SMALL, updates=4))
    steps = noted.told("step")
    assert len(steps) == 4 * SMALL.rollout_steps
    seen = set()
    for _, columns in steps:
        assert list(columns["rewards"]) == reward.COMPONENTS
        parts = np.stack([np.asarray(part, np.float32) for part in columns["rewards"].values()])
        total = np.asarray(columns["reward"], np.float32)
        assert np.abs(parts.astype(np.float64).sum(0) - total).max() <= 1e-6
        assert np.abs(parts.sum(0, dtype=np.float32) - total).max() <= 1e-6
        seen |= {name for name, part in columns["rewards"].items() if (part != 0).any()}
    assert seen == set(reward.COMPONENTS), "a component that never occurred was not tested"


def test_the_weights_are_saved_before_the_first_step_and_after_every_update(
    noted: NotedRun,
) -> None:
    train(dataclasses.replace(SMALL, updates=3))
    kinds = [call for call, *_ in noted.calls if call in ("step", "update", "save_policy")]
    assert kinds[0] == kinds[-1] == "save_policy"
    saved = noted.told("save_policy")
    assert [update for (update, _), _ in saved] == [0, 1, 2, 3]
    assert {about["factory"] for _, about in saved} == {"sanctum.trainer.policy:rebuilt"}


def test_an_episodes_return_is_the_sum_of_its_rewards(noted: NotedRun) -> None:
    train(SMALL)
    steps = [columns for _, columns in noted.told("step")]
    for (env, episode), about in noted.told("episode"):
        rewards = [
            float(columns["reward"][env]) for columns in steps if columns["episode"][env] == episode
        ]
        assert about["episode_return"] == pytest.approx(sum(rewards), abs=1e-5)
        assert about["length"] == len(rewards)
        assert about["terminated"] and not about["truncated"]


def test_the_same_seed_gives_the_same_run() -> None:
    settings = dataclasses.replace(SMALL, task="digits")
    first, second, other = (
        train(dataclasses.replace(settings, seed=seed), record=False) for seed in (3, 3, 4)
    )
    assert first.rewards == second.rewards != other.rewards
    timeless = [
        [{**each.scalars, "update_seconds": None} for each in run.progress]
        for run in (first, second)
    ]
    assert timeless[0] == timeless[1]


def test_recording_does_not_change_the_run(noted: NotedRun) -> None:
    assert train(SMALL, record=True).rewards == train(SMALL, record=False).rewards


def test_sanctum_is_told_everything_in_its_place(noted: NotedRun) -> None:
    train(dataclasses.replace(SMALL, updates=3, rollout_steps=32))
    (_, columns), envs = noted.told("step")[-1], SMALL.envs
    assert columns["observation"].shape == (envs, len(FEATURES))
    for head, options in (("op", 4), ("slot", 3), ("blueprint", 5)):
        chance_of, mask = columns["probabilities"][head], columns["masks"][head]
        assert tuple(chance_of.shape) == tuple(mask.shape) == (envs, options)
        assert (np.ma.filled(np.ma.asarray(chance_of), 0.0)[~mask.numpy()] == 0).all()
    updates = noted.told("update")
    assert [positional for positional, _ in updates] == [(1,), (2,), (3,)]
    assert updates[1][1]["steps"] == (32, 63)
    for _, scalars in updates:
        assert set(scalars) >= UPDATE_NAMES
        assert all(set(head) == {"entropy", "grad_norm"} for head in scalars["heads"].values())
    (first_step,), backfill = noted.told("backfill")[1]
    assert first_step == 32
    assert backfill["advantage"].shape == backfill["returns"].shape == (32, envs)
    seeds = noted.told("seed")
    assert {stage for (_, _, stage), _ in seeds} <= set(STAGES)
    entered = [about for (_, _, stage), about in seeds if stage == "BLENDING" and "cause" in about]
    assert entered and all(about["gate"] == "blend" for about in entered)
    assert all(
        value >= needed for about in entered for value, needed in about["gate_inputs"].values()
    )
    culled = [about for (_, _, stage), about in seeds if stage == "CULLED"]
    assert culled and all(about["cause"] for about in culled)
    messages = [about for _, about in noted.told("message")]
    assert {about["type"] for about in messages} <= {"gate_refused", "entropy_low"}
    assert noted.calls[-1][0] == "close"


def test_the_logits_are_those_before_the_mask_and_make_the_probabilities(noted: NotedRun) -> None:
    train(SMALL)
    unmasked = 0
    for _, columns in noted.told("step"):
        for head, given in columns["logits"].items():
            logits, mask = np.ma.asarray(given), columns["masks"][head].numpy()
            chances = np.ma.asarray(columns["probabilities"][head])
            assert np.array_equal(np.ma.getmaskarray(logits), np.ma.getmaskarray(chances))
            meant = ~np.ma.getmaskarray(logits)[:, 0]
            raw = logits.data[meant]
            assert np.isfinite(raw).all()
            unmasked += int((~mask[meant]).sum())
            legal = np.where(mask[meant], np.exp(raw), 0.0)
            again = legal / legal.sum(1, keepdims=True)
            assert np.allclose(again, chances.data[meant], atol=1e-6)
    assert unmasked, "no option with a logit was illegal"


def test_a_contribution_is_told_only_where_it_was_measured(noted: NotedRun) -> None:
    train(dataclasses.replace(SMALL, updates=4))
    for (_, _, stage), about in noted.told("seed"):
        if stage in ("HOLDING", "FOSSILIZED"):
            assert about["contribution"] is not None
        if stage in ("GERMINATED", "CULLED", "EMBARGOED", "DORMANT"):
            assert about.get("contribution") is None


def test_a_head_that_was_never_free_is_masked_in_the_update(noted: NotedRun) -> None:
    never_cull = dataclasses.replace(SMALL, updates=1, rollout_steps=1, envs=1)
    train(never_cull)
    ((_, scalars),) = noted.told("update")
    (_, columns) = noted.told("step")[0]
    if int(columns["actions"]["op"][0]) == 0:
        assert scalars["heads"]["slot"]["entropy"] is MASKED
    assert scalars["heads"]["op"]["entropy"] is not MASKED


def test_ctrl_c_ends_a_run_cleanly() -> None:
    code = "from sanctum.cli import main; main()"
    arguments = ["train", "ppo", "--no-record", "--task", "spirals", "--envs", "2"]
    # A test runner in the background may have been told to ignore Ctrl-C; the child must not.
    heeded = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, heeded)
    assert child.stderr is not None
    assert child.stderr.readline().startswith("update 1/200  step 64  return ")
    time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert said.splitlines()[-1] == "interrupted"
    assert "Traceback" not in said


def test_progress_is_one_line_and_says_what_is_not_known_yet() -> None:
    lines: list[Progress] = []
    train(dataclasses.replace(SMALL, rollout_steps=2), record=False, on_update=lines.append)
    assert lines[0].line.startswith("update 1/2  step 2  return -  accuracy - %  entropy ")
    assert lines[0].line.endswith(" env steps/s") and lines[0].line.isascii()


def test_a_short_training_beats_doing_nothing_and_chance() -> None:
    settings = Settings(updates=12, envs=8, episode_length=40, rollout_steps=40, learning_rate=2e-3)
    summary = train(settings, record=False)
    tenth = len(summary.rewards) // 5
    assert statistics.fmean(summary.rewards[-tenth:]) > statistics.fmean(summary.rewards[:tenth])
    unseen = dataclasses.replace(settings, envs=16, seed=UNSEEN)
    ours = play(unseen, trained(summary.policy, torch.Generator()))
    idle, drawn = play(unseen, never), play(unseen, chance(torch.Generator()))
    for theirs in (idle, drawn):
        assert ours.final_accuracy > theirs.final_accuracy + 2
        assert ours.episode_return > theirs.episode_return + 1
    assert all(share > 0 for share in ours.op_share.values()), ours.op_share
