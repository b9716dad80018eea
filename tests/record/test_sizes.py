"""What the file says of its own size is what counting it all would say."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from sanctum.record.sizes import Sizes, class_of
from sanctum.telemetry import Backfill, Message
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS
from tests.record.test_retention import Course


def counted(path: Path, aside: Path, *, anew: bool):
    """What the record holds, as whoever opens it now (after a kill, say) would be told."""
    for tail in ("", "-wal"):
        shutil.copyfile(f"{path}{tail}", f"{aside}{tail}")
    with contextlib.closing(sqlite3.connect(aside, isolation_level=None)) as db:
        if anew:
            db.execute("DELETE FROM meta WHERE key = 'sizes'")
        sizes = Sizes(db)
        return sorted((one.what, one.used_bytes, one.rows) for one in sizes.all()), sorted(
            sizes.event_types()
        )


@pytest.mark.parametrize("keep_bytes", [400_000, 100_000_000])
def test_counts_that_the_file_keeps_are_those_of_a_count_anew(tmp_path, keep_bytes):
    run = Course(tmp_path / "demo.sanctum.db", keep_bytes)
    aside = tmp_path / "aside.db"
    for turn in range(40):
        run.steps(turn % 23 + 1)
        run.to.take(Message("hello", type=f"kind-{turn % 3}"))
        if turn % 7 == 3:
            first = max(0, run.step - 20)
            run.to.take(Backfill(first, {"advantage": pack(np.ones((5, ENVS)))}))
        run.to.tick()
        if turn % 5 == 0:
            kept = counted(run.path, aside, anew=False)
            assert kept == counted(run.path, aside, anew=True), turn
    with contextlib.closing(sqlite3.connect(run.path)) as db:
        assert db.execute("SELECT count(*) FROM meta WHERE key = 'sizes'").fetchone() == (1,)
    run.to.writer.db.close()


@pytest.mark.parametrize("stem", ["probability", "mask", "logit", "mask_rule"])
def test_what_is_said_of_every_option_counts_as_a_matrix(stem):
    assert class_of(f"{stem}/op") == "matrices"
    assert class_of("reward/op") == "columns"
