"""A disk that takes nothing for a while: answers go on from memory, and nothing is lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.recorder.pulse import LivePulse
from sanctum.telemetry import Message, Update
from tests.record.saying import ENVS, Said, assert_holds, ingest, say_step


class FullDisk:
    """A connection whose commits fail while `is_full`; everything else goes through."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.is_full = False
        self.refuse_all = False

    def execute(self, sql: str, values=()):
        if (self.is_full and sql == "COMMIT") or (self.refuse_all and not sql.startswith("SELECT")):
            raise sqlite3.OperationalError("database or disk is full")
        return self._db.execute(sql, values)

    def __getattr__(self, name):
        return getattr(self._db, name)


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db")
    found.writer.db = found.reader.db = FullDisk(found.writer.db)
    found.writer.sizes._db = found.writer.db
    yield found
    found.writer.db.close()


@pytest.mark.parametrize("how", ["is_full", "refuse_all"])
def test_a_full_disk_loses_nothing_and_says_since_when(to, tmp_path, how):
    said = Said()
    ask = Record(to.reader, to.writer.path, LivePulse(to, to.writer, to.clock))
    for step in range(3):
        say_step(to, said, step, {"accuracy": np.full(ENVS, step)})
    to.tick()
    setattr(to.writer.db, how, True)
    for step in range(3, 9):
        say_step(to, said, step, {"accuracy": np.full(ENVS, step)})
        to.take(Update(step, {"entropy": 0.5}, [], None, None, step))
        to.take(Message("hello"))
        to.tick()
        assert to.writer.stopped is not None
        assert "disk is full" in to.writer.stopped[1]
        assert not ask.run_read().recording
        assert ask.envs_list().rows[0].accuracy.value == step
    since = to.writer.stopped
    if how == "is_full":
        assert_holds(to.reader, said)
        assert ask.run_read().events == 7
    to.tick()
    assert to.writer.stopped == since
    setattr(to.writer.db, how, False)
    to.tick()
    assert to.writer.stopped is None
    assert ask.run_read().recording
    assert_holds(to.reader, said)
    db = open_read_only(to.writer.path)
    reader = Reader(db)
    assert_holds(reader, said)
    ((events,),) = reader.rows("SELECT count(*) FROM events")
    assert events == 7
    db.close()
    texts = [one.text for one in ask.events_list(type="recorder").rows]
    assert "recording stopped: the disk is full" in texts[0]
    assert "recording goes on" in texts[1]
    assert texts[1].endswith("nothing lost")


def test_a_row_that_no_file_could_hold_is_left_out_and_the_rest_is_written(to):
    to.writer.insert("INSERT INTO words (id, word) VALUES (?, ?)", 2**80, "too large")
    to.writer.insert("INSERT INTO words (id, word) VALUES (?, ?)", 1, "one")
    to.writer.insert("INSERT INTO words (id, word) VALUES (?, ?)", 1, "one again")
    to.writer.insert("INSERT INTO words (id, word) VALUES (?, ?)", 2, "two")
    assert to.writer.flush(0.0)
    assert to.writer.refused == 2
    assert to.reader.words() == {1: "one", 2: "two"}


def filled_up(folder: Path, way: str, *before: str) -> str:
    """What a process says whose disk fills up and has room again."""
    command = [*before, sys.executable, "-m", "tests.record.full_disk", str(folder), way]
    root = str(Path(__file__).parents[2])
    found = subprocess.run(
        command, capture_output=True, text=True, cwd=root, env={**os.environ, "PYTHONPATH": root}
    )
    assert found.stdout.endswith("done\n"), found.stderr
    return found.stdout


def test_a_disk_without_room_for_long_costs_the_oldest_steps_and_says_which(tmp_path):
    if os.getuid() or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("a small file system of one's own takes root")
    mount = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
    said = filled_up(tmp_path, "ballast", "unshare", "-m", "sh", "-c", mount, str(tmp_path))
    assert said.startswith("the disk is full\n")
    assert "recording stopped: the disk is full; memory holds what it can" in said
    assert "recording goes on after" in said
    assert "lost steps" in said


def test_files_that_may_not_grow_are_a_disk_that_takes_nothing(tmp_path):
    said = filled_up(tmp_path, "limit")
    assert said.startswith("the disk takes nothing: disk I/O error\n")
    assert "lost steps" in said
