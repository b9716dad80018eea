from __future__ import annotations

import importlib
import math
from pathlib import Path

import pytest

from sanctum.telemetry.metrics import ALIASES, CATALOGUE, GROUPS, canonical, is_of_a_head, metric
from sanctum.telemetry.metrics.about import ABOUT, ANSWERS, OTHER_WORDS, about, spelled
from sanctum.telemetry.metrics.said import call, per


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


def test_every_threshold_names_its_source_and_every_metric_its_meaning_and_a_known_group():
    assert all(one.source for one in CATALOGUE.values() if one.thresholds())
    assert all(one.meaning for one in CATALOGUE.values())
    assert {one.group for one in CATALOGUE.values()} <= set(GROUPS)


def test_an_alias_leads_into_the_catalogue_and_is_no_name_of_it():
    assert set(ALIASES.values()) <= set(CATALOGUE)
    assert not set(ALIASES) & set(CATALOGUE)


@pytest.mark.parametrize(
    ("library", "ours"),
    [
        ("train/policy_gradient_loss", "policy_loss"),
        ("losses/entropy", "entropy_nats"),
        ("ray/tune/learners/default_policy/mean_kl_loss", "approx_kl"),
        ("learners/default_policy/mean_kl_loss", "approx_kl"),
        ("train/loss_objective", "policy_loss"),
        ("Loss / Value loss", "value_loss"),
        ("update/loss/vf", "value_loss"),
        ("pre_norm_advantage_std", "advantage_std"),
    ],
)
def test_the_names_of_common_libraries_are_known(library, ours):
    assert canonical(library) == ours


@pytest.mark.parametrize("name", ["entropy_weighted", "entropy_nats"])
def test_an_entropy_that_is_not_0_to_1_is_not_judged_as_if_it_were(name):
    assert metric(name).verdict(8.6) is None
    assert metric(name).verdict(0.05) is None


def test_a_heads_gradient_is_not_held_to_the_limit_of_all_gradients():
    assert metric("grad_norm").verdict(60.0) == "warn"
    assert metric("grad_norm.slot").verdict(60.0) is None


def test_a_unit_may_be_in_the_name():
    assert metric("vital/phase_train_ms").unit == "ms"
    assert metric("vital/phase_train_cpu").unit == "0-1"
    assert metric("what/ever").unit == ""


def test_what_belongs_to_a_head_is_told_from_what_belongs_to_an_op():
    assert is_of_a_head("ratio_max.slot")
    assert not is_of_a_head("q.WAIT")
    assert metric("q.WAIT").group == "q"
    assert not is_of_a_head("ratio_max")


def test_a_metric_judged_on_both_sides_shows_the_side_its_value_is_on():
    kl = metric("approx_kl")
    assert kl.thresholds(0.05) == "warn > 0.02, crit > 0.03"
    assert "<" in kl.thresholds(-1.0)


# about


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_metric_says_how_it_comes_about_and_what_to_type_next(name):
    text = about(name)
    assert text.formula
    assert text.next


@pytest.mark.parametrize("name", [one.name for one in CATALOGUE.values() if one.thresholds()])
def test_what_can_be_off_says_what_that_usually_means(name):
    assert about(name).when_off


def test_nothing_is_told_of_what_is_no_metric():
    assert set(ABOUT) <= set(CATALOGUE)
    assert not set(ANSWERS) & {*CATALOGUE, *ALIASES}
    assert not set(OTHER_WORDS) & {*CATALOGUE, *ANSWERS, *ALIASES}
    assert {canonical(one) for one in OTHER_WORDS.values()} <= {*CATALOGUE, *ANSWERS}


LINES = sorted({one.next for one in ABOUT.values()} | {one.about.next for one in ANSWERS.values()})


@pytest.mark.parametrize("line", LINES)
def test_the_next_line_can_be_typed(line):
    word, *rest = line.format(env=7).split()
    path = Path(__file__).parents[2] / "commands" / f"{word.replace('-', '_')}.py"
    assert path.exists(), word
    command = importlib.import_module(f"sanctum.commands.{word}").command
    command.make_context(word, rest)


@pytest.mark.parametrize("text", [*ABOUT.values(), *(one.about for one in ANSWERS.values())])
def test_a_text_is_ascii_and_short_enough_for_a_screen(text):
    said = "".join(text)
    assert said.isascii()
    assert len(said) <= 420


def test_the_text_of_a_head_is_that_of_its_stem():
    assert about("entropy.slot") == about("entropy")
    assert about("grad_norm.slot").formula.startswith("L2 norm of the gradients of the head")
    assert about("train/approx_kl") == about("approx_kl")
    assert about("reward/rent") == about("reward/gain") != about("reward")
    assert about("what/ever").formula == ""


def test_sources_are_spelled_out():
    assert spelled("[PPO37], [ours]").endswith("(Huang et al., 2022); chosen here, to be tuned")
    assert spelled("") == ""
    for one in CATALOGUE.values():
        assert "[" not in spelled(one.source)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("approx_kl", "run.update(u, approx_kl=...)"),
        ("entropy.slot", 'run.update(u, heads={"slot": {"entropy": ...}})'),
        ("accuracy", "run.step(step, accuracy=...)"),
        ("reward/rent", 'run.step(step, rewards={"rent": ...})'),
        ("vital/phase_train_ms", 'run.step(step, vitals={"phase_train_ms": ...})'),
        ("context/val_acc", 'run.step(step, **{"context/val_acc": ...})'),
        ("probability", "run.step(step, probabilities=...)"),
        ("contribution", "run.seed(env, slot, stage, contribution=...)"),
        ("advantage", "run.backfill(first_step, advantage=...)"),
    ],
)
def test_the_call_that_says_a_metric_is_known(name, said):
    assert call(name) == said


def test_what_there_is_one_of_is_known():
    assert [per(one) for one in ("approx_kl", "entropy", "accuracy", "alpha", "vital/x")] == [
        "update",
        "update",
        "environment",
        "seed",
        "run",
    ]
