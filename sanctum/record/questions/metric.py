"""``metric.read``: what a metric is, when it is worth a warning, and what it is now."""

from __future__ import annotations

from sanctum.model.explained import MetricAnswer
from sanctum.record.moments import Scope


def metric_read(of: Scope, name: str) -> MetricAnswer:
    """Answer it as of the moment."""
    raise NotImplementedError
