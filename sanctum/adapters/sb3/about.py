"""What is said of a model at the start: its task, its spaces, its settings."""

from __future__ import annotations

import inspect
import math
from typing import Any

import stable_baselines3

from sanctum.adapters.sb3.actions import Heads
from sanctum.adapters.sb3.library import BaseAlgorithm, VecEnv
from sanctum.adapters.sb3.observations import Features
from sanctum.probe.hello import About

UNNAMED = "environment"
_LEARNED = (
    *("value", "advantage", "returns"),
    *("value_mean", "value_std", "advantage_mean", "advantage_std", "return_mean", "return_std"),
)
_NOT_SETTINGS = ("self", "policy", "env", "_init_setup_model", "verbose", "tensorboard_log")


def described(
    model: BaseAlgorithm, env: VecEnv, heads: Heads, features: Features, task: str | None
) -> About:
    """The keywords of `sanctum.attach` for a model that begins to learn."""
    steps = getattr(model, "n_steps", None) if is_on_policy(model) else None
    total = getattr(model, "_total_timesteps", 0)
    planned = math.ceil(total / env.num_envs) or None
    if steps and planned:
        planned = math.ceil(planned / steps) * steps
    return About(
        task=task or task_of(env) or UNNAMED,
        envs=env.num_envs,
        actions=heads.options,
        features=features.names,
        units=dict.fromkeys(_LEARNED, "normalised reward") if normalises_reward(model) else {},
        rollout_steps=steps,
        planned_steps=planned,
        planned_updates=planned // steps if steps and planned else None,
        config=settings(model),
        trainer=f"stable-baselines3 {type(model).__name__}",
    )


def is_on_policy(model: BaseAlgorithm) -> bool:
    """Whether it learns from rollouts: PPO, A2C and their kin."""
    return hasattr(model, "rollout_buffer") and hasattr(model, "n_steps")


def normalises_reward(model: BaseAlgorithm) -> bool:
    """Whether it learns from another reward than the environment's."""
    normaliser = model.get_vec_normalize_env()
    return normaliser is not None and normaliser.norm_reward


def task_of(env: VecEnv) -> str | None:
    """The environment's id; None where it cannot be asked without a risk.

    A worker process may end when it is asked for what it cannot send, so workers are not.
    """
    inner: Any = env
    while hasattr(inner, "venv"):
        inner = inner.venv
    first = inner.envs[0] if getattr(inner, "envs", None) else inner
    found = getattr(getattr(first, "spec", None), "id", None)
    return None if found is None else str(found)


def settings(model: BaseAlgorithm) -> dict[str, Any]:
    """The hyper-parameters of a model by name; of a schedule, where it begins."""
    found: dict[str, Any] = {}
    for name in inspect.signature(type(model).__init__).parameters:
        if name in _NOT_SETTINGS or not hasattr(model, name):
            continue
        value = getattr(model, name)
        found[name] = _at_start(value) if callable(value) else value
    found["policy"] = type(model.policy).__name__
    found["policy_kwargs"] = str(model.policy_kwargs)
    found["observation_space"] = str(model.observation_space)
    found["action_space"] = str(model.action_space)
    normaliser = model.get_vec_normalize_env()
    if normaliser is not None:
        for name in ("norm_obs", "norm_reward", "clip_obs", "clip_reward"):
            found[f"vec_normalize.{name}"] = getattr(normaliser, name)
    found["stable_baselines3"] = stable_baselines3.__version__
    return found


def _at_start(schedule: Any) -> Any:
    try:
        return float(schedule(1.0))
    except Exception:  # another kind of callable; its name has to do
        return str(schedule)
