"""Records without a trainer: whole or not there, and nobody's who has the id already."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from sanctum.errors import RecordError, UsageError
from sanctum.probe.direct import direct
from sanctum.probe.hello import hello
from sanctum.record.hall import Hall
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.recorder.offline import Offline
from sanctum.wire import places, pruning
from sanctum.wire.places import Origin, RunFile, hall_path, record_path, write_run_file
from sanctum.wire.processes import boot_id, started

BEGAN = 1_700_000_000.0
ORIGIN = Origin("/data/events.jsonl", 100, 5)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "runs"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "runs"


def begun(made: Offline, time: float = BEGAN, task: str = "digits"):
    """A run that speaks to `made`, an episode of four steps told."""
    made.begin(hello(made.run_id, {"task": task, "envs": 2}), time)
    run = direct(made.run_id, made.take)
    for step in range(4):
        run.at_time(time + step)
        run.step(step, accuracy=np.array([50.0 + step, 10.0]))
    run.episode(0, 0, step=3, final_accuracy=53.0)
    return run


def imported(run_id: str = "demo", **more) -> Offline:
    made = Offline(run_id, **more)
    begun(made).close()
    made.finish()
    return made


def there(home) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


def asked(run_id: str = "demo") -> Record:
    path = record_path(run_id)
    return Record(Reader(open_read_only(path)), path)


def test_a_record_is_there_when_it_is_finished_and_not_before(home):
    made = Offline("demo", origin=ORIGIN)
    run = begun(made)
    assert places.runs() == []
    assert not record_path("demo").exists()
    run.close()
    told = made.finish()
    assert (told.run_id, told.how, told.steps, told.episodes) == ("demo", "finished", 4, 1)
    assert there(home) == {
        "demo.sanctum.db",
        "demo.json",
        ".demo.sanctum.db.lock",
        "hall/digits.hall.db",
    }
    (summary,) = places.runs()
    assert (summary.state, summary.started, summary.ended) == ("finished", BEGAN, BEGAN + 3)
    assert (summary.last_step, summary.note) == (3, "from events.jsonl")


def test_what_is_discarded_leaves_nothing(home):
    made = Offline("demo")
    begun(made)
    made.discard()
    made.discard()
    assert there(home) == set()


def test_what_is_discarded_leaves_what_was_there_before(home):
    imported()
    before = there(home)
    made = Offline("demo", replace=True)
    begun(made, BEGAN + 500)
    made.discard()
    assert there(home) == before
    assert asked().run_read().at.time == BEGAN + 3


def test_without_a_run_nothing_is_finished(home):
    made = Offline("demo")
    with pytest.raises(RecordError, match="nothing was imported"):
        made.finish()
    assert there(home) == set()


def test_the_remains_of_a_killed_import_go_with_the_next(home):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    home.mkdir()
    remains = home / f".other.{gone.pid}.importing.sanctum.db"
    for tail in ("", "-wal"):
        remains.with_name(remains.name + tail).write_bytes(b"x")
    still = home / f".live.{os.getppid()}.importing.sanctum.db"
    still.write_bytes(b"x")
    imported()
    assert not remains.exists()
    assert not remains.with_name(f"{remains.name}-wal").exists()
    assert still.exists()


def test_the_remains_of_a_killed_import_can_be_pruned(home):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    home.mkdir()
    remains = home / f".other.{gone.pid}.importing.sanctum.db"
    remains.write_bytes(b"x")
    long_ago = time.time() - 3600
    os.utime(remains, (long_ago, long_ago))
    found = pruning.prunable(60.0, 0)
    assert found.orphans == [str(remains)]
    pruning.prune(found)
    assert not remains.exists()


def test_an_id_that_is_taken_is_refused_unless_it_may_be_replaced():
    imported(origin=ORIGIN)
    with pytest.raises(UsageError, match="there is a run demo already") as refused:
        Offline("demo", origin=Origin("/data/another.jsonl"))
    assert "--force" in refused.value.hint
    imported(replace=True)


def test_the_same_file_replaces_its_own_run():
    imported(origin=ORIGIN)
    imported(origin=Origin(ORIGIN.path, 200, 6))
    assert places.run_files()[0].origin == Origin(ORIGIN.path, 200, 6)


def test_the_id_of_a_live_run_is_refused_even_to_replace_it(home):
    home.mkdir()
    write_run_file(
        RunFile(
            "demo",
            str(record_path("demo")),
            pid=os.getppid(),
            pid_started=started(os.getppid()) or 0.0,
            boot_id=boot_id(),
            host=socket.gethostname(),
        )
    )
    with pytest.raises(UsageError, match="run demo is live"):
        Offline("demo", replace=True)


def test_two_imports_of_one_id_do_not_meet():
    first = Offline("demo")
    with pytest.raises(UsageError, match="being written by another process"):
        Offline("demo")
    begun(first).close()
    first.finish()
    imported(replace=True)


def test_trainings_that_follow_each_other_are_attempts_of_one_run():
    made = Offline("demo")
    begun(made)
    begun(made, BEGAN + 100).close()
    assert made.finish().steps == 8
    answer = asked().run_read()
    assert [(one.how, one.last_step) for one in answer.attempts] == [("ended", 3), ("finished", 3)]
    assert answer.header.started == BEGAN + 100


def test_trainings_that_say_no_time_are_attempts_all_the_same():
    made = Offline("demo")
    begun(made, 0.0)
    begun(made, 0.0).close()
    made.finish()
    assert len(asked().run_read().attempts) == 2


def test_the_best_episodes_are_in_the_hall_when_the_record_is():
    made = Offline("demo")
    run = begun(made)
    assert not hall_path("digits").exists()
    run.close()
    made.finish()
    (entry,) = Hall(hall_path("digits"), "digits").list().rows
    assert (entry.run_id, entry.env, entry.best_step) == ("demo", 0, 3)


def test_an_episode_is_once_in_the_hall_however_often_it_is_imported():
    imported()
    imported(replace=True)
    imported("another-name")
    assert len(Hall(hall_path("digits"), "digits").list().rows) == 1


def test_an_old_run_that_was_imported_just_now_is_not_pruned():
    imported(origin=ORIGIN)
    assert pruning.prunable(3600.0, 0).runs == []
    assert [run.run_id for run in pruning.prunable(0.0, 0).runs] == ["demo"]


def test_pruned_it_is_gone_altogether(home):
    imported(origin=ORIGIN)
    pruning.prune(pruning.prunable(0.0, 0))
    assert there(home) == {"hall/digits.hall.db"}


def test_a_folder_that_cannot_be_made_is_a_sentence(home, monkeypatch):
    home.write_text("")
    with pytest.raises(RecordError, match="no record can be written in"):
        Offline("demo")


def test_how_it_ended_and_why_is_told():
    made = Offline("demo")
    begun(made).close("ended", "the recording stops after 1 of 5 rounds")
    told = made.finish()
    assert (told.how, told.why) == ("ended", "the recording stops after 1 of 5 rounds")
    answer = asked()
    assert answer.run_read().state.why == "the recording stops after 1 of 5 rounds"
    (end,) = answer.events_list(type="end").rows
    assert end.text == "the recording stops after 1 of 5 rounds"
