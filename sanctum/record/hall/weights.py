"""The weights in an entry of the hall: those that acted at the peak of its episode."""

from __future__ import annotations

import sqlite3

import numpy as np

from sanctum.errors import NoDataYet
from sanctum.record.cells import VALUE
from sanctum.record.reader import Reader
from sanctum.record.weights import acting, saved
from sanctum.telemetry.amounts import spelled

MOST_BYTES = 8 * 1024 * 1024
"""Of larger weights an entry says only that they are: ten entries a task are kept for good."""

LEFT_OUT = "weights_left_out"
"""Where in an entry's ``meta`` it stands why it holds no weights of a run that saved some."""


def copy_weights(
    reader: Reader, into: sqlite3.Connection, attempt: int, env: int, step: int
) -> None:
    """Copy the weights that acted for `env` at `step`, or the nearest kept before them."""
    kept = saved(reader, attempt)
    if not kept:
        return
    try:
        update, _ = acting(kept, step, _version(reader, attempt, env, step))
    except NoDataYet as none:
        _leave_out(into, none.sentence)
        return
    ((size,),) = reader.rows(
        "SELECT length(data) FROM weights WHERE attempt = ? AND number = ?", attempt, update
    )
    if size > MOST_BYTES:
        _leave_out(
            into, f"those of u{update} are {spelled(size)}, {spelled(MOST_BYTES)} is the most"
        )
        return
    rows = reader.rows(
        "SELECT attempt, number, step, factory, bytes, data FROM weights"
        " WHERE attempt = ? AND number = ?",
        attempt,
        update,
    )
    into.executemany(
        "INSERT INTO weights (attempt, number, step, factory, bytes, data)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


def _version(reader: Reader, attempt: int, env: int, step: int) -> int | None:
    """The update whose weights acted, where the trainer said it."""
    rows = reader.window(["policy_version"], attempt, step, step)
    cells = rows.cells.get("policy_version")
    if cells is None or cells[1][-1, env] != VALUE or not np.isfinite(cells[0][-1, env, 0]):
        return None
    return int(cells[0][-1, env, 0])


def _leave_out(into: sqlite3.Connection, why: str) -> None:
    into.execute("INSERT INTO meta VALUES (?, ?)", (LEFT_OUT, why))
