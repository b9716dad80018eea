"""A slot's seeds follow each other; nothing of the one shows in the next."""

from __future__ import annotations

import numpy as np
import pytest

from sanctum.model.readings import MASKED, NOT_MEASURED, Measured
from sanctum.record.record import Record
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


def test_steps_in_a_stage_begin_anew_with_the_stage(said) -> None:
    step(said, 2)
    seed(said, 2, "GERMINATED", age_steps=0.0, stage_steps=0.0)
    for number in (3, 4, 5):
        step(said, number)
    seed(said, 5, "TRAINING")
    step(said, 6)
    row = Record(said.reader, said.writer.path).seeds_list().rows[0]
    assert (row.stage, row.stage_steps, row.age_steps) == ("TRAINING", Measured(1.0), Measured(4.0))
