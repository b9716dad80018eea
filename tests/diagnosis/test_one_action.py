"""Why one action is not taken: what forbids it, what the seed lacks, what it brought elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from sanctum.diagnosis.why import why
from sanctum.errors import UsageError
from sanctum.model.answers import GateInput, Header, SeedRow
from sanctum.model.readings import NOT_MEASURED, reading
from sanctum.model.why import Question, WhyAnswer
from tests.diagnosis.made import HEALTHY, Made, edges, outcome, outcomes, priced, with_op


def why_not(action: str | None = "GERMINATE", **parts: Any) -> WhyAnswer:
    asked = {name: parts.pop(name) for name in ("env", "slot") if name in parts}
    return why(Made(**parts), action=action, negated=True, **asked)  # type: ignore[arg-type]


def question(answer: WhyAnswer, id: str) -> Question:
    return next(one for one in answer.questions if one.id == id)


FORBIDDEN = with_op(
    HEALTHY, "GERMINATE", legal=100, count=60, rules={"no_empty_slot": 700, "cooling": 200}
)
HOLDING = SeedRow(
    7,
    "r0c1",
    "BLENDING",
    "wide",
    stage_steps=reading(3.0),
    age_steps=reading(12.0),
    gate="hold",
    gate_inputs=[
        GateInput("alpha", reading(0.5), reading(1.0), False),
        GateInput("contribution", reading(0.75), reading(0.0), True),
    ],
    rules={"FOSSILIZE": "not_in_holding", "CULL": None},
)


def test_every_question_is_answered_whatever_the_first_says() -> None:
    answer = why_not(recent=outcomes(FORBIDDEN))
    assert (answer.subject, answer.asked, answer.cause) == ("GERMINATE", "not GERMINATE", "legal")
    assert "not asked" not in {one.settled for one in answer.questions}


def test_an_op_that_is_mostly_forbidden_is_so_by_the_rule_that_strikes_most() -> None:
    answer = why_not(recent=outcomes(FORBIDDEN))
    assert answer.claim == (
        "GERMINATE is forbidden at 88 % of 810 decisions, most by 'no_empty_slot'"
    )


def test_in_an_environment_it_is_said_by_which_rule_and_for_how_long() -> None:
    now = with_op(FORBIDDEN, "GERMINATE", legal_now=False, rule_now="cooling", same_steps=12)
    answer = why_not(env=7, recent=outcomes(now))
    assert answer.claim.startswith("GERMINATE in env 7 is forbidden by 'cooling' for 12 steps; at")
    now = with_op(now, "GERMINATE", same_longer=True)
    answer = why_not(env=7, recent=outcomes(now))
    assert "forbidden by 'cooling' for at least 12 steps; at" in answer.claim
    now = with_op(FORBIDDEN, "GERMINATE", legal_now=True, same_steps=1)
    answer = why_not(env=7, recent=outcomes(now))
    assert question(answer, "legal").answer.startswith("legal now for 1 step; forbidden at")


def test_a_slot_says_what_its_seed_still_lacks_and_by_how_much() -> None:
    answer = why_not("FOSSILIZE", env=7, slot="r0c1", rows={"r0c1": HOLDING})
    assert answer.asked == "not FOSSILIZE 7.r0c1"
    assert answer.cause == "legal"
    assert answer.claim.startswith("FOSSILIZE in 7.r0c1 is forbidden by 'not_in_holding'")
    lacks = "BLENDING for 3 steps; gate hold lacks alpha 0.50 of 1 (0.50 missing)"
    assert answer.claim.endswith(lacks)
    assert answer.try_next == "seed 7.r0c1 --more"


def test_the_rule_of_the_slot_counts_before_that_of_the_environment() -> None:
    now = with_op(HEALTHY, "CULL", legal_now=False, rule_now="no_seed", same_steps=1)
    answer = why_not("CULL", env=7, slot="r0c1", rows={"r0c1": HOLDING}, recent=outcomes(now))
    assert question(answer, "legal").settled == "no"
    assert "legal there now" in question(answer, "legal").answer


def test_a_gate_input_that_nobody_measured_is_missing_and_not_0() -> None:
    row = SeedRow(
        7,
        "r0c1",
        "HOLDING",
        "wide",
        age_steps=reading(30.0),
        gate="fossilize",
        gate_inputs=[GateInput("contribution", NOT_MEASURED, reading(1.0))],
    )
    answer = why_not("FOSSILIZE", env=7, slot="r0c1", rows={"r0c1": row})
    assert question(answer, "gate").answer.endswith("lacks contribution (not measured)")


@pytest.mark.parametrize("row", [None, SeedRow(7, "r0c1", "DORMANT")])
def test_an_empty_slot_is_said_to_be_empty(row: SeedRow | None) -> None:
    answer = why_not("FOSSILIZE", env=7, slot="r0c1", rows={"r0c1": row})
    assert question(answer, "gate").answer == "the slot is empty"


def test_an_op_that_is_taken_where_it_can_be_is_not_refused() -> None:
    taken = with_op(HEALTHY, "GERMINATE", legal=300, count=250, probability=reading(0.8))
    answer = why_not(recent=outcomes(taken, masked=400))
    assert answer.cause == "taken"
    assert answer.claim.startswith("GERMINATE is taken where it is legal: it gets 80 %, 250 of 300")


def test_an_op_that_brought_less_says_how_much_after_1_5_and_20_steps() -> None:
    worse = with_op(HEALTHY, "GERMINATE", edges=edges(-0.1, -0.5, -0.75))
    answer = why_not(brought=outcomes(worse))
    assert answer.cause == "less"
    assert answer.claim == (
        "GERMINATE brought less than WAIT: -0.10, -0.50, -0.75+-0.050 in 1, 5, 20 (n 200)"
    )


def test_a_price_that_makes_the_loss_is_said_with_it() -> None:
    dear = with_op(
        HEALTHY,
        "GERMINATE",
        edges=edges(-9.75, -6.0, -4.0, error=0.5),
        edge_components={"cost": reading(-10.0)},
        price=priced("cost", -10.0, -6.0, -4.0),
    )
    answer = why_not(brought=outcomes(dear))
    assert answer.cause == "less"
    assert answer.verdict is None
    assert answer.claim.endswith(
        "-9.75, -6, -4+-0.50 in 1, 5, 20 (n 200); GERMINATE pays 10 (cost) and gets 0.25"
    )


def test_an_op_of_which_nothing_speaks_is_what_the_policy_does_not_prefer() -> None:
    answer = why_not("CULL")
    assert answer.cause == "chosen"
    assert answer.claim.startswith("CULL is not what the policy prefers: it gets 10 %")


def test_an_op_taken_too_seldom_is_not_judged() -> None:
    rare = {**HEALTHY, "CULL": outcome("CULL", 3, edges=edges(-3.0, -3.0, -3.0, count=3))}
    answer = why_not("CULL", brought=outcomes(rare))
    assert question(answer, "less").settled == "unknown"
    assert question(answer, "less").answer == "taken 3 times: too seldom to tell"


def test_an_op_that_was_often_taken_but_never_beside_another_is_not_called_rare() -> None:
    alone = with_op(HEALTHY, "CULL", count=106, edges=[])
    answer = why_not("CULL", brought=outcomes(alone))
    assert question(answer, "less").answer.startswith("taken 106 times, hardly ever where WAIT is")
    assert question(answer, "cost").answer == question(answer, "less").answer


def test_without_masks_it_is_not_known_what_is_legal() -> None:
    ops = {op: outcome(op, one.count, None, forced=None) for op, one in HEALTHY.items()}
    answer = why_not(recent=outcomes(ops, forced=None))
    assert question(answer, "legal").settled == "unknown"
    assert question(answer, "legal").missing == "run.step(masks={...}, mask_rules={...})"


def test_an_op_that_was_not_taken_has_its_absence_explained() -> None:
    never = with_op(HEALTHY, "CULL", count=0, probability=reading(0.02))
    answer = why(Made(recent=outcomes(never)), action="CULL")  # type: ignore[arg-type]
    assert (answer.asked, answer.subject) == ("CULL", "CULL")
    assert {one.id for one in answer.questions} == {"legal", "taken", "less", "cost"}


def test_a_slot_alone_is_asked_about_the_op_that_keeps_its_seed() -> None:
    answer = why_not(None, env=7, slot="r0c1", rows={"r0c1": HOLDING})
    assert answer.subject == "FOSSILIZE"


def test_an_action_has_to_be_named_where_none_keeps_seeds() -> None:
    header = Header("made", "t", 2, actions={"a": ["L", "R"]})
    with pytest.raises(UsageError) as caught:
        why_not(None, header=header, recent=outcomes({}), env=0, slot="x")
    assert caught.value.hint == "there are L, R"
