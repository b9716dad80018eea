"""``metric.read``: what one metric is, when it is worth a warning, and what it is now."""

from __future__ import annotations

from sanctum.model.answers import At, Verdict, _Answer
from sanctum.model.readings import NOT_MEASURED, Reading


class Extreme(_Answer, frozen=True):
    """Where a reading is least or greatest: an environment (``7``) or a seed (``7.r0c1``)."""

    where: str
    value: float


class MetricAnswer(_Answer, frozen=True):
    """One metric of the catalogue, or a name that only the run says.

    `formula` and `when_off` are empty where there is nothing to say; `other_names` are what other
    libraries call it. `per` says what there is one of (update, environment, seed, run; op, episode,
    ... of what Sanctum works out). `measured_by` is the call of the probe that says it. `previous`
    is its value one update (or step) earlier.

    Of environments, seeds and episodes `value` is the mean of `count`, with the least and the
    greatest of those that are finite; `broken` are those that are not; `judged` counts verdicts,
    and `verdict` is the worst. Of a component of the reward, `sign` is how it enters, `share` its
    part of all components' weight over the last rollout, `inside` the component it is part of.
    `also` are other readings of like name.
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
    count: int = 0
    least: Extreme | None = None
    greatest: Extreme | None = None
    broken: list[str] = []
    judged: dict[str, int] = {}
    sign: int | None = None
    share: Reading = NOT_MEASURED
    inside: str | None = None
    also: list[str] = []
