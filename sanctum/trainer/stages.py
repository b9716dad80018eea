"""The stages of a seed's life, and the gates between them."""

import math
from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor

from sanctum.trainer.settings import Settings


class Stage(IntEnum):
    """Where a slot's seed is in its life; DORMANT is an empty slot that may be used."""

    DORMANT = 0
    GERMINATED = 1
    TRAINING = 2
    BLENDING = 3
    HOLDING = 4
    FOSSILIZED = 5
    CULLED = 6
    EMBARGOED = 7


STAGES = [stage.name for stage in Stage]

GateInputs = dict[str, tuple[float | None, float]]
"""What a gate looked at: value (None: not measured) and the least value that passes."""


@dataclass(frozen=True)
class Gate:
    """What must hold before a seed enters a stage: each input at least as much as needed."""

    name: str
    opens: Stage
    """The stage that lies behind it."""
    needed: dict[str, float]

    def passed(self, values: dict[str, Tensor]) -> Tensor:
        """Which seeds pass, bool; `values` are equally shaped, nan where not measured.

        An input that is missing or not measured does not pass.
        """
        verdict = torch.ones_like(next(iter(values.values())), dtype=torch.bool)
        for name, least in self.needed.items():
            verdict &= values[name] >= least if name in values else torch.zeros_like(verdict)
        return verdict

    def inputs(self, values: dict[str, Tensor], env: int, slot: int) -> GateInputs:
        """What it looked at for one seed."""
        found: GateInputs = {}
        for name, least in self.needed.items():
            value = float(values[name][env, slot]) if name in values else math.nan
            found[name] = (None if math.isnan(value) else value, least)
        return found


def gates(settings: Settings) -> dict[Stage, Gate]:
    """The gate in front of each stage that has one."""
    found = (
        Gate("sprout", Stage.TRAINING, {"stage_steps": 1.0}),
        Gate(
            "blend",
            Stage.BLENDING,
            {
                "stage_steps": float(settings.training_steps),
                "trial_gain": settings.trial_gain_needed,
                "gradient_health": settings.gradient_health_needed,
            },
        ),
        Gate(
            "hold",
            Stage.HOLDING,
            {"alpha": 1.0, "contribution": settings.hold_contribution_needed},
        ),
        Gate(
            "fossilize",
            Stage.FOSSILIZED,
            {"alpha": 1.0, "contribution": settings.contribution_needed},
        ),
        Gate("rest", Stage.EMBARGOED, {"stage_steps": 1.0}),
        Gate("ready", Stage.DORMANT, {"stage_steps": float(settings.embargo_steps)}),
    )
    return {gate.opens: gate for gate in found}
