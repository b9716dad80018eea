"""Updates, rounds and alarms of Esper's."""

from __future__ import annotations

import math

import pytest

from sanctum.adapters.translation.words import HEADS
from tests.adapters.esper_events import (
    Heard,
    batch,
    epoch,
    event,
    outcome,
    quiet,
    snapshot,
    started,
    updated,
)


def round_(*events, **start):
    """One whole round of a run, with `events` at its end."""
    heard = Heard(started(**start), *quiet())
    return heard.take(*events).close()


def scalars(*events, **start):
    (update,) = round_(*events, **start).updates
    return update.scalars, set(update.masked)


def test_an_update_has_the_catalogues_names_and_the_steps_it_learned_from():
    (update,) = round_(updated()).updates
    assert (update.update, update.first_step, update.last_step) == (1, 0, 2)
    said = update.scalars
    assert (said["approx_kl"], said["learning_rate"]) == (0.01, 3e-4)
    assert (said["advantage_mean"], said["advantage_std"]) == (-0.6, 5.0)
    assert (said["advantage_mean_normalised"], said["advantage_std_normalised"]) == (0.0, 1.0)
    assert said["update_seconds"] == pytest.approx(0.11)
    assert said["grad_norm.slot"] == 0.2
    assert not {"batch", "inner_epoch", "lr", "kl_divergence", "pre_clip_grad_norm"} & said.keys()


def test_the_weighted_sum_of_entropies_is_not_called_the_entropy():
    said, _ = scalars(updated())
    assert said["entropy_weighted"] == 8.6
    assert said["entropy.op"] == 0.4
    assert said["choice_entropy.slot"] == pytest.approx(0.8)


def test_the_policys_entropy_is_of_the_steps_at_which_it_had_a_choice():
    said, _ = scalars(updated())
    assert said["entropy"] == said["choice_entropy.op"] == pytest.approx(0.8)
    said, _ = scalars(updated(head_op_learnable_fraction=None))
    assert said["entropy"] == said["entropy.op"] == 0.4


def test_a_head_that_never_had_a_choice_has_no_entropy():
    _, masked = scalars(updated(head_slot_learnable_fraction=0.0, head_slot_entropy=0.0))
    assert {"entropy.slot", "choice_entropy.slot", "ratio_max.slot"} <= masked
    assert "entropy.op" not in masked


def test_layers_that_nobody_looked_at_are_not_healthy():
    said, _ = scalars(updated())
    for name in ("dead_layers", "exploding_layers", "nan_grad_count", "inf_grad_count"):
        assert said[name] is None, name
    looked = updated(layer_gradient_health={"op_head.0.weight": 0.0, "lstm": 0.75}, dead_layers=1)
    heard = round_(looked)
    said = heard.updates[0].scalars
    assert (said["dead_layers"], said["exploding_layers"], said["nan_grad_count"]) == (1, 0, 0)
    assert said["layer_gradient_health_min"] == 0.0
    (line,) = heard.messages("gradients")
    assert line.text == "gradients of update 1: 1 dead layers, in op_head"
    assert line.data["layers"] == {"op_head.0.weight": 0.0, "lstm": 0.75}


def test_a_count_that_is_not_0_was_measured():
    said, _ = scalars(updated(nan_grad_count=3))
    assert said["nan_grad_count"] == 3


def test_a_heads_gradient_is_what_its_state_says():
    states = {
        "head_slot_gradient_state": "not_learnable",
        "head_style_gradient_state": "missing",
        "head_op_gradient_state": "nonfinite",
        "head_op_grad_norm": None,
        "head_nan_detected": {"op": True, "slot": False},
    }
    heard = round_(updated(**states))
    (update,) = heard.updates
    assert "grad_norm.slot" in update.masked
    assert update.scalars["grad_norm.style"] is None
    assert math.isnan(update.scalars["grad_norm.op"])
    assert (update.scalars["nan_latch.op"], update.scalars["nan_latch.slot"]) == (1.0, 0.0)
    (line,) = heard.messages("gradients")
    assert line.severity == "warn"
    assert "op" in line.text and "style" in line.text


def test_ratios_of_one_inner_epoch_say_nothing():
    ones = {f"head_{head}_ratio_max": 1.0 for head in HEADS}
    one = {"ratio_mean": 1.0, "ratio_min": 1.0, "ratio_max": 1.0000002, "ratio_std": 0.0}
    heard = round_(updated(**one, **ones, kl_divergence=1e-9, clip_fraction=0.0))
    masked = set(heard.updates[0].masked)
    expected = {"approx_kl", "clip_fraction", "ratio_max", "ratio_std", "clip_fraction.op"}
    assert expected <= masked
    assert "explained_variance" not in masked
    (said,) = heard.messages("import")
    assert "one inner PPO epoch" in said.text


def test_ratios_of_several_inner_epochs_are_readings():
    said, masked = scalars(updated())
    assert (said["ratio_max"], said["ratio_max.op"]) == (1.2, 1.1)
    assert not masked & {"ratio_max", "approx_kl", "clip_fraction"}


def test_memory_of_a_device_that_is_not_used_is_absent():
    assert "cuda_memory_allocated_gb" not in scalars(updated(), policy_device="cpu")[0]
    assert scalars(updated(), policy_device="cuda:0")[0]["cuda_memory_allocated_gb"] == 0.0


def test_an_explained_variance_that_was_not_computed_is_absent_and_a_flagged_one_masked():
    said, masked = scalars(updated(explained_variance=None))
    assert said["explained_variance"] is None
    _, masked = scalars(updated(explained_variance=None, ev_low_return_variance=True))
    assert "explained_variance" in masked


def test_moments_of_advantages_that_hardly_vary_are_masked():
    said, masked = scalars(updated())
    assert said["advantage_skewness"] == 0.5
    assert "advantage_kurtosis" in masked


def test_q_of_an_op_that_was_not_valid_is_masked():
    said, masked = scalars(updated(op_q_values="[0.5 nan 1.0 0 0 0]"))
    assert said["q.WAIT"] == 0.5
    assert math.isnan(said["q.GERMINATE"])
    assert {"q.SET_ALPHA_TARGET", "q.ADVANCE"} <= masked


def test_what_is_said_of_the_round_joins_its_update():
    stats = snapshot("batch_stats", batch=1, entropy=8.6, seeds_created=3, skipped_update=False)
    counts = snapshot("action_distribution", action_counts={"WAIT": 10, "PRUNE": 2})
    said, _ = scalars(updated(), stats, batch(), counts)
    assert (said["seeds_created"], said["action_count.WAIT"]) == (3, 10)
    assert (said["avg_accuracy"], said["rolling_accuracy"], said["avg_reward"]) == (60, 61, 1.5)


def test_readings_of_an_update_that_was_skipped_are_absent():
    stats = snapshot("batch_stats", batch=1, entropy=0.0, kl_divergence=0.0, skipped_update=True)
    heard = round_(stats, batch())
    (update,) = heard.updates
    assert not {"entropy", "entropy_weighted", "approx_kl"} & update.scalars.keys()
    assert update.scalars["avg_accuracy"] == 60.0
    assert heard.messages("update_skipped")[0].severity == "warn"
    assert heard.gaps == []


def test_a_placeholder_of_a_skipped_update_is_no_update():
    assert round_(updated(skipped=True)).updates == []


def test_a_round_without_its_update_is_a_gap():
    heard = round_(batch())
    (gap,) = heard.gaps
    assert (gap.what, gap.first_step, gap.last_step) == ("updates", 0, 2)
    assert "round 1" in gap.reason


def test_the_policy_that_acts_is_that_of_the_last_update_which_was_not_skipped():
    heard = Heard(started(rounds=4), *quiet(), updated(1), batch(1))
    heard.take(*quiet(round=1), snapshot("batch_stats", batch=2, skipped_update=True), batch(2))
    heard.take(*quiet(round=2)).close()
    assert [heard.cells(step, "policy_version")[0] for step in (0, 3, 6)] == [0, 1, 1]


def test_the_end_of_an_episode_is_said_with_its_best_accuracy():
    heard = Heard(started(envs=1, epochs=2), epoch(0, 1, val_accuracy=70.0), epoch(0, 2))
    heard.take(outcome(0)).close()
    (ended,) = heard.episodes
    assert (ended.final_accuracy, ended.best_accuracy, ended.outcome) == (60.0, 70.0, "timeout")
    assert (ended.episode_return, ended.length, ended.step) == (3.5, 3, 1)
    assert ended.numbers["germinate_count"] == 4
    assert heard.cells(1, "best_accuracy") == [70.0]
    assert [heard.cells(step, "done")[0] for step in (0, 1)] == [0.0, 1.0]


ALARMS = [
    ("PLATEAU_DETECTED", {"rolling_delta": 0.1}, "plateau"),
    ("DEGRADATION_DETECTED", {"rolling_delta": -3.0}, "degradation"),
    ("IMPROVEMENT_DETECTED", {"rolling_delta": 3.0}, "improvement"),
    ("PERFORMANCE_DEGRADATION", {"env_id": 0, "current_acc": 40.0}, "performance_degradation"),
    ("GRADIENT_ANOMALY", {"anomaly_type": "lstm_nan"}, "lstm_nan"),
    ("RATIO_EXPLOSION_DETECTED", {"anomaly_type": "ratio_explosion"}, "ratio_explosion"),
    ("RATIO_COLLAPSE_DETECTED", {"anomaly_type": "ratio_collapse"}, "ratio_collapse"),
    ("VALUE_COLLAPSE_DETECTED", {"anomaly_type": "value_collapse"}, "value_collapse"),
    ("GRADIENT_PATHOLOGY_DETECTED", {"anomaly_type": "gradient_norm_drift"}, "gradient_norm_drift"),
    ("NUMERICAL_INSTABILITY_DETECTED", {"detail": "NaN"}, "numerical_instability_detected"),
    ("MEMORY_WARNING", {"gpu_allocated_gb": 70.0}, "memory_warning"),
    ("TOPOLOGY_MANIFEST_RECORDED", {"manifest_role": "source_final"}, "topology"),
    ("TAMIYO_INITIATED", {"env_id": 1, "epoch": 3, "stable_count": 3}, "tamiyo_initiated"),
    ("CHECKPOINT_LOADED", {"path": "a.pt", "start_episode": 4}, "checkpoint"),
    ("REWARD_HACKING_SUSPECTED", {"pattern": "attribution_ratio"}, "reward_hacking"),
]


@pytest.mark.parametrize(("kind", "data", "type"), ALARMS)
def test_alarms_are_lines_of_the_timeline_with_all_their_data(kind, data, type):
    heard = Heard(started(), *quiet(), event(kind, data, severity="warning")).close()
    (line,) = heard.messages(type)
    assert line.severity == "warn"
    assert line.step == 2
    assert line.data.items() >= data.items()
    assert line.text
    assert line.env == (1 if kind == "TAMIYO_INITIATED" else None)


def test_tables_and_kinds_that_no_esper_emits_are_kept():
    heard = round_(
        snapshot("summary_table", summary_table="a\nb", episodes_completed=5),
        snapshot("throughput", fps=20.0, env_id=1),
        snapshot("something_else", fps=1.0),
    )
    assert heard.messages("summary_table")[0].data["summary_table"] == "a\nb"
    assert heard.messages("throughput")[0].data["fps"] == 20.0
    (line,) = heard.messages("esper")
    assert line.data["data"]["kind"] == "something_else"
    assert heard.source.unknown == 1
