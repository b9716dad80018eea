"""Whole lives: the graveyard, earlier seeds of a slot, what the policy decided about one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sanctum.errors import UsageError
from sanctum.model.readings import LATE, NOT_MEASURED, Measured, NonFinite, number
from sanctum.record.ahead import ahead
from sanctum.telemetry import EpisodeEnded, Message
from tests.record.saying import ENVS
from tests.record.test_standing import FOSSILIZE, GERMINATE, WAIT, Told, chances


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


Said = tuple[int, str, str, float | None]
"""Step, stage, cause, contribution."""


def seed(env: int, *said: Said, kind: str = "conv") -> list[tuple[int, str, Said]]:
    """All that is said of a seed of slot ``a``."""
    return [(env, kind, one) for one in said]


def play(told: Told, count: int, *seeds: list[tuple[int, str, Said]], start: int = 0) -> None:
    """So many steps, and in each what is said of the seeds then."""
    for step in range(start, start + count):
        told.step(step)
        for one in seeds:
            for env, kind, (when, stage, cause, adds) in one:
                if when == step:
                    told.seed(step, stage, env=env, cause=cause, contribution=adds, blueprint=kind)


# the graveyard


def test_graves_are_counted_by_blueprint_and_reason_with_age_and_last_contribution(
    told: Told,
) -> None:
    play(
        told,
        20,
        seed(0, (0, "TRAINING", "GERMINATE", 1.0), (3, "TRAINING", "", 3.0)),
        seed(0, (4, "CULLED", "CULL", None), (6, "DORMANT", "", None)),
        seed(1, (1, "TRAINING", "GERMINATE", None), (9, "CULLED", "CULL", None)),
        seed(2, (1, "TRAINING", "", 8.0), (3, "DORMANT", "episode ended", None), kind="norm"),
        seed(0, (7, "TRAINING", "GERMINATE", 2.0)),
    )
    graves = told.ask.blueprints_list(graveyard=True).graveyard
    assert [(one.blueprint, one.reason, one.count) for one in graves] == [
        ("conv", "CULL", 2),
        ("norm", "episode ended", 1),
    ]
    assert (graves[0].age_steps, graves[0].contribution) == (Measured(6), Measured(3))
    assert (graves[0].measured, graves[1].contribution) == (1, Measured(8))
    assert told.ask.blueprints_list().graveyard == []


def test_a_seed_that_was_kept_is_in_no_grave(told: Told) -> None:
    kept = (0, "TRAINING", "", 1.0), (1, "FOSSILIZED", "FOSSILIZE", 5.0)
    play(told, 4, seed(0, *kept, (2, "DORMANT", "episode ended", None)))
    assert told.ask.blueprints_list(graveyard=True).graveyard == []


def test_the_graveyard_is_that_of_one_environment_and_of_the_moment(told: Told) -> None:
    play(
        told,
        10,
        seed(0, (0, "TRAINING", "", 1.0), (4, "CULLED", "CULL", None)),
        seed(1, (0, "TRAINING", "", 2.0), (5, "CULLED", "CULL", None)),
    )
    only = told.ask.blueprints_list(graveyard=True, env=1)
    assert (only.total.germinated, only.graveyard[0].contribution) == (1, Measured(2))
    assert told.ask.blueprints_list("4", graveyard=True).graveyard[0].count == 1
    with pytest.raises(UsageError, match="no environment 9"):
        told.ask.blueprints_list(env=9)


def test_the_last_contribution_is_found_across_blocks_and_is_no_other_seeds(told: Told) -> None:
    play(
        told,
        40,  # ten blocks
        seed(0, (1, "TRAINING", "", 7.0), (2, "CULLED", "CULL", None), (3, "DORMANT", "", None)),
        seed(0, (5, "TRAINING", "", None), (30, "CULLED", "CULL", None)),
        seed(1, (2, "TRAINING", "", 4.0), (33, "CULLED", "CULL", None), kind="norm"),
        seed(2, (2, "TRAINING", "", float("nan")), (9, "CULLED", "CULL", None), kind="sick"),
    )
    graves = {one.blueprint: one for one in told.ask.blueprints_list(graveyard=True).graveyard}
    assert (graves["conv"].count, graves["conv"].measured) == (2, 1)
    assert graves["norm"].contribution == Measured(4)
    assert (graves["sick"].contribution, graves["sick"].measured) == (NonFinite("nan"), 0)


def test_what_is_told_later_is_added_to_what_was_counted_before(told: Told) -> None:
    play(told, 3, seed(0, (0, "TRAINING", "", 1.0)))
    assert told.ask.blueprints_list().total.alive == 1
    end = (3, "CULLED", "CULL", None), (4, "DORMANT", "", None)
    play(told, 3, seed(0, *end, (5, "TRAINING", "", 2.0)), start=3)
    total = told.ask.blueprints_list(graveyard=True).total
    assert (total.germinated, total.alive, total.pruned, total.recent) == (2, 1, 1, 2)
    assert told.ask.blueprints_list("2").total.germinated == 1


def test_picks_of_late_are_those_of_the_last_hundred(told: Told) -> None:
    every = [
        seed(
            0,
            (2 * place, "TRAINING", "", None),
            (2 * place + 1, "DORMANT", "", None),
            kind="old" if place < 60 else "new",
        )
        for place in range(120)
    ]
    for place, one in enumerate(every):
        play(told, 2, one, start=2 * place)
    picked = {one.blueprint: one.recent for one in told.ask.blueprints_list().rows}
    assert picked == {"old": 40, "new": 60}


# one slot


def test_the_seeds_before_a_seed_are_told_in_short(told: Told) -> None:
    play(
        told,
        12,
        seed(0, (0, "TRAINING", "GERMINATE", 1.5), (2, "BLENDING", "gate blend", 2.5)),
        seed(0, (4, "CULLED", "CULL", None), (5, "DORMANT", "", None)),
        seed(0, (6, "TRAINING", "GERMINATE", None), kind="norm"),
    )
    answer = told.ask.seed_read(0, "a")
    assert answer.lives_count == 2
    assert [(one.blueprint, one.born, one.ended) for one in answer.lives] == [
        ("norm", 6, None),
        ("conv", 0, 4),
    ]
    earlier = answer.lives[1]
    assert (earlier.stage, earlier.reason) == ("BLENDING", "CULL")
    assert earlier.contribution == Measured(2.5)


def test_an_empty_slot_shows_the_curves_and_events_of_its_last_seed(told: Told) -> None:
    play(
        told,
        12,
        seed(0, (0, "TRAINING", "", 9.0), (1, "DORMANT", "", None)),
        seed(0, (3, "TRAINING", "", 1.0), (4, "BLENDING", "", 2.0), (6, "DORMANT", "", None)),
    )
    answer = told.ask.seed_read(0, "a")
    assert answer.contribution is not None
    assert answer.contribution.steps == [3, 4]
    assert {one.step for one in answer.events} == {3, 4, 6}


def test_decisions_about_a_seed_are_those_of_its_life_that_named_its_slot(told: Told) -> None:
    said = {2: (GERMINATE, 0), 5: (FOSSILIZE, 1), 60: (FOSSILIZE, 0), 61: (FOSSILIZE, 0)}
    for step in range(64):
        op, slot = said.get(step, (WAIT, None))
        columns = {"action__op": [op] * ENVS, "action__slot": [slot] * ENVS}
        told.step(step, {"probability/op": chances(0.7, 0.2, 0.1)}, reward=[1.0] * ENVS, **columns)
        if step == 2:
            told.seed(step, "TRAINING", cause="GERMINATE", gradient_health=0.5)
    gradient = told.ask.seed_read(0, "a").gradient
    assert gradient is not None
    assert gradient.values == [Measured(0.5)]
    made = told.ask.seed_read(0, "a").decisions
    assert [(one.step, one.action) for one in made] == [
        (2, "GERMINATE"),
        (60, "FOSSILIZE"),
        (61, "FOSSILIZE"),
    ]
    assert number(made[0].probability) == pytest.approx(0.2)
    assert [one.return_5 for one in made] == [Measured(5), LATE, LATE]


# an environment


def test_the_reward_of_five_steps_is_that_of_ahead_and_stops_at_the_episodes_end(
    told: Told,
) -> None:
    random = np.random.default_rng(3)
    rewards, ended = random.normal(size=(20, ENVS)), random.random((20, ENVS)) < 0.15
    for step in range(20):
        told.step(step, reward=list(rewards[step]), done=list(ended[step].astype(float)))
    found = [number(one.return_5) for one in told.ask.env_read(1).decisions]
    wanted = ahead(rewards.astype(np.float32), ended, 5)[:, 1]
    assert [one is None for one in found] == list(np.isnan(wanted))
    known = [(a, b) for a, b in zip(found, wanted, strict=True) if a is not None]
    assert len(known) > 14
    assert all(a == pytest.approx(b, abs=1e-5) for a, b in known)


def test_a_reward_that_was_not_said_makes_no_sum(told: Told) -> None:
    for step in range(9):
        columns = {} if step == 4 else {"reward": [1.0] * ENVS}
        told.step(step, **columns)
    returns = [one.return_5 for one in told.ask.env_read(0).decisions]
    assert returns[:6] == [*[NOT_MEASURED] * 5, LATE]


def test_what_befell_the_slots_at_its_decisions_is_with_them(told: Told) -> None:
    play(
        told,
        30,
        seed(0, (3, "TRAINING", "GERMINATE", None), (28, "CULLED", "CULL", None)),
        seed(1, (28, "TRAINING", "GERMINATE", None)),
    )
    told.to.take(Message("of no slot", "info", "x", 28, 0))
    answer = told.ask.env_read(0)
    assert [(one.step, one.data["to"]) for one in answer.changes] == [(28, "CULLED")]
    assert [one.step for one in told.ask.env_read(0, "5").changes] == [3]


def test_components_are_added_up_since_the_episode_began(told: Told) -> None:
    for step in range(10):
        parts = {"reward__gain": [1.0] * ENVS, "reward__rent": [None if step == 8 else 0.5] * ENVS}
        told.step(step, reward=[1.5] * ENVS, **parts)
    told.to.take(EpisodeEnded(0, 1, 6))
    answer = told.ask.env_read(0)
    assert answer.episode_first_step == 7
    assert answer.rewards is not None
    earned = {one.name: one.episode for one in answer.rewards.components}
    assert earned == {"gain": Measured(3), "rent": Measured(1)}
    assert answer.rewards.total.episode == Measured(4.5)
    then = told.ask.env_read(0, "6")
    assert then.episode_first_step is None  # the step that ends an episode belongs to it
    assert then.rewards is not None
    assert then.rewards.total.episode == NOT_MEASURED


@pytest.mark.parametrize(
    ("columns", "first"),
    [
        ({"done": [0, 0, 1, 0, 0, 0]}, 3),
        ({"episode": [1, 1, 1, 1, 2, 2]}, 4),
        ({"env_step": [7, 8, 9, 0, 1, 2]}, 3),
        ({"env_step": [7, 8, 9, 10, 11, 12]}, 0),
        ({"done": [0] * 6}, 0),
        ({}, None),
    ],
)
def test_where_an_episode_began_is_told_by_whatever_is_said_of_it(
    told: Told, columns: dict[str, list[int]], first: int | None
) -> None:
    for step in range(6):
        told.step(step, **{name: [float(of[step])] * ENVS for name, of in columns.items()})
    assert told.ask.env_read(0).episode_first_step == first
