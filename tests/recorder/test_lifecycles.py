"""A slot's seeds follow each other; nothing of the one shows in the next."""

from __future__ import annotations

import numpy as np
import pytest

from sanctum.model.readings import MASKED, NOT_MEASURED, Measured
from sanctum.record.record import Record
from sanctum.recorder.lifecycles import Lifecycles
from sanctum.telemetry import SeedState, Step
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest


@pytest.fixture
def said(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db", slots=["a"])
    yield found
    found.writer.db.close()


def step(to, number):
    to.take(Step(number, {"accuracy": pack(np.zeros(ENVS))}))


def seed(to, number, stage, **numbers):
    to.take(SeedState(0, "a", stage, number, numbers=numbers))


def test_a_new_seed_shows_nothing_of_the_one_before_it(said) -> None:
    step(said, 0)
    seed(said, 0, "TRAINING", age_steps=9.0, contribution=33.6, alpha=1.0)
    step(said, 1)
    seed(said, 1, "CULLED", contribution=33.6)
    step(said, 2)
    seed(said, 2, "DORMANT")
    seed(said, 2, "GERMINATED", age_steps=1.0)
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert row.stage == "GERMINATED"
    assert (row.contribution, row.alpha) == (NOT_MEASURED, NOT_MEASURED)
    assert row.age_steps == Measured(1.0)


def test_two_seeds_within_one_step_are_told_apart(said) -> None:
    step(said, 0)
    seed(said, 0, "TRAINING", contribution=5.0)
    step(said, 1)
    seed(said, 1, "TRAINING", contribution=6.0)
    seed(said, 1, "CULLED")
    seed(said, 1, "GERMINATED")
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert (row.stage, row.contribution) == ("GERMINATED", MASKED)


def test_a_seed_first_heard_of_late_keeps_its_age(said) -> None:
    step(said, 40)
    seed(said, 40, "HOLDING", age_steps=12.0, contribution=1.5)
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert (row.age_steps, row.contribution) == (Measured(12.0), Measured(1.5))


def test_what_a_seed_added_last_is_with_its_end_and_with_no_other_seeds(said) -> None:
    step(said, 0)
    seed(said, 0, "TRAINING", contribution=5.0)
    step(said, 1)
    seed(said, 1, "TRAINING", contribution=6.0)
    step(said, 2)
    for stage in ("CULLED", "DORMANT", "TRAINING", "CULLED"):
        seed(said, 2, stage)
    events = Record(said.reader, said.writer.path).events_list(type="stage").rows
    assert [one.data.get("contribution") for one in events] == [None, 6.0, None, None, None]


def test_what_a_seed_added_is_known_to_the_recorder_that_goes_on(said) -> None:
    step(said, 0)
    seed(said, 0, "TRAINING", contribution=5.0)
    said.writer.flush(1.0)
    after = Lifecycles(said.writer, lambda *event: told.append(event[-1]))
    told: list = []
    after.recall(said.reader, 1, 0)
    list(after.columns(SeedState(0, "a", "CULLED", 1), 1.0))
    assert told[0]["contribution"] == 5.0


def test_steps_in_a_stage_begin_anew_with_the_stage(said) -> None:
    step(said, 2)
    seed(said, 2, "GERMINATED", age_steps=0.0, stage_steps=0.0)
    for number in (3, 4, 5):
        step(said, number)
    seed(said, 5, "TRAINING")
    step(said, 6)
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert (row.stage, row.stage_steps, row.age_steps) == ("TRAINING", Measured(1.0), Measured(4.0))


# gates that judged


def judged(to, number, stage, cause, **inputs):
    gate = next((one for one in ("blend", "fossilize") if one in cause.casefold()), "hold")
    to.take(SeedState(0, "a", stage, number, "conv", {}, gate, inputs, cause))


def events(to, kind):
    record = Record(to.reader, to.writer.path)
    return [one for one in record.events_list(severity="debug").rows if one.type == kind]


def test_the_gate_a_seed_went_through_is_with_its_event_and_is_not_its_next(said) -> None:
    step(said, 0)
    seed(said, 0, "TRAINING")
    judged(said, 0, "BLENDING", "gate blend", trial_gain=(1.5, 0.5))
    data = events(said, "stage")[-1].data
    assert (data["gate"], data["passed"], data["inputs"]) == (
        "blend",
        True,
        {"trial_gain": [1.5, 0.5]},
    )
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert (row.gate, row.gate_inputs) == (None, [])


def test_a_gate_that_is_said_with_a_change_it_did_not_cause_is_the_next_one(said) -> None:
    step(said, 0)
    seed(said, 0, "TRAINING")
    judged(said, 0, "BLENDING", "ADVANCE", alpha=(0.0, 1.0))
    assert "gate" not in events(said, "stage")[-1].data
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert (row.gate, [one.name for one in row.gate_inputs]) == ("hold", ["alpha"])


def test_a_try_that_a_gate_refused_is_an_event_of_its_own_each_time(said) -> None:
    step(said, 0)
    seed(said, 0, "HOLDING")
    for number in (1, 2):
        step(said, number)
        judged(said, number, "HOLDING", "FOSSILIZE", contribution=(0.25, 1.0), alpha=(None, 1.0))
    refused = events(said, "gate")
    assert [one.step for one in refused] == [1, 2]
    assert refused[0].data["passed"] is False
    assert refused[0].data["checks_failed"] == ["contribution 0.25 of 1", "alpha not measured"]
    assert refused[0].text.startswith("gate fossilize keeps conv in HOLDING: contribution 0.25")
    assert refused[0].severity == "debug"
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert (row.gate, row.gate_inputs) == (None, [])  # what it saw may be older than the readings


def test_a_gate_that_was_open_refused_nothing(said) -> None:
    step(said, 0)
    seed(said, 0, "HOLDING")
    judged(said, 0, "HOLDING", "FOSSILIZE", contribution=(2.0, 1.0))
    assert events(said, "gate") == []


def test_a_seed_that_a_shut_gate_cost_its_life_says_what_it_lacked(said) -> None:
    step(said, 0)
    seed(said, 0, "TRAINING")
    judged(said, 0, "CULLED", "gate blend stayed shut", trial_gain=(0.25, 0.5))
    data = events(said, "stage")[-1].data
    assert (data["to"], data["passed"], data["checks_failed"]) == (
        "CULLED",
        False,
        ["trial_gain 0.25 of 0.5"],
    )
