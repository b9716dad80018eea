"""A disk that takes nothing for a while: answers go on from memory, and nothing is lost."""

from __future__ import annotations

import sqlite3

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
