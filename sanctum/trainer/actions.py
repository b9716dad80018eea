"""What Tamiyo can do to an environment, and the mask of what it may."""

from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor

from sanctum.trainer.blueprints import BLUEPRINTS


class Op(IntEnum):
    """What is done; every op but WAIT names a slot, and GERMINATE a blueprint too."""

    WAIT = 0
    GERMINATE = 1
    CULL = 2
    FOSSILIZE = 3


OPS = [op.name for op in Op]

LEGAL = -1
"""Stands where a rule would, for what no rule forbids."""


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
    rules: Tensor | None = None
    """(envs, ops, slots) int8: the rule that forbids it, LEGAL where none does. None: not kept."""

    def to(self, device: torch.device) -> "Legal":
        """The same on a device, without the rules, which no policy asks for."""
        return Legal(self.slots.to(device))

    @property
    def ops(self) -> Tensor:
        """(envs, ops) bool; WAIT is always legal, so no row is empty."""
        legal = self.slots.any(2)
        legal[:, Op.WAIT] = True
        return legal

    @property
    def op_rules(self) -> Tensor | None:
        """(envs, ops) int8: of the rules that forbid an op's slots, the one nearest to allowing it.

        LEGAL where the op is legal; WAIT always is.
        """
        if self.rules is None:
            return None
        return self.rules.amax(2).masked_fill(self.ops, LEGAL)

    @property
    def actions(self) -> Tensor:
        """(envs,) float32: how many different actions are legal, heads taken together."""
        counts = self.slots.sum(2, dtype=torch.float32)
        counts[:, Op.GERMINATE] *= len(BLUEPRINTS)
        return 1 + counts.sum(1)
