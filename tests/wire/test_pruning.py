from __future__ import annotations

import fcntl
import os
import socket
import time

import pytest

from sanctum.wire import places
from sanctum.wire.processes import boot_id, started
from sanctum.wire.pruning import disk_use, prunable, prune

DAY = 86400.0


@pytest.fixture
def home(tmp_path, monkeypatch):
    found = tmp_path / "runs"
    found.mkdir()
    monkeypatch.setenv("SANCTUM_HOME", str(found))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return found


def run(home, run_id, days=1.0, size=1000, **more):
    """A run that finished so many days ago, with all the files one may have."""
    now = time.time()
    about = {"host": socket.gethostname(), "boot_id": "before", "how": "finished", **more}
    about.setdefault("ended", None if about["how"] is None else now - days * DAY)
    record = home / f"{run_id}.sanctum.db"
    record.write_bytes(bytes(size))
    os.utime(record, (now - days * DAY,) * 2)
    (home / f"{run_id}.log").write_bytes(b"log")
    (home / f".{run_id}.sanctum.db.lock").touch()
    places.write_run_file(
        places.RunFile(run_id, str(record), started=now - days * DAY - 60, **about)
    )
    return record


def here(**more):
    about = {"pid": os.getpid(), "pid_started": started(os.getpid()), "boot_id": boot_id()}
    return {**about, **more}


def names(older_s=0.0, keep=0):
    return [one.run_id for one in prunable(older_s, keep).runs]


def test_runs_that_ended_long_ago_go_with_all_their_files(home):
    run(home, "new", days=2)
    old = run(home, "old", days=40)
    (home / "old.sanctum.db-wal").write_bytes(bytes(500))
    found = prunable(30 * DAY, 0)
    assert [one.run_id for one in found.runs] == ["old"]
    beside = sum((home / name).stat().st_size for name in ("old.log", "old.json"))
    assert found.used_bytes == 1500 + beside
    assert prune(found) == found.used_bytes
    assert sorted(one.name for one in home.iterdir()) == sorted(
        ["new.sanctum.db", "new.json", "new.log", ".new.sanctum.db.lock"]
    )
    assert not old.exists()


def test_the_newest_are_spared(home):
    for days in range(1, 6):
        run(home, f"run-{days}", days)
    assert names(keep=2) == ["run-3", "run-4", "run-5"]
    assert names(older_s=4 * DAY - 60, keep=1) == ["run-4", "run-5"]
    assert names(keep=9) == []


def test_what_lives_is_of_elsewhere_or_of_somebody_stays(home):
    me = here()
    run(home, "live", how=None, **me)
    run(home, "lingering", recorder=me["pid"], recorder_started=me["pid_started"], **me)
    run(home, "far", host="elsewhere")
    run(home, "far-and-died", host="elsewhere", how=None)
    run(home, "nameless", host="")
    outside = run(home, "outside")
    moved = home.parent / "outside.sanctum.db"
    outside.rename(moved)
    places.write_run_file(
        places.RunFile("outside", str(moved), how="finished", host=socket.gethostname())
    )
    (home / "outside.json").unlink()
    (home.parent / "outside.json").rename(home / "outside.json")
    assert names() == []
    assert prune(prunable(0.0, 0)) == 0
    assert moved.exists()
    assert len(places.runs()) == 6


def test_a_run_that_died_with_nobody_watching_is_as_old_as_its_record(home):
    run(home, "died", days=10, how=None, pid=2**22 + 1, pid_started=1.0)
    assert names(older_s=9 * DAY) == ["died"]
    assert names(older_s=11 * DAY) == []


def test_a_run_that_is_recorded_again_meanwhile_stays(home):
    record = run(home, "demo")
    found = prunable(0.0, 0)
    with (home / ".demo.sanctum.db.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert prune(found) == 0
        assert record.exists()
    run(home, "demo", how=None, **here())
    assert prune(found) == 0
    assert record.exists()


def test_files_that_lost_their_record_go_when_they_are_not_new(home):
    long_ago = (time.time() - 2 * DAY,) * 2
    old = [".gone.sanctum.db.lock", ".gone.json.1234567", "gone.sanctum.db-wal", "gone.log"]
    old.append("train-0101-000000.log")
    for name in (*old, "stranger.txt"):
        (home / name).write_bytes(b"x")
        os.utime(home / name, long_ago)
    (home / ".new.sanctum.db.lock").touch()
    (home / "train-new.log").touch()
    run(home, "lost").unlink()
    hall = home / "hall"
    hall.mkdir()
    (hall / "digits.hall.db").write_bytes(bytes(99))
    found = prunable(0.0, 0)
    assert [one.run_id for one in found.runs] == ["lost"]
    assert {path.rpartition("/")[2] for path in found.orphans} == set(old)
    assert prune(found) == found.used_bytes
    left = {one.name for one in home.iterdir()}
    assert left == {"stranger.txt", ".new.sanctum.db.lock", "train-new.log", "hall"}
    assert (hall / "digits.hall.db").exists()


def test_a_lock_that_a_recorder_holds_is_no_orphan(home):
    lock = home / ".begun.sanctum.db.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    with lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert prunable(0.0, 0).orphans == []
    assert prunable(0.0, 0).orphans == [str(lock)]


def test_disk_use_counts_every_file_largest_first_and_the_halls_last(home):
    run(home, "small", size=10)
    run(home, "large", size=5000, how=None, **here())
    (home / "large.sanctum.db-wal").write_bytes(bytes(700))
    (home / "hall").mkdir()
    (home / "hall" / "digits.hall.db").write_bytes(bytes(99))
    found = disk_use()
    assert [(one.name, one.state) for one in found] == [
        ("large", "live"),
        ("small", "finished"),
        ("digits.hall.db", "hall of fame"),
    ]
    large, small, hall = found
    assert (large.record_bytes, large.wal_bytes, large.is_prunable) == (5000, 700, False)
    assert small.used_bytes == 10 + 3 + (home / "small.json").stat().st_size
    assert small.is_prunable
    assert hall.used_bytes == 99
    assert not hall.is_prunable


def test_no_record_directory_is_nothing_to_prune(monkeypatch, tmp_path):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "none"))
    assert disk_use() == []
    assert prunable(0.0, 0).used_bytes == 0
