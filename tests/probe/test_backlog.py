from __future__ import annotations

import pytest

from sanctum.probe.backlog import Backlog
from sanctum.telemetry import (
    Array,
    Backfill,
    EpisodeEnded,
    Message,
    PolicySaved,
    RunEnded,
    RunStarted,
    SeedState,
    Step,
    Update,
)

LIMIT = 1000
NEVER_LOST = [
    RunStarted("a", "b", 1),
    SeedState(0, "a", "T", 1),
    Update(1, {}),
    EpisodeEnded(0, 1, 1),
    Message("x"),
    RunEnded("finished"),
]


def filled(share: float) -> Backlog:
    backlog = Backlog(LIMIT)
    backlog.put(Message("load"), int(LIMIT * share))
    return backlog


def step(number: int = 1) -> Step:
    column, matrix = Array("|u1", (4,), b"1234"), Array("|u1", (4, 2), b"12345678")
    return Step(number, {"a": column}, {"m": matrix})


def drained(backlog: Backlog):
    return [frame for _ in range(len(backlog)) if (frame := backlog.take()) is not None][1:]


@pytest.mark.parametrize(
    ("share", "matrices", "weights", "columns"),
    [
        (0.4, True, True, True),
        (0.6, False, True, True),
        (0.8, False, False, True),
        (0.95, False, False, False),
        (5.0, False, False, False),
    ],
)
def test_matrices_give_way_first_then_weights_then_columns(share, matrices, weights, columns):
    backlog = filled(share)
    for frame in (step(), PolicySaved(1, "w"), Backfill(1, {}), *NEVER_LOST):
        backlog.put(frame, 12 if isinstance(frame, Step) else 0)
    kept = drained(backlog)
    steps = [frame for frame in kept if isinstance(frame, Step)]
    assert bool(steps) is columns
    assert bool(steps and steps[0].matrices) is matrices
    assert any(isinstance(frame, PolicySaved) for frame in kept) is weights
    assert any(isinstance(frame, Backfill) for frame in kept) is columns
    assert kept[-len(NEVER_LOST) :] == NEVER_LOST


def test_a_gap_is_one_stretch_with_its_count_and_is_told_when_it_is_over():
    backlog = filled(0.95)
    for number in range(10, 15):
        backlog.put(step(number), 12)
    assert backlog.gaps() == []
    assert backlog.lost == 10
    while backlog.take() is not None:
        pass
    backlog.put(step(15), 12)
    gaps = {gap.what: gap for gap in backlog.gaps()}
    assert set(gaps) == {"matrices", "columns"}
    for gap in gaps.values():
        assert (gap.first_step, gap.last_step, gap.count) == (10, 14, 5)
    assert backlog.gaps(all_of_them=True) == []


def test_the_gap_that_is_still_open_is_told_at_the_end():
    backlog = filled(0.6)
    backlog.put(step(3), 12)
    (gap,) = backlog.gaps(all_of_them=True)
    assert (gap.what, gap.first_step, gap.count) == ("matrices", 3, 1)


def test_what_was_refused_takes_no_room():
    backlog = filled(0.6)
    before = backlog.queued_bytes
    backlog.put(step(), 12)
    assert backlog.queued_bytes == before + 4
    while backlog.take() is not None:
        pass
    assert backlog.queued_bytes == 0
