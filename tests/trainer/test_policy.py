"""Tamiyo: what is legal, and what the heads make of it."""

import math

import pytest
import torch

from sanctum.trainer.actions import OPS, Actions, Legal, Op
from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.environment import Environment
from sanctum.trainer.host import SLOTS
from sanctum.trainer.observation import FEATURES, observe
from sanctum.trainer.policy import Outlook, Tamiyo, rebuilt
from sanctum.trainer.rules import legal
from sanctum.trainer.seeds import Seeds
from sanctum.trainer.stages import Stage
from tests.trainer.hand_made import SMALL


def some_legal(rows: int) -> Legal:
    slots = torch.rand(rows, len(Op), len(SLOTS)) > 0.5
    slots[:, Op.WAIT] = False
    slots[0] = False
    return Legal(slots)


def outlook(rows: int) -> tuple[Outlook, Legal]:
    torch.manual_seed(0)
    allowed = some_legal(rows)
    policy = Tamiyo(8)
    seen: Outlook = policy(torch.randn(rows, len(FEATURES)), allowed)
    return seen, allowed


def test_what_is_legal_follows_the_stages() -> None:
    seeds = Seeds(SMALL)
    seeds.germinate(0, 0, 1, 10.0)
    seeds.germinate(0, 1, 1, 10.0)
    seeds.stage[0, 1], seeds.age_steps[0, 1] = Stage.HOLDING, 20.0
    seeds.stage[0, 2] = Stage.EMBARGOED
    seeds.stage[1] = Stage.FOSSILIZED
    allowed = legal(seeds, cull_age=3, cooling=torch.zeros(SMALL.envs, dtype=torch.bool))
    assert allowed.slots[0].int().tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert allowed.ops[:3].int().tolist() == [[1, 0, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]
    assert allowed.actions[:3].tolist() == [3, 1, 1 + 3 * len(BLUEPRINTS)]


def test_no_row_is_without_a_legal_op() -> None:
    assert some_legal(200).ops.any(1).all()


def test_the_illegal_has_probability_exactly_nought() -> None:
    seen, allowed = outlook(200)
    op, slot = seen.op.exp(), seen.slot.exp()
    assert (op[~allowed.ops] == 0).all()
    assert (slot[~allowed.slots] == 0).all()
    torch.testing.assert_close(op.sum(1), torch.ones(200))
    any_slot = allowed.slots.any(2)
    torch.testing.assert_close(slot.sum(2)[any_slot], torch.ones(int(any_slot.sum())))


def test_only_the_legal_is_drawn() -> None:
    seen, allowed = outlook(500)
    drawn = seen.sample(torch.Generator())
    rows = torch.arange(500)
    assert allowed.ops[rows, drawn.op].all()
    acting = drawn.op != Op.WAIT
    assert allowed.slots[rows, drawn.op, drawn.slot.clamp(min=0)][acting].all()
    assert (drawn.slot[~acting] == -1).all()
    assert ((drawn.blueprint >= 0) == (drawn.op == Op.GERMINATE)).all()
    assert set(drawn.op.tolist()) == set(range(len(OPS)))


def test_the_log_probability_and_entropy_are_those_of_the_whole_action() -> None:
    seen, allowed = outlook(40)
    total, entropy = torch.zeros(40), torch.zeros(40)
    for op in range(len(Op)):
        slots = range(len(SLOTS)) if op != Op.WAIT else [-1]
        for slot in slots:
            for kind in range(len(BLUEPRINTS)) if op == Op.GERMINATE else [-1]:
                actions = Actions(*(torch.full((40,), one) for one in (op, slot, kind)))
                log_prob = seen.log_prob(actions)
                total += log_prob.exp()
                entropy -= torch.where(log_prob.isneginf(), 0.0, log_prob * log_prob.exp())
    torch.testing.assert_close(total, torch.ones(40))
    torch.testing.assert_close(seen.entropy(), entropy)
    assert (seen.entropy() <= allowed.actions.log() + 1e-6).all()
    assert seen.entropy()[0] == 0, "nothing but WAIT is legal in the first row"


def test_gradients_are_finite_where_little_is_legal() -> None:
    policy, allowed = Tamiyo(8), Legal(torch.zeros(3, len(Op), len(SLOTS), dtype=torch.bool))
    allowed.slots[1, Op.CULL, 2] = True
    seen = policy(torch.randn(3, len(FEATURES)), allowed)
    unused = torch.full((3,), -1)
    (
        seen.log_prob(Actions(torch.zeros(3, dtype=torch.int64), unused, unused)) + seen.entropy()
    ).sum().backward()
    assert all(part.grad is None or part.grad.isfinite().all() for part in policy.parameters())


def test_a_fresh_policy_is_nearly_undecided() -> None:
    environment = Environment(SMALL)
    policy = Tamiyo.fresh(16, torch.Generator())
    with torch.no_grad():
        seen = policy(observe(environment), environment.legal)
    assert float(seen.op[0].exp().max()) < 0.6
    assert float(seen.entropy()[0] / math.log(16)) > 0.5


@pytest.mark.parametrize("steps", [0, 12])
def test_the_observation_has_a_name_for_every_column(steps: int) -> None:
    environment = Environment(SMALL)
    policy = Tamiyo.fresh(16, torch.Generator())
    for _ in range(steps):
        with torch.no_grad():
            actions = policy(observe(environment), environment.legal).sample(torch.Generator())
        environment.step(actions)
        environment.renew_ended()
    seen = observe(environment)
    assert seen.shape == (SMALL.envs, len(FEATURES)) and seen.dtype == torch.float32
    assert len(set(FEATURES)) == len(FEATURES)
    assert seen.isfinite().all()


def test_a_policy_that_was_saved_says_what_it_said_before() -> None:
    dice = torch.Generator()
    dice.manual_seed(1)
    policy = Tamiyo.fresh(8, dice)
    observation, allowed = torch.randn(6, len(FEATURES)), some_legal(6)
    seen: Outlook = policy(observation, allowed)
    actions = seen.sample(dice)
    again = rebuilt(policy.state_dict(), {"hidden": 8, "algorithm": "PPO"})
    of_op = allowed.slots[torch.arange(6), actions.op]
    masks = {"op": allowed.ops, "slot": of_op}
    found = again.readings(observation, masks, {"op": actions.op})
    assert torch.allclose(found["probability/op"], seen.op.exp())
    assert torch.allclose(found["probability/slot"], seen.slot_of(actions.op).exp())
    assert torch.allclose(found["probability/blueprint"], seen.blueprint.exp())
    assert torch.allclose(found["value"], seen.value)
    assert torch.allclose(found["logit/op"], seen.logits.op)
    assert torch.allclose(found["logit/slot"], seen.logits.slot[torch.arange(6), actions.op])
    assert torch.allclose(found["logit/blueprint"], seen.logits.blueprint)
