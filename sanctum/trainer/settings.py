"""Every setting of the reference trainer, explained where it is declared.

This module imports no torch, so that the command line can list and check settings on any machine.
"""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sanctum.errors import UsageError
from sanctum.trainer.faults.known import fault_named

Value = str | int | float | bool | None


def _setting(
    default: Value, help: str, *, least: float | None = None, choices: tuple[str, ...] = ()
) -> Any:
    """A field with its explanation, its smallest legal value and, for words, its choices."""
    about = {"help": help, "default": default, "least": least, "choices": choices}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Settings:
    """What a training run can be told. Accuracies are in percent, contributions in points."""

    # The run.
    task: str = _setting("digits", "data the hosts learn", choices=("digits", "spirals"))
    seed: int = _setting(0, "everything random follows from this number", least=0)
    envs: int = _setting(16, "environments, each a host network in training", least=1)
    updates: int = _setting(200, "policy updates in the run", least=1)
    rollout_steps: int = _setting(64, "vector steps between two updates", least=1)
    episode_length: int = _setting(64, "environment steps in an episode", least=2)
    stagger: bool = _setting(True, "start environments at different points of their first episode")
    device: str = _setting("cpu", "torch device of the hosts and the policy")
    threads: int = _setting(1, "torch threads; the hosts are too small for more to pay", least=1)
    seed_every: int = _setting(5, "vector steps between two reports of a live seed", least=1)

    fault: str | None = _setting(None, "how the trainer is ill; sanctum train --faults lists how")

    # The hosts.
    host_width: int = _setting(12, "units of a host's input layer, which seeds read", least=2)
    cell_width: int = _setting(
        1, "units a host's cell squeezes them into; few: seeds help", least=1
    )
    batch_size: int = _setting(64, "samples in one minibatch of a host", least=1)
    host_minibatches: int = _setting(1, "host minibatches in one environment step", least=1)
    host_learning_rate: float = _setting(0.02, "Adam step of the hosts", least=0.0)
    seed_learning_rate: float = _setting(0.02, "Adam step of the seeds", least=0.0)
    validation_size: int = _setting(256, "held-out samples of each environment", least=1)

    # The seeds' lives.
    training_steps: int = _setting(5, "steps a seed trains before it may blend", least=1)
    training_limit: int = _setting(16, "steps after which an unfit seed is culled", least=1)
    blending_steps: int = _setting(6, "steps in which alpha goes from 0 to 1", least=1)
    embargo_steps: int = _setting(4, "steps a slot rests after a cull", least=1)
    cull_age: int = _setting(3, "age in steps below which a seed cannot be culled", least=0)
    cooldown_steps: int = _setting(0, "steps GERMINATE waits after an op; 0: none", least=0)
    trial_gain_needed: float = _setting(0.5, "points a seed on trial must add to be blended")
    gradient_health_needed: float = _setting(0.1, "gradient health a seed needs to be blended")
    hold_contribution_needed: float = _setting(0.0, "points a blended seed must add to be held")
    contribution_needed: float = _setting(1.0, "points a seed must add to be fossilized")

    # The reward.
    accuracy_weight: float = _setting(0.1, "reward for a point of validation accuracy gained")
    contribution_weight: float = _setting(0.01, "reward a step for each point seeds contribute")
    rent_weight: float = _setting(0.01, "cost a step of seeds as large as the host", least=0.0)
    germinate_cost: float = _setting(0.05, "cost of a GERMINATE", least=0.0)
    cull_cost: float = _setting(0.1, "cost of a CULL", least=0.0)
    fossilize_cost: float = _setting(0.02, "cost of a FOSSILIZE", least=0.0)
    shaping_weight: float = _setting(0.1, "size of the potential that rewards progress of seeds")
    terminal_weight: float = _setting(0.05, "bonus at the end for each point fossils contribute")

    # Tamiyo and PPO.
    hidden: int = _setting(64, "units in each hidden layer of the policy", least=1)
    learning_rate: float = _setting(0.001, "Adam step of the policy", least=0.0)
    anneal: bool = _setting(True, "let the learning rate fall to a quarter over the run")
    gamma: float = _setting(0.99, "discount a step", least=0.0)
    lam: float = _setting(0.95, "lambda of the advantage estimator", least=0.0)
    epochs: int = _setting(4, "passes over a rollout in one update", least=1)
    minibatches: int = _setting(4, "minibatches in one pass", least=1)
    clip: float = _setting(0.2, "half-width of the ratio's trust region", least=0.0)
    entropy_coefficient: float = _setting(0.04, "weight of the entropy bonus", least=0.0)
    value_coefficient: float = _setting(0.5, "weight of the value loss", least=0.0)
    max_grad_norm: float = _setting(0.5, "gradient norm above which gradients are cut", least=0.0)
    target_kl: float | None = _setting(
        None, "approx_kl that ends an update early; none: off", least=0.0
    )

    def with_overrides(self, overrides: Mapping[str, str]) -> "Settings":
        """These settings with some replaced, read from text by each setting's type.

        A fault brings the settings that it forces. Raises UsageError for a key that does not
        exist, a value that does not fit and a setting that the fault forces.
        """
        hints = typing.get_type_hints(Settings)
        fields = {each.name: each for each in dataclasses.fields(self)}
        values: dict[str, Any] = {}
        for key, text in overrides.items():
            if key not in fields:
                near = difflib.get_close_matches(key, fields, n=1, cutoff=0.0)
                raise UsageError(
                    f"there is no setting {key!r}; the nearest is {near[0]!r}",
                    "sanctum train ppo --list-settings lists them all",
                )
            values[key] = _parsed(fields[key], hints[key], text)
        fault = fault_named(values.get("fault", self.fault))
        for key in (key for key in values if key in fault.forces):
            raise UsageError(
                f"the fault {fault.name} sets {key} to {fault.forces[key]}",
                "leave out one of the two",
            )
        if "fault" in values:
            values |= fault.forces
        return dataclasses.replace(self, **values)

    def as_dict(self) -> dict[str, Value]:
        """All settings by name, as a run's configuration is recorded."""
        return dataclasses.asdict(self)


def listing() -> list[tuple[str, str, Value, str]]:
    """Name, type, default and explanation of every setting, in the order of declaration."""
    hints = typing.get_type_hints(Settings)
    rows: list[tuple[str, str, Value, str]] = []
    for each in dataclasses.fields(Settings):
        choices, default = each.metadata["choices"], each.metadata["default"]
        kind = "|".join(choices) if choices else _kind(hints[each.name])
        rows.append((each.name, kind, default, each.metadata["help"]))
    return rows


def _kind(hint: Any) -> str:
    """The word for a setting's type, ``float or none`` for an optional one."""
    if isinstance(hint, types.UnionType):
        return " or ".join(
            "none" if part is types.NoneType else part.__name__ for part in hint.__args__
        )
    return str(hint.__name__)


def _parsed(setting: "dataclasses.Field[Any]", hint: Any, text: str) -> Value:
    """The value that `text` gives to a setting; UsageError when it does not fit."""
    kind, choices, least = _kind(hint), setting.metadata["choices"], setting.metadata["least"]
    word = text.strip().lower()
    value: Value
    try:
        if "none" in kind and word in ("none", ""):
            return None
        if kind == "bool":
            value = {"true": True, "1": True, "yes": True, "on": True}.get(word, False)
            if not value and word not in ("false", "0", "no", "off"):
                raise ValueError(text)
        elif kind == "int":
            value = int(text)
        elif kind.startswith("float"):
            value = float(text)
            if value != value or value in (float("inf"), float("-inf")):
                raise ValueError(text)
        else:
            value = text
    except ValueError:
        raise UsageError(f"setting {setting.name!r} is {kind}, which {text!r} is not") from None
    if choices and value not in choices:
        raise UsageError(f"setting {setting.name!r} is one of {', '.join(choices)}, not {text!r}")
    if least is not None and isinstance(value, int | float) and value < least:
        raise UsageError(f"setting {setting.name!r} is at least {least:g}, not {text}")
    return value
