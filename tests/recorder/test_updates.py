"""Updates that are said in more than one piece."""

from __future__ import annotations

import msgspec
import pytest

from sanctum.telemetry import Step, Update
from tests.record.saying import ingest


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db")
    yield found
    found.writer.db.close()


def test_what_is_said_again_of_the_newest_update_is_added(to):
    to.take(Update(1, {"train/approx_kl": 0.1, "entropy": 0.5}, ["value_loss"]))
    to.take(Update(1, {"value_loss": 2.0, "entropy": None}, ["clip_fraction"]))
    to.take(Update(2, {"entropy": 0.4}))
    rows = to.reader.rows("SELECT number, data FROM updates ORDER BY id")
    said = [(number, *msgspec.msgpack.decode(data)) for number, data in rows]
    assert said == [
        (1, {"approx_kl": 0.1, "entropy": None, "value_loss": 2.0}, ["clip_fraction"]),
        (2, {"entropy": 0.4}, []),
    ]


def test_an_update_of_that_number_in_the_next_attempt_is_another(to):
    to.take(Step(5, {}))
    to.take(Update(1, {"entropy": 0.5}))
    to.take(Step(0, {}))
    to.take(Update(1, {"approx_kl": 0.1}))
    rows = to.reader.rows("SELECT attempt, number FROM updates ORDER BY id")
    assert rows == [(1, 1), (2, 1)]
