"""Decisions and rewards of Esper's, as the cells of a vector step."""

from __future__ import annotations

import math

import pytest

from sanctum.adapters.translation.words import HEADS, OPS
from tests.adapters.esper_events import COMPONENTS, Heard, action, epoch, event, outcome, started


def told(*decisions, **start):
    """A run whose first epochs hold `decisions` of environment 0 (of one environment)."""
    heard = Heard(started(envs=1, epochs=50, **start))
    for inner, one in enumerate(decisions, 1):
        one["data"]["inner_epoch"] = inner
        heard.take(epoch(0, inner), one)
    return heard.close()


def test_what_is_not_a_number_is_no_absence():
    heard = Heard(started(), epoch(0, 1, val_loss=math.nan), epoch(1, 1, val_loss=-math.inf))
    heard.close()
    assert math.isnan(heard.cells(0, "val_loss")[0])
    assert heard.cells(0, "val_loss")[1] == -math.inf
    assert heard.cells(0, "loss") == []


def test_numbers_and_flags_may_come_as_text():
    heard = told(action(0, 1, decision_entropy="0.69313455", op_masked="True", value_estimate="2"))
    assert heard.cells(0, "entropy_nats") == [pytest.approx(0.69313455)]
    assert heard.cells(0, "forced.op") == [1.0]
    assert heard.cells(0, "value") == [2.0]


def test_heads_that_do_not_matter_for_the_op_are_masked():
    given = {"style": "SIGMOID_ADD", "tempo_idx": 2, "alpha_target": 0.7}
    heard = told(action(0, 1, "WAIT"), action(0, 2, "GERMINATE", **given))
    assert [heard.cells(0, f"action/{head}") for head in ("op", "slot")] == [[0.0], ["masked"]]
    assert heard.cells(0, "entropy.slot") == heard.cells(0, "confidence.style") == ["masked"]
    names = ("op", "slot", "blueprint", "style", "tempo", "alpha_target", "alpha_speed")
    chosen = [heard.cells(1, f"action/{head}")[0] for head in names]
    assert chosen == [1.0, 1.0, 3.0, 2.0, 2.0, 1.0, "masked"]
    assert heard.cells(1, "entropy.tempo") == [pytest.approx(0.8)]


def test_a_head_with_one_choice_has_no_entropy():
    one_choice = {"op_confidence": 1.0, "op_entropy": 0.0}
    heard = told(action(0, 1, head_telemetry=one_choice, action_confidence=1.0))
    assert heard.cells(0, "entropy") == heard.cells(0, "entropy.op") == ["masked"]
    assert heard.cells(0, "confidence.op") == [1.0]


def test_probabilities_are_a_distribution_only_where_all_of_them_came():
    few = action(0, 1, "WAIT", action_confidence=0.5, alternatives=[["PRUNE", 0.3]])
    every = action(0, 2, "WAIT", action_confidence=0.6, alternatives=[["PRUNE", "0.4"]])
    heard = told(few, every)
    assert heard.cells(0, "probability.PRUNE") == [pytest.approx(0.3)]
    assert heard.cells(0, "probability/op") == []
    expected = [0.6, 0.0, 0.0, 0.4, 0.0, 0.0]
    assert heard.cells(1, "probability/op") == [pytest.approx(expected)]


def test_the_op_that_was_sampled_is_not_the_one_that_was_executed():
    blocked = action(0, 1, "GERMINATE", components={"action_name": "WAIT"}, action_success=False)
    heard = told(blocked)
    assert heard.cells(0, "action/op") == [float(OPS.index("GERMINATE"))]
    assert heard.cells(0, "executed") == [float(OPS.index("WAIT"))]
    assert heard.cells(0, "success") == [0.0]


def test_a_choice_nobody_knows_is_said_once_and_left_out():
    heard = told(*(action(0, 1, "GERMINATE", blueprint_id="brand_new") for _ in range(3)))
    assert heard.cells(2, "action/blueprint") == []
    (said,) = heard.messages("import")
    assert "brand_new" in said.text
    assert heard.source.refused_count == 3


def test_the_shaped_reward_is_its_parts_two_of_them_subtracted():
    heard = told(action(0, 1))
    (_, _, about) = heard.attempts[0]
    signs = about["rewards"]
    assert signs["occupancy_rent"] == signs["fossilized_rent"] == -1
    parts = {name: heard.cells(0, f"reward/{name}")[0] for name in signs}
    assert parts.pop("bounded_attribution") == "masked"
    total = sum(signs[name] * value for name, value in parts.items())
    assert heard.cells(0, "reward") == [pytest.approx(total, abs=1e-12)]
    assert about["inside"]["ratio_penalty"] == "bounded_attribution"
    assert about["units"]["value"] == "normalised"


def test_fields_that_nobody_writes_are_left_out_until_they_are_not_zero():
    heard = told(action(0, 1), action(0, 2, components={"stage_bonus": 0.5}))
    assert heard.cells(0, "context/stage_bonus") == heard.cells(0, "reward/stage_bonus") == []
    assert heard.cells(1, "context/stage_bonus") == [0.5]
    assert heard.cells(0, "context/drip_this_epoch") == []
    assert heard.cells(0, "context/n_active_seeds") == [0.0]


def test_what_was_not_measured_beside_the_reward_is_no_zero():
    heard = told(action(0, 1), action(0, 2, components={"seed_contribution": 0.0}))
    assert heard.cells(0, "context/seed_contribution") == []
    assert heard.cells(1, "context/seed_contribution") == [0.0]


@pytest.mark.parametrize(
    ("mode", "summands"),
    [
        ("escrow", {"escrow_forfeit", "bounded_attribution", "compute_rent"}),
        ("basic", {"compute_rent", "pbrs_bonus", "fossilize_terminal_bonus"}),
        ("basic_plus", {"compute_rent", "drip_this_epoch"}),
        ("sparse", set()),
        ("minimal", set()),
        ("simplified", set()),
    ],
)
def test_every_reward_mode_has_its_own_summands(mode, summands):
    heard = told(action(0, 1, components={"escrow_delta": 0.5}), reward_mode=mode)
    declared = set(heard.attempts[0][2]["rewards"])
    assert summands <= declared and bool(summands) == bool(declared)
    for name in declared:
        assert heard.cells(0, f"reward/{name}") != []
    if mode == "escrow":
        assert heard.cells(0, "reward/escrow_delta") == [0.5]
        assert "escrow_delta" not in declared
    else:
        assert heard.cells(0, "reward/escrow_delta") == []


def test_what_a_basic_mode_does_not_send_of_its_reward_is_what_the_others_leave():
    parts = {"compute_rent": -0.25, "pbrs_bonus": 0.5, "fossilize_terminal_bonus": None}
    heard = told(action(0, 1, components=parts, total_reward=2.0), reward_mode="basic")
    assert heard.cells(0, "reward/unattributed") == [1.75]
    heard = told(action(0, 1, components=parts, total_reward=2.0))
    assert heard.cells(0, "reward/unattributed") == []


def test_a_loss_reward_has_a_total_and_no_parts():
    heard = told(action(0, 1, components=None, total_reward=0.5), reward_mode="loss")
    assert heard.cells(0, "reward") == [0.5]
    assert heard.attempts[0][2]["rewards"] == {}
    assert heard.cells(0, "executed") == [0.0]


def test_an_environment_rewarded_in_another_mode_is_not_split_by_the_runs_parts():
    heard = Heard(started(envs=1, epochs=1, rounds=3), epoch(0, 1), action(0, 1))
    heard.take(outcome(0, reward_mode="sparse"), epoch(0, 1, episode=1), action(0, 1, episode=1))
    heard.take(outcome(0, episode=1, reward_mode="sparse")).close()
    assert heard.cells(0, "reward/pbrs_bonus") == [0.5]
    assert heard.cells(1, "reward/pbrs_bonus") == []
    (said,) = heard.messages("reward_mode")
    assert said.data == {"mode": "sparse", "of_run": "shaped"}


def test_observation_statistics_are_of_the_trainer_not_of_environment_0():
    stats = {"outlier_pct": 0.25, "nan_count": 0}
    heard = Heard(started(), epoch(0, 1), epoch(1, 1), action(0, 1, observation_stats=stats))
    heard.take(action(1, 1)).close()
    assert heard.cells(0, "vital/observation_outlier_pct") == [0.25, 0.25]


def test_phases_are_vitals_of_their_step():
    phases = {"train": {"wall_ms": 300.0, "python_cpu_ms": 150.0, "python_cpu_ratio": 0.5}}
    heard = Heard(started(), epoch(0, 1), epoch(1, 1))
    heard.take(event("PHASE_PROFILE_COMPLETED", {"phases": phases, "epoch": 1, "batch_idx": 0}))
    assert heard.cells(0, "vital/phase_train_ms") == [300.0, 300.0]
    assert heard.cells(0, "vital/phase_train_cpu") == [0.5, 0.5]


def test_an_allocator_is_a_vital_and_an_event():
    said = {"batch_idx": 0, "device": "cuda:0", "allocated_bytes": 2e9, "num_ooms": 0}
    heard = Heard(started(), epoch(0, 1), event("ALLOCATOR_STATS", said)).close()
    assert heard.cells(0, "vital/cuda_allocated_bytes") == [2e9, 2e9]
    assert "2.00 GB in use" in heard.messages("allocator")[0].text


def test_every_component_of_a_reward_lands_somewhere():
    odd = {name: 0.5 for name, value in COMPONENTS.items() if not isinstance(value, str | bool)}
    heard = told(action(0, 1, components=odd))
    elsewhere = {"val_acc", "total_reward", "action_name", "action_success", "epoch"}
    for name in COMPONENTS.keys() - elsewhere - {"seed_stage"}:
        cells = heard.cells(0, f"reward/{name}") or heard.cells(0, f"context/{name}")
        assert cells, name


@pytest.mark.parametrize(
    ("op", "heads"),
    [
        ("WAIT", "op"),
        ("GERMINATE", "op slot blueprint style tempo alpha_target"),
        ("SET_ALPHA_TARGET", "op slot style alpha_target alpha_speed alpha_curve"),
        ("PRUNE", "op slot alpha_speed alpha_curve"),
        ("FOSSILIZE", "op slot"),
        ("ADVANCE", "op slot"),
    ],
)
def test_each_op_uses_its_own_heads(op, heads):
    choices = {
        "blueprint_id": "norm",
        "style": "LINEAR_ADD",
        "tempo_idx": 1,
        "alpha_target": 1.0,
        "alpha_speed": "FAST",
        "alpha_curve": "COSINE",
    }
    heard = told(action(0, 1, op, **choices))
    used = {head for head in HEADS if heard.cells(0, f"action/{head}") != ["masked"]}
    assert used == set(heads.split())
