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
class Lanes:
    """A set of passes, and the seeds in them: one entry for each seed in each lane it is in.

    Entries are ordered by blueprint, so that the seeds of one blueprint are computed at once.
    """

    extra_env: Tensor
    """(extra,) int64: whose host an extra lane runs through."""
    extra_slot: Tensor
    """(extra,) int64: the slot whose seed it changes."""
    lane: Tensor
    """(entries,) int64."""
    env: Tensor
    """(entries,) int64."""
    slot: Tensor
    """(entries,) int64."""
    alpha: Tensor
    """(entries, 1, 1) float32: the share of what the seed adds that is let in."""
    learning: Tensor
    """(n,) int64: the entries whose seeds learn."""
    kind: Tensor
    """(n,) int64: the blueprints of those."""
    extra: Tensor
    """(entries,) bool: whether the lane is an extra one."""
    counts: list[int]
    """How many entries each blueprint has."""


def lanes(
    alpha: Tensor, blueprint: Tensor, changed: Tensor, changed_alpha: Tensor, device: torch.device
) -> Lanes:
    """Every host as it is, then one lane for each seed in `changed`, with its alpha changed.

    alpha, changed_alpha (envs, slots) float32; blueprint int64, changed bool of that shape; all on
    the CPU. A seed learns in the lane of its host, and in its own lane if it has one; an extra lane
    teaches nothing else.
    """
    envs, slots = alpha.shape
    extra_env, extra_slot = changed.nonzero(as_tuple=True)
    lane_env = torch.cat([torch.arange(envs), extra_env])
    own = torch.zeros(len(lane_env), slots, dtype=torch.bool)
    own[torch.arange(envs, len(lane_env)), extra_slot] = True
    lane_alpha = torch.where(own, changed_alpha[lane_env], alpha[lane_env])
    lane, slot = lane_alpha.nonzero(as_tuple=True)
    kind, order = blueprint[lane_env[lane], slot].sort(stable=True)
    lane, slot = lane[order], slot[order]
    learning = (own[lane, slot] | (lane < envs)).nonzero().squeeze(1)
    return Lanes(
        extra_env.to(device),
        extra_slot.to(device),
        lane.to(device),
        lane_env[lane].to(device),
        slot.to(device),
        lane_alpha[lane, slot].view(-1, 1, 1).to(device),
        learning.to(device),
        kind[learning].to(device),
        (lane >= envs).to(device),
        torch.bincount(kind, minlength=len(BLUEPRINTS)).tolist(),
    )
