"""The reward: named components that add up to the total."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sanctum.trainer.actions import Op
from sanctum.trainer.settings import Settings

COMPONENTS = [
    "accuracy_gain",
    "contribution",
    "rent",
    "action_cost",
    "shaping",
    "terminal_bonus",
]

_GRAIN = 2.0**-16
"""Components are whole multiples of this, so that float32 adds them without error."""

_CONTRIBUTION_LIMIT = 15.0
"""Points beyond which a seed's contribution earns no more: a host must not lean on one seed."""


@dataclass(frozen=True)
class Happened:
    """What a step did to the environments; (envs,) float32 unless said otherwise."""

    op: Tensor
    """(envs,) int64."""
    accuracy_gain: Tensor
    """Points of validation accuracy since the step before."""
    contribution: Tensor
    """(envs, slots) points; nan where there was none to measure."""
    fossilized: Tensor
    """(envs, slots) bool."""
    rented: Tensor
    """Parameters of all seeds over those of the host."""
    potential_before: Tensor
    potential_after: Tensor
    ended: Tensor
    """(envs,) bool."""


def components(happened: Happened, settings: Settings) -> dict[str, Tensor]:
    """The reward's components, (envs,) float32 each, signed; their plain sum is the reward.

    Shaping is gamma times the potential after minus the potential before, with no potential after
    the end, so it does not change which policy is best (Ng, Harada and Russell, 1999).
    """
    earned = happened.contribution.nan_to_num(0.0)
    earned = earned.clamp(-_CONTRIBUTION_LIMIT, _CONTRIBUTION_LIMIT)
    costs = torch.zeros(len(Op))
    costs[Op.GERMINATE] = settings.germinate_cost
    costs[Op.CULL] = settings.cull_cost
    costs[Op.FOSSILIZE] = settings.fossilize_cost
    after = happened.potential_after * ~happened.ended
    kept = (earned * happened.fossilized).sum(1) * happened.ended
    exact = {
        "accuracy_gain": settings.accuracy_weight * happened.accuracy_gain,
        "contribution": settings.contribution_weight * earned.sum(1),
        "rent": -settings.rent_weight * happened.rented,
        "action_cost": -costs[happened.op],
        "shaping": settings.shaping_weight * (settings.gamma * after - happened.potential_before),
        "terminal_bonus": settings.terminal_weight * kept,
    }
    return {name: (value / _GRAIN).round() * _GRAIN for name, value in exact.items()}


def total(parts: dict[str, Tensor]) -> Tensor:
    """The reward, (envs,) float32."""
    return torch.stack(list(parts.values())).sum(0)
