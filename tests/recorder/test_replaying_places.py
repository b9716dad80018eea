"""Where a run's policy is made again, and whose code that may be."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from sanctum.errors import SanctumError
from sanctum.recorder.replaying.place import place_of
from sanctum.recorder.replaying.trust import check
from sanctum.telemetry import RunStarted

FACTORY = "mine:made"
ROOT = str(Path(__file__).resolve().parents[2])


def header(**more) -> RunStarted:
    said = {"host": socket.gethostname(), "python": sys.executable, "directory": "/"}
    return RunStarted("demo", "t", 1, **{**said, **more})


def test_a_run_is_replayed_where_it_ran(tmp_path):
    found = place_of(header(directory=str(tmp_path), path=["", "/some/where"]))
    assert (found.command[0], found.directory, found.notes) == (sys.executable, str(tmp_path), ())
    assert json.loads(found.environment["SANCTUM_REPLAY_PATH"]) == ["", "/some/where"]
    assert found.environment["CUDA_VISIBLE_DEVICES"] == ""


def test_an_interpreter_that_is_gone_is_replaced_and_said(tmp_path):
    path = ["/mine", "/old/lib/python3.12/site-packages", "/old/lib/python312.zip", "/python/mine"]
    found = place_of(header(python="/old/bin/python", directory=str(tmp_path), path=path))
    assert found.command[0] == sys.executable
    assert found.path == ("/mine", "/python/mine")
    assert found.notes == (
        f"the run's interpreter /old/bin/python is gone: replayed under {sys.executable}",
    )


def test_a_directory_that_is_gone_is_replaced_and_said(tmp_path):
    found = place_of(header(directory=str(tmp_path / "gone"), path=["/mine"]))
    assert Path(found.directory).is_dir()
    assert f"{tmp_path}/gone is gone" in found.notes[0]


def test_a_run_that_did_not_say_is_replayed_here_without_a_word():
    found = place_of(header(python="", directory="", path=[]))
    assert (found.python, found.notes) == (sys.executable, ())
    assert found.path == (found.directory,)


def test_sanctum_is_found_in_the_runs_own_folders_first(tmp_path):
    copy = tmp_path / "sanctum" / "replay"
    copy.mkdir(parents=True)
    (copy / "__main__.py").touch()
    own = place_of(header(directory=str(tmp_path), path=["/none", ""]))
    assert Path(own.environment["PYTHONPATH"]) == tmp_path
    none = place_of(header(directory="/", path=["/none"]))
    assert none.environment["PYTHONPATH"] == ROOT


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "runs"))
    (tmp_path / "runs" / "hall").mkdir(parents=True)
    return tmp_path / "runs"


def record(folder: Path) -> Path:
    path = folder / "demo.sanctum.db"
    path.touch(0o644)
    return path


def test_this_users_records_are_trusted(home):
    check(record(home), header(), FACTORY)
    check(record(home / "hall"), header(), FACTORY)


def test_a_relative_path_to_them_is_one_of_them(home, monkeypatch):
    monkeypatch.chdir(record(home).parent)
    check(Path("demo.sanctum.db"), header(), FACTORY)


def refusal(path: Path, **about) -> str:
    with pytest.raises(SanctumError) as refused:
        check(path, header(**about), FACTORY)
    assert refused.value.hint == "--trust runs it all the same: mine:made"
    return refused.value.sentence


def test_a_record_elsewhere_is_not(home, tmp_path):
    said = refusal(record(tmp_path))
    assert said == (
        "a replay runs code that the record names, and"
        f" {tmp_path}/demo.sanctum.db is not among this user's own records in {home}"
    )


def test_a_record_of_another_host_is_not(home):
    assert refusal(record(home), host="far").endswith("it is of a run on far")
    assert refusal(record(home), host="").endswith("it is of a run on another machine")


def test_a_record_that_others_can_write_is_not(home):
    path = record(home)
    path.chmod(0o646)
    assert refusal(path).endswith(f"it can be written by others: {path}")
    path.chmod(0o644)
    home.chmod(0o777)
    assert refusal(path).endswith(f"its folder can be written by others: {home}")


def test_a_link_to_a_record_elsewhere_is_not(home, tmp_path):
    (home / "link.sanctum.db").symlink_to(record(tmp_path))
    assert refusal(home / "link.sanctum.db").endswith("is a link to a file elsewhere")


def test_a_record_that_is_gone_is_not(home):
    assert refusal(home / "none.sanctum.db").endswith("no such file or directory")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_record_of_another_user_is_not(home):
    path = record(home)
    os.chown(path, 12345, 12345)
    assert refusal(path).endswith(f"it belongs to another user: {path}")
