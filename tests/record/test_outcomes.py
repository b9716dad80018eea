"""What ops brought: held to what a person would add up by hand, and to what was known by then."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sanctum.model.readings import NOT_MEASURED, number
from sanctum.model.why import Gain, Outcome, OutcomesAnswer
from sanctum.record.questions.outcomes import spans
from sanctum.record.questions.outcomes.gains import Sides, edge
from sanctum.record.record import Record
from sanctum.telemetry import Gap, SeedState, Step
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest

OPS, RULES = ["WAIT", "GROW", "PRUNE"], ["no room", "too young", "a bug"]
WAIT, GROW, PRUNE = range(3)
FREE, NOTHING = [1, 1, 1], [1, 0, 0]
LENGTH = 8


class Told:
    """A run in the making, three environments, the same in each unless said otherwise."""

    def __init__(self, folder: Path, *, block_rows: int = 16, **header: Any) -> None:
        about = {"actions": {"op": OPS}, "mask_rules": RULES, "rollout_steps": 8}
        self.to = ingest(folder / "run.db", block_rows=block_rows, **(about | header))
        self.ask = Record(self.to.reader, folder / "run.db")

    def step(self, step: int, op: Any = WAIT, **columns: Any) -> None:
        """A vector step; what has one axis more than environments is a matrix."""
        arrays: dict[str, Any] = {}
        matrices: dict[str, Any] = {}
        said = {"action/op": op, "env_step": step % LENGTH, **columns}
        said.setdefault("done", float(step % LENGTH == LENGTH - 1))
        for name, value in said.items():
            if value is None:
                continue
            array = np.asarray(value, np.float64)
            whole = name.partition("__")[0] in ("mask", "mask_rule", "probability")
            array = np.broadcast_to(array, (ENVS, len(OPS)) if whole else (ENVS,))
            (matrices if whole else arrays)[name.replace("__", "/")] = pack(array.copy())
        self.to.take(Step(step, arrays, matrices))

    def seed(self, env: int, stage: str, step: int) -> None:
        self.to.take(SeedState(env, "a", stage, step=step))

    def outcomes(self, **asked: Any) -> OutcomesAnswer:
        return self.ask.outcomes_read(**asked)

    def op(self, name: str, **asked: Any) -> Outcome:
        return next(one for one in self.outcomes(**asked).ops if one.action == name)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def gained(one: list[Gain]) -> dict[int, tuple[Any, int]]:
    return {each.steps: (number(each.mean), each.count) for each in one}


# counting


def test_an_op_is_counted_where_it_was_taken_and_where_it_was_legal(told: Told) -> None:
    for step in range(6):
        told.step(step, [WAIT, GROW, WAIT], mask__op=[FREE, FREE, NOTHING], reward=1.0)
    answer = told.outcomes(window=4)
    assert (answer.decisions, answer.masked, answer.forced) == (12, 12, 4)
    assert (answer.first_step, answer.last_step, answer.steps) == (2, 5, 4)
    wait, grow, prune = answer.ops
    assert (wait.count, wait.legal, wait.forced) == (8, 12, 4)
    assert (grow.count, grow.legal, grow.forced) == (4, 8, 0)
    assert (prune.count, prune.legal) == (0, 8)
    assert [(each.ops, each.count) for each in wait.beside] == [(["GROW", "PRUNE"], 4)]


def test_a_rule_is_counted_by_its_name_for_each_op_it_forbids(told: Told) -> None:
    for step in range(4):
        told.step(step, mask__op=NOTHING, mask_rule__op=[-1, 0 if step < 3 else 2, 1])
    assert told.op("GROW").rules == {"no room": 9, "a bug": 3}
    assert told.op("PRUNE").rules == {"too young": 12}
    assert told.op("WAIT").rules == {}


def test_what_is_legal_is_known_from_the_rules_alone(told: Told) -> None:
    told.step(0, mask_rule__op=[-1, 0, -1])
    assert [one.legal for one in told.outcomes().ops] == [3, 0, 3]


def test_a_run_without_masks_says_so_and_counts_the_rest(told: Told) -> None:
    told.step(0, GROW, reward=2.0)
    answer = told.outcomes()
    assert answer.forced is None
    assert answer.masked == 0
    grow = next(one for one in answer.ops if one.action == "GROW")
    assert (grow.count, grow.legal, grow.forced, grow.denied) == (3, None, None, None)
    assert gained(grow.gains)[1] == (2.0, 3)


def test_forced_decisions_of_a_run_without_masks_are_no_match_for_others(told: Told) -> None:
    for step in range(16):
        told.step(step, [WAIT, GROW, WAIT], reward=[9.0, 1.0, 0.0], **{"forced.op": [1, 0, 0]})
    edge = gained(told.op("GROW").edges)[1]
    assert edge == (1.0, 16)


def test_a_probability_is_the_mean_where_the_op_was_legal(told: Told) -> None:
    masks = [FREE, FREE, NOTHING]
    told.step(0, mask__op=masks, probability__op=[[0.2, 0.8, 0], [0.6, 0.4, 0], [1, 0, 0]])
    assert number(told.op("GROW").probability) == pytest.approx(0.6)
    assert number(told.op("WAIT").probability) == pytest.approx(0.6)


def test_a_mean_probability_needs_nearly_all_decisions(told: Told) -> None:
    """Who sends the likeliest ops only says all of them where the others count for nothing."""
    for step in range(20):
        rare = step % 10 == 9
        said = None if rare else [0.5, 0.5, 0.0]
        told.step(step, PRUNE if rare else WAIT, probability__op=said)
    assert told.op("PRUNE").probability == NOT_MEASURED
    assert told.op("WAIT").probability == NOT_MEASURED
    assert number(told.op("PRUNE", window=1).probability) is None
    assert number(told.op("WAIT", at="8", window=8).probability) == 0.5


def test_a_run_of_continuous_actions_counts_its_steps_and_names_no_op(tmp_path: Path) -> None:
    told = Told(tmp_path, actions={})
    for step in range(40):
        told.step(step, None, reward=float(step % 2), value=3.0)
    answer = told.outcomes()
    assert (answer.ops, answer.decisions, answer.rival) == ([], 120, None)
    assert number(answer.reward_spread) == pytest.approx(0.5)
    assert number(answer.value) == 3.0


def test_nothing_is_known_before_the_first_step(told: Told) -> None:
    answer = told.outcomes()
    assert (answer.decisions, answer.forced, answer.last_step) == (0, None, None)


# gains


def test_rewards_are_added_up_no_further_than_the_episode(told: Told) -> None:
    for step in range(16):
        told.step(step, GROW if step in (1, 6) else WAIT, reward=1.0)
    gains = gained(told.op("GROW").gains)
    assert gains[1] == (1.0, 6)
    assert gains[5] == (pytest.approx((5 + 2) / 2), 6)
    assert gains[20] == (pytest.approx((7 + 2) / 2), 6)


def test_what_has_not_come_yet_is_left_out(told: Told) -> None:
    for step in range(7):
        told.step(step, GROW, reward=1.0, done=0.0)
    gains = gained(told.op("GROW").gains)
    assert (gains[1][1], gains[5], gains[20]) == (21, (5.0, 9), (None, 0))


def test_a_gap_in_the_telemetry_is_not_stepped_over(told: Told) -> None:
    for step in [*range(20), *range(30, 50)]:
        told.step(step, PRUNE if step == 18 else WAIT, reward=1.0, done=0.0)
    assert gained(told.op("PRUNE").gains) == {1: (1.0, 3), 5: (None, 0), 20: (None, 0)}


def test_gains_are_those_that_one_would_add_up_by_hand(told: Told) -> None:
    random = np.random.default_rng(3)
    rewards = random.normal(size=(60, ENVS))
    ops = random.integers(0, 3, (60, ENVS))
    for step in range(60):
        told.step(step, ops[step], reward=rewards[step])
    for op, name in enumerate(OPS):
        sums = []
        for step, env in zip(*np.nonzero(ops == op), strict=True):
            end = step - step % LENGTH + LENGTH
            if end <= 60 or step + 5 <= 60:
                sums.append(rewards[step : min(step + 5, end), env].sum())
        mean, count = gained(told.op(name).gains)[5]
        assert count == len(sums)
        assert mean == pytest.approx(float(np.mean(sums)))


def test_an_error_counts_episodes_and_not_their_steps(told: Told) -> None:
    for step in range(64):
        told.step(step, GROW, reward=float(step // LENGTH % 2))
    (one,) = (each for each in told.op("GROW").gains if each.steps == 1)
    clusters = 8 * ENVS
    assert number(one.error) == pytest.approx(0.5 / math.sqrt(clusters - 1))


def test_steps_are_missing_that_a_gap_tells_of_and_nobody_said(told: Told) -> None:
    for step in range(64):
        if step % 3 == 0 or step < 4:
            told.step(step, reward=0.0)
        elif step % 3 == 2:
            told.to.take(Gap("everything", step - 1, step, 2, "the queue was full"))
    told.to.take(Gap("columns", 20, 40, 5, "on top of others"))
    told.to.take(Gap("columns", 6, 6, 1, "one column of a step that is there"))
    told.to.take(Gap("weights", 0, 63, 64, "of something else"))
    answer = told.outcomes(window=24)
    assert (answer.first_step, answer.steps, answer.missing) == (0, 24, 40)
    answer = told.outcomes(window=2)
    assert (answer.first_step, answer.missing) == (60, 2)


# edges


def test_an_op_is_compared_where_all_else_was_alike(told: Told) -> None:
    """Late in an episode everything brings 10 more; GROW is taken late, and brings 1 more."""
    for step in range(64):
        late = step % LENGTH >= 6
        op = [GROW, WAIT, WAIT] if late else WAIT
        told.step(step, op, reward=np.array([1.0, 0, 0]) * late + 10.0 * late, mask__op=FREE)
    grow = told.op("GROW")
    assert gained(grow.gains)[1][0] == pytest.approx(11.0)
    assert gained(grow.others)[1][0] == pytest.approx(10.0 * 32 / 176)
    assert gained(grow.edges)[1] == (pytest.approx(1.0), 16)


def test_the_rival_is_the_op_that_does_nothing_or_else_the_one_taken_most(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.step(0, [GROW, GROW, PRUNE])
    assert told.outcomes().rival == "WAIT"
    (tmp_path / "other").mkdir()
    other = Told(tmp_path / "other", actions={"op": ["LEFT", "RIGHT", "UP"]})
    other.step(0, [1, 1, 2])
    assert other.outcomes().rival == "RIGHT"
    assert other.op("RIGHT").edges == []


def test_an_edge_needs_a_match(told: Told) -> None:
    for step in range(16):
        told.step(step, GROW, reward=1.0, mask__op=FREE)
    assert gained(told.op("GROW").edges) == {1: (None, 0), 5: (None, 0), 20: (None, 0)}


def test_the_price_is_the_component_that_is_lost_most_of(tmp_path: Path) -> None:
    told = Told(tmp_path, rewards={"gain": 1, "cost": -1})
    for step in range(64):
        took = np.array([1.0, 0.0, 0.0])
        parts = {"reward__gain": 0.5 + 0.1 * took, "reward__cost": 2.0 * took}
        told.step(step, [GROW, WAIT, WAIT], reward=0.5 - 1.9 * took, mask__op=FREE, **parts)
    grow = told.op("GROW")
    assert {name: number(one) for name, one in grow.components.items()} == {
        "gain": pytest.approx(0.6),
        "cost": pytest.approx(-2.0),
    }
    assert grow.price is not None
    assert grow.price.component == "cost"
    assert gained(grow.price.edges)[1][0] == pytest.approx(-2.0)
    assert number(grow.edge_components["gain"]) == pytest.approx(0.1)
    assert told.op("WAIT").price is None


# where it looks


def test_it_goes_back_to_where_rare_ops_were_taken(told: Told) -> None:
    for step in range(2000):
        explores = step < 40 and step % 2
        told.step(step, GROW if explores else WAIT, reward=-1.0 if explores else 0.0)
    answer = told.outcomes()
    assert answer.first_step == 0
    assert answer.steps < 1200
    grow = next(one for one in answer.ops if one.action == "GROW")
    assert grow.count == 60
    assert gained(grow.gains)[1] == (-1.0, 60)


def test_what_lies_just_before_the_newest_steps_is_looked_at_too(tmp_path: Path) -> None:
    told = Told(tmp_path, block_rows=2048)
    for step in range(700):
        explores = step < 40 and step % 2
        told.step(step, GROW if explores else WAIT, reward=-1.0 if explores else 0.0)
    assert told.op("GROW").count == 60
    assert told.op("GROW", at="600").count == 60
    assert told.op("WAIT", at="600").count == 601 * ENVS - 60


def test_of_a_record_too_long_to_be_searched_the_beginning_is(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spans, "MOST_SEARCHED", 2000)
    for step in range(4000):
        told.step(step, GROW if step in range(40, 60) else WAIT, reward=0.0)
    assert told.op("GROW").count == 60


def test_a_moment_of_the_past_knows_nothing_of_what_came_later(told: Told) -> None:
    for step in range(30):
        told.step(step, GROW, reward=1.0, done=0.0, env_step=None)
    then = told.outcomes(at="9")
    assert (then.decisions, then.last_step) == (30, 9)
    assert gained(then.ops[GROW].gains)[5] == (5.0, 18)


def test_one_environment_is_looked_at_alone(told: Told) -> None:
    for step in range(6):
        masks = [FREE, FREE, FREE if step < 4 else NOTHING]
        rules = [[-1, -1, -1], [-1, -1, -1], [-1, -1, -1] if step < 4 else [-1, 2, 1]]
        told.step(step, [WAIT, GROW, WAIT], mask__op=masks, mask_rule__op=rules)
    answer = told.outcomes(env=2)
    assert answer.decisions == 6
    grow = answer.ops[GROW]
    assert (grow.count, grow.legal_now, grow.rule_now, grow.same_steps) == (0, False, "a bug", 2)
    assert told.op("GROW", env=1).legal_now is True
    assert grow.same_longer is False
    assert told.op("GROW", env=1).same_steps == 6
    assert told.op("GROW", env=1).same_longer is True


# what denies


def lived(told: Told, *, bug: bool, rules: bool = True) -> None:
    """Episodes in which GROW fills the only slot; with the bug it is legal in no other step."""
    for step in range(64):
        first = step % LENGTH == 0
        filled = not first and step % LENGTH <= 4
        open_to_all = first or (not filled and not bug)
        mask = [1, open_to_all, filled]
        said = {
            "mask_rule__op": [-1, -1 if open_to_all else 0 if filled else 2, -1 if filled else 1]
        }
        told.step(step, GROW if first else WAIT, mask__op=mask, **(said if rules else {}))
        for env in range(ENVS):
            if first:
                told.seed(env, "TRAINING", step)
            elif step % LENGTH == 4:
                told.seed(env, "DORMANT", step)


def test_what_the_policy_filled_itself_does_not_deny_it(tmp_path: Path) -> None:
    told = Told(tmp_path, slots=["a"])
    lived(told, bug=False)
    wait = told.op("WAIT")
    assert (wait.denied, wait.denied_by) == (0, {})
    assert told.op("GROW").rules == {"no room": 4 * 8 * ENVS}


def test_nothing_is_denied_where_no_slot_ever_stood_empty(tmp_path: Path) -> None:
    told = Told(tmp_path, slots=["a"])
    for env in range(ENVS):
        told.seed(env, "FOSSILIZED", 0)
    for step in range(64):
        rule = [-1, 0, 0]
        told.step(step, mask__op=NOTHING, mask_rule__op=rule, done=0.0, env_step=float(step + 9))
    wait = told.op("WAIT", window=32)
    assert (wait.forced, wait.denied, wait.denied_by) == (32 * ENVS, 0, {})


@pytest.mark.parametrize("rules", [True, False])
def test_a_rule_that_strikes_where_a_slot_is_empty_denies(tmp_path: Path, rules: bool) -> None:
    told = Told(tmp_path, slots=["a"])
    lived(told, bug=True, rules=rules)
    wait = told.op("WAIT")
    assert wait.count == 7 * 8 * ENVS
    assert wait.denied == 3 * 8 * ENVS
    assert wait.denied_by == {"GROW: a bug" if rules else "GROW": 3 * 8 * ENVS}


def test_without_slots_it_is_what_was_not_done_yet_that_is_denied(told: Told) -> None:
    for step in range(64):
        first = step % LENGTH == 0
        rule = [-1, -1 if first else 2, 1]
        told.step(step, WAIT, mask__op=[1, first, 0], mask_rule__op=rule)
    wait = told.op("WAIT")
    assert wait.denied_by == {"GROW: a bug": 7 * 8 * ENVS}


def test_nothing_is_known_of_denials_where_no_episode_begins(told: Told) -> None:
    for step in range(32):
        told.step(step, mask__op=NOTHING, done=None, env_step=None)
    wait = told.op("WAIT")
    assert (wait.forced, wait.denied) == (32 * ENVS, None)


# the rest


def test_what_is_not_finite_is_counted_and_added_to_nothing(told: Told) -> None:
    for step in range(4):
        told.step(step, reward=[1.0, math.nan, math.inf], value=[1.0, 2.0, math.nan], loss=0.0)
    answer = told.outcomes()
    assert answer.not_finite == {"reward": 8, "value": 4}
    assert gained(answer.ops[WAIT].gains)[1] == (1.0, 4)


def test_the_closest_calls_come_first(told: Told) -> None:
    for step in range(8):
        near = 0.5 + step / 100
        told.step(step, probability__op=[[near, 1 - near, 0], [1, 0, 0], [0.9, 0.1, 0]])
    calls = told.outcomes().calls
    assert [(one.env, one.step, one.action, one.second) for one in calls[1:3]] == [
        (0, 1, "WAIT", "GROW"),
        (0, 2, "WAIT", "GROW"),
    ]
    assert number(calls[0].probability) == pytest.approx(0.5)
    assert len(calls) == 5


def test_a_forced_decision_is_no_close_call(told: Told) -> None:
    told.step(0, mask__op=FREE, probability__op=[0.9, 0.1, 0.0])
    told.step(1, mask__op=NOTHING, probability__op=[1.0, 0.0, 0.0])
    assert {one.step for one in told.outcomes().calls} == {0}


def test_the_environment_with_the_largest_advantages_is_named(told: Told) -> None:
    for step in range(4):
        told.step(step, advantage=[1.0, -3.0, 0.0])
    answer = told.outcomes()
    assert answer.top_env == 1
    assert number(answer.top_share) == pytest.approx(0.9)


def test_a_signal_that_is_missing_is_not_a_silent_one(told: Told) -> None:
    told.step(0)
    answer = told.outcomes()
    assert (answer.no_reward, answer.return_spread) == (NOT_MEASURED, NOT_MEASURED)
    for step in range(1, 48):
        told.step(step, reward=0.0)
    assert number(told.outcomes().no_reward) == 1.0


def test_an_error_is_as_large_as_what_chance_does() -> None:
    """Where an op makes no difference, edges are some errors from 0 as often as chance has it."""
    random = np.random.default_rng(11)
    away = []
    for _ in range(200):
        cluster = np.repeat(np.arange(60), 10)
        values = random.normal(size=600) + 2.0 * np.repeat(random.normal(size=60), 10)
        took = random.random(600) < 0.3
        stratum = np.tile(np.arange(10), 60)
        found = edge(5, values, Sides(np.ones(600, bool), took, ~took, stratum, cluster))
        away.append((number(found.mean) or 0.0) / (number(found.error) or 1.0))
    assert 0.85 < float(np.std(away)) < 1.2
    assert abs(float(np.mean(away))) < 0.3


@pytest.mark.parametrize("clusters", [4, 6, 12])
def test_three_errors_of_few_clusters_are_rare_too(clusters: int) -> None:
    random = np.random.default_rng(5)
    cluster = np.repeat(np.arange(clusters), 20)
    every, stratum = np.ones(cluster.size, bool), np.zeros(cluster.size, np.int64)
    false = 0
    for _ in range(400):
        took = random.random(cluster.size) < np.repeat(random.random(clusters), 20)
        values = random.normal(size=cluster.size) + np.repeat(random.normal(size=clusters), 20)
        found = edge(5, values, Sides(every, took, ~took, stratum, cluster))
        mean, error = number(found.mean), number(found.error)
        false += mean is not None and error is not None and abs(mean) > 3 * error
    assert false < 400 * 0.02


def test_a_single_cluster_has_no_error_whatever_lies_beside_it() -> None:
    """The cells of stratum 1 are compared with nothing, so their clusters do not count."""
    values, cluster = np.array([1.0, 2, 3, 4, 5, 6]), np.array([0, 0, 0, 0, 1, 2])
    took = np.array([True, True, False, False, False, False])
    stratum = np.array([0, 0, 0, 0, 1, 1])
    found = edge(1, values, Sides(np.ones(6, bool), took, ~took, stratum, cluster))
    assert (number(found.mean), found.error) == (-2.0, NOT_MEASURED)


def test_one_endless_episode_is_judged_by_its_pieces(tmp_path: Path) -> None:
    told = Told(tmp_path)
    random = np.random.default_rng(2)
    for step in range(640):
        ops = random.integers(0, 2, ENVS)
        noise = random.normal(size=ENVS)
        told.step(step, ops, reward=noise - ops, mask__op=FREE, env_step=float(step), done=0.0)
    (one,) = (each for each in told.op("GROW", env=0).edges if each.steps == 1)
    assert number(one.mean) == pytest.approx(-1.0, abs=0.3)
    assert 0.05 < (number(one.error) or 0.0) < 0.2
