"""The word for how a run is, from what its record holds and what the process beside it knows."""

from __future__ import annotations

import sqlite3

import pytest

from sanctum.record.pulse import Pulse
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.writer import Writer
from sanctum.recorder.cause import Cause
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from tests.record.saying import Said as Everything
from tests.record.saying import header, ingest, say_step


class Known(Pulse):
    """What is known of a trainer, said by the test."""

    def __init__(self, *, alive=True, heard_by=True, silent_s=0.0, holds=None, why=None):
        self.alive, self.heard_by, self.silent_s = alive, heard_by, silent_s
        self.holds, self.why = holds, why

    def now(self):
        return 1e9

    def is_trainer_alive(self):
        return self.alive

    def is_heard(self):
        return self.heard_by

    def heard(self):
        return 1e9 - self.silent_s

    def held(self):
        return self.holds

    def unheard(self):
        return self.why


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db")
    yield found
    found.writer.db.close()


def state(to, **known):
    return Record(to.reader, to.writer.path, Known(**known)).run_read().state


@pytest.mark.parametrize(
    ("silent_s", "word"), [(0, "live"), (9, "live"), (11, "stale"), (59, "stale"), (61, "silent")]
)
def test_a_trainer_that_says_nothing_is_stale_and_then_silent(to, silent_s, word):
    say_step(to, Everything(), 0, {})
    found = state(to, silent_s=silent_s)
    assert (found.word, found.since_s) == (word, silent_s)


def test_a_trainer_that_never_said_a_step_is_starting_until_it_is_silent(to):
    assert state(to, silent_s=30).word == "starting"
    assert state(to, silent_s=61).word == "silent"


def test_what_holds_a_silent_trainer_is_said(to):
    say_step(to, Everything(), 0, {})
    assert state(to, silent_s=70, holds="its process is stopped").why == "its process is stopped"


def test_a_trainer_whose_end_is_being_looked_into_has_died_so_far(to):
    assert "being looked into" in state(to, alive=False).why


def test_what_the_machine_knows_of_an_end_that_nobody_saw_is_said(to):
    found = state(to, alive=False, heard_by=False, why="the machine was restarted since")
    assert (found.word, found.why) == ("died", "the machine was restarted since")
    found = state(to, alive=False, heard_by=False)
    assert "its recorder had gone before it or with it" in found.why


def test_what_ended_a_trainer_is_in_the_record(to):
    to.end("killed", cause=Cause("killed", "SIGTERM", "it was told to end", "the stack"))
    found = state(to, alive=False)
    assert (found.word, found.signal, found.why, found.traceback) == (
        "killed",
        "SIGTERM",
        "it was told to end",
        "the stack",
    )
    (event,) = Record(to.reader, to.writer.path).events_list(type="end").rows
    assert event.text == "the trainer was killed by SIGTERM: it was told to end"


def test_a_record_from_before_signals_were_kept_is_read_and_gone_on_with(to, tmp_path):
    to.end("died")
    to.writer.db.close()
    path = tmp_path / "demo.sanctum.db"
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE attempts DROP COLUMN signal")
        db.execute("ALTER TABLE attempts DROP COLUMN why")
        reader = Reader(db)
        assert (reader.last_attempt().how, reader.last_attempt().why) == ("died", None)
    db.close()
    again = Ingest(Writer(path), Clock())
    again.begin(header(), 2.0, "boot")
    again.end("failed", cause=Cause("failed", None, "it left with exit status 3"))
    assert state(again, alive=False).why == "it left with exit status 3"
    again.writer.db.close()


def test_a_script_that_ended_with_a_status_has_failed_after_all(to):
    to.end("ended")
    to.amend(Cause("failed", None, "it left with exit status 4"))
    assert (to.ended, state(to, alive=False).word) == ("failed", "failed")
    to.amend(Cause("killed", "SIGKILL"))
    assert state(to, alive=False).word == "failed"


def test_how_a_run_finished_is_not_changed_by_what_ends_its_process(to):
    to.end("finished")
    to.amend(Cause("killed", "SIGKILL"))
    assert state(to, alive=False).word == "finished"
