"""Events in the shape of Esper's, made by hand; and what a translator said of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from sanctum.adapters.translation import Translator
from sanctum.adapters.translation.words import HEADS, OPS
from sanctum.probe.direct import direct
from sanctum.probe.run import Run
from sanctum.telemetry import (
    EpisodeEnded,
    Frame,
    Gap,
    Message,
    RunEnded,
    SeedState,
    Source,
    Step,
    Update,
)
from sanctum.telemetry.arrays import MASKED_CELL, NOT_MEASURED, unpack

_numbers = itertools.count()
SLOTS = ["r0c0", "r0c1"]
COMPONENTS = {
    "base_acc_delta": 1.5,
    "seed_contribution": None,
    "bounded_attribution": None,
    "progress_since_germination": None,
    "stable_val_acc": None,
    "attribution_discount": 1.0,
    "ratio_penalty": 0.0,
    "escrow_credit_prev": 0.0,
    "escrow_delta": 0.0,
    "escrow_forfeit": 0.0,
    "compute_rent": -0.25,
    "alpha_shock": 0.0,
    "blending_warning": 0.0,
    "holding_warning": 0.0,
    "stage_bonus": 0.0,
    "pbrs_bonus": 0.5,
    "synergy_bonus": 0.0,
    "action_shaping": 0.0,
    "terminal_bonus": 0.0,
    "fossilize_terminal_bonus": 0.0,
    "hindsight_credit": 0.0,
    "num_fossilized_seeds": 0,
    "num_contributing_fossilized": 0,
    "action_name": "WAIT",
    "action_success": True,
    "seed_stage": None,
    "epoch": 1,
    "val_acc": 50.0,
    "acc_at_germination": None,
    "host_baseline_acc": None,
    "growth_ratio": 0.0,
    "total_reward": 0.125,
    "shaped_reward_ratio": 0.5,
    "occupancy_rent": 0.0625,
    "fossilized_rent": 0.0625,
    "n_active_seeds": 0,
    "timing_discount": 1.0,
    "drip_this_epoch": 0.0,
    "drip_immediate_bonus": 0.0,
    "drip_deferred_total": 0.0,
    "num_drip_sources": 0,
}


def event(type: str, /, data: Any = None, **envelope: Any) -> dict[str, Any]:
    """One event; a second after the one before."""
    number = next(_numbers)
    minute, second = divmod(number, 60)
    return {
        "event_id": str(number),
        "event_type": type,
        "timestamp": f"2026-01-02T{3 + minute // 60:02d}:{minute % 60:02d}:{second:02d}.5+00:00",
        "seed_id": None,
        "slot_id": None,
        "epoch": None,
        "group_id": "default",
        "message": "",
        "data": data,
        "severity": "info",
        **envelope,
    }


def started(envs: int = 2, epochs: int = 3, rounds: int = 2, **data: Any) -> dict[str, Any]:
    """TRAINING_STARTED."""
    group = data.pop("group_id", "default")
    said = {
        "n_envs": envs,
        "max_epochs": epochs,
        "max_batches": rounds,
        "task": "cifar_baseline",
        "host_params": 6418,
        "slot_ids": SLOTS,
        "seed": 7,
        "n_episodes": rounds * envs,
        "lr": 3e-4,
        "policy_device": "cuda:0",
        "reward_mode": "shaped",
        "episode_id": "ppo_7",
        "start_episode": 0,
        **data,
    }
    return event("TRAINING_STARTED", said, group_id=group)


def epoch(
    env: int, inner: int, episode: int | None = None, seeds: Any = None, **data: Any
) -> dict[str, Any]:
    """EPOCH_COMPLETED; of the first round unless `episode` says another."""
    group = data.pop("group_id", "default")
    said = {
        "env_id": env,
        "val_accuracy": 50.0,
        "val_loss": 1.25,
        "inner_epoch": inner,
        "episode_idx": env if episode is None else episode,
        "train_loss": None,
        "train_accuracy": None,
        "host_grad_norm": None,
        "seeds": seeds or {},
        "observation_stats": None,
        **data,
    }
    return event("EPOCH_COMPLETED", said, epoch=inner, group_id=group)


def living(stage: str = "BLENDING", **said: Any) -> dict[str, Any]:
    """One seed in EPOCH_COMPLETED's ``seeds``."""
    return {
        "stage": stage,
        "blueprint_id": "norm",
        "accuracy_delta": 1.0,
        "epochs_in_stage": 2,
        "alpha": 0.5,
        "grad_ratio": 0.9,
        "has_vanishing": False,
        "has_exploding": False,
        "contribution_velocity": 0.0,
        "interaction_sum": 0.0,
        "boost_received": 0.0,
        "upstream_alpha_sum": 0.0,
        "downstream_alpha_sum": 0.0,
        **said,
    }


def action(env: int, inner: int, op: str = "WAIT", episode: int | None = None, **data: Any):
    """``last_action``; `components` change those of its reward, None leaves them out."""
    group, components = data.pop("group_id", "default"), data.pop("components", {})
    names = ("curve" if head == "alpha_curve" else head for head in HEADS)
    heads = {f"{n}_{kind}": v for n in names for kind, v in (("confidence", 0.5), ("entropy", 0.8))}
    parts = {**COMPONENTS, "action_name": op, **(components or {})}
    said = {
        "kind": "last_action",
        "env_id": env,
        "episode_idx": env if episode is None else episode,
        "inner_epoch": inner,
        "total_reward": parts["total_reward"],
        "action_name": op,
        "action_confidence": 0.5,
        "head_telemetry": heads,
        "value_estimate": 0.75,
        "slot_id": "r0c1",
        "blueprint_id": "norm" if op == "GERMINATE" else None,
        "action_success": True,
        **{f"{head}_masked": False for head in HEADS},
        "reward_components": None if components is None else parts,
        "observation_stats": None,
        "slot_states": {"r0c0": "Empty", "r0c1": "Empty"},
        "alternatives": [["PRUNE", 0.3]],
        "decision_entropy": "1.0986123",
        **data,
    }
    about = {"epoch": inner, "severity": "debug", "group_id": group}
    return event("ANALYTICS_SNAPSHOT", said, **about)


def snapshot(kind: str, /, **data: Any) -> dict[str, Any]:
    """Another ANALYTICS_SNAPSHOT, with nulls as Esper writes them."""
    return event("ANALYTICS_SNAPSHOT", {"kind": kind, "fps": None, "summary": None, **data})


def seed(type: str, env: int, slot: str = "r0c1", **data: Any) -> dict[str, Any]:
    """One of the SEED_* events; `op` and `at` (round, epoch) make the ids of its action."""
    op, at = data.pop("op", None), data.pop("at", (0, 1))
    id = None
    if op is not None:
        id = f"morph-b{at[0]}-e{at[1]}-env{env}-{slot}-op{OPS.index(op)}-mutation"
    said = {
        "slot_id": slot,
        "env_id": env,
        "episode_idx": env,
        "morphology_mutation_id": id,
        **data,
    }
    about = {"seed_id": f"ep{env}_env{env}_seed_0", "slot_id": slot, "epoch": 8}
    return event(f"SEED_{type}", said, **about)


def germinated(env: int, slot: str = "r0c1", **data: Any) -> dict[str, Any]:
    """SEED_GERMINATED."""
    said = {"blueprint_id": "norm", "params": 33, "alpha": 0.0, "grad_ratio": 0.0, **data}
    return seed("GERMINATED", env, slot, **{"op": "GERMINATE", **said})


def changed(env: int, before: str, after: str, slot: str = "r0c1", **data: Any) -> dict[str, Any]:
    """SEED_STAGE_CHANGED."""
    said = {"from_stage": before, "to_stage": after, "alpha": 0.5, "grad_ratio": 0.4, **data}
    return seed("STAGE_CHANGED", env, slot, **said)


def matrix(env: int, accuracies: dict[str, float], episode: int | None = None, **data: Any):
    """COUNTERFACTUAL_MATRIX_COMPUTED: accuracies by masks such as ``01``."""
    slots = data.pop("slots", ["r0c0", "r0c1", "r0c2", "r1c0", "r1c1"])
    configs = [
        {"seed_mask": [bit == "1" for bit in mask.rstrip("'")], "accuracy": one}
        for mask, one in accuracies.items()
    ]
    width = len(configs[0]["seed_mask"]) if configs else 0
    said = {
        "env_id": env,
        "slot_ids": slots[:width],
        "configs": configs,
        "episode_idx": env if episode is None else episode,
        "strategy": "full_factorial",
        "compute_time_ms": 0.0,
        **data,
    }
    return event("COUNTERFACTUAL_MATRIX_COMPUTED", said)


def morphology(env: int, phase: str, op: str = "GERMINATE", **data: Any) -> dict[str, Any]:
    """One row of MORPHOLOGY_CAUSAL_LOG."""
    round, inner = data.pop("at", (0, 1))
    id = f"morph-b{round}-e{inner}-env{env}-r0c1-op{OPS.index(op)}"
    severity = data.pop("severity", "debug")
    said = {
        "phase": phase,
        "env_id": env,
        "slot_id": "r0c1",
        "operation": op,
        "action_id": id,
        "observation_hash": "obs-58196d8a06e08a08",
        "rng_stream": f"simic.lifecycle.env{env}",
        "rng_seed": 16313928295285828931,
        "topology": "cnn",
        "blueprint_id": "norm" if op == "GERMINATE" else None,
        "governor_approved": None if phase == "proposal" else True,
        "governor_reason": None if phase == "proposal" else "approved",
        "governor_blocked_factor": None,
        "watch_window_evidence": None,
        "linked_event_id": None,
        **data,
    }
    return event("MORPHOLOGY_CAUSAL_LOG", said, severity=severity)


def updated(batch: int = 1, **data: Any) -> dict[str, Any]:
    """PPO_UPDATE_COMPLETED."""
    heads = {
        f"head_{head}_{kind}": value
        for head in HEADS
        for kind, value in (
            ("entropy", 0.4),
            ("grad_norm", 0.2),
            ("gradient_state", "finite"),
            ("learnable_fraction", 0.5),
            ("ratio_max", 1.1),
            ("clip_fraction", 0.01),
        )
    }
    said = {
        "policy_loss": 0.1,
        "value_loss": 0.5,
        "entropy": 8.6,
        "grad_norm": 4.0,
        "pre_clip_grad_norm": 4.0,
        "kl_divergence": 0.01,
        "clip_fraction": 0.02,
        "clip_fraction_positive": 0.01,
        "clip_fraction_negative": 0.01,
        "explained_variance": 0.3,
        "ev_low_return_variance": False,
        "nan_grad_count": 0,
        "inf_grad_count": 0,
        "dead_layers": 0,
        "exploding_layers": 0,
        "layer_gradient_health": None,
        "head_nan_detected": {"op": False},
        "head_inf_detected": {"op": False},
        "entropy_loss": 0.0,
        "loss_scale": None,
        "advantage_mean": 0.0,
        "advantage_std": 1.0,
        "advantage_skewness": 0.5,
        "advantage_kurtosis": float("nan"),
        "pre_norm_advantage_mean": -0.6,
        "pre_norm_advantage_std": 5.0,
        "ratio_mean": 1.01,
        "ratio_min": 0.8,
        "ratio_max": 1.2,
        "ratio_std": 0.02,
        "joint_ratio_max": 1.2,
        "lr": 3e-4,
        "entropy_coef": 0.05,
        "update_time_ms": 110.0,
        "early_stop_epoch": None,
        "op_q_values": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        "op_valid_mask": [True, True, False, False, False, False],
        "q_variance": 0.01,
        "q_spread": 0.1,
        "cuda_memory_allocated_gb": 0.0,
        "value_mean": 0.05,
        "skipped": False,
        "update_skipped": False,
        "inner_epoch": 3,
        "batch": batch,
        **heads,
        **data,
    }
    return event("PPO_UPDATE_COMPLETED", said, epoch=2)


def batch(number: int = 1, envs: int = 2, rounds: int = 2, **data: Any) -> dict[str, Any]:
    """BATCH_EPOCH_COMPLETED."""
    said = {
        "episodes_completed": number * envs,
        "batch_idx": number,
        "avg_accuracy": 60.0,
        "avg_reward": 1.5,
        "total_episodes": rounds * envs,
        "n_envs": envs,
        "rolling_accuracy": 61.0,
        "env_accuracies": [60.0] * envs,
        **data,
    }
    return event("BATCH_EPOCH_COMPLETED", said, epoch=number * envs)


def rolled_back(env: int, **data: Any) -> dict[str, Any]:
    """GOVERNOR_ROLLBACK, which always says the default group."""
    said = {
        "env_id": env,
        "device": "cpu",
        "reason": "Structural Collapse",
        "episode_idx": None,
        "loss_at_panic": 9.5,
        "loss_threshold": 4.0,
        "panic_reason": "governor_divergence",
        **data,
    }
    return event("GOVERNOR_ROLLBACK", said, severity="critical")


def outcome(env: int, episode: int | None = None, **data: Any) -> dict[str, Any]:
    """EPISODE_OUTCOME."""
    said = {
        "env_id": env,
        "episode_idx": env if episode is None else episode,
        "final_accuracy": 60.0,
        "param_ratio": 1.5,
        "episode_reward": 3.5,
        "stability_score": 0.9,
        "reward_mode": "shaped",
        "episode_length": 3,
        "outcome_type": "timeout",
        "germinate_count": 4,
        **data,
    }
    return event("EPISODE_OUTCOME", said)


def quiet(envs: int = 2, epochs: int = 3, round: int = 0, **about: Any) -> list[dict[str, Any]]:
    """Epochs of a round in which every environment waits."""
    found = []
    for inner in range(1, epochs + 1):
        for make in (epoch, action):
            found += [make(e, inner, episode=round * envs + e, **about) for e in range(envs)]
    return found


class Heard:
    """Takes what a translator says; an `Opens`. Cells are numbers, ``masked`` or None."""

    def __init__(self, *events: dict[str, Any], run_id: str | None = "it") -> None:
        self.attempts: list[tuple[str, float, dict[str, Any]]] = []
        self.frames: dict[str, list[Frame]] = {}
        self.translator = Translator(self, run_id, "events.jsonl")
        self.take(*events)

    def __call__(self, run_id: str, time: float, /, **about: Any) -> Run:
        self.attempts.append((run_id, time, about))
        return direct(run_id, self.frames.setdefault(run_id, []).append)

    def take(self, *events: dict[str, Any]) -> Heard:
        """More events."""
        for one in events:
            self.translator.take(one)
        return self

    def close(self, *how: Any) -> Heard:
        """No more events."""
        self.translator.close(*how)
        return self

    def all(self, kind: type, run_id: str = "it") -> list[Any]:
        """Every frame of a kind."""
        return [one for one in self.frames.get(run_id, []) if isinstance(one, kind)]

    def cells(self, step: int, name: str, run_id: str = "it") -> list[Any]:
        """The cells of a column at a step, as the last frame that has them says."""
        found: list[Any] = []
        for frame in self.all(Step, run_id):
            array = frame.columns.get(name) or frame.matrices.get(name)
            if frame.step == step and array is not None:
                values, states = unpack(array)
                marks = np.zeros(values.shape, np.uint8) if states is None else states
                found = [_cell(*pair) for pair in zip(values, marks, strict=True)]
        return found

    def seeds(self, env: int = 0, slot: str = "r0c1", run_id: str = "it") -> list[SeedState]:
        """What was said of a slot, in order."""
        return [s for s in self.all(SeedState, run_id) if (s.env, s.slot) == (env, slot)]

    def messages(self, type: str, run_id: str = "it") -> list[Message]:
        """Lines of the timeline of a type."""
        return [one for one in self.all(Message, run_id) if one.type == type]

    @property
    def updates(self) -> list[Update]:
        """Every update."""
        return self.all(Update)

    @property
    def gaps(self) -> list[Gap]:
        """Every gap."""
        return self.all(Gap)

    @property
    def episodes(self) -> list[EpisodeEnded]:
        """Every episode."""
        return self.all(EpisodeEnded)

    @property
    def source(self) -> Source:
        """The newest account of where it comes from."""
        return self.all(Source)[-1]

    @property
    def end(self) -> RunEnded:
        """How it ended."""
        (one,) = self.all(RunEnded)
        return one


def _cell(value: Any, state: Any) -> Any:
    if np.ndim(value):
        return _cell(0, state[0]) if state[0] else [float(one) for one in value]
    return {NOT_MEASURED: None, MASKED_CELL: "masked"}.get(int(state), float(value))
