"""What an update says of its rollout: episodes, choices, memory, recurrent state."""

from __future__ import annotations

from sanctum.telemetry.metrics.metric import Metric

_WHERE = {"lstm": "while learning", "rollout_lstm": "during the rollout"}
_STATE = {"h": "hidden", "c": "cell"}


def _recurrent(prefix: str, state: str) -> tuple[Metric, ...]:
    """The readings of one recurrent state (``h``, ``c``) at one time."""
    of = f"the {_STATE[state]} state {_WHERE[prefix]}"
    name = f"{prefix}_{state}"
    size = {
        "rms": f"root mean square of {of}",
        "env_rms_mean": f"root mean square of {of}, mean of the environments",
        "env_rms_max": f"root mean square of {of}, of the worst environment",
    }
    return (
        *(
            Metric(
                f"{name}_{what}",
                meaning,
                "",
                "recurrent",
                warn_below=1e-4,
                crit_below=1e-6,
                warn_above=5.0,
                crit_above=10.0,
                source="[ESPER]",
            )
            for what, meaning in size.items()
        ),
        Metric(f"{name}_max", f"largest absolute element of {of}", "", "recurrent"),
        Metric(f"{name}_l2_total", f"norm of {of}, all environments", "", "recurrent"),
    )


def _broken(prefix: str, kind: str) -> Metric:
    return Metric(
        f"{prefix}_has_{kind}",
        f"1: {kind} in the recurrent state {_WHERE[prefix]}",
        "",
        "recurrent",
        crit_above=0.0,
        source="[ESPER]",
    )


ROLLOUT = (
    Metric("q", "what the auxiliary head expects of an op, in one sampled state", "", "q"),
    Metric(
        "q_variance",
        "variance of Q over the valid ops: near 0 the ops are not told apart",
        "",
        "q",
        warn_below=0.1,
        crit_below=0.01,
        source="[ESPER]",
    ),
    Metric("q_spread", "greatest minus least Q over the valid ops", "", "q"),
    *(one for prefix in _WHERE for state in _STATE for one in _recurrent(prefix, state)),
    *(_broken(prefix, kind) for prefix in _WHERE for kind in ("nan", "inf")),
    Metric("cuda_memory_allocated_gb", "CUDA memory in use", "GB", "memory"),
    Metric("cuda_memory_reserved_gb", "CUDA memory held by the allocator", "GB", "memory"),
    Metric("cuda_memory_peak_gb", "most CUDA memory ever in use", "GB", "memory"),
    Metric(
        "cuda_memory_fragmentation",
        "share of the CUDA memory held that is not in use",
        "0-1",
        "memory",
        warn_above=0.2,
        crit_above=0.3,
        source="[ESPER]",
    ),
    Metric(
        "dataloader_wait_ratio",
        "share of a step's time spent waiting for data",
        "0-1",
        "memory",
        warn_above=0.25,
        crit_above=0.5,
        source="[ESPER]",
    ),
    Metric("update_seconds", "wall time of the update", "s", "memory"),
    Metric("avg_accuracy", "mean final accuracy of the round's episodes", "percent", "round"),
    Metric("rolling_accuracy", "mean accuracy of the last rounds", "percent", "round"),
    Metric("avg_reward", "mean return of the round's episodes", "reward", "round"),
    Metric("episode_return_mean", "mean return of the last episodes", "reward", "round"),
    Metric("episode_length_mean", "mean length of the last episodes", "steps", "round"),
    Metric("evaluation_return_mean", "mean return of evaluation episodes", "reward", "round"),
    Metric("evaluation_length_mean", "mean length of evaluation episodes", "steps", "round"),
    Metric("step_reward_mean", "mean reward of a step", "reward", "round"),
    Metric("success_rate", "share of episodes that succeeded", "0-1", "round"),
    Metric("seeds_created", "seeds germinated in the round", "count", "round", digits=0),
    Metric("seeds_fossilized", "seeds kept for good in the round", "count", "round", digits=0),
    Metric("action_count", "times an op was executed in the round", "count", "round", digits=0),
    Metric(
        "decision_density",
        "share of steps at which the policy had a choice",
        "0-1",
        "round",
        warn_below=0.7,
        crit_below=0.3,
        source="[ESPER]",
    ),
    Metric("forced_step_ratio", "share of steps without a choice", "0-1", "round"),
    Metric("forced_share", "share of decisions with one legal action", "0-1", "round"),
    Metric(
        "usable_actor_timesteps", "steps at which there was a choice", "count", "round", digits=0
    ),
    Metric(
        "rollback_count",
        "environments put back by the governor in the round",
        "count",
        "round",
        warn_above=0.0,
        source="[ESPER]",
        digits=0,
    ),
    Metric("rollback_steps_zeroed", "steps whose reward was voided", "count", "round", digits=0),
    Metric("rollback_attempt_count", "panics of the governor", "count", "round", digits=0),
    Metric(
        "rollback_unattributed_count",
        "panics with no step to blame",
        "count",
        "round",
        digits=0,
    ),
    Metric("minibatches", "minibatches in the update", "count", digits=0),
    Metric("ppo_updates_count", "gradient updates in the round", "count", digits=0),
    Metric("gradient_updates", "gradient updates so far", "count", digits=0),
    Metric("iterations", "rollouts so far", "count", digits=0),
    Metric("env_steps_per_s", "environment steps a second, over all environments", "env steps/s"),
    Metric("elapsed_s", "time since the start", "s"),
    Metric("total_env_steps", "environment steps so far, over all", "count", digits=0),
)
