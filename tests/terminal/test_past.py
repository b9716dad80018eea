"""A recorded run in real terminals: it is offered, and one moves through it."""

import time

import pytest
from recorded import Recorded

from sanctum.wire import places


@pytest.fixture
def ended(environ, monkeypatch):
    """A run that finished two hours ago, in the record directory."""
    monkeypatch.setenv("SANCTUM_HOME", environ["SANCTUM_HOME"])
    record = places.record_path("demo-3")
    record.parent.mkdir(parents=True)
    run = Recorded(record)
    run.to.end("finished")
    run.to.writer.close(0.0)
    about = ("digits", 3, 2**30, 1.0, 0, 0.0, "another boot", "here", "", time.time() - 9000)
    file = places.RunFile("demo-3", str(record), *about, last_step=198)
    file.how, file.ended = "finished", time.time() - 7200
    places.write_run_file(file)


@pytest.fixture
def open_past(open_terminal):
    def run(*arguments, **more):
        return open_terminal(*arguments, SANCTUM_LINGER_S="1", **more)

    return run


@pytest.mark.parametrize("term", ("xterm-256color", "dumb"))
def test_without_a_live_run_the_newest_recorded_one_is_offered(ended, open_past, term):
    terminal = open_past("shell", term=term)
    terminal.wait_for(r"^no live run; open demo-3, finished 2h00m ago \(Y/n\)\?")
    terminal.send("\r")
    assert terminal.prompt() == "sanctum demo-3 u10 finished>"
    assert "demo-3: digits, 3 environments, finished" in terminal.text
    assert "run says how it went, at -50 goes to 50 steps before the end" in terminal.text


@pytest.mark.parametrize("answer", ["n\r", "\x04", "\x03"])
def test_who_does_not_want_it_leaves_with_3_or_as_interrupted(ended, open_past, answer):
    terminal = open_past("shell")
    terminal.wait_for(r"\(Y/n\)\?")
    terminal.send(answer)
    assert terminal.ended() == (130 if answer == "\x03" else 3)


def test_an_answer_that_is_neither_is_asked_again(ended, open_past):
    terminal = open_past("shell")
    terminal.wait_for(r"\(Y/n\)\?")
    terminal.line("perhaps")
    terminal.wait_for("y or n is expected")
    terminal.line("yes")
    assert terminal.prompt() == "sanctum demo-3 u10 finished>"


def test_a_run_that_was_named_is_never_replaced(ended, open_past):
    terminal = open_past("shell", SANCTUM_RUN="demo-9")
    assert terminal.ended() == 3
    assert "no run 'demo-9'" in terminal.text


def test_nothing_is_offered_where_nothing_is_recorded(open_past):
    terminal = open_past("shell")
    assert terminal.ended() == 3
    assert "no live run" in terminal.text and "(Y/n)" not in terminal.text


@pytest.mark.parametrize("term", ("xterm-256color", "vt100", "dumb"))
def test_one_moves_through_the_past_and_the_prompt_says_where_one_is(ended, open_past, term):
    terminal = open_past("shell", "demo-3", term=term)
    terminal.prompt("finished>$")
    for line, prompt in (
        ("at 120", "@120>"),
        ("step -1", "@118>"),
        ("step +10", "@138>"),
        ("at u4", "@u4>"),
        ("step", "@u5>"),
        ("at -50", "@98>"),
        ("at 999", "@98>"),
        ("at live", "u10 finished>"),
    ):
        terminal.line(line)
        assert terminal.prompt(f"{prompt}$") == f"sanctum demo-3 {prompt}"
    assert "999 is after the last step; there are steps 0 to 198" in terminal.text
    assert all(len(line) <= 79 for line in terminal.lines)
    if term == "dumb":
        assert b"\x1b" not in terminal.raw


def test_a_question_asked_in_the_past_is_answered_from_there(ended, open_past):
    terminal = open_past("shell", "demo-3")
    terminal.prompt("finished>$")
    terminal.line("at u2")
    terminal.prompt("@u2>$")
    terminal.line("diff u2 live")
    terminal.prompt("@u2>$")
    terminal.wait_for("mean accuracy +26.2 +79.5")
    terminal.line("envs")
    terminal.prompt("@u2>$")
    terminal.wait_for("envs.*step 38  u2")
