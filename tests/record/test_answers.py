"""Answers about choices, seeds and the trainer itself, from what was said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sanctum.errors import UsageError
from sanctum.model.readings import MASKED, NOT_MEASURED, Measured, number
from sanctum.record.record import Record
from sanctum.telemetry import EpisodeEnded, Message, SeedState, Step, Update
from sanctum.telemetry.arrays import MASKED_CELL, VALUE, pack
from tests.record.saying import ENVS, ingest

OPS = ["WAIT", "GROW", "PRUNE"]


class Told:
    """A record in the making: three environments, one slot, two heads."""

    def __init__(self, folder: Path, **header: Any) -> None:
        about = {"actions": {"op": OPS, "slot": ["a"]}, "slots": ["a"], "rollout_steps": 16}
        self.to = ingest(folder / "run.db", **(about | header))
        self.ask = Record(self.to.reader, folder / "run.db")

    def step(self, step: int, matrices: Any = None, **columns: Any) -> None:
        flat = {name.replace("__", "/"): self._packed(one) for name, one in columns.items()}
        self.to.take(Step(step, flat, matrices or {}))

    def seed(self, env: int, stage: str, step: int, **numbers: Any) -> None:
        blueprint = numbers.pop("blueprint", None)
        self.to.take(SeedState(env, "a", stage, step, blueprint, numbers))

    @staticmethod
    def _packed(values: Any) -> Any:
        """None is masked."""
        states = np.array([MASKED_CELL if one is None else VALUE for one in values], np.uint8)
        return pack(np.array([0.0 if one is None else one for one in values]), states)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


# choices


def test_a_head_that_says_it_was_forced_stands_for_a_mask(told: Told) -> None:
    told.step(0, action__op=[0, 0, 1], **{"forced.op": [1, 0, 0]})
    answer = told.ask.policy_read()
    assert (answer.decisions, answer.unforced) == (3, 2)
    shares = {one.action: one for one in answer.actions}
    assert shares["WAIT"].unforced_share == Measured(0.5)
    assert shares["WAIT"].opportunity_rate == NOT_MEASURED


def test_what_was_executed_and_done_is_counted_beside_what_was_chosen(told: Told) -> None:
    told.step(0, action__op=[2, 2, 1], executed=[0, 2, 1], success=[0, 1, 1])
    shares = {one.action: one for one in told.ask.policy_read().actions}
    assert (shares["PRUNE"].count, shares["PRUNE"].executed_count) == (2, 1)
    assert shares["WAIT"].executed_count == 1
    assert shares["PRUNE"].success == Measured(0.5)
    (decision,) = told.ask.env_read(0).decisions
    assert (decision.action, decision.executed, decision.success) == ("PRUNE", "WAIT", False)


def test_probabilities_that_are_known_at_some_decisions_are_counted_there(told: Told) -> None:
    chances = pack(
        np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0], [0.1, 0.9, 0.0]]),
        np.repeat(np.array([[VALUE], [1], [VALUE]], np.uint8), 3, axis=1),
    )
    told.step(0, {"probability/op": chances}, action__op=[0, 0, 1], **{"confidence.op": [0.5] * 3})
    answer = told.ask.policy_read()
    assert answer.told == 2
    assert answer.actions[0].mean_probability == Measured(pytest.approx(0.3))
    assert told.ask.env_read(1).decisions[0].probability == Measured(0.5)
    assert told.ask.env_read(1).decisions[0].probabilities == {}
    assert number(told.ask.env_read(2).decisions[0].probabilities["GROW"]) == pytest.approx(0.9)


def test_a_head_is_counted_where_it_had_a_part(told: Told) -> None:
    of_slot = {"confidence.slot": [0.4, None, 0.6], "entropy.slot": [1.0, None, 0.5]}
    told.step(0, action__op=[1, 0, 1], action__slot=[0, None, 0], **of_slot)
    heads = {one.head: one for one in told.ask.policy_read().heads}
    assert (heads["slot"].used, heads["slot"].probability) == (2, Measured(0.5))
    assert heads["slot"].entropy == Measured(0.75)
    assert heads["op"].used == 3
    choices = {one.head: one for one in told.ask.env_read(1).decisions[0].choices}
    assert choices["slot"].option is None
    assert choices["slot"].probability == MASKED


def test_q_of_an_op_is_the_last_updates(told: Told) -> None:
    told.step(0, action__op=[0, 0, 0])
    told.to.take(Update(1, {"q.WAIT": 0.25, "q.GROW": None}, ["q.PRUNE"], None, None, 0))
    shares = {one.action: one.q for one in told.ask.policy_read().actions}
    assert number(shares["WAIT"]) == 0.25
    assert shares["PRUNE"] == MASKED


# seeds


def lives(told: Told, *said: tuple[int, str, int]) -> Any:
    """What became of the seeds of some (environment, stage, step)."""
    for step in sorted({step for _, _, step in said}):
        told.step(step, accuracy=[50.0] * ENVS)
        for env, stage, when in said:
            if when == step:
                told.seed(env, stage, step, blueprint="conv")
    return told.ask.blueprints_list().total


def test_a_seed_that_was_kept_stays_kept_when_its_environment_begins_anew(told: Told) -> None:
    stages = ("GERMINATED", "BLENDING", "HOLDING", "FOSSILIZED", "DORMANT")
    total = lives(told, *((0, stage, step) for step, stage in enumerate(stages)))
    assert (total.germinated, total.fossilized, total.lost, total.alive) == (1, 1, 0, 0)
    assert (total.blended, total.blend_success) == (1, Measured(1.0))


def test_a_seed_that_goes_with_its_environment_is_lost_not_pruned(told: Told) -> None:
    total = lives(told, (0, "GERMINATED", 0), (0, "BLENDING", 3), (0, "DORMANT", 5))
    assert (total.germinated, total.lost, total.pruned) == (1, 1, 0)
    assert total.blend_success == Measured(0.0)
    assert total.success == MASKED


def test_lifespans_are_those_of_seeds_that_were_removed(told: Told) -> None:
    said = [
        (0, "GERMINATED", 0),
        (1, "GERMINATED", 1),
        (0, "PRUNED", 4),
        (0, "EMBARGOED", 5),
        (0, "DORMANT", 6),
        (0, "GERMINATED", 7),
        (1, "CULLED", 9),
    ]
    total = lives(told, *said)
    assert (total.germinated, total.pruned, total.alive) == (3, 2, 1)
    assert total.lifespan == Measured(6.0)
    then = told.ask.blueprints_list(at="5")
    assert (then.total.germinated, then.total.pruned, then.total.alive) == (2, 1, 1)
    assert [row.blueprint for row in then.rows] == ["conv"]


def test_a_run_that_never_spoke_of_seeds_has_no_blueprints(told: Told) -> None:
    assert told.ask.blueprints_list().rows == []
    told.step(0, accuracy=[50.0] * ENVS)
    assert told.ask.blueprints_list().total.germinated == 0


def test_whatever_is_said_of_a_seed_can_be_ranked_by(told: Told) -> None:
    told.step(0, accuracy=[50.0] * ENVS)
    told.seed(0, "TRAINING", 0, blueprint="conv", gradient_ratio=0.5, contribution=1.0)
    told.seed(1, "TRAINING", 0, blueprint="conv", gradient_ratio=2.0)
    answer = told.ask.seeds_list(sort="-gradient_ratio")
    assert [row.env for row in answer.rows] == [1, 0]
    assert answer.rows[0].numbers == {"gradient_ratio": Measured(2.0)}
    with pytest.raises(UsageError, match="cannot be ranked by 'gradients'"):
        told.ask.seeds_list(sort="gradients")


def test_the_events_of_a_seed_begin_with_its_birth_and_know_what_befell_its_environment(
    told: Told,
) -> None:
    for step, stage in enumerate(("GERMINATED", "PRUNED", "DORMANT", "GERMINATED")):
        told.step(step, accuracy=[50.0] * ENVS)
        told.seed(0, stage, step, blueprint="conv")
    told.step(4, accuracy=[50.0] * ENVS)
    told.to.take(Message("put back", "critical", "rollback", 4, 0))
    told.to.take(Message("of another", "critical", "rollback", 4, 1))
    events = told.ask.seed_read(0, "a").events
    assert [one.step for one in events] == [3, 4]
    assert events[-1].text == "put back"


# the trainer itself, units, events


def test_what_the_trainer_says_of_itself_is_a_vital_and_no_column_of_environments(
    told: Told,
) -> None:
    told.step(0, accuracy=[50.0] * ENVS, vital__phase_train_ms=[9.0] * ENVS)
    told.step(1, accuracy=[50.0] * ENVS, vital__observation_clip_pct=[0.5] * ENVS)
    own = {one.name: one for one in told.ask.vitals_read().readings if one.group}
    assert (own["train_ms"].group, own["train_ms"].unit) == ("phase", "ms")
    assert own["train_ms"].value == Measured(9.0, 1)
    assert (own["clip_pct"].group, own["clip_pct"].verdict) == ("observation", "crit")
    assert {one.name for one in told.ask.vitals_read(at="0").readings if one.group} == {"train_ms"}
    assert told.ask.env_read(0).row.columns == {}
    assert told.ask.series_read("vital/phase_train_ms").values == [Measured(9.0)]


def test_the_units_of_a_run_hold_wherever_a_unit_is_answered(tmp_path: Path) -> None:
    told = Told(tmp_path, units={"value": "normalised", "q": "normalised", "value_mean": "sigma"})
    told.step(0, value=[1.0] * ENVS, reward=[1.0] * ENVS, action__op=[0] * ENVS)
    told.to.take(Update(1, {"value_mean": 0.1, "q.WAIT": 0.1}, [], None, None, 0))
    units = {one.name: one.unit for one in told.ask.policy_read().readings}
    assert (units["value_mean"], units["q.WAIT"]) == ("sigma", "normalised")
    assert told.ask.series_read("value").unit == "normalised"
    assert told.ask.series_read("value_mean").unit == "sigma"
    assert told.ask.series_read("reward").unit == "reward"
    assert told.ask.envs_list().units["value"] == told.ask.env_read(0).units["value"]


def test_the_entropy_of_a_head_is_not_judged_where_that_of_its_choices_is(told: Told) -> None:
    scalars = {"entropy.op": 0.05, "entropy.slot": 0.05, "choice_entropy.slot": 0.9}
    told.step(0, reward=[1.0] * ENVS)
    told.to.take(Update(1, scalars, [], None, None, 0))
    verdicts = {one.name: one.verdict for one in told.ask.policy_read().readings}
    assert (verdicts["entropy.op"], verdicts["entropy.slot"]) == ("crit", None)
    assert verdicts["choice_entropy.slot"] == "ok"


def test_events_are_counted_by_type_before_the_type_is_chosen(told: Told) -> None:
    told.step(0, reward=[1.0] * ENVS)
    for type, slot in (("gate", "a"), ("gate", None), ("note", None)):
        told.to.take(Message(type, "info", type, 0, 0, slot, {"n": 1}))
    answer = told.ask.events_list(type="gate")
    assert (answer.total, answer.types) == (2, {"gate": 2, "note": 1})
    assert told.ask.events_list(slot="a").total == 1
    (one,) = told.ask.events_list(id=answer.rows[0].id).rows
    assert one.data == {"n": 1}
    assert told.ask.events_list(id=99).rows == []


def test_updates_a_minute_count_from_the_start(told: Told) -> None:
    began = told.ask.run_read().header.started
    told.to.take(Step(0, {"reward": pack(np.ones(ENVS))}, time=began))
    for update in (1, 2):
        told.to.take(Update(update, {"loss": 1.0}, [], None, None, 0, began + 30 * update))
    vitals = {one.name: one.value for one in told.ask.vitals_read().readings}
    assert number_of(vitals["updates over the run"]) == pytest.approx(2.0, rel=0.01)


def number_of(one: Any) -> float:
    value = number(one)
    assert value is not None
    return value


def test_steps_since_the_best_are_known_and_sorted_by(told: Told) -> None:
    for step, accuracy in enumerate((50.0, 60.0, 55.0)):
        told.step(step, accuracy=[accuracy, 90.0 + step, 50.0], env_step=[step + 9] * ENVS)
    since = {row.env: row.health.since_best for row in told.ask.envs_list().rows}
    assert since == {0: Measured(1.0), 1: Measured(0.0), 2: Measured(2.0)}
    assert [row.env for row in told.ask.envs_list(sort="-since_best").rows] == [2, 0, 1]


def test_episodes_can_be_sorted_by_how_far_they_fell(told: Told) -> None:
    told.step(0, reward=[1.0] * ENVS)
    for env, best, final in ((0, 60.0, 50.0), (1, 90.0, 60.0), (2, None, 60.0)):
        told.to.take(EpisodeEnded(env, 0, 0, final, best))
    assert [row.env for row in told.ask.episodes_list(sort="-fall").rows] == [1, 0, 2]
