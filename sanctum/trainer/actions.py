"""What Tamiyo can do to an environment, and what is legal."""

from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor

from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.seeds import LIVE, Seeds
from sanctum.trainer.stages import Stage


class Op(IntEnum):
    """What is done; every op but WAIT names a slot, and GERMINATE a blueprint too."""

    WAIT = 0
    GERMINATE = 1
    CULL = 2
    FOSSILIZE = 3


OPS = [op.name for op in Op]


@dataclass(frozen=True)
class Actions:
    """One action for each environment, (envs,) int64 each; -1 where a head was not used."""

    op: Tensor
    slot: Tensor
    blueprint: Tensor


@dataclass(frozen=True)
class Legal:
    """What is legal in each environment. A blueprint is always legal where GERMINATE is."""

    slots: Tensor
    """(envs, ops, slots) bool: the slots an op may name; none for WAIT, which names none."""

    def to(self, device: torch.device) -> "Legal":
        """The same on a device."""
        return Legal(self.slots.to(device))

    @property
    def ops(self) -> Tensor:
        """(envs, ops) bool; WAIT is always legal, so no row is empty."""
        legal = self.slots.any(2)
        legal[:, Op.WAIT] = True
        return legal

    @property
    def actions(self) -> Tensor:
        """(envs,) float32: how many different actions are legal, heads taken together."""
        counts = self.slots.sum(2, dtype=torch.float32)
        counts[:, Op.GERMINATE] *= len(BLUEPRINTS)
        return 1 + counts.sum(1)


def legal(seeds: Seeds, cull_age: int) -> Legal:
    """GERMINATE needs a dormant slot, CULL a live seed of some age, FOSSILIZE one in HOLDING."""
    grown = seeds.among(LIVE) & (seeds.age_steps >= cull_age)
    never = torch.zeros_like(grown)
    by_op = [never, seeds.stage == Stage.DORMANT, grown, seeds.stage == Stage.HOLDING]
    return Legal(torch.stack(by_op, dim=1))
