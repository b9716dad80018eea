"""About advantages, returns and the critic."""

from __future__ import annotations

from sanctum.telemetry.metrics.about.text import About

_SHAPE = "One environment or a rare reward drives the update: find it, then clip or rescale."
_RETURN = "sum of gamma^k r over the steps that follow, of every step of the rollout"
_RETURNS_OFF = (
    "Sudden moves: the reward's scale or a component changed, or episodes end elsewhere than "
    "before."
)
_OUT = "Far from the returns: values on another scale, or a critic that diverges."
_FLAT = (
    "Rewards are flat, or every episode goes alike: judge the critic by value_loss and "
    "td_error_mean instead."
)

CRITIC = {
    "advantage_mean": About(
        "mean advantage, by GAE (arXiv:1506.02438, eq. 16)",
        "Above 0 for long: the critic expects too little; below: too much.",
        "brain critic",
        "near 0",
    ),
    "advantage_std": About(
        "standard deviation of the raw advantages",
        "Tiny: flat rewards, a critic that says the same of all states, or one that explains "
        "everything; normalising then blows noise up to full size.",
        "rewards",
    ),
    "advantage_mean_normalised": About(
        "mean of (A - mean A) / std A",
        "Not 0: normalised over other samples than are learned from, as with masked steps.",
        "brain advantages",
        "within 0.05 of 0",
    ),
    "advantage_std_normalised": About(
        "standard deviation of (A - mean A) / std A",
        "Not 1: normalised over other samples than are learned from, or the raw spread was "
        "raised to a floor.",
        "brain advantages",
        "1",
    ),
    "advantage_skewness": About(
        "mean of ((A - mean A) / std A)^3",
        _SHAPE,
        "envs --sort reward",
    ),
    "advantage_kurtosis": About(
        "mean of ((A - mean A) / std A)^4, minus 3",
        _SHAPE,
        "envs --sort reward",
    ),
    "advantage_positive_ratio": About(
        "share of samples with A > 0",
        "Low: few good surprises outweigh many small bad ones; high: the reverse. Look for a rare "
        "large reward or penalty.",
        "rewards --actions",
        "0.4 to 0.6",
    ),
    "d5_pre_norm_advantage_std": About(
        "standard deviation of the raw advantages, no floor under it",
        "Tiny: rewards are flat or the critic is constant.",
        "rewards",
    ),
    "advantage_std_floored": About(
        "1 where the raw spread was under the trainer's floor",
        "1: there was next to no signal: flat rewards, or a critic that explains everything.",
        "rewards",
        "0",
    ),
    "return_mean": About(
        f"mean of: {_RETURN}",
        "Falling: the policy got worse, or a component of the reward changed. It is no episode's "
        "score.",
        "history return_mean",
        "rising",
    ),
    "return_std": About(
        f"standard deviation of: {_RETURN}",
        "Near 0: flat rewards, or a policy that always does the same; the critic then has nothing "
        "to explain.",
        "rewards",
    ),
    **{
        f"return_p{percent}": About(f"percentile {percent} of: {_RETURN}", _RETURNS_OFF, "episodes")
        for percent in (10, 50, 90)
    },
    "return_variance": About(f"variance of: {_RETURN}", _RETURNS_OFF, "brain returns"),
    "return_skewness": About(
        "mean of ((R - mean R) / std R)^3",
        "A few jackpots (above 0) or disasters (below) make the returns: look at those episodes.",
        "episodes --sort return",
    ),
    "value_mean": About(
        "mean of V over the rollout's steps",
        "Away from return_mean: a biased critic, or values on a normalised scale.",
        "brain critic",
        "near return_mean",
    ),
    "value_std": About(
        "standard deviation of V over the rollout's steps",
        "Near 0: the same value for every state: a dead trunk, a learning rate too small, or "
        "targets badly normalised.",
        "brain critic",
        "somewhat below return_std",
    ),
    "value_min": About("least V of the rollout's steps", _OUT, "brain critic"),
    "value_max": About("greatest V of the rollout's steps", _OUT, "brain critic"),
    "v_return_correlation": About(
        "Pearson's correlation of V and return; 0 where either is constant",
        "The critic puts states in the wrong order: returns wrong around ends of episodes, or it "
        "underfits.",
        "brain critic",
    ),
    "value_nrmse": About(
        "root mean square of (return - V) over the standard deviation of the returns",
        "Above 1: worse than saying the mean every time. The target's scale moved, or it "
        "underfits.",
        "brain critic",
        "below 1",
    ),
    "td_error_mean": About(
        "mean of r + gamma V(next) - V",
        "Above 0 the critic expects too little, below too much; also bootstrapping across ends of "
        "episodes.",
        "brain critic",
        "near 0",
    ),
    "td_error_std": About(
        "standard deviation of r + gamma V(next) - V",
        "Growing: rewards got noisier, or the critic chases a moving scale.",
        "history td_error_std",
    ),
    "bellman_error": About(
        "mean of |r + gamma V(next) - V|",
        "Reward scale, a critic that diverges, or bootstrapping across ends of episodes.",
        "brain critic",
    ),
    "value_target_scale": About(
        "running standard deviation of the returns",
        "A jump makes value_loss jump with it: nothing else need be wrong.",
        "history value_target_scale value_loss",
        "moves slowly",
    ),
    "ev_return_variance": About("variance of the returns of the update", _FLAT, "rewards"),
    "ev_low_return_variance": About(
        "1 where the variance of the returns was under the trainer's floor",
        _FLAT,
        "rewards",
        "0",
    ),
    "ev_low_return_variance_count": About("count of such updates", _FLAT, "rewards"),
}
