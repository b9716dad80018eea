"""Faults of the reference trainer as a record shows them: what was forbidden, and by which rule."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from tests.live.running import asking
from tests.live.test_weights import rebuilt
from tests.record.test_weights import acted

pytestmark = pytest.mark.live
SMALL = ("rollout_steps=16", "envs=4", "hidden=8", "batch_size=16", "validation_size=64")
GERMINATE = 1


@pytest.fixture
def trained(home):
    """Train a small run with a fault; gives its record."""

    def train(fault: str) -> Reader:
        command = [sys.executable, "-m", "sanctum", "train", "ppo", "--run-id", "demo"]
        command += ["--fault", fault, "--updates", "4", *(f"--set={one}" for one in SMALL)]
        subprocess.run(command, check=True, timeout=100, capture_output=True)
        return Reader(open_read_only(home.folder / "runs" / "demo.sanctum.db"))

    return train


def matrices(reader: Reader, *names: str) -> list[np.ndarray]:
    """Whole matrices of the run, (steps, envs, n) each."""
    cells = reader.window(names, 1, 0, 63).cells
    return [cells[name][0] for name in names]


def test_a_record_says_which_fault_was_on_and_which_rule_forbade_what(home, trained):
    reader = trained("wait-by-mask")
    with asking() as ask:
        header = ask.run_read().header
    assert header.config["fault"] == "wait-by-mask"
    assert header.config["cooldown_steps"] == 3
    rules, by_slot, mask = matrices(reader, "mask_rule/op", "mask_rule/slot", "mask/op")
    ops, slots = header.actions["op"], header.actions["slot"]
    assert rules.shape == (64, 4, len(ops)) and by_slot.shape == (64, 4, len(ops) * len(slots))
    assert rules.dtype == by_slot.dtype == np.int8
    assert np.array_equal(rules < 0, mask.astype(bool))
    forbidden = rules[..., GERMINATE][rules[..., GERMINATE] >= 0]
    names, counts = np.unique(forbidden, return_counts=True)
    most = header.mask_rules[names[counts.argmax()]]
    assert most == "cooling down" and counts.max() > 0.9 * forbidden.size
    assert forbidden.size > 0.9 * rules[..., GERMINATE].size
    reader.db.close()


def test_a_sick_run_names_its_fault_and_its_logits_are_those_of_the_weights_that_acted(trained):
    reader = trained("wait-by-cost")
    command = [sys.executable, "-m", "sanctum", "run", "--run", "demo", "--config"]
    screen = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout
    assert ["fault", "wait-by-cost"] in [line.split() for line in screen.splitlines()], screen
    names = ("observation", "mask/op", "mask/slot", "action/op", "action/slot", "logit/op")
    found = dict(zip(names, matrices(reader, *names), strict=True))
    for step in (0, 17, 63):
        cells = {name: torch.as_tensor(values[step].copy()) for name, values in found.items()}
        with torch.no_grad():
            said = rebuilt(acted(reader, step)).readings(
                cells["observation"],
                {"op": cells["mask/op"].bool(), "slot": cells["mask/slot"].bool()},
                {"op": cells["action/op"][:, 0].long()},
            )
        assert np.allclose(said["logit/op"], cells["logit/op"], atol=1e-6)
        assert not np.allclose(said["logit/op"], cells["logit/op"] * 1.01, atol=1e-6)
    reader.db.close()
