"""A piece of a real recording, imported; what the record answers is counted again in the JSON.

The piece is round 3 of 5 and 8 epochs of round 4, as Esper wrote them, behind the recording's first
line with its `start_episode` set to where the piece begins.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sanctum.adapters.translation import Translator
from sanctum.adapters.translation.words import OPS
from sanctum.cli.importing import Importing
from sanctum.model.readings import Measured
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.wire.places import record_path

RECORDING = Path(__file__).parent / "data" / "esper_short.jsonl.gz"
ENVS, EPOCHS = 8, 50


@pytest.fixture(scope="module")
def events():
    with gzip.open(RECORDING, "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def reader(events, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANCTUM_HOME", str(tmp_path_factory.mktemp("home")))
        importing = Importing()
        translator = Translator(importing.open, "short", RECORDING.name)
        for event in events:
            translator.take(event)
        translator.close()
        importing.finish()
        with closing(sqlite3.connect(record_path("short"))) as db:
            yield Reader(db)


@pytest.fixture
def record(reader):
    return Record(reader, RECORDING)


@pytest.fixture(scope="module")
def columns(reader):
    """Every column as (steps, envs) values and states, and the row of each step."""
    window = reader.window(reader.column_names(), 1, 0, 10**6)
    rows = {int(step): row for row, step in enumerate(window.steps)}
    return {name: (v[..., 0], s) for name, (v, s) in window.cells.items()}, rows


def of(events, type, kind=None):
    found = [one["data"] for one in events if one["event_type"] == type]
    return [data for data in found if kind is None or data["kind"] == kind]


def step_of(data):
    return data["episode_idx"] // ENVS * EPOCHS + data["inner_epoch"] - 1


def decisions(events):
    return of(events, "ANALYTICS_SNAPSHOT", "last_action")


def test_every_event_is_counted_by_its_type(events, record):
    expected = Counter(
        one["event_type"]
        + (f"/{one['data']['kind']}" if one["event_type"] == "ANALYTICS_SNAPSHOT" else "")
        for one in events
    )
    source = record.run_read().source
    assert source.counts == expected
    assert (source.unknown, source.refused_count, source.refused) == (0, 0, [])
    assert len(expected) >= 17


def test_nothing_is_missing_and_how_it_ended_is_said(record):
    run = record.run_read()
    assert run.lost == []
    assert (run.first_step, run.last_step, run.last_update) == (100, 157, 3)
    assert run.state.word == "ended"
    assert run.state.why == (
        "the recording stops after 3 of 5 rounds, in epoch 8 of 50 of the next"
    )


def test_every_environment_step_is_there(events, columns):
    cells, rows = columns
    for data in of(events, "EPOCH_COMPLETED"):
        place = rows[step_of(data)], data["env_id"]
        for name, key in (("accuracy", "val_accuracy"), ("val_loss", "val_loss")):
            assert cells[name][1][place] == 0
            assert cells[name][0][place] == pytest.approx(data[key], rel=1e-6)
        assert cells["env_step"][0][place] == data["inner_epoch"]
        assert cells["episode"][0][place] == data["episode_idx"]


def test_rewards_add_up_at_every_environment_step(events, columns, record):
    cells, rows = columns
    total = np.zeros((len(rows), ENVS))
    for name, sign in record.run_read().header.rewards.items():
        values, states = cells[f"reward/{name}"]
        assert set(np.unique(states)) <= {0, 2}
        total += sign * np.where(states == 0, values, 0.0)
    assert np.abs(cells["reward"][0] - total).max() < 1e-6
    for data in decisions(events):
        place = rows[step_of(data)], data["env_id"]
        assert cells["reward"][0][place] == data["total_reward"]
        assert cells["reward/compute_rent"][0][place] == data["reward_components"]["compute_rent"]
    answer = record.rewards_read(window=58)
    assert abs(answer.worst_residual.value) < 1e-6
    assert answer.rows == 58


def test_decisions_are_counted_by_op_and_by_whether_they_could_be_done(events, columns):
    cells, _ = columns
    expected = Counter((one["action_name"], one["action_success"]) for one in decisions(events))
    ops, done = cells["action/op"][0], cells["success"][0]
    counted = {
        (name, bool(well)): int(((ops == index) & (done == well)).sum())
        for index, name in enumerate(OPS)
        for well in (0, 1)
    }
    assert {key: count for key, count in counted.items() if count} == expected
    assert len({op for op, _ in expected}) == 6


def test_contributions_are_measured_where_esper_measured_them(events, columns):
    cells, rows = columns
    values, states = cells["context/seed_contribution"]
    expected = {
        (rows[step_of(one)], one["env_id"]): points
        for one in decisions(events)
        if (points := one["reward_components"]["seed_contribution"]) is not None
    }
    assert expected
    found = {
        (int(r), int(e)): float(values[r, e]) for r, e in zip(*np.nonzero(states == 0), strict=True)
    }
    assert found == expected


def test_the_distribution_is_kept_where_it_is_whole(events, columns):
    cells, rows = columns
    whole = {
        (rows[step_of(one)], one["env_id"])
        for one in decisions(events)
        if one["action_confidence"] + sum(chance for _, chance in one["alternatives"]) >= 0.999
    }
    states = cells["probability/op"][1]
    assert {(int(r), int(e)) for r, e in zip(*np.nonzero(states == 0), strict=True)} == whole
    assert 0 < len(whole) < states.size


def test_transitions_are_those_of_the_events_and_of_environments_that_were_rebuilt(events, record):
    lines = record.events_list(type="stage", limit=10_000).rows
    rebuilt = [one for one in lines if one.data["cause"] == "the environment was rebuilt"]
    told = Counter((one.data["from"], one.data["to"]) for one in lines if one not in rebuilt)
    expected = Counter(
        (one["from_stage"], one["to_stage"]) for one in of(events, "SEED_STAGE_CHANGED")
    )
    born = len(of(events, "SEED_GERMINATED"))
    assert sum(n for (_, to), n in told.items() if to == "GERMINATED") == born
    assert {key: n for key, n in told.items() if key[1] != "GERMINATED"} == expected
    assert rebuilt
    assert all(one.step == 150 for one in rebuilt)
    stages = {stage for pair in expected for stage in pair}
    assert len(stages) == 9


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("gate", "SEED_GATE_EVALUATED"),
        ("germinated", "SEED_GERMINATED"),
        ("pruned", "SEED_PRUNED"),
        ("fossilized", "SEED_FOSSILIZED"),
        ("counterfactual", "COUNTERFACTUAL_MATRIX_COMPUTED"),
        ("tamiyo_initiated", "TAMIYO_INITIATED"),
        ("entropy_collapse_alpha_speed", "GRADIENT_ANOMALY"),
        ("plateau", "PLATEAU_DETECTED"),
    ],
)
def test_every_event_of_these_types_is_on_the_timeline(events, record, type, kind):
    given = of(events, kind)
    if kind == "GRADIENT_ANOMALY":
        given = [one for one in given if one["anomaly_type"] == type]
    assert record.events_list(type=type, limit=1).total == len(given) > 0


def test_the_log_of_each_action_is_one_event(events, record):
    rows = of(events, "MORPHOLOGY_CAUSAL_LOG")
    lines = record.events_list(type="morphology", limit=10_000).rows
    phases = Counter()
    for line in lines:
        phases[line.data["action_id"]] += len(line.data["phases"])
    assert phases == Counter(one["action_id"] for one in rows)
    seeds = {one["action_id"]: one["rng_seed"] for one in rows}
    assert all(line.data["rng_seed"] == str(seeds[line.data["action_id"]]) for line in lines)


@pytest.mark.parametrize("step", [110, 128, 149, 150, 157])
def test_seeds_at_a_step_are_those_that_the_events_told(events, record, step):
    """Blueprint and stage as of the step, from the events alone; alpha from the last epoch."""
    expected, alphas = {}, {}
    for one in events:
        data, kind = one["data"], one["event_type"]
        if kind == "EPOCH_COMPLETED":
            now = step_of(data)
            if now > step:
                break
            env = data["env_id"]
            if data["inner_epoch"] == 1:
                expected = {key: seed for key, seed in expected.items() if key[0] != env}
            for slot, seed in data["seeds"].items():
                alphas[env, slot] = seed["alpha"]
        elif kind == "SEED_GERMINATED":
            expected[data["env_id"], data["slot_id"]] = "GERMINATED", data["blueprint_id"]
        elif kind == "SEED_STAGE_CHANGED":
            key = data["env_id"], data["slot_id"]
            expected[key] = data["to_stage"], expected[key][1]
    living = {"GERMINATED", "TRAINING", "BLENDING", "HOLDING", "FOSSILIZED"}
    expected = {key: seed for key, seed in expected.items() if seed[0] in living}
    found = record.seeds_list(at=str(step)).rows
    assert {(one.env, one.slot): (one.stage, one.blueprint) for one in found} == expected
    for one in found:
        if one.stage in ("BLENDING", "HOLDING"):
            assert one.alpha.value == pytest.approx(alphas[one.env, one.slot])


def test_the_seed_that_was_fossilized_has_its_life_and_its_contribution(events, record):
    (data,) = of(events, "SEED_FOSSILIZED")
    env, slot = data["env_id"], data["slot_id"]
    answer = record.seed_read(env, slot, at="149")
    row = answer.row
    assert (row.stage, row.blueprint) == ("FOSSILIZED", data["blueprint_id"])
    assert isinstance(row.contribution, Measured)
    last = [
        one["configs"]
        for one in of(events, "COUNTERFACTUAL_MATRIX_COMPUTED")
        if (one["env_id"], one["slot_ids"], one["episode_idx"] // ENVS) == (env, [slot], 2)
    ][-1]
    assert row.contribution.value == last[-1]["accuracy"] - last[0]["accuracy"]
    assert "fossilized" in {one.type for one in answer.events}
    assert answer.alpha is not None


def test_episodes_ended_as_they_said(events, record):
    expected = {one["episode_idx"]: one for one in of(events, "EPISODE_OUTCOME")}
    rows = record.episodes_list(limit=100).rows
    assert {one.episode for one in rows} == expected.keys()
    for one in rows:
        assert one.final_accuracy.value == expected[one.episode]["final_accuracy"]
        assert one.episode_return.value == expected[one.episode]["episode_reward"]


def test_the_update_is_the_one_that_was_completed(events, record):
    (data,) = of(events, "PPO_UPDATE_COMPLETED")
    readings = {one.name: one.value for one in record.policy_read().readings}
    for name, key in (
        ("approx_kl", "kl_divergence"),
        ("entropy.op", "head_op_entropy"),
        ("entropy_weighted", "entropy"),
        ("advantage_std", "pre_norm_advantage_std"),
        ("grad_norm.op", "head_op_grad_norm"),
        ("v_return_correlation", "v_return_correlation"),
        ("lstm_h_rms", "lstm_h_rms"),
    ):
        assert readings[name].value == data[key]
    free = data["head_op_learnable_fraction"]
    assert readings["entropy"].value == pytest.approx(data["head_op_entropy"] / free)
