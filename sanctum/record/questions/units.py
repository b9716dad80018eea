"""The units of a run: the catalogue's, but where its trainer said otherwise."""

from __future__ import annotations

from sanctum.record.moments import Scope
from sanctum.telemetry.metrics import canonical, metric


def unit(of: Scope, name: str) -> str:
    """The unit of a metric in this run; `q.WAIT` and `value/x` take after their stem."""
    own = of.header.units
    for one in (name, canonical(name), name.partition(".")[0], name.partition("/")[0]):
        if one in own:
            return own[one]
    return metric(name).unit
