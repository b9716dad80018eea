"""Policy weights of real trainers: a decision of the record made again from what was kept."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest
import safetensors.torch
import torch

from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from sanctum.record.weights import saved
from tests.live.running import asking, ready, state, until
from tests.record.test_weights import acted

pytestmark = pytest.mark.live
SAVES = """
import torch
for update in range(200):
    steps(update * 2, 2)
    run.save_policy(update, {"w": torch.full((200_000,), float(update))})
    if update == 5:
        ready()
    time.sleep(0.02)
"""


def rebuilt(found):
    """The policy that was saved, made again as a replay makes it."""
    module, _, function = found.factory.partition(":")
    tensors = safetensors.torch.load(found.data)
    tensors |= {name: tensors[of] for name, of in found.tied.items()}
    return getattr(importlib.import_module(module), function)(tensors, found.about)


def again(reader: Reader, step: int, head: str):
    """What a record says of a step, and what the policy of that step says now: by name."""
    names = ("observation", "value", f"probability/{head}", *reader.column_names())
    cells = {name: one[0][0] for name, one in reader.window(names, 1, step, step).cells.items()}
    found = acted(reader, step)
    assert found.update == cells["policy_version"][0, 0]
    part = {
        kind: {
            name.partition("/")[2]: torch.as_tensor(values)
            for name, values in cells.items()
            if name.startswith(kind + "/")
        }
        for kind in ("mask", "action")
    }
    masks = {name: one.bool() for name, one in part["mask"].items()}
    actions = {name: one[:, 0].long() for name, one in part["action"].items()}
    seen = torch.as_tensor(cells["observation"])
    more = {"recurrent": torch.as_tensor(cells["recurrent"])} if "recurrent" in cells else {}
    with torch.no_grad():
        said = rebuilt(found).readings(seen, masks, actions, **more)
    return cells, said


def test_the_reference_trainers_decisions_can_be_made_again(home):
    command = [
        sys.executable,
        "-m",
        "sanctum",
        "train",
        "ppo",
        "--run-id",
        "demo",
        "--updates",
        "4",
    ]
    command += [
        "--updates",
        "4",
        "--set",
        "rollout_steps=16",
        "--set",
        "envs=4",
        "--set",
        "hidden=8",
    ]
    subprocess.run(command, check=True, timeout=100, capture_output=True)
    reader = Reader(open_read_only(home.folder / "runs" / "demo.sanctum.db"))
    assert [update for update, _ in saved(reader, 1)] == [0, 1, 2, 3, 4]
    for step in (0, 15, 16, 40, 63):
        cells, said = again(reader, step, "op")
        assert np.allclose(cells["probability/op"], said["probability/op"], atol=1e-6)
        assert np.allclose(cells["value"][:, 0], said["value"], atol=1e-6)
    reader.db.close()


def test_a_trainer_that_is_killed_leaves_no_half_file(home):
    process = home.train(SAVES)
    ready(process)
    process.kill()
    until(lambda: state().word in ("killed", "died"))
    folder = home.folder / "runs"
    assert list(folder.glob(".*.safetensors*")) == []
    with asking() as ask:
        answer = ask.run_read()
    assert answer.lost_count == 0
    weights = next(one for one in answer.sizes if one.what == "weights")
    assert weights.rows >= 5
