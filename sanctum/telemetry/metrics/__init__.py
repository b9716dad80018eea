"""The metric catalogue: name, unit, meaning, thresholds and their source.

A threshold stands here and nowhere else: `policy` and `rollout` hold what an update says, `columns`
what is said of environments, seeds and the trainer, `names` what other libraries call the same.
Sources: [PPO37] "The 37 implementation details of PPO"; [SB3] Stable-Baselines3's logger
documentation; [JONES] "Debugging RL, without the agonizing pain"; [SCHULMAN] "The nuts and bolts of
deep RL research"; [ESPER] the limits of Esper's own panel and anomaly detector; [ours] chosen here
and to be tuned.
"""

from __future__ import annotations

from dataclasses import replace

from sanctum.telemetry.metrics.columns import COLUMNS
from sanctum.telemetry.metrics.metric import Metric
from sanctum.telemetry.metrics.names import ALIASES, RLLIB_PREFIXES
from sanctum.telemetry.metrics.policy import POLICY
from sanctum.telemetry.metrics.rollout import ROLLOUT

__all__ = ["ALIASES", "CATALOGUE", "GROUPS", "Metric", "canonical", "is_of_a_head", "metric"]

CATALOGUE: dict[str, Metric] = {one.name: one for one in (*POLICY, *ROLLOUT, *COLUMNS)}

GROUPS = (
    "health",
    "losses",
    "vitals",
    "heads",
    "advantages",
    "returns",
    "critic",
    "ratio",
    "q",
    "recurrent",
    "memory",
    "round",
    "other",
)
"""Where ``brain`` shows a reading, in that order."""

_ENDINGS = {
    "_ms": "ms",
    "_s": "s",
    "_bytes": "bytes",
    "_gb": "GB",
    "_cpu": "0-1",
    "_count": "count",
}
_NOT_OF_HEADS = ("q", "action_count", "probability")


def metric(name: str) -> Metric:
    """The metric of that name or alias; `entropy.op` and `reward/rent` take after their stem.

    An unknown name gives a metric without thresholds, so that nothing a trainer sends is refused.
    """
    name = canonical(name)
    found = CATALOGUE.get(name)
    if found is not None:
        return found
    stem = name.split(".", 1)[0] if "." in name else name.split("/", 1)[0]
    base = CATALOGUE.get(f"{stem}.*") or CATALOGUE.get(stem)
    if base is None or stem in ("reward", "action"):
        return Metric(name, "", base.unit if base else _by_ending(name))
    return replace(base, name=name)


def canonical(name: str) -> str:
    """The catalogue's name for a library's own (`train/approx_kl`), or the name itself."""
    if name in ALIASES:
        return ALIASES[name]
    short = name
    for prefix in RLLIB_PREFIXES:
        short = short.removeprefix(prefix)
    return ALIASES.get(short, name)


def is_of_a_head(name: str) -> bool:
    """Whether a policy's reading is one head's: ``grad_norm.slot``."""
    stem, dot, _ = name.partition(".")
    return bool(dot) and stem not in _NOT_OF_HEADS


def _by_ending(name: str) -> str:
    """The unit that a name says itself: ``vital/phase_train_ms``."""
    return next((unit for end, unit in _ENDINGS.items() if name.endswith(end)), "")
