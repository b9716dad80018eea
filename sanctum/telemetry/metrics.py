"""The metric catalogue: name, other libraries' names, unit, meaning, thresholds and their source.

A threshold stands here and nowhere else. Sources: [PPO37] "The 37 implementation details of PPO";
[SB3] Stable-Baselines3's logger documentation; [JONES] "Debugging RL, without the agonizing pain";
[SCHULMAN] "The nuts and bolts of deep RL research"; [ESPER] Esper's own anomaly detector; [ours]
chosen here and to be tuned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. Thresholds are exclusive; None where that side is not judged.

    `group` is where ``brain`` shows it: health, losses, vitals, advantages, returns, ratio, other.
    """

    name: str
    meaning: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    group: str = "other"
    warn_below: float | None = None
    crit_below: float | None = None
    warn_above: float | None = None
    crit_above: float | None = None
    source: str = ""
    digits: int = 3

    def verdict(self, value: float) -> str | None:
        """ok, warn or crit; None when this metric has no thresholds. Non-finite values are crit."""
        if value != value or value in (float("inf"), float("-inf")):
            return "crit"
        low, high = (self.crit_below, self.warn_below), (self.crit_above, self.warn_above)
        if all(bound is None for bound in low + high):
            return None
        for word, below, above in (("crit", low[0], high[0]), ("warn", low[1], high[1])):
            if (below is not None and value < below) or (above is not None and value > above):
                return word
        return "ok"

    def thresholds(self, value: float | None = None) -> str:
        """The thresholds as a person reads them: ``warn < 0.3, crit < 0.1``; empty without any.

        Of a metric judged on both sides, those of the side that `value` is on.
        """
        low = [("warn <", self.warn_below), ("crit <", self.crit_below)]
        high = [("warn >", self.warn_above), ("crit >", self.crit_above)]
        judged = [
            [(word, bound) for word, bound in side if bound is not None] for side in (low, high)
        ]
        if value is not None and all(judged):
            below = value < max(bound for _, bound in judged[0])
            judged = judged[:1] if below else judged[1:]
        return ", ".join(f"{word} {bound:g}" for side in judged for word, bound in side)


_ALL = (
    Metric(
        "entropy",
        "how undecided the policy is: 1 uniform over the legal actions, 0 certain",
        "0-1",
        (),
        "health",
        warn_below=0.3,
        crit_below=0.1,
        source="[ESPER], [JONES]",
    ),
    Metric(
        "entropy_nats",
        "how undecided the policy is, not normalised: log of the number of actions at most; of "
        "continuous actions it may be negative",
        "nats",
        ("train/entropy", "losses/entropy", "learner_stats/entropy", "default_policy/entropy"),
        "health",
    ),
    Metric(
        "clip_fraction",
        "share of samples whose probability ratio left the clip range",
        "0-1",
        ("train/clip_fraction", "losses/clipfrac", "losses/clip_fraction"),
        "health",
        warn_above=0.25,
        crit_above=0.3,
        source="[ESPER], [SB3]",
    ),
    Metric(
        "approx_kl",
        "how far the update moved the policy: mean of (ratio - 1) - log ratio",
        "nats",
        (
            *("train/approx_kl", "losses/approx_kl", "train/kl_approx"),
            *("learner_stats/kl", "default_policy/mean_kl_loss"),
        ),
        "health",
        warn_below=-1e-6,
        warn_above=0.02,
        crit_above=0.03,
        source="[PPO37], [ESPER]",
        digits=4,
    ),
    Metric(
        "policy_loss",
        "clipped surrogate; its sign says nothing about quality",
        "",
        (
            *("train/policy_gradient_loss", "losses/policy_loss", "train/loss_objective"),
            *("learner_stats/policy_loss", "default_policy/policy_loss"),
        ),
        "losses",
        digits=4,
    ),
    Metric(
        "value_loss",
        "squared error of the critic against the returns",
        "",
        (
            *("train/value_loss", "losses/value_loss", "train/loss_critic"),
            *("learner_stats/vf_loss", "default_policy/vf_loss"),
        ),
        "losses",
        digits=4,
    ),
    Metric(
        "entropy_loss",
        "the entropy bonus as it enters the loss",
        "",
        ("train/entropy_loss", "losses/entropy_loss", "train/loss_entropy"),
        "losses",
        digits=4,
    ),
    Metric(
        "grad_norm",
        "global gradient norm before clipping",
        "",
        (
            *("train/grad_norm", "losses/grad_norm", "learner_stats/grad_gnorm"),
            "default_policy/gradients_default_optimizer_global_norm",
        ),
        "vitals",
        warn_above=50.0,
        crit_above=100.0,
        source="[ESPER]",
    ),
    Metric(
        "learning_rate",
        "step size of the optimiser",
        "",
        (
            *("train/learning_rate", "charts/learning_rate", "train/lr", "learner_stats/cur_lr"),
            "default_policy/default_optimizer_learning_rate",
        ),
        "vitals",
        digits=6,
    ),
    Metric(
        "explained_variance",
        "share of the returns' variance the critic explains: 1 all, 0 none, below 0 harmful",
        "",
        (
            *("train/explained_variance", "losses/explained_variance"),
            *("learner_stats/vf_explained_var", "default_policy/vf_explained_var"),
        ),
        "vitals",
        warn_below=0.3,
        crit_below=0.0,
        source="[SB3], [SCHULMAN]",
    ),
    Metric("advantage_mean", "mean advantage before normalisation", "reward", (), "advantages"),
    Metric(
        "advantage_std",
        "spread of the advantages before normalisation: the size of the learning signal",
        "reward",
        (),
        "advantages",
        warn_below=0.1,
        crit_below=1e-3,
        source="[ESPER]",
    ),
    Metric("return_mean", "mean return of the rollout's steps", "reward", (), "returns"),
    Metric("return_std", "spread of the returns", "reward", (), "returns"),
    Metric("value_mean", "mean of the critic's estimates", "reward", (), "returns"),
    Metric("value_std", "spread of the critic's estimates", "reward", (), "returns"),
    Metric("ratio_mean", "mean probability ratio new/old", "x", (), "ratio"),
    Metric(
        "ratio_max",
        "largest probability ratio new/old",
        "x",
        (),
        "ratio",
        warn_above=2.0,
        crit_above=5.0,
        source="[ESPER]",
    ),
    Metric(
        "first_minibatch_ratio_deviation",
        "largest distance of the ratio from 1 before anything was learned: not 0 means that the "
        "rollout's distribution was not rebuilt",
        "",
        (),
        "ratio",
        warn_above=1e-4,
        crit_above=1e-2,
        source="[PPO37]",
        digits=6,
    ),
    Metric(
        "skipped_minibatches",
        "minibatches left out because something was not finite",
        "count",
        (),
        "vitals",
        warn_above=0.0,
        source="[ESPER]",
        digits=0,
    ),
    Metric("minibatches", "minibatches in the update", "count", (), "other", digits=0),
    Metric(
        "entropy_coefficient",
        "weight of the entropy bonus",
        "",
        ("charts/ent_coef", "train/ent_coef", "learner_stats/entropy_coeff"),
        "other",
        digits=4,
    ),
    Metric("max_grad_norm", "limit at which gradients are clipped", "", (), "other"),
    Metric("update_seconds", "wall time of the update", "s", (), "other"),
    Metric("forced_share", "share of decisions with one legal action", "0-1", (), "other"),
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
    Metric(
        "gradient_health",
        "how well the seed's gradients are: 1 healthy, 0 dead or exploding",
        "0-1",
        warn_below=0.7,
        crit_below=0.5,
        source="[ESPER]",
        digits=2,
    ),
    Metric("age_steps", "steps since germination", "steps", digits=0),
    Metric("stage_steps", "steps in this stage", "steps", digits=0),
)

CATALOGUE: dict[str, Metric] = {metric.name: metric for metric in _ALL}
_ALIASES = {alias: metric for metric in _ALL for alias in metric.aliases}


def metric(name: str) -> Metric:
    """The metric of that name or alias; `entropy.op` and `reward/rent` take after their stem.

    An unknown name gives a metric without thresholds, so that nothing a trainer sends is refused.
    """
    found = CATALOGUE.get(name) or _ALIASES.get(name)
    if found is not None:
        return found
    stem = name.split(".", 1)[0] if "." in name else name.split("/", 1)[0]
    base = CATALOGUE.get(stem)
    if base is None or stem in ("reward", "action"):
        return Metric(name, "", base.unit if base else "")
    return replace(base, name=name, aliases=())


def canonical(name: str) -> str:
    """The catalogue's name for a library's own (`train/approx_kl`), or the name itself."""
    found = _ALIASES.get(name)
    return found.name if found else name
