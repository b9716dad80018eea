from __future__ import annotations

import os
import signal

import pytest

from sanctum.errors import NoDataYet
from sanctum.wire.client import open_run
from tests.live.running import asking, ready, state, until

pytestmark = pytest.mark.live


def look_around(ask):
    """Every look question answers."""
    ask.run_read()
    ask.envs_list()
    ask.env_read(1)
    ask.policy_read()
    ask.rewards_read()
    ask.seeds_list()
    ask.events_list()
    ask.vitals_read()
    return ask.run_read()


def test_a_killed_trainer_was_killed_and_every_question_answers_with_its_last_step(home):
    trainer = home.train("steps(0, 30); forever()")
    ready(trainer)
    assert state().word == "live"
    trainer.kill()
    found = until(lambda: (one := state()).word == "killed" and one)
    assert found.signal == "SIGKILL"
    with asking() as ask:
        assert look_around(ask).at.step == 29
    until(lambda: home.file().how == "killed")
    assert home.file().signal == "SIGKILL"


def test_a_forked_worker_that_holds_the_socket_does_not_keep_the_run_alive(home):
    trainer = home.train(
        "steps(0, 5)\n"
        "worker = os.fork()\n"
        "if worker == 0:\n"
        "    run.step(99, accuracy=[1.0, 1.0]); run.close()\n"
        "    assert not run.recording\n"
        "    time.sleep(60); os._exit(0)\n"
        "steps(5, 5); settled(); print('ready', worker, flush=True); time.sleep(60)\n"
    )
    worker = int(ready(trainer))
    try:
        trainer.kill()
        until(lambda: state().word == "killed")
        with asking() as ask:
            assert ask.run_read().at.step == 9
        os.kill(worker, 0)
    finally:
        os.kill(worker, signal.SIGKILL)


def test_an_uncaught_exception_is_in_the_record_with_its_traceback(home):
    trainer = home.train("steps(0, 3)\ndef learn():\n    raise ValueError('nan in it')\nlearn()")
    _, errors = trainer.communicate(timeout=20)
    assert "ValueError: nan in it" in errors
    found = until(lambda: (one := state()).word == "failed" and one)
    assert found.exception == "ValueError: nan in it"
    assert "in learn" in found.traceback


def test_an_interrupt_ends_the_run_and_not_its_recorder(home):
    trainer = home.train("steps(0, 3); forever()")
    ready(trainer)
    recorder = home.file().recorder
    os.kill(recorder, signal.SIGINT)
    trainer.send_signal(signal.SIGINT)
    trainer.wait(20)
    until(lambda: state().word == "interrupted")
    assert home.file().recorder == recorder


def test_the_end_of_the_script_is_the_end_of_the_run(home):
    home.train("steps(0, 3)").communicate(timeout=20)
    until(lambda: state().word == "ended")
    with asking() as ask:
        assert look_around(ask).at.step == 2


def test_a_recorder_told_to_end_writes_everything_first(home):
    trainer = home.train("steps(0, 20); forever()")
    ready(trainer)
    file = home.file()
    os.kill(file.recorder, signal.SIGTERM)
    until(lambda: not file.has_recorder)
    with asking() as ask:
        assert ask.run_read().at.step == 19
        assert ask.env_read(0).row.accuracy.value == 19


def test_a_trainer_that_says_nothing_is_stale(home):
    trainer = home.train("steps(0, 3); forever()")
    ready(trainer)
    found = until(lambda: (one := state()).word == "stale" and one, within_s=25)
    assert found.since_s > 10


def test_before_the_first_step_there_is_no_data_yet(home):
    trainer = home.train("forever()")
    ready(trainer)
    assert state().word == "starting"
    with asking() as ask, pytest.raises(NoDataYet) as none:
        ask.env_read(0)
    assert none.value.exit_code == 7


def test_a_recorder_leaves_when_nobody_is_there(home, monkeypatch):
    monkeypatch.setenv("SANCTUM_LINGER_S", "1")
    home.train("steps(0, 3)").communicate(timeout=20)
    until(lambda: home.file().recorder == 0)
    assert not (home.folder / "runs" / "demo.sanctum.db-wal").exists()
    connection = open_run("demo", timeout_s=10)
    assert not connection.live
    assert connection.queries().run_read().state.word == "ended"
    connection.close()


@pytest.mark.parametrize("ending", ["run.close()", "ready(); os.kill(os.getpid(), signal.SIGKILL)"])
def test_the_file_of_an_ended_run_is_whole_by_itself_while_its_recorder_lingers(home, ending):
    home.train(f"steps(0, 30); {ending}").wait(timeout=20)
    until(lambda: home.file().how is not None)
    assert home.file().has_recorder
    assert not (home.folder / "runs" / "demo.sanctum.db-wal").exists()
    with asking() as ask:
        assert ask.run_read().at.step == 29
