"""Mask rules: what is forbidden says by which rule, and what is legal says none."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from sanctum.trainer.actions import LEGAL, OPS, Legal, Op
from sanctum.trainer.host import SLOTS
from sanctum.trainer.rules import RULES, Rule, legal
from sanctum.trainer.seeds import LIVE, Seeds
from sanctum.trainer.stages import Stage
from sanctum.trainer.train import train
from tests.trainer.hand_made import SMALL, NotedRun

SHAPE = (SMALL.envs, len(SLOTS))


def standing(stages: list[Stage], *, age: float = 20.0, cooling: bool = False) -> Legal:
    """What is legal in environments whose first holds seeds of these stages and this age."""
    seeds = Seeds(SMALL)
    seeds.stage[0], seeds.age_steps[0] = torch.tensor(stages), age
    return legal(seeds, cull_age=3, cooling=torch.full((SMALL.envs,), cooling))


def said(allowed: Legal, op: Op) -> tuple[str | None, list[str | None]]:
    """The rule of an op in the first environment, and those of it in each slot."""
    assert allowed.rules is not None and allowed.op_rules is not None
    by_slot = [None if rule < 0 else RULES[rule] for rule in allowed.rules[0, op].tolist()]
    rule = int(allowed.op_rules[0, op])
    return None if rule < 0 else RULES[rule], by_slot


@settings(max_examples=200, deadline=None)
@given(
    stage=arrays(np.int64, SHAPE, elements=some.integers(0, len(Stage) - 1)),
    age=arrays(np.float32, SHAPE, elements=some.integers(0, 9).map(float)),
    cooling=arrays(np.bool_, SHAPE[0]),
    cull_age=some.integers(0, 6),
)
def test_a_rule_stands_exactly_where_the_mask_forbids(
    stage: np.ndarray, age: np.ndarray, cooling: np.ndarray, cull_age: int
) -> None:
    seeds = Seeds(SMALL)
    seeds.stage, seeds.age_steps = torch.from_numpy(stage), torch.from_numpy(age)
    allowed = legal(seeds, cull_age, torch.from_numpy(cooling))
    rules, op_rules = allowed.rules, allowed.op_rules
    assert rules is not None and op_rules is not None
    assert rules.dtype == op_rules.dtype == torch.int8
    for rule, mask in ((rules, allowed.slots), (op_rules, allowed.ops)):
        assert torch.equal(rule < 0, mask)
        assert ((rule == LEGAL) | ((rule >= 0) & (rule < len(RULES)))).all()
    live = seeds.among(LIVE).numpy()
    empty = (stage == Stage.DORMANT) & ~cooling[:, None]
    expected = [np.zeros_like(live), empty, live & (age >= cull_age), stage == Stage.HOLDING]
    assert np.array_equal(allowed.slots.numpy(), np.stack(expected, 1))
    forbidden = (op_rules >= 0).unsqueeze(2)
    assert ((rules == op_rules.unsqueeze(2)).any(2, keepdim=True) | ~forbidden).all()


@pytest.mark.parametrize(
    ("stage", "germinate", "cull", "fossilize"),
    [
        (Stage.DORMANT, None, "no live seed here", "no live seed here"),
        (Stage.TRAINING, "slot is taken", None, "seed is not in HOLDING"),
        (Stage.HOLDING, "slot is taken", None, None),
        (Stage.FOSSILIZED, "slot holds a fossil", "seed is a fossil", "seed is a fossil"),
        (Stage.CULLED, "slot is resting", "no live seed here", "no live seed here"),
        (Stage.EMBARGOED, "slot is resting", "no live seed here", "no live seed here"),
    ],
)
def test_the_rule_of_a_slot_is_that_of_its_stage(
    stage: Stage, germinate: str | None, cull: str | None, fossilize: str | None
) -> None:
    allowed = standing([stage] * 3)
    for op, rule in ((Op.GERMINATE, germinate), (Op.CULL, cull), (Op.FOSSILIZE, fossilize)):
        assert said(allowed, op) == (rule, [rule] * 3)
    assert said(allowed, Op.WAIT) == (None, ["WAIT names no slot"] * 3)


def test_a_young_seed_cannot_be_culled_yet() -> None:
    young = standing([Stage.GERMINATED, Stage.DORMANT, Stage.FOSSILIZED], age=2.0)
    by_slot = ["seed is too young to cull", "no live seed here", "seed is a fossil"]
    assert said(young, Op.CULL) == ("seed is too young to cull", by_slot)


def test_the_cool_down_is_named_only_where_nothing_else_stands_in_the_way() -> None:
    cooling = standing([Stage.DORMANT, Stage.TRAINING, Stage.CULLED], cooling=True)
    by_slot = ["cooling down", "slot is taken", "slot is resting"]
    assert said(cooling, Op.GERMINATE) == ("cooling down", by_slot)
    full = standing([Stage.TRAINING] * 3, cooling=True)
    assert said(full, Op.GERMINATE)[0] == "slot is taken"


def test_an_op_is_forbidden_by_the_rule_that_comes_nearest_to_letting_it() -> None:
    assert said(standing([Stage.FOSSILIZED, Stage.TRAINING, Stage.CULLED]), Op.GERMINATE)[0] == (
        "slot is resting"
    )
    mixed = standing([Stage.FOSSILIZED, Stage.DORMANT, Stage.TRAINING])
    assert said(mixed, Op.FOSSILIZE)[0] == "seed is not in HOLDING"
    assert said(mixed, Op.CULL)[0] is None and said(mixed, Op.GERMINATE)[0] is None


def test_rules_have_a_name_each() -> None:
    assert len(set(RULES)) == len(RULES) == len(Rule)
    assert all(name.isascii() and len(name) <= 30 for name in RULES)


def test_sanctum_is_told_the_rule_of_every_decision_beside_its_mask(noted: NotedRun) -> None:
    easy = {"trial_gain_needed": -100.0, "hold_contribution_needed": -100.0}
    train(dataclasses.replace(SMALL, contribution_needed=-100.0, **easy))
    seen = set()
    for _, columns in noted.told("step"):
        by_op, by_slot = columns["mask_rules"]["op"], columns["mask_rules"]["slot"]
        assert by_op.shape == (SMALL.envs, len(OPS))
        assert by_slot.shape == (SMALL.envs, len(OPS), len(SLOTS))
        assert torch.equal(by_op < 0, columns["masks"]["op"])
        of_op = by_slot[torch.arange(SMALL.envs), columns["actions"]["op"]]
        assert torch.equal(of_op < 0, columns["masks"]["slot"])
        seen |= set(by_slot.unique().tolist())
    assert seen == {LEGAL, *Rule} - {Rule.COOLING_DOWN}, "some rule was never met"
