"""About probability ratios, and the settings an update says of itself."""

from __future__ import annotations

from sanctum.telemetry.metrics.about.text import About

_FAR = (
    "Learning rate or epochs too many, stale samples, or a rare action that got a huge advantage. "
    "First see that first_minibatch_ratio_deviation is 0."
)
_RATIO = "r is the probability of the action under the new policy over that under the old"

RATIO = {
    "clip_range": About(
        "e in clip(r, 1 - e, 1 + e)",
        "Very small: the policy cannot move. Large: the update is not held back.",
        "brain ratio",
        "0.1 to 0.3; 0.2 is usual",
    ),
    "clip_range_value": About(
        "|V new - V old| allowed in one update",
        "Small beside the returns: the critic crawls. Raise it, or do without.",
        "brain critic",
        "not below the size of the returns",
    ),
    "approx_kl_old": About(
        "mean of - ln r; may be negative",
        "Far from approx_kl: few samples, or ratios far from 1.",
        "brain ratio",
    ),
    "kl_coefficient": About(
        "weight of the KL penalty in the loss (arXiv:1707.06347, eq. 8)",
        "Running away upward: every update overshoots its target; lower the learning rate.",
        "history approx_kl kl_coefficient",
    ),
    "ratio_mean": About(f"mean of r; {_RATIO}", _FAR, "brain ratio", "1, within 0.1"),
    "ratio_std": About(f"standard deviation of r; {_RATIO}", _FAR, "brain ratio"),
    "ratio_max": About(f"greatest r of the update; {_RATIO}", _FAR, "brain ratio", "up to 1.5"),
    "joint_ratio_max": About(
        "greatest product of the heads' ratios; heads may look fine one by one",
        _FAR,
        "brain heads",
        "up to 1.5",
    ),
    "ratio_min": About(f"least r of the update; {_RATIO}", _FAR, "brain ratio", "from 0.7"),
    "first_minibatch_ratio_deviation": About(
        "greatest |r - 1| in the first minibatch of the first epoch",
        "The rollout was not rebuilt: mask, recurrent state, dropout or normaliser differ, or "
        "another precision. Mend this before anything else.",
        "brain ratio",
        "0; to 1e-2 in half precision",
    ),
    "clip_fraction_positive": About("share with r > 1 + clip_range", _FAR, "brain ratio"),
    "clip_fraction_negative": About("share with r < 1 - clip_range", _FAR, "brain ratio"),
    "log_prob_min": About(
        "least ln p of an action taken",
        "Logits run away, which ends in nan: learning rate, a missing mask, large rewards.",
        "actions --more",
    ),
    "log_prob_max": About(
        "greatest ln p of an action taken; 0 is certainty",
        "Always 0: forced steps, or a policy that has collapsed.",
        "actions",
    ),
    "early_stop_epoch": About(
        "the epoch in which approx_kl passed the trainer's limit",
        "Always the first: learning rate too high for the batch, or the limit too tight.",
        "history approx_kl",
        "absent: nothing had to be stopped",
    ),
    "max_grad_norm": About(
        "gradients are scaled down to this norm",
        "Far below grad_norm: every update is throttled. Find what makes the gradient large "
        "before raising it.",
        "history grad_norm",
        "0.5 is usual",
    ),
    "entropy_coefficient": About(
        "c2 in policy_loss + c1 value_loss - c2 entropy",
        "Tiny while the entropy falls: nothing keeps it exploring. Large: it never settles.",
        "history entropy entropy_coefficient",
        "0 to 0.05; 0.01 is usual",
    ),
    "action_std": About(
        "mean over dimensions of the Gaussian's standard deviation",
        "Falling to 0 early: exploration ends. Growing: the bonus outweighs the rewards.",
        "history action_std",
        "falling slowly",
    ),
    "entropy_collapsed": About(
        "1 where entropy_weighted < 0.1",
        "Hardly ever 1, whatever the policy does: look at the heads' own entropies.",
        "brain heads",
    ),
}
