"""Ripe and stuck seeds, the schedule of alpha, and what the mask says of slots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sanctum.errors import UsageError
from sanctum.model.readings import NOT_MEASURED, Measured, NonFinite, number
from sanctum.record.record import Record
from sanctum.telemetry import SeedState, Step
from sanctum.telemetry.arrays import MASKED_CELL, VALUE, pack
from sanctum.telemetry.arrays import NOT_MEASURED as UNSAID
from tests.record.saying import ENVS, ingest

OPS, SLOTS, RULES = ["WAIT", "GERMINATE", "FOSSILIZE"], ["a", "b"], ["slot_taken", "too_young"]
WAIT, GERMINATE, FOSSILIZE = range(3)
LEGAL, TAKEN, YOUNG = -1, 0, 1


class Told:
    """A record in the making: three environments, two slots, an op and a slot head."""

    def __init__(self, folder: Path) -> None:
        about: dict[str, Any] = {"actions": {"op": OPS, "slot": SLOTS}, "mask_rules": RULES}
        self.to = ingest(folder / "run.db", slots=SLOTS, **about)
        self.ask = Record(self.to.reader, folder / "run.db")

    def step(self, step: int, matrices: Any = None, **columns: Any) -> None:
        """A vector step; actions are WAIT and no slot unless given."""
        given = {"accuracy": [50.0] * ENVS, "action__op": [WAIT] * ENVS, **columns}
        flat = {name.replace("__", "/"): _packed(one) for name, one in given.items()}
        self.to.take(Step(step, flat, matrices or {}))

    def seed(self, step: int, stage: str, slot: str = "a", env: int = 0, **said: Any) -> None:
        """What is said of a seed; inputs of gates are ``gate=(name, {input: (value, needed)})``."""
        gate, inputs = said.pop("gate", (None, {}))
        cause, kind = said.pop("cause", None), said.pop("blueprint", "conv")
        self.to.take(SeedState(env, slot, stage, step, kind, said, gate, inputs, cause))

    def row(self, at: str | None = None, slot: str = "a") -> Any:
        return next(one for one in self.ask.env_read(0, at).seeds if one.slot == slot)


def _packed(values: Any) -> Any:
    states = np.array([MASKED_CELL if one is None else VALUE for one in values], np.uint8)
    return pack(np.array([0.0 if one is None else one for one in values]), states)


def rules(**by_op: list[int]) -> dict[str, Any]:
    """The rule of every op and slot, op by op, the same in all environments."""
    every = {"WAIT": [TAKEN, TAKEN], "GERMINATE": [TAKEN, TAKEN], "FOSSILIZE": [YOUNG, YOUNG]}
    row = np.array([rule for op in OPS for rule in (every | by_op)[op]], np.int8)
    return {"mask_rule/slot": pack(np.tile(row, (ENVS, 1)))}


def chances(*row: float) -> Any:
    return pack(np.tile(np.array(row, np.float32), (ENVS, 1)))


def held(adds: float, needed: float = 1.0) -> dict[str, Any]:
    """A seed in HOLDING before its last gate."""
    return {"contribution": adds, "gate": ("fossilize", {"contribution": (adds, needed)})}


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


# rules


def test_each_op_is_legal_in_a_slot_or_forbidden_by_a_rule(told: Told) -> None:
    told.seed(0, "HOLDING")
    told.step(0, rules(FOSSILIZE=[LEGAL, YOUNG], GERMINATE=[TAKEN, LEGAL]))
    told.seed(0, "DORMANT", "b")
    assert told.row().rules == {"GERMINATE": "slot_taken", "FOSSILIZE": None}
    assert told.row(slot="b").rules == {"GERMINATE": None, "FOSSILIZE": "too_young"}


def test_rules_of_an_earlier_decision_do_not_count(told: Told) -> None:
    told.step(0, rules())
    told.seed(0, "HOLDING")
    told.step(1)
    assert told.row().rules == {}
    assert told.row("0").rules == {"GERMINATE": "slot_taken", "FOSSILIZE": "too_young"}


def test_rules_of_a_head_without_ops_are_not_taken_for_those_of_slots(told: Told) -> None:
    told.step(0, {"mask_rule/slot": pack(np.zeros((ENVS, 2), np.int8))})
    told.seed(0, "HOLDING")
    assert told.row().rules == {}


def test_a_rule_without_a_name_is_called_by_its_number(told: Told) -> None:
    told.step(0, rules(FOSSILIZE=[7, 7]))
    told.seed(0, "HOLDING")
    assert told.row().rules["FOSSILIZE"] == "rule 7"


# ripe


def test_a_seed_is_ripe_where_it_adds_and_the_mask_lets_fossilize_take_it(told: Told) -> None:
    told.step(0)
    for slot, adds in (("a", 4.0), ("b", 9.0)):
        told.seed(0, "HOLDING", slot, **held(adds))
    told.seed(0, "HOLDING", "a", env=1, **held(-1.0))
    told.seed(0, "TRAINING", "b", env=1, contribution=2.0)
    told.step(1, {**rules(FOSSILIZE=[LEGAL, YOUNG]), "probability/op": chances(0.9, 0.0, 0.1)})
    found = told.ask.seeds_list(choice="ripe")
    assert [(row.env, row.slot) for row in found.rows] == [(0, "a")]
    assert found.legality == "slot"
    assert found.left_out == {"forbidden: too_young": 1}
    assert number(found.standing[0].probability) == pytest.approx(0.1)


def test_it_is_counted_for_how_many_decisions_a_ripe_seed_was_not_taken(told: Told) -> None:
    told.step(0, rules(FOSSILIZE=[LEGAL, LEGAL]))
    told.seed(0, "HOLDING", **held(4.0))
    told.seed(0, "HOLDING", "b", **held(3.0))
    told.step(1, rules(FOSSILIZE=[YOUNG, LEGAL]))
    told.step(2, rules(FOSSILIZE=[LEGAL, LEGAL]))
    told.step(3, rules(FOSSILIZE=[LEGAL, LEGAL]), action__op=[FOSSILIZE] * 3, action__slot=[1] * 3)
    told.step(4, rules(FOSSILIZE=[LEGAL, LEGAL]))
    stands = told.ask.seeds_list(choice="ripe").standing
    assert [one.since_steps for one in stands] == [Measured(3), Measured(1)]
    then = told.ask.seeds_list(choice="ripe", at="2").standing
    assert [one.since_steps for one in then] == [Measured(1), Measured(2)]


@pytest.mark.parametrize(
    "mask", [rules(FOSSILIZE=[LEGAL, LEGAL]), rules(), {"mask/op": pack(np.ones((ENVS, 3)))}]
)
def test_of_a_seed_that_has_only_just_come_to_its_stage_no_mask_spoke_yet(
    told: Told, mask: dict[str, Any]
) -> None:
    told.step(0)
    told.seed(0, "BLENDING", contribution=4.0)
    told.step(1, mask)
    told.seed(1, "HOLDING", **held(4.0))
    found = told.ask.seeds_list(choice="ripe")
    assert (found.rows, found.left_out) == ([], {"that came there after the newest decision": 1})
    told.step(2, rules(FOSSILIZE=[LEGAL, LEGAL]))
    assert [one.since_steps for one in told.ask.seeds_list(choice="ripe").standing] == [Measured(1)]


def test_without_rules_the_mask_of_an_environment_rules_out_what_it_can(told: Told) -> None:
    told.step(0)
    told.seed(0, "HOLDING", **held(4.0))
    told.seed(0, "HOLDING", env=1, **held(5.0))
    told.seed(0, "HOLDING", env=2, **held(0.5))
    mask = np.array([[1, 1, 1], [1, 1, 0], [1, 1, 1]], np.uint8)
    told.step(1, {"mask/op": pack(mask)})
    found = told.ask.seeds_list(choice="ripe")
    assert [row.env for row in found.rows] == [0]
    assert found.legality == "env"
    assert found.left_out == {"forbidden in their environment": 1, "with a shut gate": 1}
    assert found.standing[0].since_steps == Measured(1)


def test_without_any_mask_seeds_that_hold_and_add_are_ripe_as_far_as_is_known(told: Told) -> None:
    told.step(0)
    told.seed(0, "HOLDING", **held(4.0))
    told.seed(0, "HOLDING", env=1, contribution=2.0)
    found = told.ask.seeds_list(choice="ripe")
    assert [row.env for row in found.rows] == [0, 1]
    assert (found.legality, found.left_out) == ("unsaid", {})
    assert {one.since_steps for one in found.standing} == {NOT_MEASURED}
    assert told.ask.seeds_list(choice="ripe", env=1, limit=1).total == 1


def test_there_is_no_other_choice(told: Told) -> None:
    told.step(0)
    with pytest.raises(UsageError, match="no choice 'rotten'"):
        told.ask.seeds_list(choice="rotten")


# stuck


def blend(steps: float, gain: float | None) -> Any:
    return {"gate": ("blend", {"stage_steps": (steps, 3.0), "trial_gain": (gain, 0.5)})}


def test_a_seed_is_stuck_when_its_gate_lacks_more_than_time(told: Told) -> None:
    for step in range(8):
        told.step(step)
        told.seed(step, "TRAINING", **blend(step, 0.1))
        told.seed(step, "TRAINING", env=1, **blend(step, 0.9))
        told.seed(step, "TRAINING", env=2, **blend(step, None))
    early = told.ask.seeds_list(choice="stuck", at="2")
    assert (early.rows, early.left_out) == ([], {"short of time alone": 3})
    found = told.ask.seeds_list(choice="stuck")
    assert [row.env for row in found.rows] == [0, 2]
    assert found.left_out == {"with an open gate": 1}
    assert [one.since_steps for one in found.standing] == [Measured(4), Measured(4)]


def test_a_gate_that_was_open_for_a_while_is_shut_since_it_lacked_again(told: Told) -> None:
    for step, gain in enumerate((0.1, 0.1, 0.1, 0.1, 0.9, 0.2, 0.2)):
        told.step(step)
        told.seed(step, "TRAINING", **blend(step, gain))
    (one,) = told.ask.seeds_list(choice="stuck").standing
    assert one.since_steps == Measured(1)


def test_a_clock_that_was_reported_some_steps_ago_has_run_on(told: Told) -> None:
    told.step(0)
    told.seed(0, "TRAINING", **blend(1, 0.1))
    told.step(1)
    assert told.ask.seeds_list(choice="stuck").left_out == {"short of time alone": 1}
    told.step(2)
    assert len(told.ask.seeds_list(choice="stuck").rows) == 1


def test_the_usual_time_in_a_stage_is_the_median_of_those_that_got_past_it(told: Told) -> None:
    told.step(0)
    for env, steps in ((1, 2), (2, 6)):
        told.seed(0, "TRAINING", "b", env)
        told.step(steps)
        told.seed(steps, "BLENDING", "b", env)
    told.seed(6, "TRAINING", "a", 1)
    told.seed(6, "CULLED", "a", 1)
    told.step(7)
    told.seed(7, "TRAINING", **blend(4, 0.1))
    (one,) = told.ask.seeds_list(choice="stuck").standing
    assert (one.usual_steps, one.usual_count) == (Measured(4), 2)


def test_a_seed_whose_gate_nobody_said_is_counted(told: Told) -> None:
    told.step(0)
    told.seed(0, "TRAINING")
    assert told.ask.seeds_list(choice="stuck").left_out == {"with no gate said": 1}


def test_a_gate_stays_said_until_the_next_stage(told: Told) -> None:
    told.step(0)
    told.seed(0, "TRAINING", **blend(1, 0.1))
    told.step(1)
    told.seed(1, "TRAINING", contribution=1.0)
    row = told.row()
    assert (row.gate, [one.name for one in row.gate_inputs]) == (
        "blend",
        ["stage_steps", "trial_gain"],
    )
    told.seed(1, "BLENDING")
    assert told.row().gate is None


# alpha


def test_alpha_reaches_its_target_at_the_pace_of_its_last_reports(told: Told) -> None:
    for step, alpha in ((0, 0.0), (2, 0.2), (4, 0.4)):
        told.step(step)
        told.seed(step, "BLENDING", alpha=alpha, alpha_target=1.0)
    assert told.row("0").alpha_to_go_steps == NOT_MEASURED
    assert told.row().alpha_to_go_steps == Measured(6)
    told.step(7)
    assert told.row().alpha_to_go_steps == Measured(3)


def test_an_alpha_that_stands_still_never_reaches_its_target_and_its_seed_is_stuck(
    told: Told,
) -> None:
    gate = {"gate": ("hold", {"alpha": (0.4, 1.0)})}
    for step in range(4):
        told.step(step)
        told.seed(step, "BLENDING", alpha=0.4, alpha_target=1.0, **gate)
    assert told.row("0").alpha_to_go_steps == NOT_MEASURED
    assert told.ask.seeds_list(choice="stuck", at="0").left_out == {"short of time alone": 1}
    assert told.row().alpha_to_go_steps == NonFinite("inf")
    assert len(told.ask.seeds_list(choice="stuck").rows) == 1


def test_an_alpha_that_falls_to_its_target_gets_there_too(told: Told) -> None:
    for step, alpha in enumerate((0.9, 0.6, 0.3)):
        told.step(step)
        told.seed(step, "BLENDING", alpha=alpha, alpha_target=0.0)
    assert told.row().alpha_to_go_steps == Measured(1)
    told.step(3)
    told.seed(3, "BLENDING", alpha=0.0, alpha_target=0.0)
    assert told.row().alpha_to_go_steps == Measured(0)


def test_the_pace_of_another_stage_or_seed_says_nothing(told: Told) -> None:
    for step, stage, alpha in ((0, "BLENDING", 0.2), (1, "HOLDING", 0.6), (2, "BLENDING", 0.6)):
        told.step(step)
        told.seed(step, stage, alpha=alpha, alpha_target=1.0)
    assert told.row("1").alpha_to_go_steps == NOT_MEASURED
    assert told.row().alpha_to_go_steps == NOT_MEASURED


def test_what_was_never_said_of_a_mask_or_a_policy_is_not_measured(told: Told) -> None:
    told.step(0)
    told.seed(0, "HOLDING", **held(4.0))
    unsaid = pack(np.zeros((ENVS, 3), np.float32), np.full((ENVS, 3), UNSAID, np.uint8))
    told.step(1, {"probability/op": unsaid})
    (one,) = told.ask.seeds_list(choice="ripe").standing
    assert (one.probability, one.since_steps) == (NOT_MEASURED, NOT_MEASURED)
