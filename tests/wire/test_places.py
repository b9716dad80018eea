from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sanctum.errors import NoSuchRun, RecordError, SanctumError, UsageError
from sanctum.wire import places
from sanctum.wire.client import open_run
from sanctum.wire.processes import boot_id, started


@pytest.fixture
def home(tmp_path, monkeypatch):
    found = tmp_path / "runs"
    found.mkdir()
    monkeypatch.setenv("SANCTUM_HOME", str(found))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return found


def note(home, run_id, **more):
    file = places.RunFile(run_id, str(home / f"{run_id}.sanctum.db"), **more)
    (home / f"{run_id}.sanctum.db").touch()
    places.write_run_file(file)
    return file


def ours(**more):
    about = {"pid": os.getpid(), "pid_started": started(os.getpid()), "boot_id": boot_id()}
    return {**about, "host": socket.gethostname(), **more}


JUNK = [
    b"",
    b"{",
    b"[]",
    b"\xff\xfe\x00",
    b"{}",
    b'{"run_id": 5, "record": "x"}',
    b'{"run_id": "", "record": ""}',
    b'{"run_id": "a", "record": "a\\u0000b"}',
    b'{"run_id": "a", "record": "/none", "started": "now"}',
    b"[" * 100_000,
    b" " * (places.MAX_FILE_BYTES + 1),
]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_junk_in_the_record_directory_is_passed_over(home, junk):
    (home / "junk.json").write_bytes(junk)
    note(home, "good")
    assert [one.run_id for one in places.runs()] == ["good"]


def test_folders_pipes_and_dangling_links_are_passed_over(home):
    (home / "folder.json").mkdir()
    os.mkfifo(home / "pipe.json")
    (home / "link.json").symlink_to(home / "nowhere")
    assert places.runs() == []


def test_a_directory_that_is_not_there_has_no_runs(home):
    home.rmdir()
    assert places.runs() == []


def test_how_a_run_is_without_asking_it(home):
    note(home, "live", started=4, **ours())
    note(home, "died", started=3, **ours(pid_started=1.0))
    note(home, "done", started=2, how="finished", **ours())
    note(home, "away", started=1, boot_id="other", host="elsewhere", pid=1)
    lost = note(home, "lost", started=0, how="finished")
    Path(lost.record).unlink()
    found = {one.run_id: one.state for one in places.runs()}
    assert list(found.values()) == ["live", "died", "finished", "elsewhere", "lost"]
    assert places.runs()[3].note == "ssh -t elsewhere sanctum shell away"


def test_reaping_never_ends_a_process_that_is_not_known_to_be_the_recorder(home):
    note(home, "junk", recorder=os.getpid(), **ours(pid=0, pid_started=0.0))
    assert places.reap() == []


def test_reaping_ends_the_recorders_whose_trainer_has_gone(home):
    idle = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        about = ours(pid=2**22 + 1, pid_started=1.0)
        note(home, "dead", recorder=idle.pid, recorder_started=started(idle.pid), **about)
        assert [one.run_id for one in places.reap()] == ["dead"]
        assert idle.wait(10) != 0
    finally:
        idle.kill()
        idle.wait()


def test_a_moved_record_is_found_where_it_is_now(home, monkeypatch):
    note(home, "demo")
    moved = home.with_name("moved")
    home.rename(moved)
    monkeypatch.setenv("SANCTUM_HOME", str(moved))
    (found,) = places.run_files()
    assert found.record == str(moved / "demo.sanctum.db")


@pytest.mark.parametrize(
    ("typed", "fit"),
    [("demo-3", "demo-3"), ("a b/c", "a-b-c"), ("../../x", "x"), ("\x1b[1m", "1m")],
)
def test_any_run_id_is_a_plain_file_name(typed, fit):
    assert places.fit_run_id(typed) == fit


def test_the_socket_folder_is_ours_alone(home, tmp_path):
    (tmp_path / "sanctum").mkdir(mode=0o777)
    found = places.socket_directory()
    assert found == tmp_path / "sanctum"
    assert stat.S_IMODE(found.stat().st_mode) == 0o700


def test_a_link_in_place_of_the_socket_folder_is_not_followed(home, tmp_path):
    (tmp_path / "sanctum").symlink_to(tmp_path)
    found = places.socket_directory()
    assert found.name == f"sanctum-{os.getuid()}"
    assert not found.is_symlink()


def test_a_socket_path_that_is_too_long_says_what_to_do(home, tmp_path, monkeypatch):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    with pytest.raises(SanctumError, match="longer than 107 bytes") as refused:
        places.socket_path(home / "demo.sanctum.db")
    assert "XDG_RUNTIME_DIR" in refused.value.hint


def test_opening_says_what_there_is(home):
    with pytest.raises(NoSuchRun, match="no live run") as none:
        open_run()
    assert "sanctum demo" in none.value.hint
    note(home, "demo-3", how="finished")
    note(home, "demo-4", how="finished")
    with pytest.raises(NoSuchRun, match="no live run") as none:
        open_run()
    assert "demo-4" in none.value.hint
    with pytest.raises(UsageError, match="'demo-' begins several runs: demo-"):
        open_run("demo-")
    with pytest.raises(NoSuchRun, match="no run 'dmeo-3'") as unknown:
        open_run("dmeo-3")
    assert "demo-3" in unknown.value.hint
    with pytest.raises(NoSuchRun, match="demo-3 is not live: finished"):
        open_run("demo-3", live_only=True)
    with pytest.raises(RecordError, match="no such file"):
        open_run("./nothing.sanctum.db")


def test_a_file_that_is_no_record_is_refused_by_its_path(home, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text(json.dumps({}))
    with pytest.raises(RecordError, match="it is no SQLite file"):
        open_run(str(text))


def test_a_run_of_another_host_says_how_to_get_there(home):
    note(home, "away", boot_id="other", host="elsewhere", pid=1, started=time.time())
    with pytest.raises(NoSuchRun, match="away runs on elsewhere") as refused:
        open_run("away")
    assert refused.value.hint == "ssh -t elsewhere sanctum shell away"
