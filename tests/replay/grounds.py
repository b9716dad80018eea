"""Jobs for a worker: weights of a policy in `policies`, and rows to ask it about."""

from __future__ import annotations

from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from sanctum.model.jobs import Done, Evaluate, Evaluated, Failed, Job, Matrix, Policy, Rows
from sanctum.replay.asking import matrix
from sanctum.replay.jobs import done
from sanctum.replay.policies import Policies
from tests.replay.policies import HERE, Net


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def policy(net: Net, *, factory: str = f"{HERE}:net", update: int = 3, **about: Any) -> Policy:
    """A `Net` as the record has it."""
    sizes = [net.trunk[0].in_features] if len(net.trunk) else [net.op.in_features]
    sizes += [layer.out_features for layer in net.trunk if isinstance(layer, torch.nn.Linear)]
    relu = any(isinstance(layer, torch.nn.ReLU) for layer in net.trunk)
    said = {
        "sizes": sizes,
        "options": net.op.out_features,
        "activation": "relu" if relu else "tanh",
    }
    return Policy(update, factory, safetensors.torch.save(net.state_dict()), said | about)


def made(
    seed: int, sizes: list[int], options: int, activation: str = "tanh", gain: float = 2.0
) -> Net:
    """A random one, not all too sure."""
    net = Net(sizes, options, activation)
    with torch.no_grad():
        for parameter in net.parameters():
            fan = parameter.shape[-1] if parameter.ndim > 1 else 4
            parameter.copy_(torch.randn(parameter.shape, generator=random(seed)) * gain / fan**0.5)
            seed += 1
    return net


def rows(observation: Tensor, mask: Tensor | None = None, **more: Any) -> Rows:
    masks = {} if mask is None else {"op": matrix(mask)}
    actions = {"op": matrix(torch.zeros(len(observation)))}
    return Rows(matrix(observation), masks, actions, **more)


def array(given: Matrix) -> Tensor:
    return torch.frombuffer(bytearray(given.data), dtype=torch.float32).reshape(given.shape)


def asked(job: Job) -> Done:
    """The answer of a worker that knows no policy yet."""
    return done(job, Policies())


def evaluated(of: Policy, *given: Rows) -> list[dict[str, Tensor]]:
    """The readings, which must come."""
    found = asked(Evaluate([of] * len(given), list(given)))
    assert isinstance(found, Evaluated), found
    return [{name: array(one) for name, one in each.items()} for each in found.readings]


def failed(job: Job) -> Failed:
    """Why it cannot be done, which must be so."""
    found = asked(job)
    assert isinstance(found, Failed), found
    assert "\n" not in found.sentence
    assert len(found.sentence) <= 400
    return found
