"""What is said of environments and seeds at every step, and of the trainer as a whole."""

from __future__ import annotations

from sanctum.telemetry.metrics.metric import Metric

ENVIRONMENTS = (
    Metric("accuracy", "validation accuracy of the host", "percent", digits=1),
    Metric("best_accuracy", "best validation accuracy of this episode", "percent", digits=1),
    Metric("loss", "training loss of the host", "nats"),
    Metric("val_loss", "validation loss of the host", "nats"),
    Metric("reward", "reward of the step", "reward"),
    Metric("value", "the critic's estimate of the return", "reward"),
    Metric("log_prob", "log-probability of the action taken", "nats"),
    Metric("episode", "episode of this environment", "count", digits=0),
    Metric("env_step", "step within the episode", "steps", digits=0),
    Metric("policy_version", "update whose policy acted", "update", digits=0),
    Metric("parameters", "parameters of host and seeds", "count", digits=0),
    Metric("growth", "parameters of host and seeds over the host's alone", "x", digits=2),
    Metric("active_seeds", "seeds alive in the environment", "count", digits=0),
    Metric("advantage", "how much better the action did than the critic expected", "reward"),
    Metric("returns", "discounted return from the step on", "reward"),
    Metric("done", "1: the episode ended with this step", "", digits=0),
    Metric("confidence", "probability of what a head chose", "0-1"),
    Metric("forced", "1: a head had one legal choice", "", digits=0),
    Metric("probability", "probability of an op, where it was said", "0-1"),
    Metric("executed", "op that was executed in the end, which may be another", "", digits=0),
    Metric("success", "1: what was chosen could be done", "", digits=0),
    Metric("rollback", "1: the governor put the environment back", "", digits=0),
)

SEEDS = (
    Metric("alpha", "share of the seed in the host's output", "0-1", digits=2),
    Metric("alpha_target", "where alpha is going", "0-1", digits=2),
    Metric(
        "contribution",
        "validation accuracy with the seed minus without it",
        "points",
        warn_below=0.0,
        source="[ours]",
        digits=2,
    ),
    Metric("improvement", "accuracy now minus at germination", "points", digits=2),
    Metric("stage_improvement", "accuracy now minus when the stage began", "points", digits=2),
    Metric("contribution_velocity", "change of the contribution", "points a step", digits=3),
    Metric("interaction_sum", "sum of its interactions with other seeds", "points", digits=2),
    Metric("boost_received", "largest positive interaction with another seed", "points", digits=2),
    Metric("upstream_alpha_sum", "alphas of the seeds before it, added up", "", digits=2),
    Metric("downstream_alpha_sum", "alphas of the seeds after it, added up", "", digits=2),
    Metric(
        "gradient_health",
        "how well the seed's gradients are: 1 healthy, 0 dead or exploding",
        "0-1",
        warn_below=0.7,
        crit_below=0.5,
        source="[ESPER]",
        digits=2,
    ),
    Metric("gradient_ratio", "gradient norm of the seed over the host's", "x", digits=3),
    Metric("vanishing", "1: its gradients vanish", "", warn_above=0.0, source="[ESPER]", digits=0),
    Metric("exploding", "1: its gradients explode", "", crit_above=0.0, source="[ESPER]", digits=0),
    Metric("shapley", "its share of what all seeds add, over all orders", "points", digits=2),
    Metric("shapley_std", "spread of that over the orders tried", "points", digits=2),
    Metric("blend_steps", "steps over which it is to be blended in", "steps", digits=0),
    Metric("age_steps", "steps since germination", "steps", digits=0),
    Metric("stage_steps", "steps in this stage", "steps", digits=0),
)

BESIDE_THE_REWARD = (
    Metric("context/base_acc_delta", "change of accuracy at this step", "points"),
    Metric("context/seed_contribution", "contribution of the seed acted on", "points"),
    Metric("context/progress_since_germination", "accuracy since its germination", "points"),
    Metric("context/stable_val_acc", "least accuracy of the last steps", "percent"),
    Metric("context/attribution_discount", "what attribution was multiplied by", "x"),
    Metric("context/timing_discount", "discount for acting late", "x"),
    Metric("context/growth_ratio", "parameters added over the host's", "x"),
    Metric("context/shaped_reward_ratio", "share of shaping in the absolute reward", "0-1"),
    Metric("context/val_acc", "validation accuracy the reward was made from", "percent"),
    Metric("context/acc_at_germination", "accuracy when the seed germinated", "percent"),
    Metric("context/host_baseline_acc", "accuracy without the seed", "percent"),
    Metric("context/escrow_credit_prev", "credit held back before", "reward"),
    Metric("context/escrow_credit_target", "credit meant to be held back", "reward"),
    Metric("context/escrow_credit_next", "credit held back after", "reward"),
    Metric("context/num_fossilized_seeds", "seeds kept for good", "count", digits=0),
    Metric("context/num_contributing_fossilized", "of them, those that add", "count", digits=0),
    Metric("context/seed_stage", "number of the stage of the seed acted on", "", digits=0),
    Metric("context/n_active_seeds", "seeds alive", "count", digits=0),
)

_OBSERVATION = "vital/observation_"
TRAINER = (
    Metric(
        f"{_OBSERVATION}outlier_pct",
        "share of features further than 3 standard deviations from their mean",
        "0-1",
        warn_above=0.05,
        crit_above=0.1,
        source="[ESPER]",
    ),
    Metric(
        f"{_OBSERVATION}near_clip_pct",
        "share of features near the clip limit",
        "0-1",
        warn_above=0.01,
        crit_above=0.05,
        source="[ESPER]",
    ),
    Metric(
        f"{_OBSERVATION}clip_pct",
        "share of features at the clip limit",
        "0-1",
        warn_above=0.001,
        crit_above=0.01,
        source="[ESPER]",
    ),
    Metric(
        f"{_OBSERVATION}normalization_drift",
        "how far the features have drifted from mean 0 and standard deviation 1",
        "",
        warn_above=1.0,
        crit_above=2.0,
        source="[ESPER]",
    ),
    *(
        Metric(
            f"{_OBSERVATION}{kind}_count",
            f"features that are {kind}",
            "count",
            crit_above=0.0,
            source="[ESPER]",
            digits=0,
        )
        for kind in ("nan", "inf")
    ),
    *(
        Metric(f"{_OBSERVATION}{kind}_pct", f"share of features that are {kind}", "0-1")
        for kind in ("nan", "inf")
    ),
)

COLUMNS = (*ENVIRONMENTS, *SEEDS, *BESIDE_THE_REWARD, *TRAINER)
