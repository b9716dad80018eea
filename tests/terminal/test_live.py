"""The shell beside a real trainer and its real recorder."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.live
WITHIN_S = 20.0
MARK = "echo end of an answer"


class Trainer:
    """The tiny trainer's process."""

    def __init__(self, run_id, environ):
        self.environ = environ
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("tiny_trainer.py")), run_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
            start_new_session=True,
        )
        self.run_id = self.process.stdout.readline().strip()

    def __call__(self, *lines):
        for line in lines:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            if line not in ("raise", "end"):
                assert self.process.stdout.readline() == "ok\n"

    @property
    def recorder(self):
        folder = Path(self.environ["SANCTUM_HOME"])
        return json.loads((folder / f"{self.run_id}.json").read_text())["recorder"]

    def end(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def train(environ):
    begun = []

    def begin(run_id="tiny-1"):
        begun.append(Trainer(run_id, environ))
        return begun[-1]

    yield begin
    for one in begun:
        one.end()
    ask(environ, "runs", "--reap")


def ask(environ, *words):
    return subprocess.run(
        [sys.executable, "-m", "sanctum", *words],
        env=environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def ask_until(environ, *words, holds):
    """Ask until the answer is as it should be: telemetry takes a moment to arrive."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        done = ask(environ, *words)
        if holds(done):
            return done
        assert time.monotonic() < deadline, f"{words}: {done}"


def test_a_shell_opened_before_the_first_step(train, open_terminal):
    trainer = train()
    terminal = open_terminal("shell")
    terminal.prompt("sanctum tiny-1 .*>$")
    terminal.line("brain")
    terminal.prompt()
    assert "Traceback" not in terminal.text
    trainer("steps 20", "update")
    terminal.prompt_until("u0 live>$")
    terminal.line("env 3")
    terminal.wait_for("accuracy")
    terminal.prompt("u0 live>$")


def test_every_look_command_answers_in_every_format(train, environ):
    trainer = train()
    trainer("steps 20", "update", "warn")
    ask_until(environ, "brain", holds=lambda done: "0.500" in done.stdout)
    lines = (
        "run",
        "overwatch",
        "envs",
        "env 3",
        "brain",
        "actions",
        "rewards 3",
        "events",
        "vitals",
    )
    for format in ("table", "plain", "json", "csv", "md"):
        said = [word for line in lines for word in ("-c", f"{line} --format {format}", "-c", MARK)]
        done = ask(environ, "exec", *said)
        assert done.returncode == 0, (format, done.stderr)
        *answers, rest = done.stdout.split("end of an answer\n")
        assert len(answers) == len(lines) and not rest
        assert all(one.strip() for one in answers)
        if format == "json":
            assert {json.loads(one)["run"] for one in answers} == {"tiny-1"}


def test_a_killed_trainer_is_said_and_still_answers(train, environ, open_terminal):
    trainer = train()
    trainer("steps 20", "update")
    ask_until(environ, "brain", holds=lambda done: "0.500" in done.stdout)
    terminal = open_terminal("shell")
    terminal.prompt("live>$")
    os.kill(trainer.process.pid, signal.SIGKILL)
    trainer.process.wait()
    terminal.prompt_until(r"killed( \(\d+ new\))?>$")
    terminal.line("env 3")
    terminal.wait_for("accuracy")
    assert ask(environ, "env", "3", "--run", "tiny-1").returncode == 0
    assert "killed by SIGKILL" in ask(environ, "run", "--run", "tiny-1").stdout


def test_an_exception_of_the_trainer_is_said(train, environ):
    trainer = train()
    trainer("steps 5", "raise")
    trainer.process.wait()
    done = ask_until(
        environ, "run", "--run", "tiny-1", holds=lambda done: "live" not in done.stdout
    )
    assert "the loss is nan" in done.stdout


def test_a_lost_recorder_is_replaced_by_the_record(train, environ, open_terminal):
    trainer = train()
    trainer("steps 20", "update")
    ask_until(environ, "brain", holds=lambda done: "0.500" in done.stdout)
    terminal = open_terminal("shell")
    terminal.prompt("live>$")
    recorder = trainer.recorder
    os.kill(trainer.process.pid, signal.SIGKILL)
    trainer.process.wait()
    os.kill(recorder, signal.SIGKILL)
    terminal.line("brain")
    terminal.wait_for("connected again to tiny-1")
    terminal.wait_for("entropy")
    terminal.prompt(r"tiny-1 .*(killed|died)( \(\d+ new\))?>$")


def test_a_finished_run_is_opened_by_its_id_or_its_file(train, environ):
    trainer = train()
    trainer("steps 20", "update", "end")
    trainer.process.wait()
    record = next(Path(environ["SANCTUM_HOME"]).glob("*.db"))
    by_id = ask_until(
        environ, "brain", "--run", "tiny-1", holds=lambda done: "0.500" in done.stdout
    )
    by_file = ask(environ, "brain", "--run", str(record))
    assert by_id.returncode == by_file.returncode == 0
    assert ask(environ, "brain").returncode == 3


def test_two_trainers_of_one_name(train, environ):
    first, second = train("tiny-1"), train("tiny-1")
    assert (first.run_id, second.run_id) == ("tiny-1", "tiny-1-2")
    done = ask(environ, "brain")
    assert done.returncode == 2
    assert "tiny-1-2" in done.stderr


def test_a_file_that_is_no_record(environ, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a record\n")
    done = ask(environ, "brain", "--run", str(path))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_the_demo_without_a_terminal_is_a_tour(environ):
    pytest.importorskip("torch")
    done = ask(environ, "demo", "--task", "spirals")
    assert done.returncode == 0, done.stderr
    for line in ("run", "overwatch", "envs", "brain", "seeds top", "rewards"):
        assert f"sanctum> {line}\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert ask(environ, "run", "--run", "demo-1").stdout
    ask(environ, "runs", "--reap")
