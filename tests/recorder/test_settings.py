"""Settings that a trainer knows only after its hello."""

from __future__ import annotations

import numpy as np
import pytest

from sanctum.probe.direct import direct
from sanctum.record.reader import Reader
from sanctum.telemetry import Settings, Step
from tests.record.saying import ENVS, Said, ingest, say_step


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db", config={"lr": 0.1, "seed": 1})
    yield found
    found.writer.db.close()


def test_they_join_the_header_and_the_newer_counts(to):
    to.take(Settings({"lr": 0.2, "gamma": 0.99}, 5000))
    to.tick()
    header = Reader(to.writer.db).header(1)
    assert header.config == {"lr": 0.2, "seed": 1, "gamma": 0.99}
    assert (header.planned_steps, header.envs) == (5000, ENVS)
    assert to.reader.header(1) == header


def test_they_hold_for_the_attempts_that_follow(to):
    to.take(Settings({"gamma": 0.99}))
    say_step(to, Said(), 9, {"accuracy": np.zeros(ENVS)})
    to.take(Step(0, {}))
    assert (to.attempt, to.reader.header(2).config["gamma"]) == (2, 0.99)


def test_last_words_are_heard_however_a_run_ends():
    heard = []
    run = direct("demo", heard.append)
    run.before_end(lambda: run.message("held back"))
    run.before_end(lambda: 1 / 0)
    run.configure({"lr": 0.1, "path": object})
    run._end("exception", "Oops")
    run.close()
    kinds = [type(one).__name__ for one in heard]
    assert kinds == ["Settings", "Message", "Message", "RunEnded"]
    assert isinstance(heard[0].config["path"], str)
