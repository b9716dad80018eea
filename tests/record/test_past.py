"""Questions about time that a scan by hand does not cover: limits, late cells, gaps, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from sanctum.errors import ConditionError, NoDataYet, UsageError
from sanctum.model.readings import Measured, NonFinite
from sanctum.record.record import Record
from sanctum.record.rows import AllRows
from sanctum.record.track import Track
from sanctum.telemetry import Backfill, EpisodeEnded, Message, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db", actions={"op": ["WAIT", "GROW"]})
    yield found
    found.writer.db.close()


@pytest.fixture
def ask(to):
    return Record(to.reader, to.writer.path)


def say(to, step: int, value: float, name: str = "accuracy") -> None:
    to.take(Step(step, {name: pack(np.full(ENVS, value))}))


def wave(to, count: int = 40) -> None:
    """0 0 1 1 0 0 1 1 ...: ten stretches of two at 1."""
    for step in range(count):
        say(to, step, float(step % 4 > 1))


def chunks_read(to, question) -> int:
    """How often a question fetched cells of chunks."""
    statements: list[str] = []
    to.writer.db.set_trace_callback(statements.append)
    question()
    to.writer.db.set_trace_callback(None)
    return sum("SELECT block, env0, envs, dtype" in one for one in statements)


def test_the_oldest_come_first_and_the_newest_when_asked_for(to, ask):
    wave(to)
    oldest = ask.condition_find("accuracy = 1", env=0, limit=3)
    newest = ask.condition_find("accuracy = 1", env=0, limit=2, newest=True)
    assert [one.first for one in oldest.stretches] == [2, 6, 10]
    assert [one.first for one in newest.stretches] == [34, 38]
    assert (oldest.shown, oldest.total, newest.shown, newest.total) == (3, 10, 2, 10)
    assert [one.last for one in newest.stretches] == [35, None]
    assert newest.stretches[0].count == 2
    assert newest.stretches[0].values == {"accuracy": Measured(1.0)}


def test_nothing_after_the_moment_is_found(to, ask):
    wave(to)
    found = ask.condition_find("accuracy = 1", env=0, at="10")
    assert (found.checked, [(one.first, one.last) for one in found.stretches]) == (
        11,
        [(2, 3), (6, 7), (10, None)],
    )


def test_chunks_that_cannot_matter_are_not_read(to, ask):
    wave(to)
    to.end("finished")

    def read(condition: str) -> int:
        return chunks_read(to, lambda: ask.condition_find(condition, env=0))

    first_said = read("accuracy > 5")
    for decided in ("accuracy >= 0", "not (accuracy < 0)", "accuracy * 2 > 3", "-accuracy > 1"):
        assert read(decided) == first_said
    assert read("accuracy > 0.5") > first_said


def test_what_is_known_only_now_is_refused_and_what_was_counted_then_is_not(to, ask):
    wave(to)
    to.take(Message("oh", severity="error", step=20))
    for name in ("state", "lost", "silent_s", "steps_per_s"):
        with pytest.raises(ConditionError, match="known only now"):
            ask.condition_find(f"{name} = 1")
    assert ask.condition_find("errors > 0").stretches[0].first == 39
    assert ask.condition_find("step >= 30").stretches[0].first == 30


def test_an_unknown_name_gets_the_nearest_ones(to, ask):
    wave(to)
    with pytest.raises(ConditionError, match="nothing is called 'acuracy'") as refused:
        ask.condition_find("acuracy > 1", env=0)
    assert "accuracy" in str(refused.value.hint)


@pytest.mark.parametrize("condition", ["accuracy", "accuracy and step > 1", "action < 3", "'x'"])
def test_what_is_no_question_is_refused(to, ask, condition):
    for step in range(3):
        say(to, step, 1.0, "action/op")
        say(to, step, 1.0)
    with pytest.raises(ConditionError):
        ask.condition_find(condition, env=0)


def test_before_the_first_step_there_is_nothing_to_search(to, ask):
    with pytest.raises(NoDataYet):
        ask.condition_find("accuracy > 1", env=0)


def test_a_value_that_was_said_late_counts_where_it_belongs(to, ask):
    for step in range(8):
        say(to, step, 0.0)
    to.take(Backfill(2, {"advantage": pack(np.arange(3 * ENVS, dtype=float).reshape(3, ENVS))}))
    (one,) = ask.condition_find("advantage > 2", env=1).stretches
    assert (one.first, one.last) == (3, None)
    assert ask.condition_find("advantage > 2", env=1, at="5").unknown == 6


def test_what_was_dropped_ends_a_stretch(to, ask):
    for step in range(20):
        say(to, step, 1.0)
    to.tick()
    to.writer.db.execute("UPDATE blocks SET sealed = 2 WHERE first_step = 8")
    found = ask.condition_find("accuracy = 1", env=0)
    assert [(one.first, one.last) for one in found.stretches] == [(0, 7), (12, None)]
    assert found.checked == 16


def test_a_search_that_takes_too_long_says_so(to, ask, monkeypatch):
    wave(to)
    monkeypatch.setattr("sanctum.record.finding.moments.SEARCH_WITHIN_S", -1.0)
    with pytest.raises(UsageError, match="too long"):
        ask.condition_find("accuracy > 0.5", env=0)


def test_updates_are_numbered_as_the_trainer_numbers_them(to, ask):
    for number, entropy in ((10, 0.9), (11, 0.2), (12, 0.1), (13, 0.8)):
        say(to, number * 5, 1.0)
        to.take(Update(number, {"entropy": entropy}, [], None, None, number * 5))
    (one,) = ask.condition_find("entropy < 0.5").stretches
    assert (one.first, one.last, one.first_step, one.last_step) == (11, 12, 55, 60)


def test_a_track_reads_what_the_reader_reads(to):
    chance = np.random.default_rng(1)
    for step in range(0, 60, 3):
        envs = None if step % 2 else [0, 2]
        values = chance.normal(size=ENVS if envs is None else 2).astype(np.float32)
        to.take(Step(step, {"loss": pack(values)}, {}, envs))
    window = to.reader.window(["loss"], 1, 0, 60)
    for env in (None, 0, 1):
        rows = AllRows(to.reader, 1, 60)
        values, states = Track(rows, "loss", env).cells(0, len(rows.stretches))
        wanted = slice(None) if env is None else env
        said = window.cells["loss"][1][:, wanted]
        assert (states == said).all()
        there = window.cells["loss"][0][:, wanted, 0]
        assert (values[said == 0] == there[said == 0]).all()
        assert rows.steps(0, len(rows.stretches)).tolist() == window.steps.tolist()


def test_a_series_from_a_moment_on(to, ask):
    for step in range(30):
        say(to, step, float(step))
        if step % 5 == 4:
            to.take(Update(step // 5, {"entropy": step / 100}, [], None, None, step))
    steps = ask.series_read("accuracy", env=1, since="25")
    assert steps.steps == [25, 26, 27, 28, 29]
    assert steps.values[0] == Measured(25.0)
    assert ask.series_read("accuracy", at="27", since="26", env=1).steps == [26, 27]
    assert ask.series_read("accuracy", env=1, since="10", last=2).steps == [28, 29]
    assert ask.series_read("entropy", since="u3").steps == [3, 4, 5]
    assert ask.series_read("entropy", since="20").steps == [4, 5]
    with pytest.raises(UsageError, match="is after the"):
        ask.series_read("accuracy", env=1, at="10", since="20")


def test_since_longer_ago_than_there_is_means_all_there_is(to, ask):
    for step in range(4, 30):
        say(to, step, float(step))
    for since in ("-500", "-90m"):
        assert ask.series_read("accuracy", env=1, since=since).steps[0] == 4
    with pytest.raises(UsageError, match="before the first step"):
        ask.series_read("accuracy", env=1, since="2")


def test_a_series_keeps_what_is_not_finite_and_leaves_out_what_is_absent(to, ask):
    for step in range(6):
        values = np.ma.masked_array(np.full(ENVS, np.nan if step == 3 else 1.0))
        if step == 4:
            values[1] = np.ma.masked
        to.take(Step(step, {"loss": pack(values)}))
    found = ask.series_read("loss", env=1)
    assert found.steps == [0, 1, 2, 3, 5]
    assert found.values[3] == NonFinite("nan")


def ended(to, env: int, episode: int, step: int, **more) -> None:
    to.take(EpisodeEnded(env, episode, step, **more))


def test_an_episode_begins_after_the_one_before_it(to, ask):
    for step in range(3, 60, 3):
        say(to, step, 1.0)
        if step % 15 == 0:
            ended(to, 1, step // 15, step, final_accuracy=50.0 + step, length=5)
            ended(to, 0, step // 15, step)
    found = ask.episodes_list(env=1)
    assert [(one.first_step, one.step) for one in found.rows] == [(3, 15), (18, 30), (33, 45)]
    assert ask.episodes_list(limit=2).total == 6
    assert [one.step for one in ask.episodes_list(limit=2).rows] == [45, 45]
    assert [one.step for one in ask.episodes_list(env=1, at="44").rows] == [15, 30]


def test_episodes_are_sorted_and_what_lacks_the_number_comes_last(to, ask):
    say(to, 0, 1.0)
    for env, (episode_return, seeds) in enumerate(((3.0, None), (None, 1.0), (5.0, 2.0))):
        ended(to, env, 1, 0, episode_return=episode_return, numbers={"seeds": seeds})
    assert [one.env for one in ask.episodes_list(sort="-return").rows] == [2, 0, 1]
    assert [one.env for one in ask.episodes_list(sort="return", limit=1).rows] == [0]
    assert [one.env for one in ask.episodes_list(sort="seeds").rows] == [1, 2, 0]
    with pytest.raises(UsageError, match="sorted by 'retrun'") as refused:
        ask.episodes_list(sort="retrun")
    assert "return" in str(refused.value.hint)
