"""Whatever steps are said: the table of columns says exactly that, cell by cell."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.record.saying import Said, ingest, say_backfill, say_step
from tests.record.test_any_steps import _values, backfills, steps

pq = pytest.importorskip("pyarrow.parquet")

courses = st.lists(st.one_of(steps, steps, backfills, st.just(("tick",))), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(courses, st.booleans())
def test_what_was_said_is_what_is_exported(course, ended):
    from sanctum.export.export import export

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.sanctum.db"
        to, said, last = ingest(path), Said(), 0
        for kind, *what in course:
            if kind == "step":
                gap, envs, columns, seed = what
                last += gap
                say_step(to, said, last, _values(columns, envs, seed), envs)
            elif kind == "backfill" and said.rows:
                back, count, name, seed = what
                values = np.random.default_rng(seed).normal(size=(count, said.envs))
                say_backfill(to, said, max(0, last - back), name, values)
            else:
                to.tick()
        to.tick()
        if ended:
            to.end("finished")
        export(path, Path(folder) / "out")
        to.writer.db.close()
        found = pq.read_table(Path(folder) / "out" / "columns" / "demo.parquet")
        assert rows_of(found) == wanted(said, found.column_names)


def rows_of(table):
    """Every row by its place: name -> value or the word for why there is none."""
    rows = {}
    for row in table.to_pylist():
        cells = {
            name: row.get(f"{name}__state") if row[name] is None else shown(row[name])
            for name in row
            if name in "abcde"
        }
        assert (row["step"], row["env"]) not in rows
        rows[row["step"], row["env"]] = cells
    return rows


def wanted(said, names):
    """What `rows_of` would be, from memory; rows that say nothing are left out."""
    words = {1: None, 2: "masked", 3: "late"}
    rows = {}
    for step, row in said.rows.items():
        for env in range(said.envs):
            cells = {
                name: shown(value) if state == 0 else words[state]
                for name in "abcde"
                if name in names
                for state, value in [row.get(name, [(1, 0.0)] * said.envs)[env]]
            }
            if any(row.get(name, [(1, 0.0)] * said.envs)[env][0] != 1 for name in row):
                rows[step, env] = cells
    return rows


def shown(value):
    return "nan" if math.isnan(value) else float(value)
