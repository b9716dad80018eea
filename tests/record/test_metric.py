"""What `metric.read` says of readings of every kind, by whatever name they are asked for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sanctum.errors import UsageError
from sanctum.model.explained import Extreme
from sanctum.model.readings import MASKED, NOT_MEASURED, Measured, NonFinite, number
from sanctum.record.health import DEGRADED_POINTS, SILENT_AFTER_STEPS, STALLED_STEPS
from sanctum.record.record import Record
from sanctum.telemetry import EpisodeEnded, SeedState, Step, Update
from sanctum.telemetry.arrays import pack
from sanctum.telemetry.metrics import CATALOGUE
from sanctum.telemetry.metrics.about import ANSWERS
from tests.record.saying import ENVS, ingest

OPS = ["WAIT", "GROW", "PRUNE"]


class Told:
    """A record in the making: three environments, one slot, two heads, two components."""

    def __init__(self, folder: Path) -> None:
        self.to = ingest(
            folder / "run.db",
            actions={"op": OPS, "slot": ["a"]},
            slots=["a"],
            rewards={"gain": 1, "rent": -1, "tax": -1},
            inside={"tax": "rent"},
            units={"value": "sigma"},
            rollout_steps=4,
        )
        self.ask = Record(self.to.reader, folder / "run.db")

    def step(self, step: int, **columns: Any) -> None:
        flat = {name.replace("__", "/"): pack(np.array(one)) for name, one in columns.items()}
        self.to.take(Step(step, flat, {}))

    def update(self, number: int, step: int, masked: tuple[str, ...] = (), **scalars: Any) -> None:
        named = {name.replace("__", "."): one for name, one in scalars.items()}
        self.to.take(Update(number, named, [one.replace("__", ".") for one in masked], step=step))


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def test_a_reading_of_updates_has_its_value_its_verdict_and_the_one_before(told: Told) -> None:
    told.step(0, reward=[0.0] * ENVS)
    told.update(1, 0, approx_kl=0.004)
    told.step(1, reward=[0.0] * ENVS)
    told.update(2, 1, approx_kl=0.05)
    told.step(2, reward=[0.0] * ENVS)
    now = told.ask.metric_read("approx_kl")
    assert (now.value, now.previous, now.verdict) == (Measured(0.05, 1), Measured(0.004), "crit")
    assert (now.per, now.try_next) == ("update", "brain ratio")
    assert "train/approx_kl" in now.other_names
    then = told.ask.metric_read("approx_kl", at="0")
    assert (then.value, then.previous, then.verdict) == (Measured(0.004), NOT_MEASURED, "ok")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("train/approx_kl", "approx_kl"),
        ("Approx_KL", "approx_kl"),
        ("kl", "approx_kl"),
        (" approx_kl ", "approx_kl"),
        ("entropy.op", "entropy.op"),
        ("rent", "reward/rent"),
        ("reward/rent", "reward/rent"),
        ("reward.rent", "reward/rent"),
        ("phase_train_ms", "vital/phase_train_ms"),
        ("outlier_pct", "vital/observation_outlier_pct"),
        ("seed/a/contribution", "contribution"),
        ("seed.a.contribution", "contribution"),
        ("age", "age_steps"),
        ("opportunity_rate", "opportunity_rate"),
        ("houses", "houses"),
        ("q.GROW", "q.GROW"),
        ("first_minibatch_ratio_deviation", "first_minibatch_ratio_deviation"),
    ],
)
def test_a_name_is_understood_as_people_spell_it(told: Told, typed: str, name: str) -> None:
    told.step(
        0,
        reward=[0.0] * ENVS,
        houses=[3.0] * ENVS,
        reward__rent=[0.1] * ENVS,
        vital__phase_train_ms=[9.0] * ENVS,
        vital__observation_outlier_pct=[0.2] * ENVS,
    )
    told.to.take(SeedState(0, "a", "TRAINING", 0, "conv", {"contribution": 1.5}))
    told.update(1, 0, approx_kl=0.1)
    assert told.ask.metric_read(typed).name == name


def test_what_is_said_of_environments_is_a_mean_with_its_ends(told: Told) -> None:
    told.step(0, accuracy=[50.0, 60.0, 70.0])
    told.step(1, accuracy=[50.0, 60.0, 76.0])
    now = told.ask.metric_read("accuracy")
    assert (now.value, now.previous, now.count) == (Measured(62.0), Measured(60.0), 3)
    assert (now.least, now.greatest) == (Extreme("0", 50.0), Extreme("2", 76.0))
    assert (now.per, now.unit, now.try_next) == ("environment", "percent", "env 0")


def test_an_environment_that_is_not_finite_is_named_and_judged(told: Told) -> None:
    told.step(0, loss=[0.5, math.nan, 0.7])
    now = told.ask.metric_read("loss")
    assert (now.value, now.verdict, now.broken) == (NonFinite("nan"), "crit", ["1"])
    assert now.least == Extreme("0", 0.5)
    assert now.try_next == "env 1"


def test_of_a_loss_the_greatest_environment_is_the_one_to_look_at(told: Told) -> None:
    told.step(0, loss=[0.5, 0.9, 0.7])
    assert told.ask.metric_read("loss").try_next == "env 1"


def test_an_old_reading_in_a_mean_makes_it_old(told: Told) -> None:
    told.step(0, accuracy=[50.0, 60.0, 70.0])
    for step in range(1, 61):
        told.to.take(Step(step, {"accuracy": pack(np.array([50.0, 60.0]))}, {}, [0, 1]))
    value = told.ask.metric_read("accuracy").value
    assert value == Measured(60.0, 60, stale=True)


def test_seeds_that_live_are_counted_and_the_worst_is_the_verdict(told: Told) -> None:
    told.step(0, reward=[0.0] * ENVS)
    for env, stage, adds in ((0, "HOLDING", 4.0), (1, "BLENDING", -1.0), (2, "PRUNED", -9.0)):
        told.to.take(SeedState(env, "a", stage, 0, "conv", {"contribution": adds}))
    now = told.ask.metric_read("contribution")
    assert (now.value, now.count, now.judged) == (Measured(1.5), 2, {"ok": 1, "warn": 1})
    assert (now.verdict, now.least) == ("warn", Extreme("1.a", -1.0))


def test_a_component_has_its_sign_and_its_share(told: Told) -> None:
    told.step(0, reward=[2.0] * ENVS, reward__gain=[3.0] * ENVS, reward__rent=[1.0] * ENVS)
    rent = told.ask.metric_read("rent")
    assert (rent.sign, rent.share, rent.value) == (-1, Measured(0.25), Measured(1.0))
    assert told.ask.metric_read("reward/tax").inside == "rent"
    assert told.ask.metric_read("accuracy").sign is None


def test_a_component_that_was_announced_and_never_said_is_not_measured(told: Told) -> None:
    told.step(0, reward=[2.0] * ENVS)
    gain = told.ask.metric_read("gain")
    assert (gain.value, gain.share) == (NOT_MEASURED, NOT_MEASURED)
    assert gain.measured_by == 'run.step(step, rewards={"gain": ...})'


def test_the_return_is_that_of_the_last_episodes(told: Told) -> None:
    told.step(0, reward=[2.0] * ENVS)
    for env, total in enumerate((1.0, 2.0, 6.0)):
        told.to.take(EpisodeEnded(env, 0, 0, 70.0, 75.0, total, 4))
    now = told.ask.metric_read("return")
    assert (now.value, now.count, now.greatest) == (Measured(3.0), 3, Extreme("2", 6.0))
    assert told.ask.metric_read("fall").value == Measured(5.0)


def test_the_residual_is_the_rewards_own(told: Told) -> None:
    told.step(0, reward=[2.5] * ENVS, reward__gain=[3.0] * ENVS, reward__rent=[1.0] * ENVS)
    assert number(told.ask.metric_read("residual").value) == pytest.approx(0.5)


def test_a_metric_that_was_never_said_is_explained_and_not_measured(told: Told) -> None:
    told.step(0, reward=[2.5] * ENVS)
    one = told.ask.metric_read("q_variance")
    assert (one.value, one.verdict) == (NOT_MEASURED, None)
    assert (one.thresholds, one.measured_by) == (
        "warn < 0.1, crit < 0.01",
        "run.update(u, q_variance=...)",
    )


def test_a_reading_of_a_head_that_had_no_meaning_is_masked(told: Told) -> None:
    told.step(0, reward=[2.5] * ENVS)
    told.update(1, 0, masked=("entropy__slot",), entropy__op=0.5)
    slot = told.ask.metric_read("entropy.slot")
    assert (slot.value, slot.verdict) == (MASKED, None)
    assert slot.meaning.startswith("of head slot: ")
    assert slot.measured_by == 'run.update(u, heads={"slot": {"entropy": ...}})'


def test_names_that_may_be_meant_too_are_said(told: Told) -> None:
    told.step(0, reward=[0.0] * ENVS, entropy=[0.5] * ENVS, reward__gain=[0.0] * ENVS)
    told.update(1, 0, entropy=0.6, gain=1.0)
    assert told.ask.metric_read("entropy").also == ["entropy of every step"]
    assert told.ask.metric_read("gain").also == ["reward/gain"]


def test_an_entropy_that_is_judged_by_another_one_shows_no_limits(told: Told) -> None:
    told.step(0, reward=[0.0] * ENVS)
    told.update(1, 0, entropy__op=0.05, choice_entropy__op=0.8)
    whole = told.ask.metric_read("entropy.op")
    assert (whole.verdict, whole.thresholds, whole.also) == (None, "", ["choice_entropy.op"])
    assert told.ask.metric_read("choice_entropy.op").verdict == "ok"


def test_the_unit_of_the_run_is_said_where_it_has_its_own(told: Told) -> None:
    told.step(0, value=[0.0] * ENVS)
    assert told.ask.metric_read("value").unit == "sigma"


def test_a_name_that_only_this_run_says_gets_nothing_made_up(told: Told) -> None:
    told.step(0, houses=[3.0, 4.0, 5.0])
    one = told.ask.metric_read("houses")
    assert (one.meaning, one.formula, one.healthy, one.when_off, one.source) == ("",) * 5
    assert (one.value, one.try_next) == (Measured(4.0), "history houses")


@pytest.mark.parametrize("name", ["aproxx_kl", "entropy.nohead", "q.FLY", "seed/a/nothing", ""])
def test_what_nobody_calls_anything_is_refused(told: Told, name: str) -> None:
    told.step(0, reward=[0.0] * ENVS)
    with pytest.raises(UsageError):
        told.ask.metric_read(name)


def test_the_nearest_name_of_this_run_is_offered(told: Told) -> None:
    told.step(0, houses=[3.0] * ENVS)
    with pytest.raises(UsageError) as refused:
        told.ask.metric_read("hauses")
    assert str(refused.value.hint).startswith("did you mean houses")


def test_every_metric_of_the_catalogue_is_explained_before_anything_was_said(told: Told) -> None:
    for name in CATALOGUE:
        if name != "grad_norm.*":
            one = told.ask.metric_read(name)
            assert (one.name, one.value) == (name, NOT_MEASURED)
            assert one.measured_by.startswith("run.")


def test_what_is_said_of_health_is_what_it_is_judged_by():
    said = ANSWERS["health"].about.formula
    assert f"degraded: {DEGRADED_POINTS:g} points below" in said
    assert f"stalled: no new best for {STALLED_STEPS} steps" in said
    assert f"silent: no row for {SILENT_AFTER_STEPS} steps" in said
    assert ANSWERS["since_best"].about.healthy == f"under {STALLED_STEPS}"
