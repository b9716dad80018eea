"""Integrated gradients add up; where the answer is known, it is that."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sanctum.model.jobs import FindSaliency, Matrix, Policy, SaliencyFound
from sanctum.replay.asking import matrix
from sanctum.replay.saliency import MOST_POINTS
from tests.replay.grounds import asked, evaluated, failed, made, policy, random, rows
from tests.replay.policies import HERE, Net

SEEDS = st.integers(0, 10_000)
NET = made(1, [3, 8], 4)
SEEN = torch.tensor([[0.5, -1.0, 2.0]])
MASK = torch.tensor([[1.0, 1, 0, 1]])
ZERO = matrix(torch.zeros(1, 3))
SURE = Net([3], 2)
with torch.no_grad():
    SURE.op.weight.copy_(torch.tensor([[1e4] * 3, [0.0] * 3]))
    SURE.op.bias.zero_()


def found(job: FindSaliency) -> SaliencyFound:
    answer = asked(job)
    assert isinstance(answer, SaliencyFound), answer
    return answer


def adds_up(salient: SaliencyFound, share: float = 0.01) -> None:
    difference = salient.log_probability - salient.baseline_log_probability
    assert sum(salient.integrated) == pytest.approx(difference, rel=share, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    SEEDS,
    st.lists(st.integers(2, 12), min_size=1, max_size=4),
    st.integers(2, 5),
    st.sampled_from(["relu", "tanh"]),
    st.sampled_from([0.5, 2.0, 5.0]),
    st.sampled_from(["net", "single"]),
)
def test_integrated_gradients_of_any_small_network_add_up(
    seed: int, sizes: list[int], options: int, activation: str, gain: float, kind: str
) -> None:
    net = made(seed, sizes, options, activation, gain)
    seen = torch.randn(1, sizes[0], generator=random(seed)) * 2
    mask = torch.rand(1, options, generator=random(seed)) > 0.3
    option = seed % options
    mask[0, option] = True
    baseline = torch.randn(1, sizes[0], generator=random(seed + 1))
    with torch.no_grad():
        ends = net.double().readings(
            torch.cat([baseline, seen]).double(), {"op": mask.repeat(2, 1)}, {}
        )["probability/op"][:, option]
    net.float()
    assume(ends.min() > (1e-30 if kind == "single" else 1e-300))
    job = FindSaliency(
        policy(net, kind=kind), rows(seen, mask.float()), "op", option, matrix(baseline)
    )
    salient = found(job)
    adds_up(salient)
    tolerance = 1e-9 if kind == "net" else 1e-4
    assert salient.log_probability == pytest.approx(math.log(ends[1]), abs=tolerance)
    assert salient.baseline_log_probability == pytest.approx(math.log(ends[0]), abs=tolerance)
    assert salient.steps <= MOST_POINTS


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.booleans())
def test_of_a_linear_policy_with_two_options_they_are_as_worked_out(
    seed: int, in_float32: bool
) -> None:
    """log p is logsigmoid(u) with u linear, so that each feature has its share of u's rise."""
    net = made(seed, [4], 2)
    seen = torch.randn(1, 4, generator=random(seed))
    base = torch.randn(1, 4, generator=random(seed + 1))
    kind = "single" if in_float32 else "net"
    salient = found(FindSaliency(policy(net, kind=kind), rows(seen), "op", 1, matrix(base)))
    weight = (net.op.weight[1] - net.op.weight[0]).detach().double().numpy()
    bias = float((net.op.bias[1] - net.op.bias[0]).detach())
    x, x0 = seen[0].double().numpy(), base[0].double().numpy()
    u, u0 = weight @ x + bias, weight @ x0 + bias
    log, log0 = (-math.log1p(math.exp(-one)) for one in (u, u0))
    integrated = (log - log0) * weight * (x - x0) / (u - u0)
    gradient = x * weight / (1 + math.exp(u))
    close = {"rtol": 2e-3, "atol": 1e-4} if in_float32 else {"rtol": 1e-3, "atol": 1e-6}
    assert np.allclose(salient.integrated, integrated, **close)
    assert np.allclose(salient.gradient_input, gradient, **close)


def test_gradient_times_input_is_the_slope_at_the_row() -> None:
    salient = found(FindSaliency(policy(NET), rows(SEEN, MASK), "op", 3, ZERO))
    moved = SEEN.repeat(6, 1)
    step = 1e-2
    for feature in range(3):
        moved[2 * feature, feature] += step
        moved[2 * feature + 1, feature] -= step
    (said,) = evaluated(policy(NET), rows(moved, MASK.repeat(6, 1)))
    logs = said["probability/op"][:, 3].log()
    slopes = (logs[0::2] - logs[1::2]) / (2 * step)
    assert salient.gradient_input == pytest.approx((slopes * SEEN[0]).tolist(), rel=0.02, abs=1e-3)


def test_a_step_so_steep_that_any_even_grid_misses_it_still_adds_up() -> None:
    net = Net([1, 1], 2, "tanh")
    with torch.no_grad():
        net.trunk[0].weight.fill_(3000.0)
        net.trunk[0].bias.fill_(-900.0)
        net.op.weight.copy_(torch.tensor([[0.0], [2.0]]))
        net.op.bias.zero_()
    job = FindSaliency(policy(net), rows(torch.tensor([[1.0]])), "op", 1, matrix(torch.zeros(1, 1)))
    salient = found(job)
    adds_up(salient, share=1e-3)
    assert salient.log_probability - salient.baseline_log_probability == pytest.approx(
        2.0, abs=0.05
    )


def test_logits_tell_of_what_is_too_improbable_for_a_probability() -> None:
    row = rows(SEEN, torch.tensor([[1.0, 1.0]]))
    salient = found(FindSaliency(policy(SURE, kind="logits"), row, "op", 1, ZERO))
    assert salient.log_probability == pytest.approx(-15_000)
    assert salient.integrated == pytest.approx([-5_000, 10_000, -20_000], rel=1e-3)


def test_from_the_baseline_to_itself_there_is_nothing() -> None:
    salient = found(FindSaliency(policy(NET), rows(SEEN), "op", 0, matrix(SEEN)))
    assert salient.integrated == [0.0] * 3
    assert salient.log_probability == salient.baseline_log_probability


def test_the_recurrent_state_is_held_fixed() -> None:
    net = made(4, [3, 6], 3)
    state = matrix(torch.tensor([[0.7]]))
    row = rows(torch.tensor([[1.0, -1.0]]), recurrent=state)
    salient = found(
        FindSaliency(policy(net, kind="recurrent"), row, "op", 1, matrix(torch.zeros(1, 2)))
    )
    assert len(salient.integrated) == 2
    adds_up(salient)


NO_GRADIENT = "the policy's probabilities have no gradient to the observation"


@pytest.mark.parametrize(
    ("of", "row"),
    [
        (policy(NET, kind="detached"), rows(SEEN)),
        (policy(NET, kind="leaving"), rows(SEEN)),
        (policy(made(1, [1], 2), factory=f"{HERE}:lookup"), rows(torch.tensor([[2.0]]))),
    ],
    ids=["detached", "leaving", "lookup"],
)
def test_a_policy_without_a_gradient_is_told(of: Policy, row: object) -> None:
    baseline = matrix(torch.zeros(row.observation.shape))  # type: ignore[attr-defined]
    said = failed(FindSaliency(of, row, "op", 1, baseline))  # type: ignore[arg-type]
    assert said.kind == "policy"
    assert said.sentence.startswith(NO_GRADIENT)
    assert said.hint == "flip and what-if work without gradients"


@pytest.mark.parametrize(
    ("job", "kind", "words"),
    [
        (FindSaliency(policy(NET), rows(SEEN, MASK), "op", 2, ZERO), "illegal", "forbids it"),
        (FindSaliency(policy(NET), rows(SEEN), "op", 4, ZERO), "bad_job", "op has no option 4"),
        (FindSaliency(policy(NET), rows(SEEN), "op", -1, ZERO), "bad_job", "op has no option -1"),
        (FindSaliency(policy(NET), rows(SEEN), "slot", 0, ZERO), "policy", "of slot"),
        (
            FindSaliency(policy(NET), rows(SEEN), "op", 0, Matrix((1, 2), bytes(8))),
            "bad_job",
            "a baseline of 2 features",
        ),
        (
            FindSaliency(policy(SURE), rows(SEEN), "op", 1, ZERO),
            "policy",
            "the log-probability is -inf at the row",
        ),
        (FindSaliency(policy(NET, kind="raising"), rows(SEEN), "op", 1, ZERO), "policy", "mistake"),
    ],
)
def test_what_has_no_saliency_is_told(job: FindSaliency, kind: str, words: str) -> None:
    said = failed(job)
    assert said.kind == kind
    assert words in said.sentence
