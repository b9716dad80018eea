from __future__ import annotations

import os
import signal

import pytest

from sanctum.recorder.cause import cause
from sanctum.recorder.oom import Kills, OomFiles
from sanctum.recorder.witness import FATAL, Witness, witness

NONE = Kills({})
STACK = 'Stack (most recent call first):\n  File "ppo.py", line 88 in update\n'


@pytest.fixture
def files(tmp_path):
    opened = {}
    for name in ("SIGTERM", "SIGHUP", FATAL, "asked"):
        opened[name] = os.open(tmp_path / name, os.O_RDWR | os.O_CREAT)
    yield Witness(opened, 45)
    for fd in opened.values():
        os.close(fd)


def test_a_status_outweighs_what_stands_in_the_files(files):
    os.write(files.files["SIGTERM"], STACK.encode())
    found = cause(signal.SIGKILL, files, NONE, NONE)
    assert (found.how, found.signal, found.traceback) == ("killed", "SIGKILL", None)
    found = cause(signal.SIGTERM, files, NONE, NONE)
    assert (found.how, found.signal) == ("killed", "SIGTERM")
    assert found.traceback.endswith('innermost call first:\n  File "ppo.py", line 88 in update')


def test_a_core_dump_is_no_part_of_the_signal(files):
    assert cause(signal.SIGQUIT | 0x80, files, NONE, NONE).signal == "SIGQUIT"


def test_a_signal_without_a_name_has_its_number(files):
    assert cause(45, files, NONE, NONE).signal == "signal 45"


@pytest.mark.parametrize("text", ["Segmentation fault", "Aborted", "Bus error"])
def test_without_a_status_a_crash_is_known_by_what_was_written(files, text):
    os.write(files.files[FATAL], f"Fatal Python error: {text}\n\n{STACK}".encode())
    found = cause(None, files, NONE, NONE)
    assert (found.how, found.signal) == (
        "killed",
        {"Segmentation fault": "SIGSEGV", "Aborted": "SIGABRT", "Bus error": "SIGBUS"}[text],
    )
    assert "line 88 in update" in found.traceback


def test_without_a_status_the_file_written_last_names_the_signal(files):
    os.write(files.files["SIGHUP"], STACK.encode())
    os.utime(files.files["SIGHUP"], (1, 1))
    os.write(files.files["SIGTERM"], STACK.encode())
    os.write(files.files["asked"], STACK.encode())
    assert cause(None, files, NONE, NONE).signal == "SIGTERM"


def test_stacks_that_were_asked_for_are_no_last_words(files):
    os.write(files.files["asked"], STACK.encode())
    assert cause(None, files, NONE, NONE).how == "died"


def test_without_any_evidence_nothing_is_made_up():
    found = cause(None, witness(None), NONE, NONE)
    assert (found.how, found.signal, found.why, found.traceback) == ("died", None, None, None)


@pytest.mark.parametrize("said", ["", "nonsense", "[]", '{"files": 3, "signal": 1}', "{}"])
def test_a_witness_that_makes_no_sense_is_none(said):
    assert witness(said).files == {}


def test_the_memory_killer_is_named_with_its_count_when_the_kill_was_not_caught(files):
    before, after = Kills({"this machine": 4}), Kills({"this machine": 5})
    found = cause(signal.SIGKILL, files, before, after)
    assert "out-of-memory killer struck in this machine meanwhile (oom_kill 4 -> 5)" in found.why
    assert "out-of-memory" not in cause(signal.SIGTERM, files, before, after).why
    assert "most likely it took the trainer" in cause(None, files, before, after).why
    assert "struck" not in cause(signal.SIGKILL, files, after, after).why


@pytest.fixture
def system(tmp_path):
    """A /proc and a /sys/fs/cgroup to be filled."""

    def write(path, text):
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    write("proc/vmstat", "pgfault 12\noom_kill 7\n")
    return write, lambda: OomFiles(42, tmp_path / "proc", tmp_path / "cgroup")


def test_kills_are_counted_in_the_control_group_of_version_2_first(system):
    write, files = system
    write("proc/42/cgroup", "0::/user.slice/job-9\n")
    write("cgroup/user.slice/job-9/memory.events", "low 0\noom 1\noom_kill 1\n")
    found = files()
    before = found.kills()
    assert before.counts == {"its control group": 1, "this machine": 7}
    write("cgroup/user.slice/job-9/memory.events", "low 0\noom 2\noom_kill 2\n")
    write("proc/vmstat", "oom_kill 8\n")
    assert "in its control group meanwhile (oom_kill 1 -> 2)" in before.then(found.kills())


def test_kills_are_counted_in_the_control_group_of_version_1(system):
    write, files = system
    write("proc/42/cgroup", "4:memory:/docker/abc\n0::/\n")
    write("cgroup/memory/docker/abc/memory.oom_control", "oom_kill_disable 0\noom_kill 3\n")
    assert files().kills().counts == {"its control group": 3, "this machine": 7}


def test_without_control_groups_the_machines_count_is_all(system):
    _, files = system
    assert files().kills().counts == {"this machine": 7}


def test_without_counts_nothing_struck(tmp_path):
    found = OomFiles(42, tmp_path, tmp_path).kills()
    assert found.counts == {}
    assert found.then(found) is None
