"""About health, losses, gradients and heads of a policy update."""

from __future__ import annotations

from sanctum.telemetry.metrics.about.text import About

_LATCH = About(
    "set once a log-probability or gradient of the head was not finite; never taken back",
    "Overflow in a ratio or a logit, a mask without a legal option, or an observation that is not "
    "finite. It began where the first alarm is.",
    "events --severity warn",
    "0",
)

UPDATE = {
    "entropy": About(
        "mean over decisions of H / ln n; H = -sum p ln p over the n legal options, n > 1",
        "Low: the bonus is not in the loss or small beside the rewards, the learning rate is too "
        "high, or it is done learning: look at the return. Near 1 for long: no gradient arrives.",
        "brain heads",
        "near 1 at first, falling slowly",
    ),
    "clip_fraction": About(
        "share of samples with |r - 1| > clip_range; r is new over old probability",
        "High: learning rate or epochs too many, or a few huge advantages. 0: the update changes "
        "nothing, for advantages, gradients or learning rate are next to nothing.",
        "brain ratio",
        "0.1 to 0.25",
    ),
    "approx_kl": About(
        "mean of (r - 1) - ln r; r is new over old probability (joschu.net/blog/kl-approx.html)",
        "Below 0: wrong estimator, or masks differ between acting and learning. High: stale "
        "samples, learning rate or epochs too many, small batch. Under 1e-4 with clip_fraction 0: "
        "frozen.",
        "brain ratio",
        "1e-4 to 0.02",
    ),
    "entropy_weighted": About(
        "sum over heads of entropy x coefficient",
        "It moves when a coefficient does: judge the heads' own entropies.",
        "brain heads",
        "no limits hold; compare it with its own past",
    ),
    "entropy_nats": About(
        "mean over decisions of -sum p ln p",
        "Near 0: the bonus is not in the loss or small beside the rewards, the learning rate is "
        "too high, or it is done learning. Constant: no gradient arrives.",
        "actions",
        "from 0 to ln(legal options): 1.39 for four",
    ),
    "policy_loss": About(
        "- mean of min(r A, clip(r, 1 - e, 1 + e) A) (arXiv:1707.06347, eq. 7)",
        "Exactly 0: no advantage, or every sample was left out. Large: advantages are not "
        "normalised, or one is far out.",
        "brain advantages",
        "small, of either sign",
    ),
    "value_loss": About(
        "mean of (V - return)^2; many programs halve, clip or normalise it",
        "Exploding: reward scale, one environment far out, the critic's learning rate. "
        "explained_variance judges the critic without a scale.",
        "brain critic",
        "falling, with bumps where new rewards are found",
    ),
    "entropy_loss": About(
        "minus the entropy, in some programs times its coefficient",
        "Tiny beside policy_loss: the bonus no longer counts, its schedule ran out or was applied "
        "twice.",
        "brain other",
    ),
    "total_loss": About(
        "policy_loss + c1 value_loss - c2 entropy (arXiv:1707.06347, eq. 9)",
        "It follows whichever part is largest, mostly the critic's: look at the parts.",
        "brain losses",
        "no range",
    ),
    "q_aux_loss": About(
        "half the mean of (Q(s, op) - return)^2, on features that get no gradient",
        "High: the Q of ops cannot be trusted. The policy does not feel it.",
        "brain q",
    ),
    "grad_norm": About(
        "L2 norm of all gradients before clipping",
        "High: the critic's loss, the reward's scale or one environment dominates, and clipping "
        "then throttles the whole update. Near 0: no signal arrives.",
        "brain heads",
        "1 to 3 times max_grad_norm",
    ),
    "grad_norm.*": About(
        "L2 norm of the gradients of the head's own parameters, before clipping",
        "Far below the others: the head is seldom used, or its probabilities are saturated. "
        "masked: it had no choice, which is no fault.",
        "brain heads",
    ),
    "learning_rate": About(
        "of the optimiser's first group of parameters",
        "0 or nearly: the schedule ran out, and nothing is learned. Higher than meant: a schedule "
        "began anew when the run was resumed.",
        "history learning_rate",
        "2.5e-4 to 3e-4 is usual, often falling to 0",
    ),
    "explained_variance": About(
        "1 - Var(return - V) / Var(return)",
        "Low: returns wrong around ends of episodes, rewards of another scale, a critic that "
        "underfits. Where returns hardly vary it says nothing: see return_std.",
        "brain critic",
        "above 0.5 once it learns; around 0 at the very start",
    ),
    "skipped_minibatches": About(
        "count of the update's minibatches",
        "A loss or gradient was nan or infinite: an observation that is not finite, a mask without "
        "a legal option, overflow in the ratio.",
        "events --severity warn",
        "0",
    ),
    "gradient_cv": About(
        "standard deviation over mean of the heads' gradient norms",
        "One head, often the critic's, takes most of the gradient; clipping then starves the "
        "others.",
        "brain heads",
    ),
    "choice_entropy": About(
        "entropy of the head over its learnable_fraction",
        "Low while the policy's entropy is fine: this head settled early; it gets a gradient only "
        "where an op uses it.",
        "actions --more",
    ),
    "learnable_fraction": About(
        "steps at which the head mattered and had more than one legal option, over all steps",
        "0: masked throughout, so that its gradient must be 0. Small: it learns slowly, from few "
        "samples.",
        "actions --more",
        "no range: low for a head that few ops use",
    ),
    "nan_latch": _LATCH,
    "inf_latch": _LATCH,
    "layer_gradient_health_min": About(
        "least over layers; 0.7: over 30 % zeros, 0.5: over 50 %, 0.1: exploding, 0: dead or nan",
        "Dead units, a branch that a mask cuts off, or a learning rate too high.",
        "events --type gradients",
        "1",
    ),
    **{
        f"{kind}_grad_count": About(
            "elements of all gradients of the update",
            "Overflow in a ratio or a logit, 0/0 in a normalisation, or an observation that is not "
            "finite.",
            "events --severity warn",
            "0",
        )
        for kind in ("nan", "inf")
    },
    "dead_layers": About(
        "tensors of which over 90 % of the gradient's elements are 0",
        "Dead units after too large a step, a branch that a mask cuts off, a detached head.",
        "events --type gradients",
        "0",
    ),
    "exploding_layers": About(
        "tensors of which over 10 % of the gradient's elements exceed 10",
        "The critic's targets or the rewards are too large, or one environment is far out.",
        "events --type gradients",
        "0",
    ),
}
