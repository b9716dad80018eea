"""What a fake run answers when asked ``metric``."""

from __future__ import annotations

from typing import Any

from sanctum.errors import UsageError
from sanctum.model.answers import At
from sanctum.model.explained import Extreme, MetricAnswer
from sanctum.model.readings import MASKED, Measured, NonFinite, reading

AT = At(2630, 41, 1763776387.0, live=True)
METRICS = {
    "approx_kl": MetricAnswer(
        AT,
        "approx_kl",
        "how far the update moved the policy: mean of (ratio - 1) - log ratio",
        "nats",
        "mean of (r - 1) - ln r; r is new over old probability (joschu.net/blog/kl-approx.html)",
        "1e-4 to 0.02",
        "warn < -1e-06, warn > 0.02, crit > 0.03",
        "The 37 implementation details of PPO (Huang et al., 2022); the limits of Esper's own "
        "panel and anomaly detector",
        "Below 0: wrong estimator, or masks differ between acting and learning. High: stale "
        "samples, learning rate or epochs too many, small batch. Under 1e-4 with clip_fraction 0: "
        "frozen.",
        [
            "train/approx_kl",
            "losses/approx_kl",
            "default_policy/mean_kl_loss",
            "learner_stats/kl",
            "train/kl_approx",
            "kl_divergence",
        ],
        "update",
        reading(0.0341, 6),
        reading(0.0042),
        "crit",
        "run.update(u, approx_kl=...)",
        "brain ratio",
    ),
    "contribution": MetricAnswer(
        AT,
        "contribution",
        "validation accuracy with the seed minus without it",
        "points",
        "accuracy with the seed minus accuracy with its slot off, the rest as it is",
        "above 0; 1 point and more is worth keeping",
        "warn < 0",
        "chosen here, to be tuned",
        "Below 0: the seed harms its host.",
        per="seed",
        value=reading(2.81, 3),
        verdict="warn",
        measured_by="run.seed(env, slot, stage, contribution=...)",
        try_next="seeds bottom",
        count=7,
        least=Extreme("7.r0c1", -0.94),
        greatest=Extreme("0.r0c0", 6.25),
        judged={"ok": 5, "warn": 2},
        also=["reward/contribution"],
    ),
    "loss": MetricAnswer(
        AT,
        "loss",
        "training loss of the host",
        "nats",
        "cross-entropy of the host on its training batch; ln(classes) is guessing",
        "below ln(classes): 2.30 for ten",
        when_off="nan or inf: the host diverged, mostly after a seed was blended in.",
        per="environment",
        value=NonFinite("nan"),
        previous=Measured(0.61),
        verdict="crit",
        measured_by="run.step(step, loss=...)",
        try_next="env 11",
        count=16,
        least=Extreme("4", 0.41),
        greatest=Extreme("7", 0.96),
        broken=["11"],
        judged={"crit": 1},
    ),
    "reward/rent": MetricAnswer(
        AT,
        "reward/rent",
        "component of the reward",
        "reward",
        "as the trainer computes it: Sanctum checks that the signed components add up to the "
        "reward",
        when_off="Dominating the others (over 60 % of their weight): it may be farmed.",
        per="environment",
        value=reading(0.0021),
        previous=reading(0.0019),
        measured_by='run.step(step, rewards={"rent": ...})',
        try_next="rewards --actions",
        count=16,
        least=Extreme("2", 0.0007),
        greatest=Extreme("12", 0.0058),
        sign=-1,
        share=reading(0.061),
    ),
    "q_variance": MetricAnswer(
        AT,
        "q_variance",
        "variance of Q over the valid ops: near 0 the ops are not told apart",
        "",
        "variance of Q over the legal ops of one sampled state",
        thresholds="warn < 0.1, crit < 0.01",
        source="the limits of Esper's own panel and anomaly detector",
        when_off="The ops are not told apart.",
        per="update",
        measured_by="run.update(u, q_variance=...)",
        try_next="brain q",
    ),
    "entropy.blueprint": MetricAnswer(
        AT,
        "entropy.blueprint",
        "of head blueprint: how undecided the policy is",
        "0-1",
        per="update",
        value=MASKED,
        measured_by='run.update(u, heads={"blueprint": {"entropy": ...}})',
        try_next="brain heads",
    ),
    "opportunity_rate": MetricAnswer(
        AT,
        "opportunity_rate",
        "how often an op was chosen when it was legal",
        "percent",
        "times chosen / times legal",
        when_off="Under 1 % for long: the op is dying out, and the heads it uses with it.",
        per="op",
        try_next="actions --more",
    ),
    "houses": MetricAnswer(
        AT, "houses", "", per="environment", value=reading(3.0), try_next="history houses"
    ),
}
_OTHER_WORDS = {"rent": "reward/rent", "train/approx_kl": "approx_kl"}


class FakeMetric:
    """A part of `FakeQueries`."""

    def _ask(self, question: str, **given: Any) -> None:
        """What was asked is written down by the whole."""

    def metric_read(self, name: str, at: str | None = None) -> MetricAnswer:
        self._ask("metric", name=name, at=at)
        found = METRICS.get(_OTHER_WORDS.get(name, name))
        if found is None:
            raise UsageError(f"nothing is called '{name}' in demo-3", "did you mean approx_kl?")
        return found
