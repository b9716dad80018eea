"""What Tamiyo sees of an environment, feature by feature."""

import torch
from torch import Tensor

from sanctum.trainer import blueprints
from sanctum.trainer.environment import Environment
from sanctum.trainer.host import SLOTS
from sanctum.trainer.seeds import LIVE
from sanctum.trainer.stages import STAGES, Stage

_HOST = [
    "progress",
    "accuracy",
    "best_accuracy_gap",
    "trend",
    "loss",
    "val_loss",
    "growth",
    "live_seeds",
    "fossils",
]
_SLOT = [
    "alpha",
    "age",
    "stage_age",
    "contribution",
    "contribution_known",
    "trial_gain",
    "trial_gain_known",
    "improvement",
    "gradient_health",
]

FEATURES = [
    *_HOST,
    *(
        f"{slot}.{name}"
        for slot in SLOTS
        for name in (
            *_SLOT,
            *(f"stage_{stage}" for stage in STAGES),
            *(f"blueprint_{name}" for name in blueprints.NAMES),
        )
    ),
]
"""The names of the observation's columns."""


def observe(environment: Environment) -> Tensor:
    """(envs, features) float32, scaled to about -1 to 1.

    A network can be given numbers only, so what was not measured is 0 here, and a feature beside it
    says whether it was.
    """
    seeds, length = environment.seeds, environment.settings.episode_length
    accuracy = environment.accuracy
    host = torch.stack(
        [
            environment.env_step / length,
            accuracy / 100,
            (environment.best_accuracy - accuracy) / 10,
            (accuracy - environment.recent_accuracy[:, 0]) / 20,
            environment.loss.clamp(max=5.0) / 2,
            environment.validation_loss.clamp(max=5.0) / 2,
            environment.growth - 1,
            seeds.among(LIVE).sum(1) / len(SLOTS),
            (seeds.stage == Stage.FOSSILIZED).sum(1) / len(SLOTS),
        ],
        dim=1,
    )
    improvement = accuracy.unsqueeze(1) - seeds.accuracy_before
    slot = torch.stack(
        [
            seeds.alpha,
            seeds.age_steps / length,
            seeds.stage_steps.clamp(max=20.0) / 20,
            seeds.contribution / 10,
            ~seeds.contribution.isnan(),
            seeds.trial_gain / 10,
            ~seeds.trial_gain.isnan(),
            improvement / 40,
            seeds.gradient_health,
        ],
        dim=2,
    ).nan_to_num(0.0)
    stage = torch.nn.functional.one_hot(seeds.stage, len(STAGES))
    blueprint = torch.nn.functional.one_hot(seeds.blueprint + 1, len(blueprints.NAMES) + 1)[..., 1:]
    per_slot = torch.cat([slot.clamp(-3, 3), stage, blueprint], dim=2)
    return torch.cat([host, per_slot.flatten(1)], dim=1)
