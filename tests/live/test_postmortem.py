"""What ended a trainer, as its run says it afterwards: each trainer here really ends that way."""

from __future__ import annotations

import os
import signal
import sqlite3

import pytest

from sanctum.wire.places import runs
from tests.live.running import asking, ready, state, until

pytestmark = pytest.mark.live
GOING_ON = ("live", "starting", "stale")


def ended(run_id="demo"):
    """How the run ended, once its recorder has looked into it."""
    return until(
        lambda: (found := state(run_id)).word not in GOING_ON and until_written(run_id) and found
    )


def until_written(run_id):
    with asking(run_id) as ask:
        return ask.run_read().attempts[-1].how != "going on"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("SIGKILL", "nothing catches it"),
        ("SIGTERM", "it was told to end"),
        ("SIGHUP", "its terminal went away"),
        ("SIGQUIT", "Ctrl-\\"),
        ("SIGUSR1", "did not handle it"),
        ("SIGXCPU", "CPU time was used up"),
        ("SIGSEGV", "compiled code"),
        ("SIGABRT", "gave up"),
    ],
)
def test_the_signal_that_killed_a_trainer_is_named_with_the_stack_it_struck(home, name, why):
    number = getattr(signal, name)
    trainer = home.train(
        "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "def deep():\n    forever()\nsteps(0, 30); deep()"
    )
    ready(trainer)
    trainer.send_signal(number)
    assert trainer.wait(20) == -number
    found = ended()
    assert (found.word, found.signal) == ("killed", name)
    assert why in found.why
    if name == "SIGKILL":
        assert found.traceback is None
    else:
        assert "in deep" in found.traceback
    until(lambda: home.file().how == "killed")
    assert [(one.state, one.note) for one in runs()] == [("killed", f"by {name}")]


def test_a_trainer_that_nobody_has_waited_for_tells_its_signal_too(home):
    trainer = home.train("steps(0, 3); forever()")
    ready(trainer)
    trainer.send_signal(signal.SIGTERM)
    assert (ended().signal, trainer.returncode) == ("SIGTERM", None)


def test_a_status_without_an_exception_is_a_failure_and_named(home):
    home.train("steps(0, 3); settled(); os._exit(3)").wait(20)
    found = ended()
    assert (found.word, found.exception) == ("failed", None)
    assert "exit status 3" in found.why


def test_leaving_at_once_with_status_0_is_an_end_without_close(home):
    home.train("steps(0, 3); settled(); os._exit(0)").wait(20)
    found = ended()
    assert found.word == "ended"
    assert "without run.close()" in found.why


def test_a_script_that_ends_with_a_status_has_failed(home):
    home.train("steps(0, 3); sys.exit(4)").wait(20)
    found = until(lambda: (one := state()).word == "failed" and one)
    assert "exit status 4" in found.why
    until(lambda: home.file().how == "failed")


def test_an_interrupt_that_python_never_saw_is_an_interrupt(home):
    trainer = home.train("signal.signal(signal.SIGINT, signal.SIG_DFL); steps(0, 3); forever()")
    ready(trainer)
    trainer.send_signal(signal.SIGINT)
    trainer.wait(20)
    assert ended().word == "interrupted"


def test_a_run_that_was_closed_stays_finished_whatever_ends_its_process(home):
    trainer = home.train("steps(0, 3); run.close(); forever()")
    ready(trainer)
    trainer.kill()
    trainer.wait(20)
    recorder = home.file().recorder
    assert ended().word == "finished"
    os.kill(recorder, signal.SIGTERM)
    until(lambda: not home.file().has_recorder)
    assert state().word == "finished"


def test_a_worker_that_is_told_to_end_is_no_word_of_the_trainer(home):
    trainer = home.train(
        "worker = os.fork()\n"
        "if worker == 0:\n"
        "    time.sleep(60); os._exit(0)\n"
        "steps(0, 3); settled()\n"
        "os.kill(worker, signal.SIGTERM); print('left', os.waitpid(worker, 0)[1], flush=True)\n"
        "ready(); os._exit(9)"
    )
    assert trainer.stdout.readline().split() == ["left", str(int(signal.SIGTERM))]
    trainer.wait(20)
    found = ended()
    assert (found.word, found.traceback) == ("failed", None)


def test_when_both_died_at_once_the_record_says_that_nobody_saw_it(home):
    trainer = home.train("steps(0, 30); settled(); time.sleep(1.5); forever()")
    ready(trainer)
    recorder = home.file().recorder
    os.kill(recorder, signal.SIGSTOP)
    trainer.kill()
    os.kill(recorder, signal.SIGKILL)
    trainer.wait(20)
    found = until(lambda: (one := state()).word == "died" and one)
    assert "its recorder had gone before it or with it" in found.why
    with asking() as ask:
        assert ask.run_read().at.step == 29


def test_after_a_restart_of_the_machine_the_record_says_so(home):
    trainer = home.train("steps(0, 30); settled(); time.sleep(1.5); forever()")
    ready(trainer)
    os.kill(home.file().recorder, signal.SIGKILL)
    trainer.kill()
    trainer.wait(20)
    path = home.folder / "runs" / "demo.json"
    path.write_text(path.read_text().replace(home.file().boot_id, "another boot"))
    with sqlite3.connect(home.folder / "runs" / "demo.sanctum.db") as db:
        db.execute("UPDATE attempts SET boot_id = 'another boot'")
    db.close()
    assert "the machine was restarted since" in state().why
    assert [one.note for one in runs()] == ["the machine was restarted since"]
