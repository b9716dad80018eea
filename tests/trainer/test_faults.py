"""Faults: each makes the trainer ill in the way its name says, and health is not touched."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from sanctum.cli.train import train as command
from sanctum.errors import UsageError
from sanctum.trainer.actions import Actions, Op
from sanctum.trainer.environment import Environment
from sanctum.trainer.faults.known import FAULTS, faults_text
from sanctum.trainer.settings import Settings
from sanctum.trainer.train import train
from tests.trainer.hand_made import SMALL, NotedRun

LONG = dataclasses.replace(SMALL, episode_length=64, rollout_steps=64, stagger=False)


def ill(settings: Settings, fault: str, **overrides: str) -> Settings:
    return settings.with_overrides({"fault": fault, **overrides})


def decisions(run: NotedRun) -> tuple[np.ndarray, np.ndarray]:
    """Every decision's op, (n,), and its mask of ops, (n, ops)."""
    steps = [columns for _, columns in run.told("step")]
    return (
        np.concatenate([step["actions"]["op"] for step in steps]),
        np.concatenate([step["masks"]["op"] for step in steps]),
    )


def test_every_fault_is_listed_on_a_narrow_screen_with_what_is_wrong_and_how_it_shows() -> None:
    said = CliRunner().invoke(command, ["--faults"], standalone_mode=False)
    assert said.exit_code == 0 and said.output.rstrip("\n") == faults_text()
    for fault in FAULTS.values():
        assert {fault.name, f"  wrong     {fault.wrong}", f"  shows as  {fault.symptom}"} <= set(
            said.output.splitlines()
        )
    assert all(len(line) <= 79 and line.isascii() for line in said.output.splitlines())


def test_faults_are_listed_without_torch() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from sanctum.cli.train import train; "
        "said = CliRunner().invoke(train, ['--faults'], standalone_mode=False); "
        "assert 'wait-by-mask' in said.output; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_fault_is_refused_with_the_nearest_name() -> None:
    said = CliRunner().invoke(command, ["ppo", "--fault", "wait-by-msk"], standalone_mode=False)
    assert isinstance(said.exception, UsageError)
    assert said.exception.exit_code == 2
    assert "'wait-by-mask'" in said.exception.sentence
    assert "--faults" in (said.exception.hint or "")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_fault_forces_settings_that_nobody_else_may_set(fault) -> None:
    made = ill(Settings(), fault.name).as_dict()
    assert made["fault"] == fault.name
    for key, value in fault.forces.items():
        assert made[key] == value != Settings().as_dict()[key]
        with pytest.raises(UsageError, match=f"{fault.name} sets {key} to {value}"):
            ill(Settings(), fault.name, **{key: "1"})


def test_a_healthy_trainer_knows_no_cool_down_and_one_that_has_it_counts_ops_alone() -> None:
    assert Settings().fault is None
    for cooldown, expected in ((0, [1, 1, 1, 1, 1]), (2, [1, 0, 0, 1, 1])):
        settings = dataclasses.replace(SMALL, envs=1, cooldown_steps=cooldown)
        environment = Environment(settings)
        found = []
        for op in (Op.GERMINATE, Op.WAIT, Op.WAIT, Op.WAIT, Op.WAIT):
            found.append(int(environment.legal.ops[0, Op.GERMINATE]))
            slot = 0 if op == Op.GERMINATE else -1
            environment.step(Actions(*(torch.tensor([one]) for one in (op, slot, slot))))
        assert found == expected


def test_by_the_wrong_mask_germinate_is_hardly_ever_legal(noted: NotedRun) -> None:
    train(ill(dataclasses.replace(LONG, updates=1), "wait-by-mask"))
    op, mask = decisions(noted)
    assert 0 < mask[:, Op.GERMINATE].mean() < 0.05
    assert mask[:: LONG.episode_length * LONG.envs, Op.GERMINATE].all()
    assert mask[np.arange(len(op)), op].all(), "what is illegal was done"
    waited = op == Op.WAIT
    assert (~mask[waited, Op.GERMINATE]).mean() > 0.95
    germinated = [stage for (*_, stage), _ in noted.told("seed") if stage == "GERMINATED"]
    assert 0 < len(germinated) <= mask[:, Op.GERMINATE].sum()


@pytest.mark.parametrize("seed", range(2))
def test_by_the_cost_the_policy_learns_to_wait_where_it_may_germinate(
    noted: NotedRun, seed: int
) -> None:
    quick = dataclasses.replace(SMALL, envs=16, updates=10, episode_length=32, learning_rate=5e-3)
    summary = train(ill(dataclasses.replace(quick, seed=seed), "wait-by-cost"))
    op, mask = decisions(noted)
    by_update = np.arange(len(op)) // (len(op) // quick.updates)
    waited = [
        (op[mask[:, Op.GERMINATE] & (by_update == update)] == Op.WAIT).mean()
        for update in range(quick.updates)
    ]
    assert waited[0] < 0.7 and min(waited[-3:]) > 0.9, waited
    assert all(np.isfinite(reward) and abs(reward) < 20 for reward in summary.rewards)
    assert all(abs(each.scalars["explained_variance"]) <= 1 for each in summary.progress)
