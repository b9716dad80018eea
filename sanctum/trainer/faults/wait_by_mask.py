"""``wait-by-mask``: the cool-down counts a WAIT as an op, so GERMINATE is hardly ever legal.

GERMINATE is to wait three steps after the last op in its environment. The bug lets every WAIT
start the count anew, and it ends only with the episode: GERMINATE is legal in the first step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sanctum.trainer.faults.fault import Fault

if TYPE_CHECKING:
    from torch import Tensor


class _WaitByMask(Fault):
    def acted(self, acted: Tensor) -> Tensor:
        """Every environment, whatever was done there."""
        return acted.new_ones(acted.shape)


WAIT_BY_MASK = _WaitByMask(
    "wait-by-mask",
    "the cool-down counts WAIT as an op: GERMINATE is hardly ever legal",
    "WAIT where GERMINATE is forbidden by the mask rule 'cooling down'",
    {"cooldown_steps": 3},
)
