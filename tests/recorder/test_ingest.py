from __future__ import annotations

import numpy as np
import pytest

from sanctum.record.record import Record
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import (
    Array,
    Backfill,
    Beat,
    EpisodeEnded,
    Gap,
    Message,
    RunEnded,
    SeedState,
    Step,
    Update,
)
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, header, ingest


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db", slots=["a"], actions={"op": ["WAIT", "GROW"]})
    yield found
    found.writer.db.close()


@pytest.fixture
def ask(to):
    return Record(to.reader, to.writer.path)


def step(number, envs=None, matrices=None, **columns):
    columns = columns or {"accuracy": np.zeros(ENVS)}
    packed = {name: pack(np.asarray(values)) for name, values in columns.items()}
    others = {name: pack(values) for name, values in (matrices or {}).items()}
    return Step(number, packed, others, envs)


NONSENSE = [
    step(-1),
    step(2**62),
    step(1, envs=[0, 0, 1]),
    step(1, envs=[0, 1, 3]),
    step(1, envs=[-1, 0, 1]),
    step(1, accuracy=np.zeros(ENVS + 1)),
    step(1, accuracy=np.zeros((ENVS, 0))),
    step(1, accuracy=np.float64(1)),
    Step(1, {"accuracy": Array("|O", (ENVS,), b"x" * 8 * ENVS)}),
    Step(1, {"accuracy": Array("<f8", (ENVS,), b"short")}),
    Step(1, {"accuracy": Array("<f8", (ENVS,), b"x" * 8 * ENVS, b"\x09" * ENVS)}),
    SeedState(ENVS, "a", "TRAINING", 1),
    SeedState(-1, "a", "TRAINING", 1),
    SeedState(0, "a", "TRAINING", -1),
    Backfill(0, {"advantage": pack(np.zeros(3))}),
    Backfill(0, {"advantage": pack(np.zeros((3, ENVS + 1)))}),
    header(),
]


@pytest.mark.parametrize("frame", NONSENSE)
def test_a_frame_that_makes_no_sense_is_counted_said_once_and_stops_nothing(to, ask, frame):
    to.take(step(0))
    to.take(frame)
    to.take(frame)
    to.take(step(2, accuracy=np.full(ENVS, 5.0)))
    assert to.refused == 2
    assert [one.accuracy.value for one in ask.envs_list().rows] == [5.0] * ENVS
    (event,) = ask.events_list(type="recorder").rows
    assert event.severity == "warn"
    assert to.writer.flush(0.0)
    assert to.attempt == 1


@pytest.mark.parametrize(
    "frame",
    [
        Update(2**63, {"entropy": 0.5}),
        EpisodeEnded(0, 2**63, 1),
        Message("x", step=2**63),
        Message("x", severity="loud"),
        Gap("columns", 2**63, 2**63, 1, "why"),
        Beat(),
    ],
)
def test_numbers_no_file_can_hold_stop_nothing(to, ask, frame):
    to.take(frame)
    to.take(step(0))
    assert to.writer.flush(0.0)
    assert ask.run_read().at.step == 0


def test_a_column_keeps_its_width_within_an_attempt(to, ask):
    to.take(step(0, observation=np.zeros((ENVS, 4))))
    to.take(step(1, observation=np.ones((ENVS, 5))))
    assert to.refused == 1
    to.take(step(0, observation=np.ones((ENVS, 5))))
    assert (to.refused, to.attempt) == (1, 2)
    window = to.reader.window(["observation"], 2, 0, 0)
    assert window.cells["observation"][0].shape == (1, ENVS, 5)


def test_a_width_that_changed_between_attempts_is_read_for_each(to):
    to.take(step(0, observation=np.full((ENVS, 4), 4.0)))
    to.take(step(1, observation=np.full((ENVS, 4), 4.0)))
    to.take(step(0, observation=np.full((ENVS, 5), 5.0)))
    to.end("finished")
    for attempt, width in ((1, 4), (2, 5)):
        values = to.reader.window(["observation"], attempt, 0, 9).cells["observation"][0]
        assert (values.shape[2], values.max()) == (width, width)


def test_steps_that_go_back_are_a_new_attempt_that_starts_from_nothing(to, ask):
    for number in range(6):
        to.take(step(number, accuracy=np.full(ENVS, 9.0), loss=np.ones(ENVS)))
    to.take(SeedState(0, "a", "TRAINING", 5))
    to.take(step(3, accuracy=np.full(ENVS, 1.0)))
    found = ask.run_read()
    assert [(one.how, one.first_step, one.last_step) for one in found.attempts] == [
        ("resumed", 0, 5),
        ("going on", 3, 3),
    ]
    row = ask.env_read(0).row
    assert (row.accuracy.value, row.loss.__class__.__name__, row.seeds) == (1.0, "Absent", [])


def test_the_same_step_twice_is_one_row(to):
    to.take(step(0, accuracy=np.ones(ENVS)))
    to.take(step(0, envs=[1], loss=np.ones(1)))
    assert to.reader.rows_between(1, 0, 0) == 0
    assert to.reader.window(["loss"], 1, 0, 0).cells["loss"][1].tolist() == [[1, 0, 1]]


def test_a_seed_for_a_step_to_come_waits_for_it(to, ask):
    to.take(step(0))
    to.take(SeedState(1, "a", "TRAINING", 1, "conv", {"alpha": 0.5}))
    assert (ask.seeds_list().total, ask.run_read().at.step) == (0, 0)
    to.take(step(1))
    (row,) = ask.seeds_list().rows
    assert (row.env, row.alpha.value, row.blueprint) == (1, 0.5, "conv")
    assert ask.events_list(at="0").total == 0


def test_seeds_are_kept_of_a_trainer_that_never_says_a_step(to, ask):
    to.take(SeedState(1, "a", "TRAINING", 7))
    to.tick()
    to.tick()
    assert [(row.env, row.slot) for row in ask.seeds_list().rows] == [(1, "a")]
    assert ask.run_read().at.step == 7


def test_what_was_said_of_an_earlier_seed_is_not_said_of_the_next(to, ask):
    to.take(step(0))
    to.take(SeedState(0, "a", "TRAINING", 0, "conv", {"alpha": 0.9, "contribution": 3.0}))
    to.take(step(1))
    to.take(SeedState(0, "a", "CULLED", 1))
    to.take(step(2))
    to.take(SeedState(0, "a", "GERMINATED", 2))
    (row,) = ask.seeds_list().rows
    assert row.contribution.why == row.alpha.why == "not measured"
    assert row.blueprint is None


def test_slots_may_have_slashes_in_their_names(to, ask):
    to.take(step(0))
    to.take(SeedState(0, "r0/c1", "TRAINING", 0))
    assert [row.slot for row in ask.seeds_list().rows] == ["r0/c1"]
    assert ask.seed_read(0, "r0/c1").row.stage == "TRAINING"


def test_a_recorder_that_was_started_again_goes_on_and_marks_the_gap(to, tmp_path):
    for number in range(6):
        to.take(step(number, accuracy=np.full(ENVS, number)))
    to.take(SeedState(0, "a", "TRAINING", 5))
    to.tick()
    again = Ingest(Writer(to.writer.path, block_rows=4), Clock())
    again.begin(to.header, 1.0, "boot")
    again.take(SeedState(0, "a", "TRAINING", 5))
    again.take(step(8))
    ask = Record(again.reader, to.writer.path)
    found = ask.run_read()
    (lost,) = found.lost
    assert (again.attempt, found.at.step) == (1, 8)
    assert (lost.what, lost.first_step, lost.last_step, lost.count) == ("everything", 6, 7, 2)
    (event,) = ask.events_list(type="gap").rows
    assert event.text == "steps 6 to 7 are missing: the recorder died and was started again"
    assert [one.how for one in found.attempts] == ["going on"]
    assert ask.events_list(type="stage").total == 1
    again.writer.db.close()


def test_only_the_first_end_counts(to, ask):
    to.take(step(0))
    to.take(RunEnded("exception", "ValueError: x", "Traceback"))
    to.end("died")
    found = ask.run_read().state
    assert (found.word, found.exception, found.traceback) == (
        "failed",
        "ValueError: x",
        "Traceback",
    )


def test_what_the_probe_lost_is_in_the_answer(to, ask):
    to.take(step(0))
    to.take(step(2))
    to.take(Gap("matrices", 3, 9, 7, "the probe's queue was full"))
    to.take(step(10))
    (lost,) = ask.run_read().lost
    assert (lost.what, lost.first_step, lost.last_step, lost.count) == ("matrices", 3, 9, 7)
    assert ask.run_read(at="0").lost == []


def test_the_sizes_are_those_of_the_file(to, ask):
    for number in range(40):
        to.take(step(number, accuracy=np.random.rand(ENVS), observation=np.ones((ENVS, 3))))
        to.take(Backfill(max(0, number - 6), {"advantage": pack(np.random.rand(6, ENVS))}))
        to.take(Message("hello", type=f"t{number % 3}"))
    to.end("finished")
    counted = {one.what: one for one in ask.run_read().sizes}
    fresh = Record(type(to.reader)(to.writer.db), to.writer.path).run_read()
    assert counted == {one.what: one for one in fresh.sizes}
    assert fresh.events == ask.run_read().events == 41
    assert ask.run_read().event_types == ["end", "t0", "t1", "t2"]


def test_many_environments_are_split_over_chunks_and_read_back(tmp_path):
    envs = 1024
    to = ingest(tmp_path / "many.sanctum.db", envs=envs, block_rows=64)
    wanted = np.random.rand(70, envs, 20).astype(np.float32)
    for number in range(70):
        to.take(step(number, observation=wanted[number], accuracy=wanted[number, :, 0]))
    to.end("finished")
    ((chunks,),) = to.reader.rows("SELECT count(*) FROM chunks WHERE block = 1")
    assert chunks > 10
    values, _ = to.reader.window(["observation"], 1, 0, 69).cells["observation"]
    assert np.array_equal(values, wanted)
    found = Record(to.reader, to.writer.path).envs_list(sort="-accuracy", limit=3)
    best = np.sort(wanted[69, :, 0])[::-1][:3]
    assert [row.accuracy.value for row in found.rows] == pytest.approx(best.tolist())
    to.writer.db.close()


def test_a_block_is_sealed_before_it_grows_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("sanctum.record.writer.BLOCK_BYTES", 10_000)
    to = ingest(tmp_path / "wide.sanctum.db", block_rows=512)
    for number in range(20):
        to.take(step(number, observation=np.zeros((ENVS, 100))))
    ((blocks,),) = to.reader.rows("SELECT count(*) FROM blocks")
    assert blocks == 5
    to.writer.db.close()


def test_a_condition_that_looks_too_far_back_is_refused_in_time(to, ask, monkeypatch):
    for number in range(30):
        to.take(step(number))
    assert ask.envs_list(where="accuracy < 1 for 20").total == ENVS
    assert ask.envs_list(where="accuracy > 1 for 9999").total == 0
    monkeypatch.setattr("sanctum.record.moments.PAST_WITHIN_S", -1.0)
    with pytest.raises(Exception, match="looks too far back") as refused:
        ask.envs_list(where="accuracy < 1 for 20")
    assert refused.value.exit_code == 2


def test_infinities_are_answered_without_a_warning(to, ask):
    bad = np.array([np.inf, -np.inf, np.nan])
    for number in range(4):
        rewards = {"reward": bad, "reward/gain": bad, "accuracy": bad, "loss": np.full(ENVS, 1e308)}
        to.take(step(number, **rewards, **{"action/op": np.zeros(ENVS, int)}))
    for env in (None, 0, 1, 2):
        assert ask.rewards_read(env=env).components[0].name == "gain"
        assert ask.series_read("loss", env=env).values
        assert ask.series_read("reward", env=env).values
    assert ask.condition_check("reward is nan").holds
    assert {row.health.word for row in ask.envs_list().rows} == {"non-finite"}
    assert [ask.env_read(env).row.reward.kind for env in range(3)] == ["inf", "-inf", "nan"]
