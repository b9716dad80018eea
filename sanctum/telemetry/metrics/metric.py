"""What is known of one metric: its unit, its meaning, and when it is worth a warning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. Thresholds are exclusive; None where that side is not judged.

    `group` is where ``brain`` shows it: health, losses, vitals, advantages, returns, critic, ratio,
    heads, recurrent, q, memory, round, other. `source` says where the thresholds are from.
    """

    name: str
    meaning: str
    unit: str = ""
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
