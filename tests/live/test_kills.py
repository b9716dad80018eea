"""``kill -9`` at any moment: of the trainer, of its recorder, of both; what is in the record then.

A hundred kills. Each trainer writes down for itself what it said and when, so that the record can
be compared with it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sanctum.model.answers import RunAnswer
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.recorder.reading import Bystander
from sanctum.wire.places import RunFile, read_run_file

pytestmark = pytest.mark.live
AT_ONCE = 6
FLUSH_S, WAKE_S = 1.0, 0.05
TRAINER = """
import json, os, pathlib, random, signal, sys, threading, time
import numpy as np
import sanctum
from sanctum.probe import restarts
restarts.MOST = 50
FULL = 500
name, way, seed = sys.argv[1:]
chance = random.Random(int(seed))
said = os.open(name + ".log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
run = sanctum.attach(name, task="t", envs=4, slots=["a"], rewards={"gain": 1},
                     keep_bytes="16M" if way == "retention" else None)
file = pathlib.Path(run.record.replace(".sanctum.db", ".json"))

def kill_recorder():
    pid = json.loads(file.read_text())["recorder"]
    os.kill(pid, signal.SIGKILL)
    while json.loads(file.read_text())["recorder"] == pid:
        time.sleep(0.01)

def train():
    step = 0
    wide = np.random.default_rng(0).random((4, 2048 if way == "retention" else 8), np.float32)
    while not done:
        now = time.monotonic()
        run.step(step, accuracy=np.full(4, float(step)), observation=wide * step,
                 rewards={"gain": np.full(4, 0.5)})
        os.write(said, b"%d %f\\n" % (step, now))
        step += 1
        if way == "retention" and step == FULL:
            print("full", flush=True)
        if step % 64 == 0:
            run.update(step // 64, entropy=0.5)
            run.episode(0, step // 64, final_accuracy=50.0, length=64)
            run.seed(0, "a", "TRAINING", alpha=0.5)
        time.sleep(0.004 if way == "retention" else 0.001)

done = []
training = threading.Thread(target=train)
training.start()
print("ready", flush=True)
if way == "recorder":
    for _ in range(4):
        time.sleep(chance.uniform(0.05, 1.0))
        kill_recorder()
    time.sleep(chance.uniform(0.0, 0.3))
elif way in ("finishing", "finishing both"):
    time.sleep(chance.uniform(0.0, 0.5))
else:
    time.sleep(600)
done.append(True)
training.join()
if way == "finishing both":
    print("closing", flush=True)
elif way == "finishing":
    pid = json.loads(file.read_text())["recorder"]
    def later():
        time.sleep(chance.uniform(0.0, 0.08))
        os.kill(pid, signal.SIGKILL)
    threading.Thread(target=later).start()
run.close()
"""
LIVES = {
    "trainer": 20,
    "both": 20,
    "retention": 6,
    "recorder": 5,
    "finishing": 6,
    "finishing both": 2,
}
KILLS = {
    "trainer": 1,
    "both": 2,
    "retention": 2,
    "recorder": 4,
    "finishing": 1,
    "finishing both": 2,
}
RIGHT = {
    "trainer": {"killed"},
    "both": {"died", "killed"},
    "retention": {"died", "killed"},
    "recorder": {"finished"},
    "finishing": {"finished"},
    "finishing both": {"finished", "died", "killed"},
}


@dataclass
class Life:
    """One trainer from its start to its end, and what was found in its record afterwards."""

    home: Path
    way: str
    seed: int
    lost_s: float | None = None
    dropped: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.way.replace(' ', '-')}-{self.seed}"

    @property
    def file(self) -> RunFile:
        found = read_run_file(self.home / "runs" / f"{self.name}.json")
        assert found is not None
        return found

    def live(self) -> None:
        chance = random.Random(self.seed)
        process = subprocess.Popen(
            [sys.executable, str(self.home / "trainer.py"), self.name, self.way, str(self.seed)],
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == "ready\n"
            killed = self._kill(process, chance)
            process.stdout.read()
        process.wait(60)
        deadline = time.monotonic() + 60
        while self.file.has_recorder:
            assert time.monotonic() < deadline, f"{self.name}: its recorder stays"
            time.sleep(0.02)
        self._examine(killed)

    def _kill(self, process: subprocess.Popen[str], chance: random.Random) -> float | None:
        """Kill what is to be killed from outside; when that was."""
        recorder = self.file.recorder
        if self.way == "trainer":
            time.sleep(chance.uniform(0.0, 1.5))
            process.kill()
        elif self.way in ("both", "retention"):
            if self.way == "retention":
                assert process.stdout is not None
                assert process.stdout.readline() == "full\n"
            time.sleep(chance.uniform(0.0, 3.0))
            pids = [process.pid, recorder]
            chance.shuffle(pids)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        elif self.way == "finishing both":
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.08))
            for pid in (process.pid, recorder):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            return None
        return time.monotonic()

    def _examine(self, killed: float | None) -> None:
        path = self.home / "runs" / f"{self.name}.sanctum.db"
        db = sqlite3.connect(path)
        (integrity,) = db.execute("PRAGMA integrity_check").fetchone()
        db.close()
        self._expect(integrity == "ok", f"integrity: {integrity}")
        reader = Reader(open_read_only(path))
        try:
            run = Record(reader, path, Bystander(reader)).run_read()
            self._expect(run.state.word in RIGHT[self.way], f"it says {run.state.word}")
            self.dropped = len(run.dropped)
            self._expect(len(run.attempts) == 1, f"{len(run.attempts)} attempts")
            self._compare(reader, run, killed)
        finally:
            reader.db.close()

    def _compare(self, reader: Reader, run: RunAnswer, killed: float | None) -> None:
        said = [line.split() for line in (self.home / f"{self.name}.log").read_text().splitlines()]
        times = {int(step): float(when) for step, when in said}
        if killed is not None:
            last = -1 if run.last_step is None else run.last_step
            lost = [when for step, when in times.items() if step > last and when < killed]
            self.lost_s = killed - min(lost, default=killed)
        elif times and run.last_step != max(times):
            gaps = [(one.first_step, one.last_step) for one in run.lost]
            self._expect(gaps[-1:] != [] and gaps[-1][1] == max(times), f"the end: {gaps}")
        if run.last_step is None:
            return
        window = reader.window(["accuracy"], 1, run.first_step, run.last_step)
        recorded = window.steps.tolist()
        missing = set(range(run.first_step, run.last_step + 1)) - set(recorded)
        for gap in run.lost:
            if gap.count:
                missing -= set(range(gap.first_step or 0, (gap.last_step or 0) + 1))
        self._expect(not missing, f"{len(missing)} steps are missing outside of the gaps")
        values = window.cells["accuracy"][0][:, 0, 0]
        self._expect(values.tolist() == [float(one) for one in recorded], "values are not as said")

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(f"{self.name}: {otherwise}")


@pytest.mark.timeout(400)
def test_whatever_is_killed_whenever_the_record_opens_and_lacks_at_most_a_second(home, monkeypatch):
    monkeypatch.setenv("SANCTUM_LINGER_S", "0")
    (home.folder / "trainer.py").write_text(TRAINER)
    assert sum(count * KILLS[way] for way, count in LIVES.items()) >= 100
    ways = [way for way, count in LIVES.items() for _ in range(count)]
    seed = int.from_bytes(os.urandom(3))
    lives = [Life(home.folder, way, seed + at) for at, way in enumerate(ways)]
    random.Random(seed).shuffle(lives)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(life.live) for life in lives]:
            done.result()
    assert [fault for life in lives for fault in life.faults] == []
    assert any(life.dropped for life in lives if life.way == "retention")
    alone, both = _lost_s(lives, "trainer"), _lost_s(lives, "both")
    for way in ("trainer", "both", "retention"):
        lost = _lost_s(lives, way)
        print(
            f"{way}: lost {statistics.median(lost):.2f} s in the median, {lost[-1]:.2f} s at most"
        )
    assert statistics.median(alone) < 4 * WAKE_S, "a recorder that lives on reads what was sent"
    assert both[int(len(both) * 0.8)] <= FLUSH_S + 2 * WAKE_S
    assert both[-1] <= 2 * FLUSH_S + 2 * WAKE_S, "all processes of this test share its processors"


def _lost_s(lives: list[Life], way: str) -> list[float]:
    """How much was lost in lives of a kind, in seconds before the kill, ascending."""
    return sorted(life.lost_s for life in lives if life.way == way and life.lost_s is not None)
