"""What ``explain`` says beyond the catalogue: formula, healthy range, usual causes, next command.

Apart from the metrics, since a trainer that attaches has no use for it. `update`, `critic`,
`ratio`, `rollout` and `columns` speak of the metrics of the catalogue, `answers` of what Sanctum
works out itself. Causes are ordered as one should look: a fault of data or wiring before tuning.
"""

from __future__ import annotations

from sanctum.telemetry.metrics import canonical
from sanctum.telemetry.metrics.about.answers import ANSWERS, OTHER_WORDS
from sanctum.telemetry.metrics.about.columns import COLUMNS
from sanctum.telemetry.metrics.about.critic import CRITIC
from sanctum.telemetry.metrics.about.ratio import RATIO
from sanctum.telemetry.metrics.about.rollout import ROLLOUT
from sanctum.telemetry.metrics.about.sources import spelled
from sanctum.telemetry.metrics.about.text import About
from sanctum.telemetry.metrics.about.update import UPDATE

__all__ = ["ABOUT", "ANSWERS", "OTHER_WORDS", "About", "about", "spelled"]

ABOUT: dict[str, About] = {**UPDATE, **CRITIC, **RATIO, **ROLLOUT, **COLUMNS}
"""Text by the catalogue's names."""

_COMPONENT = About(
    "as the trainer computes it: Sanctum checks that the signed components add up to the reward",
    "Dominating the others (over 60 % of their weight): it may be farmed. Always 0: not wired, or "
    "what it pays for never happens.",
    "rewards --actions",
)


def about(name: str) -> About:
    """The text of a metric, a head's after that of its stem; without any, every field is empty."""
    name = canonical(name)
    if name.startswith("reward/"):
        return _COMPONENT
    stem = name.partition(".")[0]
    return ABOUT.get(name) or ABOUT.get(f"{stem}.*" if stem != name else name) or _of_stem(stem)


def _of_stem(stem: str) -> About:
    return ABOUT.get(stem, About())
