"""Sums of the rewards that follow a decision, beside a loop that adds them one by one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sanctum.model.decisions import HORIZONS
from sanctum.record.ahead import ENDINGS, ahead, endings
from sanctum.telemetry import EpisodeEnded, Step
from sanctum.telemetry.arrays import NOT_MEASURED, VALUE, pack
from tests.record.saying import ENVS, ingest

SHAPES = st.tuples(st.integers(1, 30), st.integers(1, 4))
REWARDS = st.one_of(
    st.floats(-100, 100, width=32), st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
)


@st.composite
def courses(draw: Any) -> tuple[Any, Any]:
    shape = draw(SHAPES)
    return draw(arrays(np.float32, shape, elements=REWARDS)), draw(arrays(bool, shape))


def one_by_one(rewards: Any, ended: Any, steps: int, row: int, env: int) -> float:
    """What a person would add up with a pencil."""
    total = 0.0
    for at in range(row, row + steps):
        if at >= len(rewards):
            return math.nan
        total += float(rewards[at][env])
        if ended is not None and ended[at][env]:
            break
    return total


@given(courses(), st.sampled_from([*HORIZONS, 2, 40]), st.booleans())
def test_a_sum_is_what_one_gets_by_adding_step_by_step(
    course: tuple[Any, Any], steps: int, knows_ends: bool
) -> None:
    rewards, ended = course[0], course[1] if knows_ends else None
    found = ahead(rewards, ended, steps)
    assert found.shape == rewards.shape
    for row, env in np.ndindex(rewards.shape):
        wanted = one_by_one(rewards, ended, steps, row, env)
        assert found[row, env] == wanted or (math.isnan(wanted) and math.isnan(found[row, env]))


def test_a_reward_that_was_not_measured_spoils_only_the_sums_that_need_it() -> None:
    rewards = np.array([[1.0], [2.0], [math.nan], [4.0], [5.0], [6.0]])
    ended = np.array([[False], [True], [False], [False], [False], [True]])
    assert ahead(rewards, ended, 2)[:, 0].tolist()[:2] == [3.0, 2.0]
    assert np.isnan(ahead(rewards, ended, 2)[2, 0])
    assert ahead(rewards, ended, 5)[3:, 0].tolist() == [15.0, 11.0, 6.0]


def test_what_is_given_is_left_as_it_was() -> None:
    rewards, ended = np.ones((6, 2)), np.zeros((6, 2), bool)
    ahead(rewards, ended, 5)
    assert rewards.tolist() == np.ones((6, 2)).tolist()
    assert not ended.any()


# where episodes end


def ends(folder: Path, *, done: Any = None, episode: Any = None, told: Any = ()) -> list[Any]:
    """Steps and environments whose rows end an episode, in a run that says so in some way."""
    to = ingest(folder / "run.db")
    for step in range(8):
        columns = {"reward": pack(np.ones(ENVS))}
        if done is not None:
            columns["done"] = pack(np.array([(step, env) in done for env in range(ENVS)]))
        if episode is not None:
            columns["episode"] = episode(step)
        to.take(Step(step, columns))
    for env, step in told:
        to.take(EpisodeEnded(env, 1, step))
    rows = to.reader.window(("reward", *ENDINGS), 1, 0, 7)
    found = endings(to.reader, 1, rows)
    assert found.shape == (8, ENVS)
    to.writer.db.close()
    return [(int(step), int(env)) for step, env in np.argwhere(found)]


def test_done_says_where_episodes_end_whatever_else_was_said(tmp_path: Path) -> None:
    told = {"episode": lambda step: pack(np.full(ENVS, step)), "told": [(0, 3)]}
    assert ends(tmp_path, done={(2, 1), (6, 0)}, **told) == [(2, 1), (6, 0)]


def test_an_episode_ends_before_its_number_changes(tmp_path: Path) -> None:
    def numbers(step: int) -> Any:
        states = np.array([VALUE, VALUE, NOT_MEASURED if step == 5 else VALUE], np.uint8)
        return pack(np.array([step // 4, 0, step // 5]), states)

    assert ends(tmp_path, episode=numbers) == [(3, 0)]


@pytest.mark.parametrize(("told", "found"), [([], []), ([(2, 4), (1, 7)], [(4, 2), (7, 1)])])
def test_without_either_the_ends_that_were_told_count(
    tmp_path: Path, told: Any, found: Any
) -> None:
    assert ends(tmp_path, told=told) == found
