"""Lanes: which passes through which host are made, and with which seeds in them.

The first lanes, one for each environment, are the hosts as they are. Every further lane is one
environment's host with one seed changed: switched on that is not blended yet, or left out. All
lanes are computed together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sanctum.trainer.blueprints import BLUEPRINTS


@dataclass(frozen=True)
class Group:
    """All seeds of one blueprint, once for every lane they are in."""

    blueprint: int
    lanes: Tensor
    """(n,) int64."""
    seeds: Tensor
    """(n,) int64: which seed, environment * slots + slot."""
    alpha: Tensor
    """(n, 1, 1) float32: the share of what they add that is let in."""
    learning: int
    """The first so many let gradients into their seed."""


@dataclass(frozen=True)
class Lanes:
    """A set of passes. Lanes from the number of environments on are extra ones."""

    extra_env: Tensor
    """(extra,) int64: whose host an extra lane runs through."""
    extra_slot: Tensor
    """(extra,) int64: the slot whose seed it changes."""
    groups: tuple[Group, ...]


def lanes(
    alpha: Tensor, blueprint: Tensor, extra: Tensor, extra_alpha: Tensor, device: torch.device
) -> Lanes:
    """Every host as it is, then one lane for each seed marked in `extra`, changed to `extra_alpha`.

    alpha, extra_alpha (envs, slots) float32; blueprint int64, extra bool of that shape; all on the
    CPU. A seed learns in the lane of its host, and in its own lane if it has one; an extra lane
    teaches nothing else.
    """
    envs, slots = alpha.shape
    extra_env, extra_slot = extra.nonzero(as_tuple=True)
    count = len(extra_env)
    env = torch.cat([torch.arange(envs), extra_env])
    own = torch.zeros(envs + count, slots, dtype=torch.bool)
    own[envs + torch.arange(count), extra_slot] = True
    lane_alpha = torch.where(own, extra_alpha[env], alpha[env])
    learns = own.clone()
    learns[:envs] = True
    kinds = torch.where(lane_alpha > 0, blueprint[env], -1)
    groups = []
    for kind in range(len(BLUEPRINTS)):
        here = kinds == kind
        taught, fixed = (here & learns).nonzero(), (here & ~learns).nonzero()
        lane, slot = torch.cat([taught, fixed]).unbind(1)
        if len(lane):
            groups.append(
                Group(
                    kind,
                    lane.to(device),
                    (env[lane] * slots + slot).to(device),
                    lane_alpha[lane, slot].view(-1, 1, 1).to(device),
                    len(taught),
                )
            )
    return Lanes(extra_env.to(device), extra_slot.to(device), tuple(groups))
