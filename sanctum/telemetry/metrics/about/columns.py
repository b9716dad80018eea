"""About the readings of environments, seeds and the trainer as a whole."""

from __future__ import annotations

from sanctum.telemetry.metrics.about.text import About

_HOST_OFF = (
    "Falling: a seed was blended in that harms, a rollback, or a new episode began with a fresh "
    "host. Flat: nothing is blended in."
)
_MASKED_OUT = "Often 1: slots are full, or masks forbid what should be legal."
_CLOCK = About("counted by the trainer", "Not moving: this environment is silent.", "envs")

_ENVIRONMENTS = {
    "accuracy": About(
        "correct over all samples of the validation set, x 100",
        _HOST_OFF,
        "env {env}",
        "rising within an episode",
    ),
    "best_accuracy": About(
        "greatest accuracy so far in this episode",
        "Far above accuracy: the environment has degraded since.",
        "env {env}",
    ),
    "loss": About(
        "cross-entropy of the host on its training batch; ln(classes) is guessing",
        "nan or inf: the host diverged, mostly after a seed was blended in. Rising: a harmful "
        "seed, or a learning rate too high.",
        "env {env}",
        "below ln(classes): 2.30 for ten",
    ),
    "val_loss": About(
        "cross-entropy on the validation set; ln(classes) is guessing",
        "Rising while loss falls: the host learns its training set by heart.",
        "history loss val_loss --env {env}",
    ),
    "reward": About(
        "signed sum of the components",
        "Flat: no signal. One step far out: units of a component. See whether the parts add up.",
        "rewards {env}",
        "most steps within -1 to 1",
    ),
    "value": About(
        "V(s), before the action",
        "The same everywhere: the critic tells no states apart. Far from the returns: another "
        "scale.",
        "brain critic",
        "near the returns that follow",
    ),
    "log_prob": About(
        "ln p of the joint action, all heads together",
        "Very low: an unlikely action was taken, as it must be now and then.",
        "actions {env}",
    ),
    "episode": _CLOCK,
    "env_step": _CLOCK,
    "policy_version": About(
        "update of the weights that chose the action",
        "Behind the newest update: samples are stale, as with actors that lag.",
        "run",
        "the last update",
    ),
    "parameters": About(
        "trainable, host and live seeds",
        "Growing without accuracy: rent is paid for nothing.",
        "env {env}",
    ),
    "growth": About(
        "parameters of host and seeds over the host's alone",
        "Large without accuracy: rent is paid for nothing.",
        "seeds --env {env}",
    ),
    "active_seeds": About(
        "slots whose seed lives",
        "Always 0: the policy never germinates, or may not. Always all: nothing is left to do.",
        "seeds --env {env}",
    ),
    "advantage": About(
        "GAE: sum of (gamma lambda)^k (r + gamma V(next) - V) (arXiv:1506.02438, eq. 16)",
        "All near 0: nothing to learn from. One environment far out: it drives the batch.",
        "brain advantages",
    ),
    "returns": About(
        "sum of gamma^k r of the steps that follow, or advantage + V",
        "Hardly varying: the critic has nothing to explain.",
        "brain returns",
    ),
    "done": About("1 at the last step", "Never 1: episodes do not end.", "episodes"),
    "confidence": About(
        "p of the chosen option",
        "A floor under probabilities caps it: 0.85 to 0.25 for two to six legal ops in Esper.",
        "actions {env}",
    ),
    "forced": About("1 where one option was legal", _MASKED_OUT, "actions {env}"),
    "probability": About(
        "softmax of the logits over the legal ops",
        "Sum below 1: only some of the ops were said.",
        "actions {env}",
    ),
    "executed": About(
        "number of the op",
        "Other than chosen: the environment refused it; look at its gates and masks.",
        "actions {env}",
    ),
    "success": About(
        "1 where what was chosen was done",
        "0: the environment refused it, so the mask let through what cannot be done.",
        "actions {env}",
    ),
    "rollback": About(
        "1 at the step",
        "A panic of the governor: the host's loss was nan, or far from what it was.",
        "events --severity warn --env {env}",
        "0",
    ),
}

_BLEND_OFF = "Not moving in BLENDING: the schedule is not stepped, or a gate holds it."
_WITH_OTHERS = "Below 0: the seeds take from one another; try them apart."

_SEEDS = {
    "alpha": About("0: not heard, 1: in full", _BLEND_OFF, "seeds --sort alpha"),
    "alpha_target": About("where alpha is moved to", _BLEND_OFF, "seeds --sort alpha"),
    "contribution": About(
        "accuracy with the seed minus accuracy with its slot off, the rest as it is",
        "Below 0: the seed harms its host. Above 0 it is what removal costs now, which may be more "
        "than what it ever added.",
        "seeds bottom",
        "above 0; 1 point and more is worth keeping",
    ),
    "improvement": About(
        "accuracy now minus accuracy at germination",
        "It holds what the host learned by itself: contribution is the evidence.",
        "seeds",
    ),
    "stage_improvement": About(
        "accuracy now minus accuracy when its stage began",
        "It holds what the host learned by itself: contribution is the evidence.",
        "seeds --more",
    ),
    "contribution_velocity": About(
        "0.7 x old + 0.3 x change of the contribution, in Esper",
        "Below 0 for long: the host grows out of needing it, or it overfits.",
        "seeds --more",
    ),
    "interaction_sum": About(
        "sum over other seeds of f(both) - f(one) - f(other) + f(none)",
        _WITH_OTHERS,
        "counterfactual {env}",
        "above -0.5",
    ),
    "boost_received": About(
        "greatest over other seeds of f(both) - f(one) - f(other) + f(none)",
        "0: no partner helps it.",
        "counterfactual {env}",
    ),
    "upstream_alpha_sum": About("sum of alpha", "0: nothing before it is heard.", "seeds --more"),
    "downstream_alpha_sum": About("sum of alpha", "0: nothing after it is heard.", "seeds --more"),
    "gradient_health": About(
        "1 - 0.5 x share of vanishing tensors - 0.8 x share of exploding ones, in Esper",
        "Low: the seed is cut off from the loss, its learning rate is off, or it is dead.",
        "seeds --sort gradient_health",
        "1",
    ),
    "gradient_ratio": About(
        "gradient norm of the seed over the host's, each by its number of parameters",
        "Below 0.1: the seed rides along and learns nothing: see that its optimiser has it.",
        "seeds --more",
        "around 1",
    ),
    "vanishing": About(
        "1 where gradients are under 1e-7",
        "Saturated or dead units, or a seed that is cut off from the loss.",
        "seeds --sort -vanishing",
        "0",
    ),
    "exploding": About(
        "1 where gradients are over 10",
        "Blended in too fast, or a learning rate too high.",
        "seeds --sort -exploding",
        "0",
    ),
    "shapley": About(
        "mean over orders of the accuracy it adds when it joins (Shapley, 1953)",
        "Below 0: it harms in company, whatever its contribution alone.",
        "counterfactual {env}",
    ),
    "shapley_std": About(
        "standard deviation of what it adds over the orders tried",
        "Large: what it adds depends on the others. It is no error of the mean.",
        "counterfactual {env}",
    ),
    "blend_steps": About(
        "steps from alpha 0 to its target",
        "Few: the host is shocked. Many: episodes end before it counts.",
        "seeds --more",
    ),
    "age_steps": About(
        "counted since germination",
        "Old and still TRAINING: a gate does not pass.",
        "seeds oldest",
    ),
    "stage_steps": About(
        "counted since the stage began",
        "Long: the next gate does not pass, or the policy does not advance it.",
        "seeds oldest",
    ),
}

_OF_REWARD = "rewards {env}"
_BESIDE = {
    "base_acc_delta": ("accuracy now minus at the step before", "Always 0: not wired."),
    "seed_contribution": ("contribution of the slot acted on", "Absent: no seed was acted on."),
    "progress_since_germination": ("accuracy now minus at germination", ""),
    "stable_val_acc": ("least of the last accuracies", "Far below val_acc: a peak, not a gain."),
    "attribution_discount": (
        "1 / (1 + exp(-3 x improvement)) below 0, else 1",
        "Near 0: accuracy falls.",
    ),
    "timing_discount": ("from 0.4 to 1 over the first 10 steps", "Low: germinated early."),
    "growth_ratio": ("parameters added over the host's", "Large: rent outweighs what it brings."),
    "shaped_reward_ratio": (
        "|shaping| over |reward|",
        "Above 0.4: shaping, not the task, is what is learned.",
    ),
    "val_acc": ("accuracy the reward was made from", _HOST_OFF),
    "acc_at_germination": ("accuracy when the seed germinated", ""),
    "host_baseline_acc": ("accuracy with the slot off", "Above val_acc: the seed harms."),
    "escrow_credit_prev": ("credit held back before", ""),
    "escrow_credit_target": ("credit meant to be held back", ""),
    "escrow_credit_next": ("credit held back after", "Forfeited unless kept or pruned in time."),
    "num_fossilized_seeds": ("seeds kept for good", ""),
    "num_contributing_fossilized": ("of them, those of contribution above 0", ""),
    "seed_stage": ("number of the stage", ""),
    "n_active_seeds": ("slots whose seed lives", ""),
}

_OBSERVATION_OFF = "One feature's units or source changed, or the normaliser is stale."
_NOT_FINITE = "A feature is not finite: mend the environment; nothing after it counts."
_TRAINER = {
    "outlier_pct": About("share with |z| > 3", _OBSERVATION_OFF, "vitals --more"),
    "near_clip_pct": About("share near the clip limit", _OBSERVATION_OFF, "vitals --more"),
    "clip_pct": About(
        "share at the clip limit: what lies beyond is lost", _OBSERVATION_OFF, "vitals --more"
    ),
    "normalization_drift": About(
        "mean |change of mean| + mean |standard deviation - 1|", _OBSERVATION_OFF, "vitals --more"
    ),
    **{
        f"{kind}_{of}": About("of all features of the batch", _NOT_FINITE, "vitals --more", "0")
        for kind in ("nan", "inf")
        for of in ("count", "pct")
    },
}

COLUMNS = {
    **_ENVIRONMENTS,
    **_SEEDS,
    **{
        f"context/{name}": About(formula, off, _OF_REWARD)
        for name, (formula, off) in _BESIDE.items()
    },
    **{f"vital/observation_{name}": one for name, one in _TRAINER.items()},
}
