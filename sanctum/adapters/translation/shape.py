"""The shape of a run: how many environments, epochs and rounds; and its header for the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.rewards import INSIDE, summands
from sanctum.adapters.translation.values import mapping, whole, word
from sanctum.adapters.translation.words import BLUEPRINTS, STAGES, choices
from sanctum.probe.hello import About

DEFAULT_EPOCHS = 150
"""The length of Esper's episodes unless it is told another."""

UNITS = {
    **dict.fromkeys(("value", "value_mean", "value_std", "value_min", "value_max"), "normalised"),
    **dict.fromkeys(
        (
            "return_mean",
            "return_std",
            "return_p10",
            "return_p50",
            "return_p90",
            "advantage_mean",
            "advantage_std",
        ),
        "normalised reward",
    ),
    "return_variance": "normalised reward^2",
    "entropy_nats": "nats",
}
"""The critic learns returns of rewards that were divided by a running scale; rewards are raw."""


@dataclass(frozen=True)
class Shape:
    """What steps are counted by. `rounds` is None where it is not known.

    `is_known` says that the run told this itself, `first_round` is the round it begins with.
    """

    envs: int
    epochs: int
    rounds: int | None = None
    slots: tuple[str, ...] = ()
    reward_mode: str | None = None
    first_round: int = 0
    is_heuristic: bool = False
    is_on_cpu: bool = False
    is_known: bool = True
    task: str = ""
    label: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    def step(self, round: int, epoch: int) -> int:
        """The vector step of an inner epoch (from 1) of a round (from 0)."""
        return round * self.epochs + epoch - 1

    def about(self) -> About:
        """The header of the record."""
        rounds = self.rounds
        about = About(
            task=self.task,
            envs=self.envs,
            actions=choices(self.slots),
            slots=self.slots,
            blueprints=BLUEPRINTS,
            stages=STAGES,
            rewards=summands(self.reward_mode),
            inside=INSIDE,
            units=UNITS,
            rollout_steps=self.epochs,
            config=self.config,
            trainer="esper heuristic" if self.is_heuristic else "esper PPO",
        )
        if rounds is not None:
            about["planned_episodes"] = rounds * self.envs
            about["planned_steps"] = rounds * self.epochs
            if not self.is_heuristic:
                about["planned_updates"] = rounds
        return about


def announced(event: Event) -> Shape:
    """The shape that TRAINING_STARTED tells. Raises ValueError where it lacks what is needed."""
    data = event.data
    envs, epochs = whole(data.get("n_envs")), whole(data.get("max_epochs"))
    label = word(data.get("episode_id")) or ""
    is_heuristic = label.startswith("heur_") or word(data.get("mode")) == "heuristic"
    if envs is None and is_heuristic:
        envs = 1
    if envs is None or epochs is None or envs < 1 or epochs < 1:
        raise ValueError("TRAINING_STARTED does not say n_envs and max_epochs")
    episodes = whole(data.get("n_episodes"))
    return Shape(
        envs,
        epochs,
        rounds=None if not episodes else -(-episodes // envs),
        slots=tuple(str(slot) for slot in data.get("slot_ids") or ()),
        reward_mode=word(data.get("reward_mode")),
        first_round=(whole(data.get("start_episode")) or 0) // envs,
        is_heuristic=is_heuristic,
        is_on_cpu=str(data.get("policy_device") or "").startswith("cpu"),
        task=word(data.get("task")) or "esper",
        label=label,
        config=dict(data),
    )


def inferred(events: Iterable[Event]) -> Shape | None:
    """The shape that a stretch of events without TRAINING_STARTED shows; None: it shows none."""
    envs, epochs, longest, rounds = 0, None, 0, None
    slots: set[str] = set()
    counted: int | None = None
    for event in events:
        data = event.data
        if event.env is not None:
            envs = max(envs, event.env + 1)
        longest = max(longest, _epoch(event) or 0)
        if event.slot is not None:
            slots.add(event.slot)
        slots.update(mapping(data.get("slot_states")))
        slots.update(name for name in mapping(data.get("seeds")) if name != "__aggregate__")
        if event.type == "BATCH_EPOCH_COMPLETED":
            counted = whole(data.get("n_envs")) or counted
            total = whole(data.get("total_episodes"))
            rounds = -(-total // counted) if total and counted else rounds
        whole_episode = {
            "EPISODE_OUTCOME": data.get("episode_length"),
            "PPO_UPDATE_COMPLETED": data.get("inner_epoch"),
            "ANALYTICS_SNAPSHOT/batch_stats": data.get("inner_epoch"),
        }
        epochs = whole(whole_episode.get(event.kind)) or epochs
    if not envs and counted is None:
        return None
    if epochs is None:
        epochs = max(DEFAULT_EPOCHS, longest)
    return Shape(
        max(envs, counted or 0),
        epochs,
        rounds,
        tuple(sorted(slots)),
        is_known=False,
        task="esper",
    )


def _epoch(event: Event) -> int | None:
    if event.type in ("EPOCH_COMPLETED", "ANALYTICS_SNAPSHOT"):
        return whole(event.data.get("inner_epoch"))
    return None
