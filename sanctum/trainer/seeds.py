"""The seeds of all environments: who is in which stage, and what moves them on.

All tensors are (envs, slots) on the CPU. What was never measured is nan here, and None outside.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sanctum.trainer.host import SLOTS
from sanctum.trainer.lanes import Lanes, lanes
from sanctum.trainer.settings import Settings
from sanctum.trainer.stages import GateInputs, Stage, gates

FOLLOWS = {
    Stage.GERMINATED: Stage.TRAINING,
    Stage.TRAINING: Stage.BLENDING,
    Stage.BLENDING: Stage.HOLDING,
    Stage.CULLED: Stage.EMBARGOED,
    Stage.EMBARGOED: Stage.DORMANT,
}
"""The stages a seed enters by itself when the gate in front of them lets it."""

LIVE = (Stage.GERMINATED, Stage.TRAINING, Stage.BLENDING, Stage.HOLDING)
BLENDED = (Stage.BLENDING, Stage.HOLDING, Stage.FOSSILIZED)


PROGRESS = [{1: 0.1, 2: 0.2, 3: 0.5, 4: 0.7, 5: 1.0}.get(stage, 0.0) for stage in Stage]
"""How far along the way to a fossil each stage is; the reward's shaping is made of it."""


@dataclass(frozen=True)
class Transition:
    """A seed at a gate: it passed, was refused, or was culled."""

    env: int
    slot: int
    before: Stage
    after: Stage
    blueprint: int | None
    cause: str
    gate: str | None = None
    inputs: GateInputs | None = None

    @property
    def refused(self) -> bool:
        """Whether a gate kept the seed where it was."""
        return self.before == self.after


class Seeds:
    """The state of every slot of every environment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.gates = gates(settings)
        shape = (settings.envs, len(SLOTS))
        self.stage = torch.zeros(shape, dtype=torch.int64)
        self.blueprint = torch.full(shape, -1, dtype=torch.int64)
        self.alpha = torch.zeros(shape)
        self.age_steps = torch.zeros(shape)
        self.stage_steps = torch.zeros(shape)
        self.trial_gain = torch.full(shape, math.nan)
        self.contribution = torch.full(shape, math.nan)
        self.gradient_health = torch.full(shape, math.nan)
        self.accuracy_before = torch.full(shape, math.nan)
        """The host's accuracy when the seed was germinated, percent."""

    def among(self, stages: tuple[Stage, ...]) -> Tensor:
        """Which seeds are in one of these stages, bool."""
        return torch.isin(self.stage, torch.tensor(stages))

    def clear(self, env: int) -> None:
        """Empty every slot of an environment."""
        for slot in range(len(SLOTS)):
            self._empty(env, slot, Stage.DORMANT)

    def germinate(self, env: int, slot: int, blueprint: int, accuracy: float) -> Transition:
        """Start a seed in a dormant slot of a host with this accuracy, percent."""
        before = Stage(int(self.stage[env, slot]))
        self._empty(env, slot, Stage.GERMINATED)
        self.blueprint[env, slot] = blueprint
        self.accuracy_before[env, slot] = accuracy
        return Transition(env, slot, before, Stage.GERMINATED, blueprint, "GERMINATE")

    def cull(
        self,
        env: int,
        slot: int,
        cause: str,
        gate: str | None = None,
        inputs: GateInputs | None = None,
    ) -> Transition:
        """Remove a seed; what it added to its host is gone at once."""
        before, blueprint = Stage(int(self.stage[env, slot])), int(self.blueprint[env, slot])
        self._empty(env, slot, Stage.CULLED)
        return Transition(env, slot, before, Stage.CULLED, blueprint, cause, gate, inputs)

    def leave(self, env: int, slot: int) -> Transition:
        """Empty a slot because its host is replaced."""
        before = Stage(int(self.stage[env, slot]))
        self._empty(env, slot, Stage.DORMANT)
        return Transition(env, slot, before, Stage.DORMANT, None, "episode ended")

    def fossilize(self, env: int, slot: int) -> Transition:
        """Keep a seed for good, if the gate lets it; else it stays as it is."""
        gate, values = self.gates[Stage.FOSSILIZED], self._readings()
        before, after = Stage(int(self.stage[env, slot])), Stage.FOSSILIZED
        if not gate.passed(values)[env, slot]:
            after = before
        return self._enter(env, slot, after, "FOSSILIZE", gate.name, gate.inputs(values, env, slot))

    def age(self) -> None:
        """One step passes: seeds grow older, and alpha of blending ones follows its schedule."""
        occupied = self.among((*LIVE, Stage.FOSSILIZED))
        self.age_steps += occupied
        self.stage_steps += self.stage != Stage.DORMANT
        share = (self.stage_steps / self._settings.blending_steps).clamp(max=1.0)
        self.alpha = torch.where(self.stage == Stage.BLENDING, share, self.alpha)

    def advance(self) -> list[Transition]:
        """Let seeds through the gates they stand at; cull those that stood there too long."""
        values, found = self._readings(), []
        limit = self._settings.training_limit
        limits = {Stage.TRAINING: limit, Stage.BLENDING: self._settings.blending_steps + limit}
        for before, after in FOLLOWS.items():
            gate, waiting = self.gates[after], values["stage"] == before
            if not waiting.any():
                continue
            passed = gate.passed(values)
            for env, slot in (waiting & passed).nonzero().tolist():
                inputs = gate.inputs(values, env, slot)
                found.append(self._enter(env, slot, after, f"gate {gate.name}", gate.name, inputs))
            if before in limits:
                late = waiting & ~passed & (values["stage_steps"] >= limits[before])
                for env, slot in late.nonzero().tolist():
                    inputs = gate.inputs(values, env, slot)
                    found.append(
                        self.cull(env, slot, f"gate {gate.name} stayed shut", gate.name, inputs)
                    )
        return found

    def ahead(self, env: int, slot: int) -> tuple[str | None, GateInputs | None]:
        """The gate a seed stands at and what that gate sees; None where none is ahead."""
        stage = Stage(int(self.stage[env, slot]))
        after = Stage.FOSSILIZED if stage == Stage.HOLDING else FOLLOWS.get(stage)
        if after is None:
            return None, None
        gate = self.gates[after]
        return gate.name, gate.inputs(self._readings(), env, slot)

    def potential(self) -> Tensor:
        """How far each environment's seeds have come, (envs,) float32: 1 for every fossil."""
        return torch.tensor(PROGRESS)[self.stage].sum(1)

    def lanes(self, device: torch.device) -> Lanes:
        """Passes to train with: every host with its blended seeds, and one for each on trial."""
        trial = self.stage == Stage.TRAINING
        return lanes(self.alpha, self.blueprint, trial, torch.ones_like(self.alpha), device)

    def counterfactuals(self, device: torch.device) -> Lanes:
        """Passes to judge by: also every host without each blended seed, and with each on trial."""
        trial = self.stage == Stage.TRAINING
        changed = trial | (self.alpha > 0)
        return lanes(self.alpha, self.blueprint, changed, trial.float(), device)

    def measured(self, judged: Lanes, accuracy: Tensor, gradient_health: Tensor) -> None:
        """Note what the counterfactual passes showed: (lanes,) accuracies in percent."""
        envs = len(self.stage)
        env, slot = judged.extra_env.cpu(), judged.extra_slot.cpu()
        gain = accuracy[envs:] - accuracy[env]
        trial = (self.stage == Stage.TRAINING)[env, slot]
        self.trial_gain.fill_(math.nan)
        self.contribution.fill_(math.nan)
        self.trial_gain[env[trial], slot[trial]] = gain[trial]
        self.contribution[env[~trial], slot[~trial]] = -gain[~trial]
        self.gradient_health = gradient_health

    def _readings(self) -> dict[str, Tensor]:
        return {
            "stage": self.stage.clone(),
            "alpha": self.alpha.clone(),
            "stage_steps": self.stage_steps.clone(),
            "trial_gain": self.trial_gain.clone(),
            "contribution": self.contribution.clone(),
            "gradient_health": self.gradient_health.clone(),
        }

    def _enter(
        self, env: int, slot: int, after: Stage, cause: str, gate: str, inputs: GateInputs
    ) -> Transition:
        before, blueprint = Stage(int(self.stage[env, slot])), int(self.blueprint[env, slot])
        if after == Stage.DORMANT:
            self._empty(env, slot, after)
        elif after != before:
            self.stage[env, slot] = after
            self.stage_steps[env, slot] = 0.0
        kind = blueprint if blueprint >= 0 else None
        return Transition(env, slot, before, after, kind, cause, gate, inputs)

    def _empty(self, env: int, slot: int, stage: Stage) -> None:
        self.stage[env, slot] = stage
        self.blueprint[env, slot] = -1
        for zeroed in (self.alpha, self.age_steps, self.stage_steps):
            zeroed[env, slot] = 0.0
        unknown = (self.trial_gain, self.contribution, self.gradient_health, self.accuracy_before)
        for reading in unknown:
            reading[env, slot] = math.nan
