"""How many steps of a window did not arrive.

Gaps tell between which steps something was lost; which steps are there all the same is seen from
the record. Gaps may lie on each other, or be of a few columns of a step whose rest is there.
"""

from __future__ import annotations

import numpy as np

from sanctum.record.moments import Scope
from sanctum.record.questions.outcomes.seen import Ints
from sanctum.record.questions.run import lost_of

WHOLE = frozenset({"everything", "columns", "steps", "step"})
"""What a gap says that may be of whole steps."""


def missing(of: Scope, steps: Ints, start: int) -> int:
    """Steps from row `start` of `steps` to the last that lie in a gap, and are none of these.

    Steps are as far apart as any two rows are, also of those before `start`.
    """
    if steps.size - start < 2:
        return 0
    apart, steps = int(np.diff(steps).min()), steps[start:]
    first, last = int(steps[0]), int(steps[-1])
    found, counted = 0, first
    for begin, stop in sorted(_spans(of, last)):
        begin = max(begin, counted)
        begin += -(begin - first) % apart
        if begin > stop:
            continue
        there = np.searchsorted(steps, stop, "right") - np.searchsorted(steps, begin)
        found += max(0, (stop - begin) // apart + 1 - int(there))
        counted = stop + 1
    return found


def _spans(of: Scope, last: int) -> list[tuple[int, int]]:
    """First and last step of the gaps up to a step."""
    return [
        (gap.first_step, last if gap.last_step is None else min(gap.last_step, last))
        for gap in lost_of(of)
        if gap.what in WHOLE and gap.first_step is not None
    ]
