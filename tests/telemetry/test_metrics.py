from __future__ import annotations

import math

import pytest

from sanctum.telemetry.metrics import CATALOGUE, canonical, metric


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("entropy", 0.5, "ok"),
        ("entropy", 0.3, "ok"),
        ("entropy", 0.29, "warn"),
        ("entropy", 0.05, "crit"),
        ("approx_kl", 0.01, "ok"),
        ("approx_kl", 0.025, "warn"),
        ("approx_kl", 0.05, "crit"),
        ("approx_kl", -0.1, "warn"),
        ("explained_variance", -0.2, "crit"),
        ("skipped_minibatches", 0, "ok"),
        ("skipped_minibatches", 1, "warn"),
        ("policy_loss", 1e9, None),
    ],
)
def test_verdicts_follow_the_thresholds(name, value, verdict):
    assert metric(name).verdict(value) == verdict


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_critical_even_without_thresholds(value):
    assert metric("policy_loss").verdict(value) == "crit"
    assert metric("never heard of").verdict(value) == "crit"


def test_another_librarys_name_is_the_same_metric():
    assert metric("train/approx_kl") is CATALOGUE["approx_kl"]
    assert canonical("losses/clipfrac") == "clip_fraction"
    assert canonical("learner_stats/kl") == "approx_kl"
    assert canonical("losses/entropy") == "entropy_nats"
    assert canonical("my/own") == "my/own"


def test_a_heads_metric_is_judged_like_the_whole_and_keeps_its_own_name():
    one = metric("entropy.slot")
    assert (one.name, one.verdict(0.05)) == ("entropy.slot", "crit")
    assert one.thresholds() == "warn < 0.3, crit < 0.1"


def test_a_reward_component_is_not_judged_as_the_reward():
    assert metric("reward/rent").thresholds() == ""
    assert metric("reward/rent").unit == "reward"


def test_an_unknown_name_is_a_metric_without_thresholds():
    assert metric("what/ever").verdict(1.0) is None


def test_every_threshold_names_its_source_and_no_alias_is_claimed_twice():
    aliases = [alias for one in CATALOGUE.values() for alias in one.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(CATALOGUE)
    assert all(one.source for one in CATALOGUE.values() if one.thresholds())


def test_a_metric_judged_on_both_sides_shows_the_side_its_value_is_on():
    kl = metric("approx_kl")
    assert kl.thresholds(0.05) == "warn > 0.02, crit > 0.03"
    assert "<" in kl.thresholds(-1.0)
