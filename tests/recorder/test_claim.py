"""Claiming a run id whose file is there already, whole or not."""

from __future__ import annotations

import contextlib
import os
import sqlite3

import pytest

from sanctum.record.schema import APPLICATION_ID, create
from sanctum.recorder.claim import claim
from sanctum.telemetry import RunStarted
from sanctum.wire.places import record_path

HEADER = RunStarted("demo", "digits", 4)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path))
    return tmp_path


def claimed():
    found = claim(HEADER)
    os.close(found.lock)
    return found


def test_a_file_that_is_no_record_is_left_alone_and_the_next_id_is_given():
    record_path("demo").write_bytes(b"something else " * 4096)
    found = claimed()
    assert found.run_id == "demo-2"
    assert "demo.sanctum.db" in found.note
    assert record_path("demo").read_bytes().startswith(b"something else")


def test_a_record_whose_tables_are_damaged_is_left_alone():
    with contextlib.closing(create(record_path("demo"))) as db:
        db.execute("DROP TABLE attempts")
    assert claimed().run_id == "demo-2"


def test_a_record_whose_recorder_was_killed_before_it_laid_the_tables_is_begun_again():
    with contextlib.closing(sqlite3.connect(record_path("demo"))) as db:
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.commit()
    assert record_path("demo").stat().st_size > 0
    found = claimed()
    assert found.run_id == "demo"
    with contextlib.closing(create(found.record)) as db:
        assert db.execute("SELECT count(*) FROM attempts").fetchall() == [(0,)]
