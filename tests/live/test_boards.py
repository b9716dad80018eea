"""A script with the drop-in writer, and an event file that is followed while it is written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.house.rooms import ROOT
from tests.live.running import asking, until

pytest.importorskip("tensorboard")
from tests.adapters.event_files import EventFile, ppo

pytestmark = pytest.mark.live
WORDS = ("run", "brain", "env 0", "seeds", "episodes", "events", "history charts/SPS")


def typed(*lines, run):
    """The answers to some lines as JSON, and what was said beside them."""
    words = [one for line in lines for one in ("-c", line)]
    done = subprocess.run(
        [sys.executable, "-m", "sanctum", "exec", *words, "--run", run, "--format", "json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def facts(answer):
    blocks = [block for block in answer["blocks"] if block["kind"] == "facts"]
    return {fact["name"]: fact["value"] for block in blocks for fact in block["rows"]}


def rows(answer):
    return next(block["rows"] for block in answer["blocks"] if block["kind"] == "table")


def test_a_script_in_cleanrls_manner_can_be_asked_like_any_run(home, tmp_path):
    pytest.importorskip("torch")
    work = tmp_path / "work"
    work.mkdir()
    script = str(ROOT / "sanctum" / "examples" / "cleanrl_style.py")
    done = subprocess.run(
        [sys.executable, script, "--total-timesteps", "2048"],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=work,
    )
    (folder,) = (work / "runs").iterdir()
    told = f"sanctum: this run is {folder.name}; to ask it: sanctum shell {folder.name}\n"
    assert (done.returncode, done.stderr) == (0, told)
    answers = typed(*WORDS, "find 'approx_kl >= 0'", run=folder.name)
    named = dict(zip(WORDS, answers, strict=False))
    assert facts(named["run"])["state"] == "finished"
    assert (facts(named["run"])["step"], facts(named["run"])["update"]) == (2048, 4)
    brain = facts(named["brain"])
    assert set(brain) >= {"approx_kl", "clip_fraction", "value_loss", "explained_variance"}
    assert rows(named["episodes"])
    assert "seeds" in json.dumps(named["seeds"]) and rows(answers[-1])
    with asking(folder.name) as ask:
        found = ask.run_read()
        assert (found.header.task, found.header.config["num_envs"]) == ("Corridor-v0", 8)
        assert found.header.planned_steps == 2048
        assert found.source.counts["histogram"] == 4


def test_a_board_is_followed_while_it_is_written_and_let_go_of(home, tmp_path):
    folder = tmp_path / "logs" / "Walker-v4__sac__1__1700000000"
    file = EventFile(folder)
    ppo(file, 2)
    follower = subprocess.Popen(
        [sys.executable, "-m", "sanctum", "import", "tensorboard", str(folder), "--follow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    home.processes.append(follower)
    name = folder.name

    def update(number):
        def at():
            with asking(name) as ask:
                return ask.run_read().at.update == number

        until(at)

    update(2)
    ppo(file, 1, first=3)
    update(3)
    file.event(400, summary={"value": [{"tag": "losses/approx_kl", "simple_value": 0.5}]})
    update(4)
    with EventFile(folder, begun=file.at + 100, name="host.2.0") as resumed:
        ppo(resumed, 1, first=3)

        def restarted():
            with asking(name) as ask:
                return len(ask.run_read().attempts) == 2

        until(restarted)
    with asking(name) as ask:
        state = ask.run_read().state
        assert state.word == "live"
    follower.send_signal(signal.SIGINT)
    out, err = follower.communicate(timeout=20)
    assert (follower.returncode, out) == (0, "")
    assert f"sanctum shell {name} asks about it" in err and "not followed any more" in err
    with asking(name) as ask:
        found = ask.run_read()
        assert found.state.word == "ended"
        assert (found.source.kind, found.source.place) == ("tensorboard", str(folder))
        assert found.header.pid == os.getpid()  # who writes the files, not who reads them
    file.close()


def test_a_folder_that_is_still_empty_is_waited_for(home, tmp_path):
    folder = tmp_path / "later"
    folder.mkdir()
    follower = subprocess.Popen(
        [sys.executable, "-m", "sanctum", "import", "tensorboard", str(folder), "--follow"],
        stderr=subprocess.PIPE,
        text=True,
    )
    home.processes.append(follower)
    assert "which holds nothing yet" in follower.stderr.readline()
    with EventFile(folder) as file:
        ppo(file, 1)
    until(lambda: home.file("later"))
    follower.send_signal(signal.SIGINT)
    assert follower.wait(20) == 0
