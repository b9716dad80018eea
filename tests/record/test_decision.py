"""One decision: its grounds as of the moment asked about, and what came of it as known by now."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from sanctum.errors import NoDataYet, UsageError
from sanctum.model.decisions import DecisionAnswer, Head
from sanctum.model.readings import (
    LATE,
    MASKED,
    NOT_MEASURED,
    Measured,
    NonFinite,
    Reading,
    number,
)
from sanctum.record.record import Record
from sanctum.telemetry import Backfill, EpisodeEnded, Source, Step, Update
from sanctum.telemetry.arrays import MASKED_CELL, VALUE, pack
from tests.record.episodes import fame_of, hall, recorded
from tests.record.saying import ENVS, ingest

OPS, SLOTS, RULES = ["WAIT", "GROW", "PRUNE"], ["a", "b"], ["no_seed", "cooling"]
EVERY = np.ones(ENVS)
GROUNDS = (
    "decision",
    "heads",
    "features",
    "value",
    "searched",
    "first_step",
    "last_step",
    "policy_version",
    "seeds",
)
"""What must not change when more becomes known."""


class Told:
    """A record in the making: three environments, an op head and a slot head."""

    def __init__(self, folder: Path, **header: Any) -> None:
        about = {"actions": {"op": OPS, "slot": SLOTS}, "mask_rules": RULES, "rollout_steps": 8}
        self.to = ingest(folder / "run.db", **(about | header))
        self.ask = Record(self.to.reader, folder / "run.db")

    def step(self, step: int, op: Any = (0, 0, 0), slot: Any = None, **columns: Any) -> None:
        """A vector step; matrices are those with two axes, None is masked."""
        said: dict[str, Any] = {"action/op": op, "action/slot": slot, **columns}
        arrays = {
            name.replace("__", "/"): cells(one) for name, one in said.items() if one is not None
        }
        matrices = {name: one for name, one in arrays.items() if len(one.shape) > 1}
        rest = {name: one for name, one in arrays.items() if name not in matrices}
        self.to.take(Step(step, rest, matrices))

    def later(self, first: int, **columns: Any) -> None:
        """Columns of earlier steps."""
        for name, values in columns.items():
            self.to.take(Backfill(first, {name: pack(np.array(values, np.float64))}))

    def decision(self, env: int = 0, at: str | None = None) -> DecisionAnswer:
        return self.ask.decision_read(env, at=at)


def cells(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return pack(values)
    states = np.array([MASKED_CELL if one is None else VALUE for one in values], np.uint8)
    plain = np.array([0 if one is None else one for one in values])
    return pack(plain, states)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def numbers(readings: list[Reading]) -> list[Any]:
    return [None if (one := number(each)) is None else round(one, 4) for each in readings]


# heads


MASK = np.array([[1, 0, 1]] * ENVS, bool)
RULED = np.array([[-1, 1, -1]] * ENVS, np.int8)
CHANCES = np.array([[0.75, 0.0, 0.25]] * ENVS)
RAW = np.array([[2.0, 5.0, 0.9]] * ENVS, np.float32)


def test_each_op_says_whether_it_was_legal_by_which_rule_not_and_how_likely(told: Told) -> None:
    told.step(0, mask__op=MASK, mask_rule__op=RULED, probability__op=CHANCES, logit__op=RAW)
    head = told.decision(1).heads[0]
    assert (head.head, head.chosen, head.forced, head.normalised) == ("op", "WAIT", False, False)
    assert [one.legal for one in head.options] == [True, False, True]
    assert [one.rule for one in head.options] == [None, "cooling", None]
    assert [one.chosen for one in head.options] == [True, False, False]
    assert numbers([one.probability for one in head.options]) == [0.75, 0.0, 0.25]
    assert numbers([one.logit for one in head.options]) == [2.0, 5.0, 0.9]
    assert number(head.entropy) == pytest.approx(0.8113, abs=1e-4)  # of two legal options


def test_without_logits_those_are_the_logarithms_of_the_probabilities(told: Told) -> None:
    told.step(0, mask__op=MASK, probability__op=CHANCES)
    head = told.decision().heads[0]
    assert head.normalised
    assert numbers([one.logit for one in head.options]) == [-0.2877, None, -1.3863]
    assert head.options[1].logit == MASKED
    assert head.options[1].rule is None
    told.step(1, probability__op=CHANCES)
    unmasked = told.decision().heads[0].options[1]
    assert (unmasked.legal, unmasked.logit) == (None, NonFinite("-inf"))


def test_rules_alone_say_what_is_legal_and_an_unknown_rule_has_its_number(told: Told) -> None:
    told.step(0, mask_rule__op=np.array([[-1, 7, 0]] * ENVS))
    head = told.decision().heads[0]
    assert [(one.legal, one.rule) for one in head.options] == [
        (True, None),
        (False, "#7"),
        (False, "no_seed"),
    ]
    assert head.forced
    assert head.entropy == NOT_MEASURED


@pytest.mark.parametrize("op", [0, 1, 2])
def test_of_a_head_told_for_every_op_the_row_of_the_chosen_one_counts(told: Told, op: int) -> None:
    of_ops = np.array([[[-1, 0], [1, -1], [0, 1]]] * ENVS)
    told.step(0, op=(op,) * ENVS, slot=(1, 1, 1), mask_rule__slot=of_ops.reshape(ENVS, -1))
    head = told.decision(2).heads[1]
    rules = {0: [None, "no_seed"], 1: ["cooling", None], 2: ["no_seed", "cooling"]}
    assert [one.rule for one in head.options] == rules[op]
    assert [one.legal for one in head.options] == [rule is None for rule in rules[op]]


def test_a_head_that_had_no_part_has_no_choice_and_no_force(told: Told) -> None:
    told.step(0, slot=(None, 1, 0), mask__slot=np.zeros((ENVS, 2), bool))
    without, used = told.decision(0).heads[1], told.decision(1).heads[1]
    assert (without.chosen, without.forced) == (None, None)
    assert (used.chosen, used.forced) == ("b", True)


def test_a_matrix_of_another_width_says_nothing(told: Told) -> None:
    told.step(0, probability__op=np.full((ENVS, 5), 0.2))
    assert all(one.probability == NOT_MEASURED for one in told.decision().heads[0].options)


def test_what_was_said_of_single_options_is_used_where_there_is_no_distribution(
    told: Told,
) -> None:
    single = {"probability.WAIT": [0.7] * 3, "entropy.op": [0.6] * 3, "forced.op": [0.0] * 3}
    told.step(0, slot=(1, 1, 1), **single, **{"confidence.slot": [0.9] * 3})
    op, slot = told.decision().heads
    assert numbers([one.probability for one in op.options]) == [0.7, None, None]
    assert numbers([one.logit for one in op.options]) == [round(math.log(0.7), 4), None, None]
    assert (number(op.entropy), op.forced) == (0.6, False)
    assert numbers([one.probability for one in slot.options]) == [None, 0.9]


def test_a_sick_policy_shows_its_nan_and_a_masked_option_does_not(told: Told) -> None:
    sick = np.array([[math.nan, math.nan, 1.0]] * ENVS)
    told.step(0, mask__op=MASK, probability__op=sick)
    head = told.decision().heads[0]
    assert head.options[0].probability == NonFinite("nan")
    assert head.options[1].probability == MASKED
    assert head.entropy == NonFinite("nan")


# features


def test_a_feature_is_compared_with_all_environments_at_the_steps_before(told: Told) -> None:
    for step, seen in enumerate(([0.0, 4.0, 8.0], [2.0, 2.0, 2.0], [9.0, 4.0, 5.0])):
        told.step(step, observation=np.array(seen)[:, None])
    answer = told.decision(0)
    (one,) = answer.features
    before = np.array([0.0, 4.0, 8.0, 2.0, 2.0, 2.0])
    assert (one.name, number(one.value)) == ("feature 0", 9.0)
    assert number(one.mean) == pytest.approx(before.mean())
    assert number(one.spread) == pytest.approx(before.std())
    assert number(one.distance) == pytest.approx((9.0 - before.mean()) / before.std())
    assert (answer.first_step, answer.last_step) == (0, 1)


def test_the_features_furthest_from_their_mean_come_first_under_their_names(
    tmp_path: Path,
) -> None:
    told = Told(tmp_path, features=["same", "new", "far", "near", "sick"])
    random = np.random.default_rng(3)
    for step in range(9):
        seen = np.concatenate(
            [np.full((ENVS, 1), 0.1), np.full((ENVS, 1), 7.0), random.normal(size=(ENVS, 4))], 1
        ).astype(np.float32)
        if step == 8:
            seen[0] = [0.1, 7.5, -5.0, 1.0, math.nan, 0.2]
        told.step(step, observation=seen)
    features = told.decision().features
    assert [one.name for one in features[:3]] == ["sick", "new", "far"]
    assert features[-1].name == "same"
    found = {one.name: one for one in features}
    assert found["new"].distance == NonFinite("inf")  # it was always 7, and is not now
    assert found["same"].distance == Measured(0.0)
    assert found["same"].spread == Measured(0.0)
    assert number(found["far"].distance) < -2
    assert (found["sick"].value, found["sick"].distance) == (NonFinite("nan"), NOT_MEASURED)
    assert number(found["sick"].mean) is not None
    assert "feature 5" in found


@pytest.mark.parametrize(
    ("kind", "offset", "scale"),
    [
        (np.float32, 0.0, 1.0),
        (np.float64, 1.7e9, 0.01),
        (np.float32, 3e5, 1e3),
        (np.uint8, 100.0, 20.0),
        (np.int64, -3e15, 40.0),
        (bool, 0.0, 1.0),
    ],
)
def test_means_and_spreads_are_right_for_numbers_of_any_kind(
    told: Told, kind: Any, offset: float, scale: float
) -> None:
    random = np.random.default_rng(5)
    raw = offset + scale * random.normal(size=(30, ENVS, 4))
    seen = (raw > 0.3) if kind is bool else raw.astype(kind)
    for step in range(30):
        told.step(step, observation=seen[step])
    before = seen[:-1].reshape(-1, 4).astype(np.longdouble)
    for one in told.decision(1).features:
        place = int(one.name.split()[-1])
        spread = float(before[:, place].std())
        mean = pytest.approx(float(before[:, place].mean()), abs=1e-4 * spread, rel=1e-15)
        assert number(one.mean) == mean
        assert number(one.spread) == pytest.approx(spread, rel=1e-4)


def test_what_is_not_finite_spoils_no_mean(told: Told) -> None:
    for step, value in enumerate((1.0, math.nan, math.inf, 3.0, 2.0)):
        told.step(step, observation=np.full((ENVS, 1), value))
    (one,) = told.decision().features
    assert (number(one.mean), number(one.spread)) == (2.0, 1.0)


def test_the_first_decision_has_nothing_to_be_compared_with(told: Told) -> None:
    told.step(0, observation=np.ones((ENVS, 2)))
    answer = told.decision()
    assert [one.mean for one in answer.features] == [NOT_MEASURED] * 2
    assert [one.distance for one in answer.features] == [NOT_MEASURED] * 2
    assert (answer.neighbours, answer.searched, answer.first_step) == ([], 0, None)


def test_wide_observations_are_compared_over_fewer_steps(told: Told) -> None:
    for step in range(6):
        told.step(step, op=(0, 1, 1), observation=np.full((ENVS, 2**20), step, np.uint8))
    answer = told.decision()
    assert (answer.first_step, answer.last_step) == (3, 4)
    assert answer.searched == 4
    assert len(answer.features) == 1024


def test_observations_that_gave_way_are_dropped_not_unmeasured(told: Told) -> None:
    for step in range(9):
        told.step(step, observation=np.full((ENVS, 2), step))
    told.to.writer.seal()
    told.to.tick()
    told.to.writer.db.execute(
        "UPDATE chunks SET data = x'' WHERE column IN (SELECT id FROM columns WHERE name = ?)",
        ("observation",),
    )
    answer = told.decision(at="2")
    assert answer.features == []
    assert "features" not in answer.missing
    assert told.decision(at="2").heads[0].chosen == "WAIT"


# neighbours


STEPS = 90


def walk(told: Told, seed: int, *, episodes: bool) -> tuple[Any, Any, Any]:
    """A run of which every number is known: ops, observations and rewards."""
    random = np.random.default_rng(seed)
    ops = random.choice(3, (STEPS, ENVS), p=[0.6, 0.2, 0.2])
    seen = np.cumsum(random.normal(size=(STEPS, ENVS, 4)), axis=0).astype(np.float32)
    seen[..., 3] = 0.5
    rewards = random.normal(size=(STEPS, ENVS))
    for step in range(STEPS):
        numbered = {"episode": np.full(ENVS, step // 25)} if episodes else {}
        told.step(
            step,
            op=ops[step],
            slot=[0 if op else None for op in ops[step]],
            observation=seen[step],
            reward=rewards[step],
            **numbered,
        )
    return ops, seen, rewards


def nearest(ops: Any, seen: Any, step: int, env: int, episodes: bool) -> list[tuple[int, int]]:
    """The neighbours as a person would pick them, going through all of them by distance."""
    before = seen[:step].reshape(-1, 4).astype(np.float64)
    spread = before.std(axis=0)[:3]
    found = [
        (math.sqrt((((seen[at, one] - seen[step, env])[:3] / spread) ** 2).mean()), at, one)
        for at in range(step)
        for one in range(ENVS)
        if ops[at, one] != ops[step, env] and not (one == env and step - at < 20)
    ]
    taken: list[tuple[int, int]] = []
    for is_strict in (True, False):
        for _, at, one in sorted(found):
            alike = [
                other == one and (abs(at - when) < 20 or (is_strict and at // 25 == when // 25))
                for when, other in taken
            ]
            if not episodes:
                alike = [other == one and abs(at - when) < 20 for when, other in taken]
            if len(taken) < 5 and not any(alike):
                taken.append((at, one))
    return taken


@pytest.mark.parametrize("episodes", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_neighbours_are_the_nearest_with_another_op_each_of_a_course_of_its_own(
    told: Told, seed: int, episodes: bool
) -> None:
    ops, seen, _ = walk(told, seed, episodes=episodes)
    for step, env in ((STEPS - 1, 0), (60, 1), (30, 2), (12, 0), (1, 1)):
        answer = told.decision(env, at=str(step))
        found = [(one.step, one.env) for one in answer.neighbours]
        assert sorted(found) == sorted(nearest(ops, seen, step, env, episodes))
        assert [one.distance for one in answer.neighbours] == sorted(
            one.distance for one in answer.neighbours
        )
        others = ops[:step] != ops[step, env]
        others[max(0, step - 19) :, env] = False
        assert answer.searched == others.sum()
        for one in answer.neighbours:
            assert one.action == OPS[ops[one.step, one.env]] != answer.decision.action
            assert one.target == ("a" if one.action != "WAIT" else None)


def test_a_distance_is_in_standard_deviations_of_what_was_seen_before(told: Told) -> None:
    told.step(0, op=(1, 0, 0), observation=np.array([[0.0, 5.0], [4.0, 5.0], [2.0, 5.0]]))
    told.step(1, op=(0, 0, 0), observation=np.array([[0.0, 5.0], [3.0, 5.0], [0.0, 5.0]]))
    (one,) = told.decision(1).neighbours
    spread = np.std([0.0, 4.0, 2.0])
    assert (one.env, one.step) == (0, 0)
    assert one.distance == pytest.approx(3.0 / spread)  # the constant one does not count


def test_what_came_of_a_neighbour_is_told_beside_it(told: Told) -> None:
    _, _, rewards = walk(told, 1, episodes=True)
    for one in told.decision(0, at="80").neighbours:
        end = one.step // 25 * 25 + 25
        for far in one.ahead:
            stop = min(one.step + far.steps, end)
            if stop <= STEPS:
                wanted = rewards[one.step : stop, one.env].sum()
                assert number(far.value) == pytest.approx(wanted)
            else:
                assert far.value == LATE
        assert number(one.reward) == pytest.approx(rewards[one.step, one.env])


# what came of it


def test_reward_next_value_and_sums_are_those_of_the_steps_after(told: Told) -> None:
    for step in range(30):
        told.step(step, reward=EVERY * step, value=EVERY * 100 + step, done=EVERY * (step == 27))
    answer = told.decision(at="4")
    assert (number(answer.reward), number(answer.value)) == (4.0, 104.0)
    assert number(answer.next_value) == 105.0
    assert [(one.steps, number(one.value)) for one in answer.ahead] == [
        (1, 4.0),
        (5, 30.0),
        (20, sum(range(4, 24))),
    ]
    near_the_end = told.decision(at="25").ahead
    assert [number(one.value) for one in near_the_end] == [25.0, 78.0, 78.0]
    assert told.decision(at="27").next_value == MASKED


def test_what_is_still_to_come_is_late_and_never_comes_once_the_run_is_over(told: Told) -> None:
    for step in range(8):
        told.step(step, reward=EVERY, value=EVERY)
        if step == 3:
            told.later(0, advantage=[[0.5] * ENVS] * 4, returns=[[2.0] * ENVS] * 4)
    answer = told.decision()
    assert number(answer.ahead[0].value) == 1.0
    assert [one.value for one in answer.ahead[1:]] == [LATE, LATE]
    assert (answer.next_value, answer.advantage, answer.episode_return) == (LATE, LATE, LATE)
    assert "advantage" not in answer.missing
    credited = told.decision(at="2")
    assert (number(credited.advantage), number(credited.episode_return)) == (0.5, 2.0)
    told.to.end("finished")
    over = told.decision()
    assert [one.value for one in over.ahead[1:]] == [NOT_MEASURED, NOT_MEASURED]
    assert (over.next_value, over.advantage) == (NOT_MEASURED, NOT_MEASURED)


def test_a_sum_over_steps_that_were_lost_is_not_made_up(told: Told) -> None:
    for step in (0, 1, 2, 3, 9, 10, 11, 12, 13, 14):
        told.step(step, reward=EVERY, value=EVERY)
    assert [one.value for one in told.decision(at="1").ahead] == [Measured(1.0)] + [
        NOT_MEASURED
    ] * 2
    assert told.decision(at="3").next_value == NOT_MEASURED
    told.step(15, value=EVERY)
    assert told.decision(at="13").ahead[1].value == LATE
    assert told.decision(at="11").ahead[1].value == NOT_MEASURED  # one reward was not said


def test_a_reward_that_is_not_finite_is_told_as_it_is(told: Told) -> None:
    for step, reward in enumerate((1.0, math.inf, -math.inf, 1.0, 1.0, 1.0)):
        told.step(step, reward=EVERY * reward)
    assert [one.value for one in told.decision(at="0").ahead[:2]] == [
        Measured(1.0),
        NonFinite("nan"),
    ]
    assert told.decision(at="1").reward == NonFinite("inf")


def test_an_episode_whose_end_was_only_told_stops_the_sums(told: Told) -> None:
    for step in range(10):
        told.step(step, reward=EVERY, value=EVERY)
        if step == 4:
            told.to.take(EpisodeEnded(1, 1, 4))
    assert number(told.decision(1, at="2").ahead[1].value) == 3.0
    assert number(told.decision(0, at="2").ahead[1].value) == 5.0
    assert told.decision(1, at="4").next_value == MASKED


def test_components_are_those_of_the_step_and_of_no_earlier_one(tmp_path: Path) -> None:
    told = Told(tmp_path, rewards={"rent": -1, "gain": 1})
    told.step(0, reward=EVERY, reward__rent=EVERY * 2, reward__gain=EVERY * 3)
    told.step(1, reward=EVERY, reward__gain=EVERY * 4)
    parts = {one.name: one for one in told.decision().components}
    assert (parts["gain"].last, parts["rent"].last) == (Measured(4.0), NOT_MEASURED)
    assert parts["rent"].sign == -1


# moments


def test_a_decision_of_the_past_stands_on_what_was_known_and_shows_what_came(told: Told) -> None:
    for step in range(8):
        told.step(step, reward=EVERY, value=EVERY * step)
    told.later(0, value=[[50.0] * ENVS] * 4, reward=[[7.0] * ENVS] * 4)
    then = told.decision(at="2")
    assert number(then.value) == 2.0  # as it was said by then
    assert number(then.decision.value) == 2.0
    assert (number(then.reward), number(then.decision.reward)) == (7.0, 7.0)  # as it is known now
    assert number(then.next_value) == 50.0
    assert number(then.ahead[1].value) == 7.0 + 7.0 + 3.0


def test_the_grounds_of_a_decision_are_the_same_however_much_later_one_asks(told: Told) -> None:
    random = np.random.default_rng(11)
    then: dict[int, DecisionAnswer] = {}
    for step in range(40):
        chances = random.dirichlet(np.ones(3), ENVS)
        told.step(
            step,
            op=random.integers(0, 3, ENVS),
            slot=[None, 0, 1],
            observation=random.normal(size=(ENVS, 3)),
            probability__op=chances,
            mask__op=np.ones((ENVS, 3), bool),
            value=random.normal(size=ENVS),
            reward=random.normal(size=ENVS),
        )
        if step % 8 == 7:
            told.to.take(Update(step // 8 + 1, {"loss": 1.0}, [], step - 7, step, step))
            told.later(step - 7, advantage=random.normal(size=(8, ENVS)))
            told.later(step - 7, value=random.normal(size=(8, ENVS)))
        if step % 10 == 3:
            told.to.tick()
        then[step] = told.decision(1)
    for step, answer in then.items():
        now = told.decision(1, at=str(step))
        for name in GROUNDS:
            before, after = (msgspec.to_builtins(getattr(one, name)) for one in (answer, now))
            if name == "decision":
                for one in (before, after):
                    for came in ("reward", "return_5"):
                        one.pop(came, None)
            assert after == before, (step, name)
        assert [(one.env, one.step, one.distance) for one in now.neighbours] == [
            (one.env, one.step, one.distance) for one in answer.neighbours
        ]
        assert all(one.step < step for one in now.neighbours)


def test_the_newest_decision_by_a_moment_is_found_where_the_last_steps_made_none(
    told: Told,
) -> None:
    told.step(0, op=(1, 0, 0), reward=EVERY)
    told.step(1, op=(None, 0, 0), reward=EVERY)
    told.to.take(Step(2, {"reward": pack(EVERY)}))
    answer = told.decision(0)
    assert (answer.step, answer.decision.action, answer.at.step) == (0, "GROW", 2)
    assert told.decision(1).step == 1


def test_the_weights_that_decided_are_those_said_or_of_the_last_update_before(told: Told) -> None:
    told.step(0)
    assert told.decision().policy_version is None
    told.to.take(Update(1, {"loss": 1.0}, [], 0, 0, 0))
    told.step(1)
    assert told.decision().policy_version == 1
    assert told.decision(at="0").policy_version is None
    told.step(2, policy_version=EVERY * 5)
    assert told.decision().policy_version == 5


def test_a_decision_of_an_episode_of_the_hall_of_fame_knows_that_episode_alone(
    tmp_path: Path,
) -> None:
    fame = hall(tmp_path / "hall" / "digits.hall.db")
    to = recorded(tmp_path / "one.sanctum.db", "one", actions={"op": OPS})
    found, _ = fame_of(to, fame)
    for step in range(30):
        matrices = {"observation": pack(np.full((ENVS, 1), float(step)))}
        said = {"accuracy": EVERY * (50 + step % 10), "reward": EVERY, "value": EVERY * step}
        said["action/op"] = np.full(ENVS, step % 2)
        to.take(Step(step, {name: pack(one) for name, one in said.items()}, matrices))
        if step in (4, 29):
            to.take(EpisodeEnded(1, step // 10, step, best_accuracy=59.0))
    found.settle()
    ask = Record(to.reader, tmp_path, hall=fame)
    answer = ask.decision_read(1, at="hall:1:28")
    assert (answer.at.hall, answer.step, answer.decision.action) == (1, 28, "WAIT")
    assert (number(answer.value), number(answer.next_value)) == (28.0, 29.0)
    assert [number(one.value) for one in answer.ahead] == [1.0, 2.0, 2.0]
    assert [(one.env, one.step) for one in answer.neighbours] == [(1, 7)]
    assert answer.first_step == 5
    with pytest.raises(UsageError, match="environment 0 is not here"):
        ask.decision_read(0, at="hall:1")


# what was not said


def test_a_bare_run_names_the_call_for_each_thing_it_never_said(told: Told) -> None:
    told.step(0)
    answer = told.decision()
    assert answer.missing["features"] == "run.step(observation=...)"
    assert answer.missing["legal ops"] == "run.step(masks=...)"
    assert answer.missing["advantage"] == "run.backfill(first_step, advantage=...)"
    assert "rules" not in answer.missing  # nothing is known to be forbidden
    told.step(1, mask__op=MASK, observation=np.ones((ENVS, 1)), reward=EVERY, value=EVERY)
    assert list(told.decision().missing) == [
        "rules",
        "probabilities",
        "logits",
        "advantage",
        "return",
    ]


def test_a_run_of_another_program_is_told_no_call(told: Told) -> None:
    told.to.take(Source("esper", "a file"))
    told.step(0)
    assert set(told.decision().missing.values()) == {""}


def test_no_decision_and_no_environment_are_said_in_a_sentence(told: Told) -> None:
    with pytest.raises(NoDataYet, match="not reported a step"):
        told.decision()
    told.to.take(Step(0, {"reward": pack(EVERY)}))
    with pytest.raises(NoDataYet, match="no decision of env 1 was recorded") as error:
        told.decision(1)
    assert error.value.hint == "run.step(actions=...) records them"
    with pytest.raises(UsageError, match="no environment 3: this run has 3, 0 to 2"):
        told.decision(3)


def test_a_run_of_continuous_actions_has_no_choice_to_tell_of(tmp_path: Path) -> None:
    told = Told(tmp_path, actions={})
    told.to.take(Step(0, {"action.x": pack(EVERY)}))
    with pytest.raises(NoDataYet, match="this run's actions are continuous"):
        told.decision()


def test_heads_may_have_any_names(tmp_path: Path) -> None:
    told = Told(tmp_path, actions={"blend": ["x", "y"], "move": ["up", "down"]})
    told.to.take(Step(0, {"action/blend": pack(EVERY), "action/move": pack(EVERY * 0)}))
    heads: list[Head] = told.decision().heads
    assert [(one.head, one.chosen) for one in heads] == [("blend", "y"), ("move", "up")]
