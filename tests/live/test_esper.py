"""Esper's script, or a stand-in for it, trained with Sanctum attached and asked meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.adapters.stand_in import FOLDER
from tests.house.rooms import ROOT
from tests.live.running import WITHIN_S, Home, state, until

RECORDING = FOLDER.parent / "data" / "esper_short.jsonl.gz"
pytestmark = pytest.mark.live


class Esper:
    """``sanctum esper -- ppo ...`` in a home, with the stand-in on the path."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        monkeypatch.setenv("PYTHONPATH", str(FOLDER))
        monkeypatch.setenv("SANCTUM_LINGER_S", "5")

    def words(self, *options: str, run_id: str = "demo") -> list[str]:
        words = [sys.executable, "-m", "sanctum", "esper", "--run-id", run_id, "--"]
        return [*words, "ppo", "--events", str(RECORDING), *options]

    def train(self, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self.words(*options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.home.processes.append(process)
        return process

    def held(self, *options: str) -> tuple[subprocess.Popen[str], str]:
        """A trainer that waits in the middle of its run, and what it said until then."""
        process = self.train("--hold", "200", *options)
        assert process.stdout is not None
        said = ""
        while not said.endswith("holding\n"):
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        until(lambda: self.home.file() is not None)
        return process, said

    def ask(self, *lines: str) -> str:
        words = ["exec", "--run", "demo", "--wait", "10s"]
        for line in lines:
            words += ["-c", line]
        done = subprocess.run(
            [sys.executable, "-m", "sanctum", *words],
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def trained(home: Home, monkeypatch: pytest.MonkeyPatch) -> Esper:
    return Esper(home, monkeypatch)


def test_a_run_of_esper_answers_while_it_trains_and_afterwards(trained: Esper):
    process, said = trained.held("--worker")
    assert f"worker of {process.pid}" in said
    questions = ("run", "env 1", "seeds", "rewards 1 --more")
    during = trained.ask(*questions)
    assert "live" in during and "r0c" in during and "bounded_attribution" in during
    _, complaints = process.communicate("go on\n", timeout=WITHIN_S)
    assert process.returncode == 0
    assert complaints.count("sanctum: Esper's run is demo") == 1
    assert until(lambda: trained.home.file().how) == "ended"
    after = trained.ask(*questions)
    assert (
        "the telemetry stops after" in after and "r0c" in after and "bounded_attribution" in after
    )


def test_an_exception_in_training_is_what_the_run_failed_with(trained: Esper):
    process = trained.train("--fail", "100")
    _, complaints = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1
    assert complaints.rstrip().endswith("FloatingPointError: the loss is not finite")
    answer = trained.ask("run")
    assert "FloatingPointError: the loss is not finite" in answer


def test_ctrl_c_interrupts_the_run_and_is_the_exit_code(trained: Esper):
    process, _ = trained.held()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130
    assert state().word == "interrupted"


def test_a_trainer_that_was_killed_is_said_to_have_been(trained: Esper):
    process, _ = trained.held()
    assert "r0c" in trained.ask("env 1")
    process.kill()
    process.communicate(timeout=WITHIN_S)
    assert until(lambda: state().word in ("killed", "died"))
    assert "r0c" in trained.ask("env 1")


def test_the_panel_that_was_asked_for_is_this_shell(trained: Esper):
    words = trained.words("--pace", "0.05", "--sanctum")
    terminal = pexpect.spawn(
        words[0], words[1:], encoding="utf-8", timeout=WITHIN_S, dimensions=(24, 80)
    )
    terminal.expect("Esper trains in the background")
    terminal.expect("sanctum demo[^>]*>")
    terminal.send("env 1\r")
    terminal.expect("env 1: episode")
    terminal.expect("sanctum demo[^>]*>")
    terminal.send("quit\r")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    file = trained.home.file()
    if file.how is None:
        os.kill(file.pid, signal.SIGINT)
        until(lambda: trained.home.file().how is not None)
    assert [path.name[:6] for path in Path(trained.home.folder, "runs").glob("*.log")]


def test_without_a_terminal_the_panel_that_was_asked_for_is_left_out(trained: Esper):
    process = trained.train("--sanctum")
    _, complaints = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, complaints
    assert "Esper's run is demo" in complaints


def test_the_readmes_script_attaches(trained: Esper, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ESPER_EVENTS", str(RECORDING))
    blocks = (ROOT / "README.md").read_text().split("```")
    (script,) = [one for one in blocks if "add_backend" in one]
    done = subprocess.run(
        [sys.executable, "-c", script.removeprefix("python\n")],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0, done.stderr
    file = trained.home.file("two-slots")
    assert (file.how, file.envs) == ("ended", 8)
