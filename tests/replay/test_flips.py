"""A flip is right: all of its change makes the policy choose otherwise, nine tenths do not."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sanctum.model.jobs import Evaluate, Evaluated, FindFlips, FlipsFound, Policy, Rows
from sanctum.replay.asking import matrix
from sanctum.replay.jobs import done
from sanctum.replay.policies import Policies
from sanctum.trainer.actions import Op
from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.host import SLOTS
from sanctum.trainer.observation import FEATURES
from sanctum.trainer.policy import Tamiyo
from tests.replay.grounds import array, failed, made, policy, random, rows
from tests.replay.policies import HERE, Net

SEEDS = st.integers(0, 10_000)


class Questioned:
    """One row of one policy; everything is asked as a person would ask it, one row at a time."""

    def __init__(self, of: Policy, row: Rows, head: str = "op") -> None:
        self.policy, self.row, self.head = of, row, head
        self.seen = array(row.observation)
        self.known = Policies()

    def flips(
        self, spread: list[float], reach: float = 5.0, wanted: int | None = None
    ) -> FlipsFound:
        job = FindFlips(self.policy, self.row, self.head, spread, reach, wanted)
        found = done(job, self.known)
        assert isinstance(found, FlipsFound), found
        return found

    def choice(self, feature: int = 0, change: float = 0.0) -> tuple[int, float]:
        """What is chosen, and how probably, with a feature changed."""
        seen = self.seen.clone()
        seen[0, feature] = float(seen[0, feature]) + change
        row = Rows(matrix(seen), self.row.masks, self.row.actions, self.row.recurrent)
        found = done(Evaluate([self.policy], [row]), self.known)
        assert isinstance(found, Evaluated), found
        chances = array(found.readings[0][f"probability/{self.head}"])[0]
        return int(chances.argmax()), float(chances.max())

    def holds(self, found: FlipsFound, wanted: int | None = None) -> None:
        """Every flip flips, nine tenths of it do not."""
        assert (found.choice, found.probability) == pytest.approx(self.choice())
        for flip in found.found:
            change = flip.value - float(self.seen[0, flip.feature])
            choice, probability = self.choice(flip.feature, change)
            assert choice != found.choice
            assert (choice, probability) == pytest.approx((flip.choice, flip.probability))
            less, _ = self.choice(flip.feature, 0.9 * change)
            if wanted is None:
                assert less == found.choice
            else:
                assert choice == wanted != less


@settings(max_examples=60, deadline=None)
@given(
    SEEDS,
    st.lists(st.integers(2, 9), min_size=1, max_size=3),
    st.integers(2, 5),
    st.sampled_from(["relu", "tanh"]),
    st.sampled_from([0.5, 2.0, 6.0]),
)
def test_a_flip_of_any_small_network_flips_and_nine_tenths_of_it_do_not(
    seed: int, sizes: list[int], options: int, activation: str, gain: float
) -> None:
    net = made(seed, sizes, options, activation, gain)
    seen = torch.randn(1, sizes[0], generator=random(seed)) * 3
    mask = torch.rand(1, options, generator=random(seed)) > 0.3
    mask[0, seed % options] = True
    questioned = Questioned(policy(net), rows(seen, mask.float()))
    spread = torch.rand(sizes[0], generator=random(seed + 1)).add(0.1).tolist()
    found = questioned.flips(spread)
    questioned.holds(found)
    assert all(mask[0, flip.choice] for flip in found.found)
    moved = [abs(f.value - float(seen[0, f.feature])) / spread[f.feature] for f in found.found]
    assert moved == sorted(moved)
    assert all(distance <= 5.0 * 1.03 for distance in moved)
    assert len({flip.feature for flip in found.found}) == len(found.found)
    if mask.sum() == 1:
        assert found.found == []


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_a_flip_of_tamiyos_flips_and_nine_tenths_of_it_do_not(seed: int) -> None:
    tamiyo = Tamiyo.fresh(8, random(seed))
    with torch.no_grad():
        tamiyo.op.weight.mul_(100)
    op = torch.rand(1, len(Op), generator=random(seed)) > 0.4
    op[0, Op.WAIT] = True
    row = Rows(
        matrix(torch.randn(1, len(FEATURES), generator=random(seed))),
        {
            "op": matrix(op.float()),
            "slot": matrix(torch.ones(1, len(SLOTS))),
            "blueprint": matrix(torch.ones(1, len(BLUEPRINTS))),
        },
        {head: matrix(torch.zeros(1)) for head in ("op", "slot", "blueprint")},
    )
    weights = safetensors.torch.save(tamiyo.state_dict())
    made_again = Policy(1, "sanctum.trainer.policy:rebuilt", weights, {"hidden": 8})
    questioned = Questioned(made_again, row)
    questioned.holds(questioned.flips([1.0] * len(FEATURES)))


def linear(weight: Tensor, bias: Tensor) -> Net:
    net = Net([weight.shape[1]], len(weight))
    with torch.no_grad():
        net.op.weight.copy_(weight)
        net.op.bias.copy_(bias)
    return net


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_flips_of_a_linear_policy_are_where_the_logits_cross(seed: int) -> None:
    weight = torch.randn(3, 4, generator=random(seed))
    bias = torch.randn(3, generator=random(seed + 1))
    seen = torch.randn(1, 4, generator=random(seed + 2))
    spread = [0.5, 1.0, 2.0, 0.25]
    found = Questioned(policy(linear(weight, bias)), rows(seen)).flips(spread)
    logits = (weight.double() @ seen[0].double() + bias.double()).numpy()
    best = int(logits.argmax())
    wanted: dict[int, float] = {}
    for feature in range(4):
        slope = weight.double().numpy()[:, feature]
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = (logits[best] - logits) / (slope - slope[best])
        crossing = np.delete(crossing, best)
        nearest = crossing[np.abs(crossing).argmin()]
        if abs(nearest) <= 5 * spread[feature]:
            wanted[feature] = float(nearest)
    got = {flip.feature: flip.value - float(seen[0, flip.feature]) for flip in found.found}
    assert got.keys() == wanted.keys()
    for feature, change in wanted.items():
        assert got[feature] == pytest.approx(change, rel=0.03)
        assert abs(got[feature]) >= abs(change) * (1 - 1e-4)


def test_what_is_to_become_the_choice_becomes_it() -> None:
    weight = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    net = linear(weight, torch.tensor([0.0, -1.0, -7.0]))
    questioned = Questioned(policy(net), rows(torch.zeros(1, 2)))
    found = questioned.flips([1.0, 1.0])
    assert [(flip.feature, flip.choice) for flip in found.found] == [(0, 1)]
    assert found.found[0].value == pytest.approx(1.0, rel=0.02)
    found = questioned.flips([1.0, 1.0], wanted=2)
    questioned.holds(found, wanted=2)
    assert [(flip.feature, flip.choice) for flip in found.found] == [(0, 2)]
    assert found.found[0].value == pytest.approx(3.0, rel=0.02)
    assert questioned.flips([1.0, 1.0], wanted=0).found == []
    assert questioned.flips([1.0, 1.0], reach=0.5).found == []


def test_a_narrow_stretch_that_the_grid_steps_over_is_found_on_the_way() -> None:
    """Option 1 in between 1.00 and 1.04, and from 4 on."""
    net = Net([1, 4], 2, "relu")
    with torch.no_grad():
        net.trunk[0].weight.fill_(1.0)
        net.trunk[0].bias.copy_(torch.tensor([-1.0, -1.02, -1.04, -4.0]))
        net.op.weight.copy_(torch.tensor([[0.0] * 4, [100.0, -200.0, 100.0, 10.0]]))
        net.op.bias.copy_(torch.tensor([0.01, 0.0]))
    questioned = Questioned(policy(net), rows(torch.zeros(1, 1)))
    found = questioned.flips([1.0])
    questioned.holds(found)
    assert found.found[0].value == pytest.approx(1.0, abs=0.03)


def test_values_are_short_enough_to_be_typed() -> None:
    net = linear(torch.tensor([[0.0], [1.0]]), torch.tensor([0.0, -0.61803398]))
    found = Questioned(policy(net), rows(torch.tensor([[0.1]]))).flips([1.0])
    assert [flip.value for flip in found.found] == [0.62]


def test_a_change_of_a_large_number_holds_too() -> None:
    net = linear(torch.tensor([[0.0], [1.0]]), torch.tensor([0.0, -1_000_000.7]))
    questioned = Questioned(policy(net), rows(torch.tensor([[1_000_000.0]])))
    found = questioned.flips([1.0])
    assert [np.float32(flip.value) for flip in found.found] == [1_000_000.75]
    assert questioned.choice(0, 0.75)[0] == 1
    assert questioned.choice(0, 0.6875)[0] == 0


def test_features_that_never_moved_are_not_searched() -> None:
    net = linear(torch.tensor([[0.0] * 3, [1.0] * 3]), torch.tensor([0.0, -0.5]))
    found = Questioned(policy(net), rows(torch.zeros(1, 3))).flips([0.0, float("nan"), 1.0])
    assert [flip.feature for flip in found.found] == [2]


def test_states_to_look_up_flip_where_another_begins() -> None:
    """Beyond the last state the policy fails, and the search ends there."""
    net = made(1, [1], 2)
    looked = policy(net, factory=f"{HERE}:lookup")
    questioned = Questioned(looked, rows(torch.tensor([[0.0]])))
    found = questioned.flips([2.0])
    questioned.holds(found)
    assert [(flip.value, flip.choice) for flip in found.found] == [(1.0, 1)]


def test_the_recurrent_state_stays_as_it_is() -> None:
    net = linear(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([0.0, -3.0]))
    row = rows(torch.zeros(1, 1), recurrent=matrix(torch.tensor([[2.0]])))
    questioned = Questioned(policy(net, kind="recurrent"), row)
    found = questioned.flips([1.0])
    questioned.holds(found)
    assert found.found[0].value == pytest.approx(1.0, rel=0.02)


NET = made(1, [3, 8], 4)
ROW = rows(torch.zeros(1, 3), torch.tensor([[1.0, 1, 0, 1]]))
SPREAD = [1.0] * 3


@pytest.mark.parametrize(
    ("job", "kind", "words"),
    [
        (FindFlips(policy(NET), ROW, "op", SPREAD, 5.0, 2), "illegal", "the mask forbids it"),
        (FindFlips(policy(NET), ROW, "slot", SPREAD, 5.0), "policy", "no probabilities of slot"),
        (FindFlips(policy(NET), ROW, "op", [1.0], 5.0), "bad_job", "1 spreads of 3 features"),
        (FindFlips(policy(NET), ROW, "op", SPREAD, 5.0, 4), "bad_job", "op has no option 4"),
        (
            FindFlips(policy(NET), rows(torch.zeros(2, 3)), "op", SPREAD, 5.0),
            "bad_job",
            "2 rows, where one is questioned",
        ),
        (
            FindFlips(policy(NET), rows(torch.full((1, 3), torch.nan)), "op", SPREAD, 5.0),
            "policy",
            "the probabilities of op are not all numbers",
        ),
        (FindFlips(policy(NET, kind="raising"), ROW, "op", SPREAD, 5.0), "policy", "own mistake"),
    ],
)
def test_what_cannot_be_searched_is_told(job: FindFlips, kind: str, words: str) -> None:
    said = failed(job)
    assert said.kind == kind
    assert words in said.sentence


def test_heads_that_have_probabilities_are_offered() -> None:
    assert failed(FindFlips(policy(NET), ROW, "slot", SPREAD, 5.0)).hint == "it gives those of: op"
