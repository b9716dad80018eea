"""A recorder that dies while its trainer goes on: another one goes on with the record."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.running import asking, ready, state, until

pytestmark = pytest.mark.live
RECORDER = """
import json, pathlib
from sanctum.probe import restarts, sender
def recorder():
    path = pathlib.Path(run.record.replace(".sanctum.db", ".json"))
    return json.loads(path.read_text())["recorder"]
def kill_recorder(number=signal.SIGKILL):
    os.kill(recorder(), number)
def lose_steps(first, count):
    global old
    old = recorder(); kill_recorder(signal.SIGSTOP)
    steps(first, count); settled(); kill_recorder()
def stepping(first, until, every_s=0.002):
    step = first
    while not until():
        steps(step, 1); step += 1; time.sleep(every_s)
    return step
"""


def test_a_recorder_that_died_is_started_again_and_the_gap_is_marked(home):
    trainer = home.train(
        RECORDER + "steps(0, 100); run.update(1, entropy=0.5); settled(); time.sleep(1.3)\n"
        "lose_steps(100, 20); last = stepping(120, lambda: recorder() != old)\n"
        "steps(last, 50); settled(); print('ready', last + 49, flush=True); time.sleep(60)"
    )
    last = int(ready(trainer))
    with asking() as ask:
        found = until(lambda: (one := ask.run_read()).at.step == last and one)
        (lost,) = found.lost
        assert (found.state.word, len(found.attempts), found.last_update) == ("live", 1, 1)
        assert (lost.what, lost.count) == ("everything", lost.last_step - lost.first_step + 1)
        assert lost.first_step == 100 and 119 <= lost.last_step < last
        recorded = ask.series_read("accuracy", env=0, points=100_000)
        missing = set(range(last + 1)) - set(recorded.steps)
        assert missing == set(range(lost.first_step, lost.last_step + 1))
        (event,) = ask.events_list(type="gap").rows
        assert f"steps {lost.first_step} to {lost.last_step} are missing" in event.text
        assert recorded.at.gaps == [lost]
        assert ask.envs_list(at=str(lost.first_step)).at.gaps == [lost]
        assert ask.envs_list(at="50").at.gaps == []
    trainer.kill()
    _, errors = trainer.communicate()
    assert errors.count("sanctum:") == 1
    assert "was started again; the record marks the gap" in errors
    assert state().word == "killed"


def test_every_answer_that_spans_a_gap_says_so(home):
    trainer = home.train(
        RECORDER + "steps(0, 100); settled(); time.sleep(1.3)\n"
        "lose_steps(100, 20); last = stepping(120, lambda: recorder() != old, 0.05)\n"
        "steps(last, 5); ready(); time.sleep(60)"
    )
    ready(trainer)

    def asked(*words):
        command = [sys.executable, "-m", "sanctum", *words, "--run", "demo"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "the recorder died and was started again" in asked("run")
    assert "missing here: everything of steps 100 to" in asked("env", "0")
    assert "missing here" not in asked("env", "0", "--at", "50")
    assert "telemetry lost" in asked("overwatch")
    assert "are missing: the recorder died" in asked("events")


def test_when_nothing_was_on_its_way_no_step_is_missing_and_the_gap_says_so(home):
    trainer = home.train(
        RECORDER + "steps(0, 100); settled(); time.sleep(1.3); old = recorder(); kill_recorder()\n"
        "while recorder() == old: time.sleep(0.01)\n"
        "steps(100, 5); settled(); print('ready', 104, flush=True); time.sleep(60)"
    )
    ready(trainer)
    with asking() as ask:
        (lost,) = until(lambda: ask.run_read().lost)
        assert (lost.count, lost.first_step, lost.last_step) == (0, 99, 100)
        assert "no step is missing" in lost.reason
        assert len(ask.series_read("accuracy", env=0).steps) == 105


def test_the_end_of_a_run_reaches_the_record_though_its_recorder_died_just_before(home):
    home.train(RECORDER + "steps(0, 30); settled(); kill_recorder(); run.close()").wait(30)
    assert state().word == "finished"
    with asking() as ask:
        assert len(ask.run_read().attempts) == 1


def test_an_exception_reaches_the_record_though_its_recorder_died_just_before(home):
    home.train(RECORDER + "steps(0, 30); settled(); kill_recorder(); 1 / 0").wait(30)
    found = state()
    assert (found.word, found.exception) == ("failed", "ZeroDivisionError: division by zero")


def test_a_recorder_that_hangs_is_taken_for_dead_and_another_takes_its_place(home):
    trainer = home.train(
        RECORDER + "sender.HUNG_AFTER_BEATS = 2\n"
        "steps(0, 30); settled(); time.sleep(1.3)\n"
        "old = recorder(); kill_recorder(signal.SIGSTOP)\n"
        "last = stepping(30, lambda: recorder() != old, 0.05)\n"
        "steps(last, 5); settled(); print('ready', old, flush=True); time.sleep(60)"
    )
    old = int(ready(trainer))
    with asking() as ask:
        assert until(lambda: ask.run_read().state.word == "live")
        assert [one.what for one in ask.run_read().lost] == ["everything"]
    until(lambda: not is_there(old))


def is_there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_recorder_that_cannot_be_started_again_is_said_once_and_training_goes_on(home):
    trainer = home.train(
        RECORDER + "restarts.WAITS_S = (0.0, 0.1)\n"
        "steps(0, 20); settled(); time.sleep(1.3)\n"
        "os.environ['SANCTUM_HOME'] = '/dev/null/runs'; kill_recorder()\n"
        "while run.recording: steps(20, 1)\n"
        "before = run.lost; steps(21, 50); run.close()\n"
        "print('trained', run.lost - before, flush=True); time.sleep(60)"
    )
    word, lost = trainer.stdout.readline().split()
    assert (word, int(lost) >= 50) == ("trained", True)
    with asking() as ask:
        found = ask.run_read()
        assert found.at.step >= 19
        assert (found.state.word, found.state.why) == (
            "stale",
            "its process is there, but its recorder has gone",
        )
    trainer.kill()
    _, errors = trainer.communicate()
    assert errors.count("sanctum:") == errors.count("the recorder has gone") == 1
    assert "what follows is not recorded" in errors
    assert state().word == "died"


def test_a_script_ends_though_its_recorder_cannot_be_started_any_more(home):
    trainer = home.train(
        RECORDER + "steps(0, 20); settled()\n"
        "os.environ['SANCTUM_HOME'] = '/dev/null/runs'; kill_recorder(); steps(20, 20)"
    )
    _, errors = trainer.communicate(timeout=40)
    assert trainer.returncode == 0
    assert "sanctum: the recorder has gone" in errors


def test_a_recorder_is_not_started_again_and_again(home):
    trainer = home.train(
        RECORDER + "restarts.MOST = 2\n"
        "import collections\n"
        "again = run._sender._restarts\n"
        "again._tries = collections.deque(maxlen=2)\n"
        "steps(0, 20); settled()\n"
        "while run.recording:\n"
        "    old = recorder(); kill_recorder()\n"
        "    while run.recording and (recorder() == old or again.under_way): time.sleep(0.01)\n"
        "ready(); run.close(); print('done', flush=True)"
    )
    _, errors = trainer.communicate(timeout=60)
    assert errors.count("was started again") == 2
    assert "after 2 others in 10 minutes" in errors


def test_a_recorder_that_was_told_to_end_is_not_started_again(home):
    trainer = home.train("steps(0, 20); forever()")
    ready(trainer)
    file = home.file()
    os.kill(file.recorder, signal.SIGTERM)
    until(lambda: not file.has_recorder)
    assert "the recorder was told to end; training goes on" in trainer.stderr.readline()
    trainer.terminate()
    trainer.wait(20)
    assert home.file().recorder == 0
