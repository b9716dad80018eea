"""A trainer that is there and says nothing: what it is doing, asked however it hangs."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.live.running import asking, ready, until

pytestmark = pytest.mark.live
HANG = """
import ctypes, threading
def loader():
    while True: time.sleep(60)
threading.Thread(target=loader, name="pin memory", daemon=True).start()
steps(0, 30)
time.sleep(1.2)
ready()
"""
WAYS = {
    "it waits": "def hang(): time.sleep(600)\nhang()",
    "it computes": "def hang():\n    while True: pass\nhang()",
    "compiled code holds the interpreter lock": (
        "libc = ctypes.PyDLL(None)\ndef hang():\n    while True: libc.sleep(600)\nhang()"
    ),
}


def stacks():
    with asking() as ask:
        began = time.monotonic()
        found = ask.trainer_stacks()
        return found, time.monotonic() - began


@pytest.mark.parametrize("way", WAYS)
def test_the_stacks_of_a_trainer_are_had_however_it_hangs_and_it_lives_on(home, way):
    trainer = home.train(HANG + WAYS[way])
    ready(trainer)
    for _ in range(5):
        found = until(lambda: (one := stacks()[0]).text and one)
        main, _, other = found.text.partition("Thread pin memory")
        assert main.partition("Thread ")[2].startswith("MainThread (most recent call first):\n")
        assert "in hang\n" in main and "in <module>" in main
        assert "in loader" in other
        assert trainer.poll() is None
    with asking() as ask:
        assert ask.run_read().state.word in ("live", "stale")


def test_asking_takes_the_recorder_at_most_a_third_of_a_second(home):
    trainer = home.train(HANG + WAYS["compiled code holds the interpreter lock"])
    ready(trainer)
    assert min(stacks()[1] for _ in range(4)) < 0.34


def test_a_stopped_trainer_says_how_to_let_it_go_on(home):
    trainer = home.train(HANG + WAYS["it waits"])
    ready(trainer)
    trainer.send_signal(signal.SIGSTOP)
    found = until(lambda: (one := stacks()[0]).process == "stopped" and one)
    assert found.text is None
    assert f"kill -CONT {trainer.pid}" in found.why
    trainer.send_signal(signal.SIGCONT)
    assert until(lambda: stacks()[0].text)


def test_a_trainer_whose_handler_is_gone_is_not_sent_a_signal_that_would_kill_it(home):
    trainer = home.train(
        HANG
        + "import faulthandler; faulthandler.unregister(run._witness._asked)\n"
        + WAYS["compiled code holds the interpreter lock"]
    )
    ready(trainer)
    found, _ = stacks()
    assert found.text is None
    assert "nobody handles the signal" in found.why
    assert trainer.poll() is None


def test_a_run_that_was_closed_or_whose_trainer_is_gone_is_not_asked(home):
    trainer = home.train("steps(0, 3); run.close(); forever()")
    ready(trainer)
    found, _ = stacks()
    assert (found.text, found.process) == (None, "ended")
    trainer.kill()
    trainer.wait(20)
    found = until(lambda: (one := stacks()[0]).process == "gone" and one)
    assert "gone" in found.why


def test_a_record_whose_recorder_has_gone_says_that_nobody_can_ask(home):
    trainer = home.train("steps(0, 3); forever()")
    ready(trainer)
    file = home.file()
    os.kill(file.recorder, signal.SIGTERM)
    until(lambda: not file.has_recorder)
    found, _ = stacks()
    assert (found.text, found.process) == (None, "unheard")
    assert f"py-spy dump --pid {trainer.pid}" in found.why
