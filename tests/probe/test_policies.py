"""Policy weights on their way: what arrives is what the policy was when it was handed over."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch

from sanctum.probe import policies
from sanctum.probe.direct import direct
from sanctum.probe.hello import hello
from sanctum.telemetry import Gap, PolicySaved, Step
from sanctum.telemetry.weights import file_name, is_weights, writer_of
from tests.probe.listening import Listener


@pytest.fixture
def listener(tmp_path):
    found = Listener()
    found.start()
    found.run.record = str(tmp_path / "demo.sanctum.db")
    yield found
    found.close()


class Odd(torch.nn.Module):
    """What state dicts hold in the wild."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(3, 3)
        self.second = self.first
        self.register_buffer("empty", torch.zeros(0, 4))
        self.register_buffer("brain", torch.tensor([1.5, float("nan")], dtype=torch.bfloat16))
        self.register_buffer("count", torch.tensor(7))
        self.register_buffer("sick", torch.tensor([float("inf"), -float("inf")]))
        self.register_buffer("flags", torch.tensor([True, False]))
        self.register_buffer("turned", torch.arange(6.0).reshape(2, 3).T)


def read(path: str | Path):
    """Tensors and metadata of a file, tied names included."""
    with safetensors.safe_open(path, framework="pt") as file:
        said = file.metadata()
    tensors = safetensors.torch.load_file(path)
    tensors |= {name: tensors[of] for name, of in json.loads(said["tied"]).items()}
    return tensors, said


def saved(frames) -> list[PolicySaved]:
    return [frame for frame in frames if isinstance(frame, PolicySaved)]


def test_every_tensor_arrives_as_it_was(listener):
    module, again = Odd(), Odd()
    listener.run.step(5, reward=[0.0])
    listener.run.save_policy(3, module, factory="here:there", sizes=[3, 3])
    (frame,) = saved(listener.heard())
    tensors, said = read(frame.path)
    again.load_state_dict(tensors)
    for name, value in module.state_dict().items():
        assert torch.equal(again.state_dict()[name].nan_to_num(), value.nan_to_num()), name
        assert tensors[name].dtype is value.dtype, name
        assert torch.equal(tensors[name].isnan(), value.isnan()), name
    assert (frame.update, frame.step, frame.factory) == (3, 5, "here:there")
    assert (said["update"], said["step"], said["factory"]) == ("3", "5", "here:there")
    assert json.loads(said["about"]) == {"sizes": [3, 3]}
    assert frame.bytes == Path(frame.path).stat().st_size
    assert Path(frame.path).stat().st_mode & 0o077 == 0


def test_a_tensor_with_two_names_is_written_once(listener):
    listener.run.save_policy(0, Odd(), step=-1)
    (frame,) = saved(listener.heard())
    _, said = read(frame.path)
    assert json.loads(said["tied"]) == {
        "second.weight": "first.weight",
        "second.bias": "first.bias",
    }
    assert "second.weight" not in safetensors.torch.load_file(frame.path)
    assert frame.step is None
    assert "step" not in said


def test_what_is_trained_on_after_the_call_is_not_in_it(listener, monkeypatch):
    may_write = threading.Event()
    whole = policies.blocks

    def waiting(one):
        may_write.wait(10)
        return whole(one)

    monkeypatch.setattr(policies, "blocks", waiting)
    tensor, array = torch.zeros(4), np.zeros(4)
    listener.run.save_policy(1, {"tensor": tensor, "array": array})
    tensor += 1
    array += 1
    may_write.set()
    (frame,) = saved(listener.heard())
    tensors, _ = read(frame.path)
    assert not tensors["tensor"].any()
    assert not tensors["array"].any()
    assert tensors["array"].dtype is torch.float64


def test_a_slow_disk_costs_weights_and_not_time(listener, monkeypatch):
    may_write = threading.Event()
    whole = policies.blocks
    monkeypatch.setattr(policies, "blocks", lambda one: may_write.wait(10) and whole(one))
    for update in range(1, 5):
        listener.run.step(update * 10, reward=[0.0])
        listener.run.save_policy(update, {"w": torch.zeros(2)})
    may_write.set()
    heard = listener.heard()
    assert [frame.update for frame in saved(heard)] == [1, 2]
    gaps = [frame for frame in heard if isinstance(frame, Gap)]
    assert [(gap.what, gap.first_step) for gap in gaps] == [("weights", 30), ("weights", 40)]
    assert "update 3: earlier ones wait for the disk" in gaps[0].reason
    assert listener.run.lost == 2


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_left(listener, tmp_path):
    listener.run.record = str(tmp_path / "gone" / "demo.sanctum.db")
    listener.run.save_policy(1, {"w": torch.zeros(2)})
    heard = listener.heard()
    assert saved(heard) == []
    assert "No such file" in next(frame for frame in heard if isinstance(frame, Gap)).reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        (5, "a module or its state_dict was expected, not int"),
        ({}, "there are no weights in it"),
        ({"w": "text"}, "there are no weights in it"),
        ({"w": torch.zeros(2).to_sparse()}, "there are no weights in it"),
    ],
)
def test_what_holds_no_weights_is_refused_in_words(listener, weights, why):
    listener.run.save_policy(1, weights)
    assert saved(listener.heard()) == []
    assert why in listener.said[0]


def test_what_is_no_tensor_is_left_out_by_name(listener):
    weights = {
        "w": torch.zeros(2),
        "_extra_state": {"a": 1},
        "s": torch.zeros(2).to_sparse(),
        "c": np.zeros(1, complex),
    }
    listener.run.save_policy(1, weights)
    (frame,) = saved(listener.heard())
    tensors, said = read(frame.path)
    assert list(tensors) == ["w"]
    assert set(json.loads(said["about"])["left_out"]) == {"_extra_state", "s", "c"}


def test_a_factory_may_be_given_as_it_is(listener):
    listener.run.save_policy(1, {"w": torch.zeros(2)}, factory=json.loads)
    (frame,) = saved(listener.heard())
    assert frame.factory == "json:loads"
    assert hello("demo", {"policy": json.loads}).policy == "json:loads"


def test_a_factory_that_nobody_else_can_import_is_not_named(listener):
    listener.run.save_policy(1, {"w": torch.zeros(2)}, factory="__main__:make")
    (frame,) = saved(listener.heard())
    _, said = read(frame.path)
    assert frame.factory is None
    assert "factory" not in said
    assert "put it into a module" in json.loads(said["about"])["no_factory"]


def test_a_direct_run_has_the_file_written_when_the_call_returns(tmp_path):
    taken = []
    run = direct("demo", taken.append)
    run.record = str(tmp_path / "demo.sanctum.db")
    run.step(1, reward=[0.0])
    run.save_policy(1, {"w": torch.ones(2)})
    step, frame = taken
    assert isinstance(step, Step)
    assert torch.equal(read(frame.path)[0]["w"], torch.ones(2))
    run.close()


@pytest.mark.parametrize("run_id", ["demo", "demo.1", "a b/c", "x-2"])
def test_the_files_of_a_run_are_known_by_their_names(run_id):
    name = file_name(run_id, 12, 3)
    assert is_weights(name) and is_weights(name + ".part")
    assert writer_of(name, run_id) == writer_of(name + ".part", run_id) == 12
    assert "/" not in name
    for other in ("demo.2", "de", "demo.1.x"):
        assert writer_of(name, other) is None
    assert not is_weights("policy.safetensors")
