"""What other libraries call the metrics of the catalogue.

Entropies are told apart by their scale: ``entropy`` of the catalogue is 0-1; what most libraries
log is in nats and unbounded (``entropy_nats``), or minus that (``entropy_loss``).
"""

from __future__ import annotations

STABLE_BASELINES3 = {
    "train/approx_kl": "approx_kl",
    "train/clip_fraction": "clip_fraction",
    "train/clip_range": "clip_range",
    "train/clip_range_vf": "clip_range_value",
    "train/entropy": "entropy_nats",
    "train/entropy_loss": "entropy_loss",
    "train/policy_gradient_loss": "policy_loss",
    "train/policy_loss": "policy_loss",
    "train/pg_loss": "policy_loss",
    "train/value_loss": "value_loss",
    "train/loss": "total_loss",
    "train/explained_variance": "explained_variance",
    "train/learning_rate": "learning_rate",
    "train/grad_norm": "grad_norm",
    "train/n_updates": "gradient_updates",
    "train/std": "action_std",
    "train/ent_coef": "entropy_coefficient",
    "rollout/ep_rew_mean": "episode_return_mean",
    "rollout/ep_len_mean": "episode_length_mean",
    "rollout/success_rate": "success_rate",
    "eval/mean_reward": "evaluation_return_mean",
    "eval/mean_ep_length": "evaluation_length_mean",
    "time/fps": "env_steps_per_s",
    "time/iterations": "iterations",
    "time/time_elapsed": "elapsed_s",
    "time/total_timesteps": "total_env_steps",
}

CLEANRL = {
    "losses/approx_kl": "approx_kl",
    "losses/old_approx_kl": "approx_kl_old",
    "losses/clipfrac": "clip_fraction",
    "losses/clip_fraction": "clip_fraction",
    "losses/entropy_loss": "entropy_loss",
    "losses/grad_norm": "grad_norm",
    "losses/entropy": "entropy_nats",
    "losses/policy_loss": "policy_loss",
    "losses/value_loss": "value_loss",
    "losses/explained_variance": "explained_variance",
    "charts/learning_rate": "learning_rate",
    "charts/ent_coef": "entropy_coefficient",
    "charts/episodic_return": "episode_return_mean",
    "charts/episodic_length": "episode_length_mean",
    "charts/SPS": "env_steps_per_s",
}

RLLIB_PREFIXES = ("ray/tune/", "learners/", "info/learner/default_policy/")
"""What stands before its names, depending on where they are logged."""

RLLIB = {
    "default_policy/policy_loss": "policy_loss",
    "default_policy/vf_loss": "value_loss",
    "default_policy/total_loss": "total_loss",
    "default_policy/vf_explained_var": "explained_variance",
    "default_policy/mean_kl_loss": "approx_kl",
    "default_policy/entropy": "entropy_nats",
    "default_policy/curr_entropy_coeff": "entropy_coefficient",
    "default_policy/curr_kl_coeff": "kl_coefficient",
    "default_policy/default_optimizer_learning_rate": "learning_rate",
    "default_policy/gradients_default_optimizer_global_norm": "grad_norm",
    "learner_stats/policy_loss": "policy_loss",
    "learner_stats/vf_loss": "value_loss",
    "learner_stats/total_loss": "total_loss",
    "learner_stats/vf_explained_var": "explained_variance",
    "learner_stats/kl": "approx_kl",
    "learner_stats/entropy": "entropy_nats",
    "learner_stats/entropy_coeff": "entropy_coefficient",
    "learner_stats/cur_kl_coeff": "kl_coefficient",
    "learner_stats/cur_lr": "learning_rate",
    "learner_stats/grad_gnorm": "grad_norm",
    "env_runners/episode_return_mean": "episode_return_mean",
    "env_runners/episode_len_mean": "episode_length_mean",
    "env_runners/num_env_steps_sampled_lifetime": "total_env_steps",
}

TORCHRL = {
    "train/loss_objective": "policy_loss",
    "train/loss_critic": "value_loss",
    "train/loss_entropy": "entropy_loss",
    "train/kl_approx": "approx_kl",
    "train/explained_variance_critic": "explained_variance",
    "train/lr": "learning_rate",
    "train/clip_epsilon": "clip_range",
    "train/reward": "episode_return_mean",
    "train/episode_length": "episode_length_mean",
    "eval/reward": "evaluation_return_mean",
}

SKRL = {
    "Loss / Policy loss": "policy_loss",
    "Loss / Value loss": "value_loss",
    "Loss / Entropy loss": "entropy_loss",
    "Policy / Standard deviation": "action_std",
    "Learning / Learning rate": "learning_rate",
    "Reward / Total reward (mean)": "episode_return_mean",
    "Reward / Instantaneous reward (mean)": "step_reward_mean",
    "Episode / Total timesteps (mean)": "episode_length_mean",
}

TIANSHOU = {
    "update/loss": "total_loss",
    "update/loss/clip": "policy_loss",
    "update/loss/vf": "value_loss",
    "update/loss/ent": "entropy_nats",
    "train/length": "episode_length_mean",
    "test/reward": "evaluation_return_mean",
    "test/length": "evaluation_length_mean",
}

ESPER = {
    "kl_divergence": "approx_kl",
    "lr": "learning_rate",
    "entropy_coef": "entropy_coefficient",
    "pre_clip_grad_norm": "grad_norm",
    "pre_norm_advantage_mean": "advantage_mean",
    "pre_norm_advantage_std": "advantage_std",
}

OURS = {"train/entropy_normalised": "entropy"}
"""What an export to TensorBoard calls what others have no name for."""

ALIASES: dict[str, str] = {
    **OURS,
    **STABLE_BASELINES3,
    **CLEANRL,
    **RLLIB,
    **TORCHRL,
    **SKRL,
    **TIANSHOU,
    **ESPER,
}
