"""Policies that a worker makes again by their import path, well and ill."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

HERE = "tests.replay.policies"
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}
Readings = dict[str, Tensor]


class Net(nn.Module):
    """A trunk of `sizes`, and a head of so many options; the mask is obeyed."""

    def __init__(self, sizes: list[int], options: int, activation: str = "tanh") -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for wide, narrow in itertools.pairwise(sizes):
            layers += [nn.Linear(wide, narrow), ACTIVATIONS[activation]()]
        self.trunk = nn.Sequential(*layers)
        self.op = nn.Linear(sizes[-1], options)
        self.value = nn.Linear(sizes[-1], 1)

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        seen = self.trunk(observation)
        logits = self.op(seen)
        if "op" in masks:
            logits = logits.masked_fill(~masks["op"], -torch.inf)
        return {"probability/op": logits.softmax(1), "value": self.value(seen).squeeze(1)}


class Strict(Net):
    """Wants its mask, as Tamiyo does."""

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        return super().readings(observation, {"op": masks["op"]}, actions)


class Detached(Net):
    """Without a gradient to what it saw."""

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        return super().readings(observation.detach(), masks, actions)


class Leaving(Net):
    """By way of numpy."""

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        return super().readings(torch.from_numpy(observation.numpy().copy()), masks, actions)


class Single(Net):
    """In float32, whatever it is given."""

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        return super().readings(observation.float(), masks, actions)


class Logits(Net):
    """Says its logits too, before they are masked."""

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        found = super().readings(observation, masks, actions)
        return found | {"logit/op": self.op(self.trunk(observation))}


class Recurrent(Net):
    """What it saw before decides with what it sees."""

    def readings(  # type: ignore[override]
        self, observation: Any, masks: Any, actions: Any, recurrent: Any
    ) -> Readings:
        return super().readings(torch.cat([observation, recurrent], dim=1), masks, actions)


class Lookup(nn.Module):
    """One of five states, looked up: in the first it does 0, in the second 1, else either."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding.from_pretrained(torch.eye(5, 2) * 3)

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        return {"probability/op": self.table(observation[:, 0].long()).softmax(1)}


class Raising(Net):
    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        raise ZeroDivisionError("the trainer's own mistake\nwith a second line")


class Holding:
    """Holds a module that drops out half of what it sees while it is trained."""

    def __init__(self) -> None:
        self.net = nn.Sequential(nn.Dropout(0.5), nn.Softmax(dim=1))

    def readings(self, observation: Any, masks: Any, actions: Any) -> Readings:
        return {"probability/op": self.net(observation)}


class Answering:
    """Gives whatever it was made with."""

    def __init__(self, found: Any) -> None:
        self.found = found

    def readings(self, observation: Any, masks: Any, actions: Any) -> Any:
        return self.found


KINDS = {
    "net": Net,
    "strict": Strict,
    "detached": Detached,
    "leaving": Leaving,
    "single": Single,
    "logits": Logits,
    "recurrent": Recurrent,
    "raising": Raising,
}


def net(weights: Any, about: Any) -> Net:
    made = KINDS[about.get("kind", "net")](about["sizes"], about["options"], about["activation"])
    made.load_state_dict(dict(weights))
    return made


def noisy(weights: Any, about: Any) -> Net:
    """Prints in all the ways there are, and asks for a line."""
    print("building")
    sys.stdout.write("still building\n")
    os.write(1, b"built\n")
    os.system("echo elsewhere")
    assert sys.stdin.read() == ""
    return net(weights, about)


def lookup(weights: Any, about: Any) -> Lookup:
    return Lookup()


def nothing(weights: Any, about: Any) -> None:
    return None


def raising(weights: Any, about: Any) -> None:
    raise KeyError("hidden")


def leaving(weights: Any, about: Any) -> None:
    raise SystemExit(3)


def answering(weights: Any, about: Any) -> Answering:
    found = {"list": [1], "short": {"probability/op": torch.ones(7, 2)}, "nothing": {"value": None}}
    return Answering(found[about["found"]])


def holding(weights: Any, about: Any) -> Holding:
    return Holding()


def counting(weights: Any, about: Any) -> Net:
    COUNTED.append(1)
    return net(weights, about)


COUNTED: list[int] = []
a_number = 7


def place(weights: Any, about: Any) -> None:
    """Says where it is made."""
    devices = os.environ["CUDA_VISIBLE_DEVICES"]
    raise RuntimeError(f"devices {devices!r}, {torch.get_num_threads()} threads")
