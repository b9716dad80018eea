"""What a fault is: settings it forces, and the places of the trainer it reaches into.

Faults import no torch, so that the command line can list them on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Fault:
    """A way in which the trainer is ill; this one, without a method replaced, is none.

    A method is a place of the trainer that faults reach into. It gets what the healthy trainer has
    there, gives what the ill one has instead, and draws no random numbers of the run's.
    """

    name: str
    wrong: str
    """What is wrong, in one line."""
    symptom: str
    """What it looks like from outside, and what ``why`` should find; one line."""
    forces: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    """The settings that it takes out of a person's hands, and their values."""

    def acted(self, acted: Tensor) -> Tensor:
        """The environments from whose step the cool-down counts anew; (envs,) bool, both."""
        return acted


HEALTHY = Fault("none", "nothing", "none")
"""What a trainer has that was given no fault."""
