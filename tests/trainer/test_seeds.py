"""The life of a seed: stages, gates, alpha."""

import math

import pytest
import torch

from sanctum.trainer.seeds import Seeds
from sanctum.trainer.stages import Gate, Stage
from tests.trainer.hand_made import SMALL


def seed_in(stage: Stage) -> Seeds:
    seeds = Seeds(SMALL)
    seeds.germinate(0, 1, 3, 40.0)
    seeds.stage[0, 1] = stage
    return seeds


def test_alpha_goes_from_nought_to_one_in_equal_steps() -> None:
    seeds = seed_in(Stage.BLENDING)
    found = []
    for _ in range(SMALL.blending_steps + 2):
        found.append(float(seeds.alpha[0, 1]))
        seeds.age()
    assert found == pytest.approx([0, 1 / 3, 2 / 3, 1, 1])
    assert float(seeds.alpha.sum()) == pytest.approx(1.0)


def test_a_gate_stays_shut_for_what_was_not_measured() -> None:
    gate = Gate("blend", Stage.BLENDING, {"trial_gain": 0.5, "gradient_health": 0.1})
    gain, health = torch.tensor([[1.0, math.nan, 1.0, 0.4]]), torch.tensor([[0.1, 1, math.nan, 1]])
    passed = gate.passed({"trial_gain": gain, "gradient_health": health})
    assert passed.tolist() == [[True, False, False, False]]
    assert not gate.passed({"trial_gain": gain}).any()
    assert gate.inputs({"trial_gain": gain}, 0, 1) == {
        "trial_gain": (None, 0.5),
        "gradient_health": (None, 0.1),
    }


def test_a_good_seed_goes_through_every_stage() -> None:
    seeds = seed_in(Stage.GERMINATED)
    seen = [Stage.GERMINATED]
    for _ in range(12):
        seeds.age()
        for reading in (seeds.trial_gain, seeds.contribution, seeds.gradient_health):
            reading[0, 1] = 5.0
        seen += [moved.after for moved in seeds.advance()]
    assert seen == [Stage.GERMINATED, Stage.TRAINING, Stage.BLENDING, Stage.HOLDING]
    kept = seeds.fossilize(0, 1)
    assert (kept.after, kept.gate) == (Stage.FOSSILIZED, "fossilize")
    assert kept.inputs is not None
    assert kept.inputs["contribution"] == (5.0, SMALL.contribution_needed)
    assert seeds.blueprint[0, 1] == 3


def test_a_seed_that_contributes_too_little_is_not_fossilized() -> None:
    seeds = seed_in(Stage.HOLDING)
    seeds.alpha[0, 1] = 1.0
    for reading in (math.nan, 0.0, -3.0):
        seeds.contribution[0, 1] = reading
        assert seeds.fossilize(0, 1).refused
    assert seeds.stage[0, 1] == Stage.HOLDING


def test_a_seed_that_stays_unfit_is_culled_and_its_slot_rests() -> None:
    seeds = seed_in(Stage.TRAINING)
    moves = []
    for _ in range(SMALL.training_limit + SMALL.embargo_steps + 2):
        seeds.age()
        moves += seeds.advance()
    assert [moved.after for moved in moves] == [Stage.CULLED, Stage.EMBARGOED, Stage.DORMANT]
    assert (moves[0].before, moves[0].gate, moves[0].blueprint) == (Stage.TRAINING, "blend", 3)


def test_a_culled_seed_adds_nothing_from_then_on() -> None:
    seeds = seed_in(Stage.HOLDING)
    seeds.alpha[0, 1] = 1.0
    moved = seeds.cull(0, 1, "CULL")
    assert (moved.before, moved.after) == (Stage.HOLDING, Stage.CULLED)
    assert seeds.alpha.sum() == 0
    assert seeds.contribution[0, 1].isnan()
