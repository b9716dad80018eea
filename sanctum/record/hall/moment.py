"""Moments in the hall of fame: ``hall:2`` is the peak of the second best episode.

After it may stand where: ``hall:2:start``, ``:peak``, ``:end``, ``:1180``, ``:-50`` (steps back
from its end), ``:peak-10``. ``hall:e17`` is the entry of that id, whatever its rank has become.
"""

from __future__ import annotations

import dataclasses
import re

import msgspec

from sanctum.errors import UsageError
from sanctum.model.answers import HallEntry
from sanctum.record.hall.hall import Hall
from sanctum.record.moments import Scope, scope

FORMS = "a moment in the hall of fame is hall:2 (its peak), hall:2:start, :end, :1180, :peak-10"
_FORM = re.compile(r"hall:(e?)(\d{1,9})(?::(.+))?\Z", re.DOTALL)
_NAMED = re.compile(r"(start|peak|end|live|now)\b(.*)\Z", re.DOTALL)


def at_hall(hall: Hall, when: str, now: float) -> Scope:
    """The ground for a question at ``hall:2`` or ``hall:2:WHEN``. Raises UsageError, NoDataYet."""
    found = _FORM.match(when)
    if found is None:
        raise UsageError(f"'{when}' is no moment", FORMS)
    number = int(found[2])
    entry = hall.by_id(number) if found[1] else hall.entry(number)
    where = _resolved(entry, (found[3] or "peak").strip())
    ground = scope(hall.reader(entry), where, live=False, now=now)
    at = msgspec.structs.replace(ground.at, hall=entry.rank, run_id=entry.run_id)
    return dataclasses.replace(ground, at=at)


def _resolved(entry: HallEntry, where: str) -> str:
    """The moment with its name as a step's number."""
    found = _NAMED.match(where)
    if found is None:
        return where
    steps = {"start": entry.first_step, "peak": entry.best_step}
    return f"{steps.get(found[1], entry.last_step)}{found[2].strip()}"
