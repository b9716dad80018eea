"""The hall of fame beside real runs: filled while they go on, there when they are gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from sanctum.model.readings import number
from tests.live.running import asking, ready, until

pytestmark = pytest.mark.live

EPISODES = """
def episodes(first, count, base, length=4):
    for n in range(count):
        start = first + n * length
        for step in range(start, start + length):
            here = base + n + (step - start)
            run.step(step, accuracy=np.array([here, 1.0]), actions={"op": np.zeros(2, int)})
            run.seed(0, "a", "FOSSILIZED", step=step, blueprint="norm", parameters=30.0)
        run.episode(0, n, step=start + length - 1, final_accuracy=base + n)

"""


def hall(*arguments: str, code: int = 0) -> dict:
    """What ``sanctum hall ARGUMENTS --format json`` answers."""
    done = subprocess.run(
        [sys.executable, "-m", "sanctum", "hall", *arguments, "--format", "json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout else {}


def rows(report: dict) -> list[dict]:
    return report["blocks"][0]["rows"]


def test_two_runs_of_one_task_share_a_hall_that_outlives_their_records(home):
    home.train(EPISODES + "episodes(0, 8, 50.0); run.close()", "one").communicate(timeout=30)
    home.train(EPISODES + "episodes(0, 8, 50.5); run.close()", "two").communicate(timeout=30)
    until(lambda: home.file("two").how is not None)
    kept = rows(hall())
    assert [(one["run"], one["accuracy"]) for one in kept] == [
        (run, 53.0 + n + extra)
        for n in range(7, 2, -1)
        for run, extra in (("two", 0.5), ("one", 0))
    ]
    for name in ("one", "two"):
        file = home.file(name)
        if file.has_recorder:
            os.kill(file.recorder, signal.SIGTERM)
            until(lambda file=file: not file.has_recorder)
    for path in (home.folder / "runs").glob("*.sanctum.db*"):
        path.unlink()
    for path in (home.folder / "runs").glob("*.json"):
        path.unlink()
    assert rows(hall()) == kept
    shown = hall("show", "2", "--at", "start")
    assert shown["at"]["hall"] == 2
    assert shown["at"]["step"] == kept[1]["first_step"]
    assert hall("step", "2", "-1")["at"]["step"] == kept[1]["best_step"] - 1
    out = home.folder / "best.sanctum.db"
    hall("export", "1", str(out))
    with asking(str(out)) as ask:
        assert [one.env for one in ask.envs_list().rows] == [0]
        assert number(ask.env_read(0, at=str(kept[0]["best_step"])).row.accuracy) == 60.5


def test_a_hall_fills_while_its_run_goes_on_and_is_asked_at_its_moments(home):
    trainer = home.train(EPISODES + "episodes(0, 120, 10.0); forever()")
    ready(trainer)
    with asking() as ask:
        best = until(lambda: (ask.hall_list().rows or [None])[0])
        assert ask.env_read(0, at="hall:1").row.accuracy.value == number(best.accuracy)
        assert [one.env for one in ask.envs_list(at="hall:1").rows] == [0]
        assert ask.run_read(at="hall:1").at.run_id == "demo"
    trainer.kill()
    until(lambda: home.file().how is not None)
    with asking() as ask:
        assert [number(one.accuracy) for one in ask.hall_list().rows] == [
            float(n) for n in range(132, 122, -1)
        ]


def test_a_recorder_told_to_end_keeps_what_waits(home):
    trainer = home.train(EPISODES + "episodes(0, 3, 20.0); forever()")
    ready(trainer)
    file = home.file()
    os.kill(file.recorder, signal.SIGTERM)
    until(lambda: len(rows(hall("--run", "demo"))) == 3)


def test_a_hall_that_cannot_be_written_is_one_warning_and_stops_nothing(home):
    (home.folder / "runs" / "hall").write_text("in the way")
    trainer = home.train(EPISODES + "episodes(0, 30, 20.0); steps(120, 1); run.close()")
    trainer.communicate(timeout=30)
    until(lambda: home.file().how is not None)
    with asking() as ask:
        assert ask.run_read().at.step == 120
        until(lambda: ask.events_list(type="hall").total == 1)
