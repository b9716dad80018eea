"""``metric.read``: what one metric is, when it is worth a warning, and what it is now."""

from __future__ import annotations

from sanctum.model.answers import At, Verdict, _Answer
from sanctum.model.readings import NOT_MEASURED, Reading


class MetricAnswer(_Answer, frozen=True):
    """One metric of the catalogue, or a name that only the run says.

    `formula` and `when_off` are empty where there is nothing to say; `other_names` are what other
    libraries call it. `per` says what there is one of (update, environment, seed). `measured_by` is
    the call of the probe that says it. `previous` is its value one update (or step) earlier.
    """

    at: At
    name: str
    meaning: str
    unit: str = ""
    formula: str = ""
    healthy: str = ""
    thresholds: str = ""
    source: str = ""
    when_off: str = ""
    other_names: list[str] = []
    per: str = ""
    value: Reading = NOT_MEASURED
    previous: Reading = NOT_MEASURED
    verdict: Verdict | None = None
    measured_by: str = ""
    try_next: str = ""
