"""An answer as of step N of a run is the answer that was given when step N was the newest."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sanctum.errors import SanctumError
from sanctum.record.pulse import Pulse
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import Message
from tests.record.real_frames import by_step, careless, real_run

QUESTIONS: dict[str, Callable[[Record, str | None], Any]] = {
    "run": lambda ask, at: ask.run_read(at=at),
    "envs": lambda ask, at: ask.envs_list(at=at),
    "envs where": lambda ask, at: ask.envs_list(at=at, where="accuracy < 70 for 3 or loss > 1"),
    "envs where late": lambda ask, at: ask.envs_list(at=at, where="advantage > 0 for 3"),
    "envs where fresh": lambda ask, at: ask.envs_list(at=at, where="fresh > 0"),
    "envs sorted": lambda ask, at: ask.envs_list(at=at, sort="-now_and_then", limit=3),
    "envs by advantage": lambda ask, at: ask.envs_list(at=at, sort="advantage"),
    "env 0": lambda ask, at: ask.env_read(0, at=at),
    "env 3": lambda ask, at: ask.env_read(3, at=at),
    "policy": lambda ask, at: ask.policy_read(at=at),
    "policy of env": lambda ask, at: ask.policy_read(at=at, env=2, window=20),
    "outcomes": lambda ask, at: ask.outcomes_read(at=at),
    "outcomes of env": lambda ask, at: ask.outcomes_read(at=at, env=2, window=40),
    "blueprints": lambda ask, at: ask.blueprints_list(at=at, graveyard=True),
    "ripe seeds": lambda ask, at: ask.seeds_list(at=at, choice="ripe"),
    "stuck seeds": lambda ask, at: ask.seeds_list(at=at, choice="stuck"),
    "metric": lambda ask, at: ask.metric_read("approx_kl", at=at),
    "metric of envs": lambda ask, at: ask.metric_read("accuracy", at=at),
    "rewards": lambda ask, at: ask.rewards_read(at=at),
    "rewards of env": lambda ask, at: ask.rewards_read(at=at, env=1, window=100),
    "seeds": lambda ask, at: ask.seeds_list(at=at),
    "seeds bottom": lambda ask, at: ask.seeds_list(at=at, sort="contribution", limit=2),
    "seeds oldest": lambda ask, at: ask.seeds_list(at=at, sort="-age_steps"),
    "seeds of a stage": lambda ask, at: ask.seeds_list(at=at, stage="TRAINING", env=1),
    "seed": lambda ask, at: ask.seed_read(1, "r0c0", at=at),
    "another seed": lambda ask, at: ask.seed_read(2, "r0c1", at=at),
    "events": lambda ask, at: ask.events_list(at=at, limit=None),
    "events warn": lambda ask, at: ask.events_list(at=at, severity="warn"),
    "events of a type": lambda ask, at: ask.events_list(at=at, type="tardy"),
    "events of env": lambda ask, at: ask.events_list(at=at, env=1, since="10"),
    "vitals": lambda ask, at: ask.vitals_read(at=at),
    "series of all": lambda ask, at: ask.series_read("accuracy", at=at, points=50),
    "series of one": lambda ask, at: ask.series_read("advantage", at=at, env=1),
    "series since": lambda ask, at: ask.series_read("advantage", at=at, env=2, since="-30"),
    "series since an update": lambda ask, at: ask.series_read("loss", at=at, since="u2+1"),
    "events since": lambda ask, at: ask.events_list(at=at, since="-25", limit=None),
    "series promised": lambda ask, at: ask.series_read("promised", at=at, env=1, last=60),
    "series late": lambda ask, at: ask.series_read("later", at=at),
    "series fresh": lambda ask, at: ask.series_read("fresh", at=at, last=10),
    "series of updates": lambda ask, at: ask.series_read("entropy", at=at),
    "series of some": lambda ask, at: ask.series_read("odd_loss", at=at),
    "condition": lambda ask, at: ask.condition_check("entropy < 0.5 or warnings > 3", at=at),
    "condition of env": lambda ask, at: ask.condition_check("returns > 0 for 4", env=1, at=at),
    "condition lost": lambda ask, at: ask.condition_check("lost > 10 and errors > 2", at=at),
    "find": lambda ask, at: ask.condition_find("entropy < 0.9", at=at),
    "find in env": lambda ask, at: ask.condition_find("advantage > 0", env=1, at=at, limit=5),
    "episodes": lambda ask, at: ask.episodes_list(at=at, limit=None),
    "episodes of env": lambda ask, at: ask.episodes_list(at=at, env=3, sort="-best_accuracy"),
}

CLOCK_OF_ASKING = {
    "live": "whether it was asked of the newest moment",
    "state": "how the run is, with how long it was silent",
    "update_age_s": "seconds since the last update",
    "steps_per_s": "the speed now",
    "used_bytes": "the size of the record",
    "sizes": "the size of the record, by class",
    "keep_bytes": "the size the record may have",
    "dropped": "what gave way for that size",
}
"""Fields that speak of when the question was asked rather than of the moment asked about."""

VITALS_NOW = {"steps now", "since last telemetry", "telemetry queued"}
"""Vitals that are readings of a clock."""


class Alive(Pulse):
    """A trainer that is there."""

    def is_trainer_alive(self) -> bool:
        return True

    def heard(self) -> float:
        return self.now()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A run that was asked everything at some moments: the answers, the record, and its file."""
    with pytest.MonkeyPatch.context() as patch:
        header, frames = real_run(patch)
    path = tmp_path_factory.mktemp("course") / "demo.sanctum.db"

    def listening() -> tuple[Ingest, Record]:
        to = Ingest(Writer(path, block_rows=32), Clock())
        to.begin(header, 1.0, "boot")
        return to, Record(to.reader, path, Alive())

    to, ask = listening()
    then: dict[int, dict[str, Any]] = {}
    steps = list(by_step(frames))
    for _, said in steps[:30]:  # an attempt before, of which much is known
        for frame in said:
            to.take(frame)
    for step, said in steps:
        for frame in careless(step, said):
            to.take(frame)
        if step % 10 == 8:
            to.tick()
        if step == 215:  # the recorder died, and another one goes on
            to.writer.db.close()
            to, ask = listening()
        if step % 23 == 0 or step % 64 in (31, 32, 63):
            then[step] = {
                name: answered(question, ask, None) for name, question in QUESTIONS.items()
            }
    assert len(steps) == 384 and len(then) > 30
    assert to.refused == 0
    yield then, to, ask, path
    to.writer.db.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_about_the_past_is_the_one_that_was_given_then(course, name):
    then, _, ask, _ = course
    assert_same(then, ask, name)


@pytest.mark.parametrize("name", QUESTIONS)
def test_so_it_is_in_the_file_of_the_finished_run(finished, name):
    then, ask = finished
    assert_same(then, ask, name)


@pytest.fixture(scope="module")
def finished(course, tmp_path_factory):
    """The same answers, and the record of the run after its end, opened to be read only."""
    then, to, _, path = course
    copy = tmp_path_factory.mktemp("finished") / path.name
    to.end("finished")
    copy.write_bytes(path.read_bytes())
    db = open_read_only(copy)
    yield then, Record(Reader(db), path)
    db.close()


def assert_same(then, ask, name):
    for step, answers in then.items():
        assert answered(QUESTIONS[name], ask, str(step)) == answers[name], f"as of step {step}"


def answered(question: Callable[[Record, str | None], Any], ask: Record, at: str | None) -> Any:
    """A whole answer as plain data, without what speaks of the clock; or what was refused, why."""
    try:
        answer = question(ask, at)
    except SanctumError as error:
        return type(error).__name__, error.sentence, error.hint
    return stripped(msgspec.to_builtins(answer))


def stripped(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: stripped(one) for key, one in data.items() if key not in CLOCK_OF_ASKING}
    if isinstance(data, list):
        names = [one.get("name") if isinstance(one, dict) else None for one in data]
        return [
            stripped(one) for one, name in zip(data, names, strict=True) if name not in VITALS_NOW
        ]
    return data


def test_the_answers_that_were_compared_had_something_to_say(course):
    then, *_ = course
    last = then[max(then)]
    assert not [name for name, answer in last.items() if isinstance(answer, tuple)]
    assert last["run"]["lost"] and last["run"]["episodes"] and last["run"]["events"] > 50
    assert last["seeds"]["rows"] and last["events"]["rows"] and last["series late"]["values"]
    early = then[min(then)]
    assert isinstance(early["series late"], tuple) and isinstance(early["envs where fresh"], tuple)


def test_an_older_record_that_does_not_know_when_things_were_said_still_answers(course, tmp_path):
    """Its rows count by their own step; what is written to it from then on is known."""
    _, to, _, path = course
    to.tick()
    old = tmp_path / "old.sanctum.db"
    with sqlite3.connect(path) as whole, sqlite3.connect(old) as copy:
        whole.backup(copy)
        copy.execute("DROP TABLE late")
        for table in ("updates", "events", "episodes", "gaps"):
            copy.execute(f"ALTER TABLE {table} DROP COLUMN said")
    db = open_read_only(old)
    ask = Record(Reader(db), old)
    assert ask.run_read(at="100").at.step == 100
    assert all(one.step <= 100 for one in ask.events_list(at="100", limit=None).rows)
    db.close()
    again = Ingest(Writer(old, block_rows=32), Clock())
    again.begin(to.header, 1.0, "boot")
    again.take(Message("new", "info", "new", 3))
    ask = Record(again.reader, old)
    assert "new" not in ask.run_read(at="100").event_types
    assert "new" in ask.run_read().event_types
    again.writer.db.close()
