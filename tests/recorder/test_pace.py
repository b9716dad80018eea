"""How long a trainer usually takes from step to step."""

from __future__ import annotations

from sanctum.recorder.pace import Pace


def paced(*times: float) -> Pace:
    pace = Pace()
    for step, time in enumerate(times):
        pace.step(step, time)
    return pace


def test_nothing_is_usual_before_three_steps():
    assert paced().usual_gap_s == 0.0
    assert paced(10.0, 400.0).usual_gap_s == 0.0


def test_the_pause_at_the_end_of_every_round_is_usual():
    assert paced(0, 1, 2, 42, 43, 44, 85).usual_gap_s == 40


def test_a_single_long_pause_is_not():
    assert paced(0, 1, 2, 602, 603, 604).usual_gap_s == 1


def test_what_is_said_again_of_a_step_is_none():
    pace = paced(0, 1, 2)
    pace.step(2, 500)
    assert pace.usual_gap_s == 1


def test_a_run_that_begins_again_starts_from_there():
    pace = paced(0, 1, 2)
    pace.step(0, 900)
    pace.step(1, 901)
    assert pace.usual_gap_s == 1
