"""Decisions of real trainers replayed by the real recorder and its worker."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time

import msgspec
import numpy as np
import psutil
import pytest

from sanctum.errors import DeadlinePassed, SanctumError
from sanctum.model.readings import number
from sanctum.model.replayed import TOLERANCE
from sanctum.wire.client import open_run
from tests.live.running import asking, ready, until

pytestmark = pytest.mark.live
DECISIONS = 1000
MINE = """
class Mine:
    def __init__(self, weights):
        self.weights = weights

    def readings(self, observation, masks, actions):
        return {"probability/op": (observation @ self.weights["w"]).softmax(1)}

def made(weights, about):
    return Mine(weights)
"""
ENDLESS = """
import time
from pathlib import Path

Path(__file__).with_name("entered").touch()
time.sleep(1000)
"""
STEPS = """
def act(step, version):
    seen = np.array([[step % 7 - 3.0, 1.0, 0.5], [0.0, 1.0, 2.0]], np.float32)
    logits = np.exp(seen @ W)
    run.step(step, observation=seen, actions={"op": np.zeros(2, int)},
             probabilities={"op": logits / logits.sum(1, keepdims=True)},
             policy_version=np.full(2, version))

W = np.array([[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]], np.float32)
step = 0
for version in range(3):
    run.save_policy(version, {"w": W}, factory="mine:made", step=step - 1)
    for step in range(step, step + 5):
        act(step, version)
    step += 1
    time.sleep(0.1)
ready()
while True:
    act(step, 2)
    step += 1
    time.sleep(0.02)
"""


def test_the_reference_trainers_decisions_are_reproduced_across_updates(home):
    command = [sys.executable, "-m", "sanctum", "train", "ppo", "--run-id", "demo"]
    command += ["--updates", "8"]
    for setting in ("rollout_steps=32", "envs=4", "hidden=16"):
        command += ["--set", setting]
    subprocess.run(command, check=True, timeout=100, capture_output=True)
    rng = np.random.default_rng(0)
    picked = rng.choice(4 * 8 * 32, DECISIONS, replace=False)
    with asking() as ask:
        rows = {}
        for env in range(4):
            answer = ask.replay_stretch(env, "0", "live")
            assert {row.update for row in answer.rows} == set(range(8))
            rows |= {(env, row.step): row for row in answer.rows}
        worst = max(number(rows[one % 4, one // 4].difference) for one in picked.tolist())
        assert worst < TOLERANCE
        assert all(rows[one % 4, one // 4].reproduced for one in picked.tolist())
        env, step = 2, 70
        then, now = ask.replay_run(env, at=str(step)).evaluations
        assert (then.update, then.acted, then.reproduced, now.update) == (2, True, True, 8)
        alter_one_weight(home.folder / "runs" / "demo.sanctum.db", update=2)
        answer = ask.replay_stretch(env, "64", "95")
        assert [row.update for row in answer.rows] == [2] * 32
        assert number(answer.worst) > TOLERANCE
        forced = [row.step for row in answer.rows if number(row.recorded) == 1.0]
        assert [row.step for row in answer.rows if row.reproduced] == forced
        assert answer.reproduced == len(forced) < 16


def alter_one_weight(path, update: int) -> None:
    """Make one weight of the op head another, in the record itself."""
    db = sqlite3.connect(path)
    ((data,),) = db.execute("SELECT data FROM weights WHERE number = ?", (update,)).fetchall()
    size = int.from_bytes(data[:8], "little")
    begin, _ = msgspec.json.decode(data[8 : 8 + size])["op.bias"]["data_offsets"]
    at = 8 + size + begin
    (value,) = np.frombuffer(data[at : at + 4], "<f4")
    data = data[:at] + np.float32(value + 0.01).tobytes() + data[at + 4 :]
    with db:
        db.execute("UPDATE weights SET data = ? WHERE number = ?", (data, update))
    db.close()


@pytest.fixture
def trainer(home):
    """A trainer that goes on acting."""
    (home.folder / "mine.py").write_text(MINE)
    process = home.train(STEPS)
    ready(process)
    until(lambda: saved(home) == [0, 1, 2])
    return process


def saved(home):
    with sqlite3.connect(home.folder / "runs" / "demo.sanctum.db") as db:
        found = [number for (number,) in db.execute("SELECT number FROM weights").fetchall()]
    db.close()
    return found


def worker(home) -> psutil.Process | None:
    """The recorder's worker, if it has one."""
    for child in psutil.Process(home.file().recorder).children():
        if not is_over(child):
            return child
    return None


def is_over(process: psutil.Process) -> bool:
    """Whether a process runs no longer, be it collected yet or not."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def entered(home) -> bool:
    """Whether a worker has come to what takes forever."""
    return (home.folder / "entered").exists()


def test_a_live_run_is_replayed_while_it_goes_on(home, trainer):
    with asking() as ask:
        for _ in range(2):
            then, now = ask.replay_run(1, at="3").evaluations
            assert (then.update, then.reproduced, now.update) == (0, True, 2)
        pid = worker(home).pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: worker(home) is None)
        assert ask.replay_run(0).evaluations[0].reproduced is True
        assert worker(home).pid != pid
        assert trainer.poll() is None


def test_a_replay_that_takes_too_long_is_given_up_and_holds_nobody_up(home, trainer):
    (home.folder / "torch.py").write_text(ENDLESS)
    slow, other = open_run("demo", timeout_s=10), open_run("demo", timeout_s=10)
    with contextlib.closing(slow), contextlib.closing(other):
        with pytest.raises(DeadlinePassed, match="no answer from demo within"):
            slow.queries(0.2).replay_flip(0, at="7")
        until(lambda: worker(home) is None)
        (home.folder / "entered").unlink(missing_ok=True)

        # Somebody else hangs up in the middle of it, while the recorder goes on.
        leaving = open_run("demo", timeout_s=10)
        send(leaving, "replay.flip", {"env": 0, "at": "7"})
        until(lambda: entered(home))
        stuck, before = worker(home), other.queries().run_read().at.step
        until(lambda: other.queries().run_read().at.step > before + 5)
        assert not is_over(stuck)
        leaving.close()
        until(lambda: is_over(stuck))

        (home.folder / "entered").unlink()
        send(slow, "replay.flip", {"env": 0, "at": "7"})
        until(lambda: entered(home))
        worker(home).kill()
        with pytest.raises(SanctumError, match="the replay worker was killed by SIGKILL"):
            answer_of(slow)

        (home.folder / "entered").unlink()
        send(slow, "replay.flip", {"env": 0, "at": "7"})
        until(lambda: entered(home))
        last = worker(home)
        os.kill(home.file().recorder, signal.SIGTERM)
        until(lambda: is_over(last))


def send(connection, method: str, params) -> None:
    """Ask without waiting for the answer."""
    connection._send({"jsonrpc": "2.0", "id": 77, "method": method, "params": params}, 5.0)


def answer_of(connection):
    """The answer to what was sent, or what it raises."""
    from sanctum.wire.protocol import Response

    response = Response()
    while response.id != 77:  # before it comes that an earlier one was cancelled
        response = msgspec.json.decode(connection._line(time.monotonic() + 20), type=Response)
    if response.error is not None:
        raise response.error.exception()
    return response.result
