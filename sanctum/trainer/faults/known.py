"""Every fault there is, by name."""

from __future__ import annotations

import difflib

from sanctum.errors import UsageError
from sanctum.trainer.faults.fault import HEALTHY, Fault
from sanctum.trainer.faults.wait_by_cost import WAIT_BY_COST
from sanctum.trainer.faults.wait_by_mask import WAIT_BY_MASK

FAULTS = {fault.name: fault for fault in (WAIT_BY_COST, WAIT_BY_MASK)}


def fault_named(name: str | None) -> Fault:
    """The fault of that name; the one that does nothing for None. Raises UsageError."""
    if name is None:
        return HEALTHY
    if name not in FAULTS:
        near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.0)
        raise UsageError(
            f"there is no fault {name!r}; the nearest is {near[0]!r}",
            "sanctum train --faults lists them all",
        )
    return FAULTS[name]


def faults_text() -> str:
    """Every fault: its name, what is wrong, and what that looks like; as lines."""
    return "\n".join(
        f"{fault.name}\n  wrong     {fault.wrong}\n  shows as  {fault.symptom}"
        for fault in FAULTS.values()
    )
