"""Whatever steps are said, in whatever order and form: the record gives back exactly that."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from tests.record.saying import (
    ENVS,
    Said,
    assert_holds,
    header,
    ingest,
    say_backfill,
    say_step,
)

DTYPES = ("<f4", "<f8", "<i4", "<i8", "|b1", ">f8", "<u1", "<f2")
ODD = (np.nan, np.inf, -np.inf, 0.0, -0.0)

subsets = st.none() | st.lists(st.integers(0, ENVS - 1), min_size=1, unique=True)
said_columns = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(DTYPES), st.integers(0, 7)),
    max_size=4,
    unique_by=lambda one: one[0],
)
steps = st.tuples(st.just("step"), st.integers(0, 3), subsets, said_columns, st.integers(0, 99))
backfills = st.tuples(
    st.just("backfill"),
    st.integers(0, 14),
    st.integers(1, 9),
    st.sampled_from("abe"),
    st.integers(0, 99),
)
moments = st.sampled_from(["tick", "reopen", "crash", "restart"]).map(lambda word: (word,))
courses = st.lists(st.one_of(steps, steps, steps, backfills, moments), max_size=30)


@settings(max_examples=60, deadline=None)
@given(courses)
def test_what_was_said_is_what_is_read_at_every_moment(course):
    with tempfile.TemporaryDirectory() as folder:
        _follow(Path(folder), course)


def _follow(folder: Path, course) -> None:
    path = folder / "demo.sanctum.db"
    to, said, on_disk = ingest(path), Said(), Said()
    last = 0
    for number, (kind, *what) in enumerate(course):
        if kind == "step":
            gap, envs, columns, seed = what
            last += gap
            say_step(to, said, last, _values(columns, envs, seed), envs)
        elif kind == "backfill":
            back, count, name, seed = what
            if said.rows:
                values = np.random.default_rng(seed).normal(size=(count, ENVS))
                say_backfill(to, said, max(0, last - back), name, values)
        elif kind == "tick":
            to.tick()
            on_disk = said.copy()
        elif kind == "reopen":
            to.tick()
            on_disk = said.copy()
            db = open_read_only(path)
            assert_holds(Reader(db), said)
            db.close()
        elif kind == "crash":
            _assert_copy_holds(path, folder / str(number), on_disk)
        elif kind == "restart":
            to.tick()
            on_disk = said.copy()
            to.writer.db.close()
            to = Ingest(Writer(path, block_rows=4), Clock())
            to.begin(header(), 1.0, "boot")
    assert_holds(to.reader, said)
    to.end("finished")
    assert_holds(to.reader, said)
    to.writer.close(0.0)
    _assert_copy_holds(path, folder / "end", said)


def _values(columns, envs, seed):
    """Arrays of every kind of number, some masked, some not finite."""
    random = np.random.default_rng(seed)
    count = ENVS if envs is None else len(envs)
    found = {}
    for name, dtype, mask in columns:
        values = random.integers(0, 100, count).astype(dtype)
        if np.dtype(dtype).kind == "f":
            values = random.normal(size=count).astype(dtype)
            values[random.integers(0, count)] = ODD[seed % len(ODD)]
        masked = [bool(mask >> env & 1) for env in range(count)]
        found[name] = np.ma.masked_array(values, masked) if any(masked) else values
    return found


def _assert_copy_holds(path: Path, aside: Path, said: Said) -> None:
    """The file as a crash would leave it: copied with its WAL, opened elsewhere."""
    aside.mkdir()
    for tail in ("", "-wal"):
        if Path(f"{path}{tail}").exists():
            shutil.copy(f"{path}{tail}", aside / (path.name + tail))
    db = open_read_only(aside / path.name)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert_holds(Reader(db), said)
    db.close()
