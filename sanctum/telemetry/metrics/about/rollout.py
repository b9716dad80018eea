"""About what an update says of its rollout: Q, recurrent state, memory, episodes."""

from __future__ import annotations

from sanctum.telemetry.metrics.about.text import About

_STATE_OFF = (
    "Large: not reset at the end of an episode, or unrolled too long. Near 0: the policy has no "
    "memory, or the state is reset at every step."
)
_BROKEN = About(
    "1 where any element was not finite",
    "Overflow in the recurrence, or an observation that is not finite; nothing after it counts.",
    "events --severity warn",
    "0",
)
_MEMORY_OFF = "Growing from update to update: something keeps tensors alive, often for statistics."
_ROLLED = "A panic of the governor: a host's loss was nan, or far from what it was."
_SCORE_OFF = (
    "Falling: the policy got worse, or the reward changed. Flat from the start: no signal; look at "
    "the components."
)
_CLOCK = About("counted by the trainer", "Not moving: the run hangs, or has ended.", "run")


def _recurrent() -> dict[str, About]:
    found: dict[str, About] = {}
    for prefix in ("lstm", "rollout_lstm"):
        for state in ("h", "c"):
            name = f"{prefix}_{state}"
            found |= {
                f"{name}_rms": About(
                    "sqrt(sum x^2 / elements), all environments", _STATE_OFF, "brain recurrent"
                ),
                f"{name}_env_rms_mean": About(
                    "mean over environments of sqrt(sum x^2 / elements)",
                    _STATE_OFF,
                    "brain recurrent",
                ),
                f"{name}_env_rms_max": About(
                    "greatest over environments of sqrt(sum x^2 / elements)",
                    _STATE_OFF,
                    "brain recurrent",
                ),
                f"{name}_max": About("greatest |x|", _STATE_OFF, "brain recurrent"),
                f"{name}_l2_total": About("sqrt(sum x^2)", _STATE_OFF, "brain recurrent"),
            }
        found |= {f"{prefix}_has_{kind}": _BROKEN for kind in ("nan", "inf")}
    return found


ROLLOUT = {
    "q": About(
        "Q(s, op) of one sampled state, by a head that the policy does not use",
        "All alike: the critic cannot tell ops apart. Of an illegal op it means nothing.",
        "brain q",
        "no range: compare the ops of one update",
    ),
    "q_variance": About(
        "variance of Q over the legal ops of one sampled state",
        "The ops are not told apart: one op dominates the data, or the conditioning is ignored.",
        "brain q",
    ),
    "q_spread": About(
        "greatest minus least Q over the legal ops of one sampled state",
        "Near 0: the ops are not told apart.",
        "brain q",
    ),
    **_recurrent(),
    "cuda_memory_allocated_gb": About("held by tensors", _MEMORY_OFF, "vitals"),
    "cuda_memory_reserved_gb": About(
        "held by torch's allocator; this counts against the card", _MEMORY_OFF, "vitals"
    ),
    "cuda_memory_peak_gb": About("greatest so far of what tensors held", _MEMORY_OFF, "vitals"),
    "cuda_memory_fragmentation": About(
        "1 - allocated / reserved",
        "Sizes that keep changing, or streams with pools of their own.",
        "vitals",
    ),
    "dataloader_wait_ratio": About(
        "time spent waiting for data over time of the step",
        "Too few workers, slow storage, or work that belongs on the device.",
        "vitals --more",
    ),
    "update_seconds": About(
        "wall time",
        "Growing: a leak, often in statistics; a busy machine; more samples than before.",
        "vitals",
    ),
    "avg_accuracy": About(
        "mean of the last accuracy of the round's episodes", _SCORE_OFF, "episodes"
    ),
    "rolling_accuracy": About("mean of avg_accuracy of the last rounds", _SCORE_OFF, "episodes"),
    "avg_reward": About("mean of the rewards of an episode added up", _SCORE_OFF, "rewards"),
    "episode_return_mean": About(
        "mean over the last episodes of their rewards added up", _SCORE_OFF, "episodes"
    ),
    "episode_length_mean": About(
        "mean steps of the last episodes",
        "Falling while the return rises: ending early pays. Always at the limit: see that time "
        "limits are bootstrapped.",
        "episodes",
    ),
    "evaluation_return_mean": About(
        "mean return of episodes played to evaluate, often without sampling",
        "Far below the training return: the most likely action is not the good one, or the "
        "normaliser differs.",
        "history evaluation_return_mean",
    ),
    "evaluation_length_mean": About(
        "mean steps of episodes played to evaluate", _SCORE_OFF, "history evaluation_length_mean"
    ),
    "step_reward_mean": About("mean reward over the rollout's steps", _SCORE_OFF, "rewards"),
    "success_rate": About(
        "successes over ended episodes, as the environment says them", _SCORE_OFF, "episodes"
    ),
    "seeds_created": About(
        "seeds germinated",
        "0: the policy waits, or GERMINATE is masked. Very many: they are pruned at once.",
        "actions",
    ),
    "seeds_fossilized": About(
        "seeds kept for good",
        "0: seeds fail a gate, or the policy never chooses it.",
        "blueprints",
    ),
    "action_count": About(
        "executed, which may differ from what was chosen",
        "One op only: forced, or collapsed.",
        "actions",
    ),
    "decision_density": About(
        "1 - forced_step_ratio",
        "Low: slots are full, or masks forbid what should be legal; those steps teach nothing.",
        "actions",
    ),
    "forced_step_ratio": About(
        "steps at which every head had one legal option, over all steps",
        "High: slots are full, or masks forbid what should be legal; those steps teach nothing.",
        "actions",
    ),
    "forced_share": About(
        "decisions with one legal action over all decisions",
        "High: slots are full, or masks forbid what should be legal; those steps teach nothing.",
        "actions",
        "below 0.5",
    ),
    "usable_actor_timesteps": About(
        "steps with more than one legal option that the policy's loss used",
        "Few: a noisy gradient, whatever the batch size says.",
        "actions",
    ),
    "rollback_count": About("rollbacks", _ROLLED, "events --severity warn", "0"),
    "rollback_steps_zeroed": About("steps", _ROLLED, "events --severity warn", "0"),
    "rollback_attempt_count": About("panics", _ROLLED, "events --severity warn", "0"),
    "rollback_unattributed_count": About(
        "panics without a step before them", _ROLLED, "events --severity warn", "0"
    ),
    "minibatches": About(
        "minibatches over all epochs of the update, skipped ones too",
        "Fewer than epochs x minibatches: the KL limit stopped the update.",
        "brain --more",
    ),
    "ppo_updates_count": About(
        "gradient steps", "0: nothing was learned in the round.", "brain --more"
    ),
    "gradient_updates": _CLOCK,
    "iterations": _CLOCK,
    "env_steps_per_s": About(
        "steps x environments over wall time",
        "Falling: a leak, slow statistics, a busy machine, one slow environment.",
        "vitals",
        "steady",
    ),
    "elapsed_s": _CLOCK,
    "total_env_steps": _CLOCK,
}
