"""What the steps after each decision brought: sums of rewards, no further than the episode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sanctum.record.cells import VALUE

if TYPE_CHECKING:
    from sanctum.record.reader import Reader, Window

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ENDINGS = ("done", "episode")
"""Columns that say where episodes end; the first one that was said is believed."""


@np.errstate(invalid="ignore", over="ignore")
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


def endings(reader: Reader, attempt: int, rows: Window) -> Flags:
    """Which rows of a window end an episode, (rows, envs) bool.

    Ask the window for the columns `ENDINGS`: ``done`` says it; without it a row after which
    ``episode`` is another number; without either the ends that were told.
    """
    shape = (rows.steps.size, reader.envs(attempt))
    done = rows.cells.get("done")
    if done is not None:
        return np.asarray((done[0][..., 0] != 0) & (done[1] == VALUE))
    found = np.zeros(shape, bool)
    episode = rows.cells.get("episode")
    if episode is not None:
        number, known = episode[0][..., 0], episode[1] == VALUE
        found[:-1] = (number[1:] != number[:-1]) & known[1:] & known[:-1]
    elif rows.steps.size:
        first, last = int(rows.steps[0]), int(rows.steps[-1])
        for env, step in reader.rows(
            "SELECT env, step FROM episodes WHERE attempt = ? AND step BETWEEN ? AND ?",
            attempt,
            first,
            last,
        ):
            found[int(np.searchsorted(rows.steps, step, "right")) - 1, env] = True
    return found
