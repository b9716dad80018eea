"""What the steps after each decision brought: sums of rewards, no further than the episode."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HORIZONS = (1, 5, 20)
"""Steps after which a decision is looked at again."""


def ahead(rewards: Any, ended: Any, steps: int) -> Floats:
    """Rewards of the `steps` rows from each on, added up, (rows, envs) float64.

    `rewards` (rows, envs) are of consecutive vector steps, nan where not measured; `ended`
    (rows, envs) bool, None: no row ends an episode. A sum stops after the row that ends its
    episode. nan: the rows do not reach so far yet, or a reward among them was not measured.
    """
    found = np.array(rewards, np.float64)
    rows, envs = found.shape
    total = found.copy()
    going = np.ones_like(found, bool) if ended is None else ~np.asarray(ended, bool)
    for later in range(1, steps):
        beyond = np.full((min(later, rows), envs), np.nan)
        shifted = np.concatenate([found[later:], beyond])
        total = np.where(going, total + shifted, total)
        if ended is not None:
            over = np.concatenate([np.asarray(ended, bool)[later:], np.zeros_like(beyond, bool)])
            going = going & ~over
    return total
