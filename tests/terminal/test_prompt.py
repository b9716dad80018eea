"""The shell in real terminals, on a run that answers from another process."""

import os
import signal
import stat
import termios
from pathlib import Path

import pytest

CAPABLE = ("xterm-256color", "vt100")
ESCAPELESS = ("dumb", "", "no-such-terminal")
SIZES = ((24, 80), (40, 120))


@pytest.fixture
def run(start):
    return start()


@pytest.mark.parametrize(("rows", "columns"), SIZES)
@pytest.mark.parametrize("term", (*CAPABLE, "dumb"))
def test_a_question_is_answered_and_the_prompt_comes_back(run, open_terminal, term, rows, columns):
    terminal = open_terminal("shell", term=term, rows=rows, columns=columns)
    assert terminal.prompt() == "sanctum demo-3 u41 live>"
    assert "demo-3: digits, 16 environments, live" in terminal.text
    terminal.line("brain")
    terminal.wait_for("entropy", r"live> brain$")
    terminal.prompt("live>$")
    terminal.line("quit")
    assert terminal.ended() == 0
    assert run.process.poll() is None


@pytest.mark.parametrize("term", ESCAPELESS)
def test_terminals_without_escapes_get_none(run, open_terminal, term):
    terminal = open_terminal("shell", term=term)
    assert terminal.prompt() == "sanctum demo-3 u41 live>"
    for line in ("brain", "envs", "help", "brian", "env"):
        terminal.line(line)
        terminal.prompt()
    terminal.send("\x04")
    assert terminal.ended() == 0
    assert b"\x1b" not in terminal.raw
    assert b"entropy" in terminal.raw


def test_plain_gives_no_escapes_on_any_terminal(run, open_terminal):
    terminal = open_terminal("shell", "--plain")
    terminal.prompt()
    terminal.line("brain")
    terminal.wait_for("entropy")
    terminal.prompt()
    terminal.send("\x04")
    assert terminal.ended() == 0
    assert b"\x1b" not in terminal.raw


def test_the_cursor_position_is_never_asked_for(run, open_terminal):
    terminal = open_terminal("shell")
    terminal.prompt()
    terminal.line("brain")
    terminal.prompt()
    assert b"\x1b[6n" not in terminal.raw
    assert "WARNING" not in terminal.text


@pytest.mark.parametrize("term", ("xterm-256color", "dumb"))
def test_ctrl_c_clears_the_line_and_never_leaves(run, open_terminal, term):
    terminal = open_terminal("shell", term=term)
    terminal.prompt()
    terminal.send("brian")
    terminal.wait_for("brian")
    terminal.send("\x03")
    terminal.prompt("live>$")
    terminal.send("\x03")
    terminal.line("echo still here")
    terminal.wait_for("^still here$")
    terminal.prompt()
    assert "there is no command" not in terminal.text
    terminal.send("\x04")
    assert terminal.ended() == 0
    assert run.process.poll() is None


@pytest.mark.parametrize("term", ("xterm-256color", "dumb"))
def test_ctrl_c_cancels_a_question_and_the_run_goes_on(run, open_terminal, term):
    terminal = open_terminal("shell", term=term)
    terminal.prompt()
    run("silent_s 2")
    terminal.line("brain --timeout 60")
    terminal.wait_for("live> brain --timeout 60")
    os.kill(terminal.child.pid, 0)
    terminal.send("\x03")
    terminal.wait_for("^interrupted$|\\^Cinterrupted$")
    run("silent_s 0")
    terminal.prompt()
    terminal.line("brain")
    terminal.wait_for("entropy")
    assert run.process.poll() is None


def test_a_run_that_does_not_answer_still_gives_a_prompt(run, open_terminal):
    terminal = open_terminal("shell")
    terminal.prompt()
    run.process.send_signal(signal.SIGSTOP)
    terminal.line("")
    terminal.prompt("no answer>$")
    terminal.line("brain --timeout 0.2")
    terminal.wait_for("no answer from demo-3 within 0.2 s")
    run.process.send_signal(signal.SIGCONT)
    terminal.prompt()
    terminal.line("")
    terminal.prompt("live>$")


def test_the_prompt_follows_the_run(run, open_terminal):
    terminal = open_terminal("shell")
    terminal.prompt("u41 live>$")
    run("word stale")
    run("since_s 12.2")
    terminal.line("")
    terminal.prompt("u41 stale 12s>$")
    run("word died")
    run("warnings 2")
    terminal.line("")
    terminal.prompt(r"u41 died \(2 new\)>$")
    terminal.line("events")
    terminal.prompt("u41 died>$")


def test_several_lines_are_pasted_at_once(run, open_terminal):
    terminal = open_terminal("shell")
    terminal.prompt()
    terminal.send("\x1b[200~echo one\necho two\x1b[201~")
    terminal.wait_for("echo two")
    terminal.send("\r")
    terminal.wait_for("^one$", "^two$")
    terminal.prompt()


def test_pasted_lines_reach_a_dumb_terminal_too(run, open_terminal):
    terminal = open_terminal("shell", term="dumb")
    terminal.prompt()
    terminal.send("echo one\necho two\n")
    terminal.wait_for("^one$", "(^|live> )two$")


def test_answers_follow_the_size_of_the_window(run, open_terminal):
    terminal = open_terminal("shell", rows=24, columns=80)
    terminal.prompt()
    terminal.resize(40, 50)
    terminal.line("help --more")
    terminal.wait_for("^files +triage")
    terminal.prompt()
    assert "overwatch" in terminal.text
    rows = [line for line in terminal.raw.decode().split("\r\n") if line.startswith("look ")]
    assert rows
    assert all(len(row) <= 50 for row in rows)


def test_tab_completes_a_word_and_an_environment(run, open_terminal):
    terminal = open_terminal("shell")
    terminal.prompt()
    terminal.send("overw\t")
    terminal.wait_for("live> overwatch")
    terminal.send("\x03")
    terminal.prompt("live>$")
    terminal.send("seeds to\t")
    terminal.wait_for("live> seeds top")


def test_history_is_found_again_with_ctrl_r_in_another_session(run, open_terminal, environ):
    terminal = open_terminal("shell")
    terminal.prompt()
    terminal.line("echo remember me")
    terminal.wait_for("^remember me$")
    terminal.prompt("live>$")
    terminal.send("\x04")
    assert terminal.ended() == 0
    history = Path(environ["XDG_STATE_HOME"]) / "sanctum" / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    terminal = open_terminal("shell")
    terminal.prompt()
    terminal.send("\x12rememb")
    terminal.wait_for("echo remember me")
    terminal.send("\r")
    terminal.wait_for("^remember me$")


def test_two_shells_talk_to_one_run(run, open_terminal):
    first, second = open_terminal("shell"), open_terminal("shell", term="dumb")
    for terminal in (first, second):
        terminal.prompt()
        terminal.line("brain")
        terminal.wait_for("entropy")


def test_the_newest_of_several_runs_is_taken_and_the_others_named(start, open_terminal):
    start("demo-3")
    start("demo-4")
    terminal = open_terminal("shell")
    assert terminal.prompt().startswith("sanctum demo-4")
    assert "also live: demo-3" in terminal.text
    terminal.line("attach demo-3")
    terminal.prompt("sanctum demo-3 .*>$")


def test_without_a_run_the_shell_says_how_to_start_one(open_terminal):
    terminal = open_terminal("shell")
    assert terminal.ended() == 3
    assert "sanctum demo" in terminal.text


def test_the_shell_may_wait_for_its_run(start, open_terminal):
    terminal = open_terminal("shell", "demo-3", "--wait", "15s")
    start("demo-3")
    terminal.prompt("sanctum demo-3")


def test_the_prompt_survives_its_run(run, open_terminal):
    terminal = open_terminal("shell")
    terminal.prompt()
    run.end()
    terminal.line("brain")
    terminal.wait_for("went away")
    terminal.prompt("lost>$")
    terminal.line("echo still here")
    terminal.wait_for("^still here$")
    terminal.prompt()
    terminal.send("\x04")
    assert terminal.ended() == 0


def test_bare_sanctum_on_a_terminal_is_the_shell(run, open_terminal):
    terminal = open_terminal()
    terminal.prompt("sanctum demo-3")


def test_a_shell_that_is_told_to_end_leaves_the_terminal_as_it_was(run, open_terminal):
    terminal = open_terminal("shell")
    terminal.prompt()
    before = termios.tcgetattr(terminal.child.child_fd)[3] & termios.ECHO
    terminal.child.kill(signal.SIGTERM)
    assert terminal.ended() == 143
    assert before == 0, "the prompt echoes by itself"
