"""The health and the age of an environment over the past are those of each moment."""

from __future__ import annotations

import numpy as np
import pytest

from sanctum.record.moments import scope
from sanctum.record.questions.envs import all_rows
from sanctum.record.questions.find import condition_find
from sanctum.telemetry import Step
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest

WORDS = ("non-finite", "silent", "unknown", "new", "degraded", "stalled", "rising", "steady")


def lived(path, seed: int, block_rows: int):
    """A run in which environments fall ill in every way there is."""
    chance = np.random.default_rng(seed)
    to = ingest(path, block_rows=block_rows)
    accuracy, best = np.full(ENVS, 40.0), np.full(ENVS, 40.0)
    for step in range(0, 400, 2 if seed % 2 else 1):
        envs = [env for env in range(ENVS) if env != 2 or not 150 < step < 260]
        accuracy += np.where(step % 97 > 50, 0.0, chance.normal(0.3, 1.2, ENVS).round(1))
        if step % 140 == 60:
            accuracy[1] -= 20
        best = np.maximum(best, accuracy)
        loss = chance.normal(1, 0.1, ENVS)
        if 300 < step < 310:
            loss[0] = np.nan
        columns = {"loss": loss, "reward": loss / 10}
        if step > 10 and not 270 < step < 280:
            columns["accuracy"] = np.ma.masked_array(accuracy, chance.random(ENVS) < 0.03)
        if seed > 1:
            columns["best_accuracy"] = np.maximum.accumulate(best) + (step % 31 == 0)
        if seed != 3:
            columns["episode"] = np.full(ENVS, step // 70)
            columns["env_step"] = np.full(ENVS, step % 70)
        packed = {name: pack(values[envs]) for name, values in columns.items()}
        to.take(Step(step, packed, {}, envs))
    return to


@pytest.mark.parametrize(("seed", "block_rows"), [(1, 16), (2, 512), (3, 100), (4, 7)])
def test_health_over_the_past_is_the_health_of_each_moment(tmp_path, seed, block_rows):
    to = lived(tmp_path / "demo.sanctum.db", seed, block_rows)
    of = scope(to.reader, None, live=False, now=0.0)
    steps = [int(one) for one in to.reader.window([], 1, 0, 400).steps]
    moments = [scope(to.reader, str(step), live=False, now=0.0) for step in steps]
    seen = set()
    for env in range(ENVS):
        rows = [all_rows(one, env)[0] for one in moments]
        told = {f"health = '{word}'": [row.health.word == word for row in rows] for word in WORDS}
        told["age_steps > 3"] = [row.age_steps is not None and row.age_steps > 3 for row in rows]
        for condition, scanned in told.items():
            found = condition_find(of, condition, env, limit=None)
            begins = zip(steps, [False, *scanned], scanned, strict=False)
            starts = [step for step, before, held in begins if held and not before]
            assert [one.first for one in found.stretches] == starts, (env, condition)
            assert found.held == sum(scanned)
            seen |= {condition} if found.held else set()
    assert len(seen) >= len(WORDS)
    to.writer.db.close()
