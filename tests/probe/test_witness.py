"""The witness changes nothing but what stands in its files: each case is a process of its own."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sanctum.probe import witness as room
from sanctum.probe.witness import ASKED, DEADLY, FATAL, stacks, witness

START = """
import ctypes, faulthandler, os, resource, signal, subprocess, sys, threading, time
from sanctum.probe.witness import witness
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

def tell(seen):
    print(seen.argument, flush=True)
    sys.stdin.readline()

def wait():
    while True:
        time.sleep(60)
"""


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


WAITING = "seen = witness()\ndef struck(): tell(seen); wait()\nstruck()"


@contextlib.contextmanager
def child(code: str):
    """A process that runs `code`, and the files of its witness, held as a recorder would."""
    process = subprocess.Popen(
        [sys.executable, "-c", START + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdin is not None
    said = json.loads(process.stdout.readline())
    held = {
        name: os.open(f"/proc/{process.pid}/fd/{fd}", os.O_RDONLY)
        for name, fd in said["files"].items()
    }

    def read(name: str) -> str:
        return os.pread(held[name], 100_000, 0).decode()

    process.stdin.write("\n")
    process.stdin.flush()
    try:
        yield process, read, said
    finally:
        process.kill()
        process.communicate()
        for fd in held.values():
            os.close(fd)


@pytest.mark.parametrize("name", DEADLY)
def test_a_deadly_signal_kills_as_ever_and_the_stack_it_struck_is_written(name):
    number = getattr(signal, name)
    with child(WAITING) as (process, read, _):
        process.send_signal(number)
        assert process.wait(20) == -number
        assert "in struck" in read(name)
        assert not any(read(other) for other in (*DEADLY, FATAL, ASKED) if other != name)


def test_a_crash_in_compiled_code_is_written_and_kills_as_ever():
    code = "seen = witness(); tell(seen)\ndef crash(): ctypes.string_at(0)\ncrash()"
    with child(code) as (process, read, _):
        assert process.wait(20) == -signal.SIGSEGV
        assert read(FATAL).startswith("Fatal Python error: Segmentation fault")
        assert "in crash" in read(FATAL)


def test_a_handler_of_the_trainers_own_is_left_alone_whether_it_came_before_or_after():
    code = """
def own(number, frame):
    print("own", number, flush=True)
signal.signal(signal.SIGTERM, own)
seen = witness(); tell(seen)
signal.signal(signal.SIGUSR1, own)
os.kill(os.getpid(), signal.SIGTERM); os.kill(os.getpid(), signal.SIGUSR1)
seen.close()
os.kill(os.getpid(), signal.SIGTERM); os.kill(os.getpid(), signal.SIGUSR1)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    with child(code) as (process, _, said):
        assert "SIGTERM" not in said["files"]
        output = process.communicate(timeout=20)[0].split()
    term, usr = str(int(signal.SIGTERM)), str(int(signal.SIGUSR1))
    assert output == ["own", term, "own", usr, "own", term, "own", usr, "True"]


def test_a_faulthandler_of_the_trainers_own_keeps_its_file():
    code = """
first, second = open("/dev/null", "w"), os.memfd_create("own")
faulthandler.register(signal.SIGUSR1, file=first)
seen = witness(); tell(seen)
faulthandler.enable(file=second)
faulthandler.register(signal.SIGTERM, file=second, chain=False)
seen.close()
os.kill(os.getpid(), signal.SIGTERM)
print("in <module>" in os.pread(second, 9999, 0).decode(), faulthandler.is_enabled(), flush=True)
"""
    with child(code) as (process, _, said):
        assert "SIGUSR1" not in said["files"]
        assert process.communicate(timeout=20)[0].split() == ["True", "True"]


def test_a_signal_that_is_ignored_stays_ignored_and_others_inherit_what_they_would_have():
    code = """
seen = witness(); tell(seen)
os.kill(os.getpid(), signal.SIGHUP)
print(open("/proc/self/status").read().split("SigIgn:")[1].split()[0])
sub = "print(open('/proc/self/status').read().split('SigIgn:')[1].split()[0]);"
sub += "import signal; print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)"
subprocess.run([sys.executable, "-S", "-c", sub])
"""
    ignoring = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with child(code) as (process, _, said):
            output = process.communicate(timeout=20)[0].split()
    finally:
        signal.signal(signal.SIGHUP, ignoring)
    assert "SIGHUP" not in said["files"]
    own, others, is_default = output
    assert own == others and int(own, 16) & 1
    assert is_default == "True"


def test_a_forked_child_has_the_systems_handlers_again_and_writes_nothing():
    code = """
seen = witness()
worker = os.fork()
if worker == 0:
    seen.turn_off_in_child()
    wait()
time.sleep(0.3); tell(seen)
os.kill(worker, signal.SIGTERM)
print(os.waitpid(worker, 0)[1], flush=True)
struck = wait
struck()
"""
    with child(code) as (process, read, _):
        assert process.stdout.readline().split() == [str(int(signal.SIGTERM))]
        assert read("SIGTERM") == ""
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
        assert "(most recent call first)" in read("SIGTERM")


def test_closing_puts_back_what_was_there():
    before = {number: room._handler(number) for number in range(1, 65) if number not in (32, 33)}
    files = open_files()
    was_enabled = faulthandler.is_enabled()
    found = witness()
    assert found is not None
    assert room._handler(signal.SIGTERM) != before[signal.SIGTERM]
    found.close()
    assert {number: room._handler(number) for number in before} == before
    assert (open_files(), faulthandler.is_enabled()) == (files, was_enabled)


def test_stacks_are_those_of_every_thread_but_the_one_that_writes():
    import threading

    held, found = threading.Event(), []

    def waits_here():
        held.wait(20)

    waiting = threading.Thread(target=waits_here, name="a loader")
    writing = threading.Thread(target=lambda: found.append(stacks()), name="the writer")
    waiting.start()
    writing.start()
    writing.join()
    held.set()
    waiting.join()
    (text,) = found
    assert text.startswith("Thread MainThread (most recent call first):\n  File ")
    assert "Thread a loader" in text and "in waits_here" in text
    assert "the writer" not in text


def test_where_the_system_has_no_means_there_is_no_witness_and_no_error(monkeypatch):
    def refused(*_):
        raise OSError("no file can be made")

    monkeypatch.setattr(room, "_nameless", refused)
    assert witness() is None
