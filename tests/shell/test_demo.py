"""The demo's handling of a trainer, with small programs in its place."""

import io
import signal
import sys

import pytest
from shell_fakes import FakeHome, FakeRun

from sanctum.cli.demo import free_name, training
from sanctum.errors import SanctumError
from sanctum.shell.output import Output
from sanctum.shell.session import ShellSession

POLITE = """
import signal, sys, time
try:
    print("here", flush=True)
    signal.pause()
except KeyboardInterrupt:
    print("ended as asked", flush=True)
"""


@pytest.fixture
def output():
    return Output(io.StringIO(), io.StringIO(), {})


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "runs"))
    return tmp_path / "runs"


def wait_until_here(trainer):
    while "here" not in trainer.log.read_text():
        assert trainer.process.poll() is None


def test_the_trainer_ends_as_ctrl_c_would_end_it(output):
    with training([sys.executable, "-c", POLITE], output) as trainer:
        wait_until_here(trainer)
    assert trainer.process.returncode == 0
    assert "ended as asked" in trainer.log.read_text()


def test_that_holds_for_a_job_that_ignores_ctrl_c_itself(output):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with training([sys.executable, "-c", POLITE], output) as trainer:
            wait_until_here(trainer)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert trainer.process.returncode == 0


def test_a_trainer_that_fails_is_said_with_its_last_words(output):
    code = "import sys; print('no torch here', file=sys.stderr); sys.exit(3)"
    session = ShellSession("demo-1", opener=FakeHome().open)
    with (
        pytest.raises(SanctumError, match=r"ended \(3\): no torch here"),
        training([sys.executable, "-c", code], output) as trainer,
    ):
        trainer.process.wait()
        trainer.wait_for_run(session)


def test_it_waits_for_the_run_and_its_first_update(output):
    run = FakeRun("demo-1")
    session = ShellSession("demo-1", opener=FakeHome(run).open)
    with training([sys.executable, "-c", POLITE], output) as trainer:
        wait_until_here(trainer)
        trainer.wait_for_update(session)
    assert run.asked == ["run_read"]


def test_names_already_recorded_are_not_used_again(home):
    assert free_name() == "demo-1"
    home.mkdir()
    (home / "demo-1.json").write_text('{"run_id": "demo-1", "record": "x"}')
    assert free_name() == "demo-2"
