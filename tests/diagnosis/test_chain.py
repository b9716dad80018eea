"""The chain: the first cause is named, only a cause that accounts for most of what it explains."""

from __future__ import annotations

from typing import Any

import pytest

from sanctum.diagnosis import limits
from sanctum.diagnosis.chain import CHAIN
from sanctum.diagnosis.why import ADVICE, LEADS, NEXT, why
from sanctum.diagnosis.words import percent
from sanctum.errors import UsageError
from sanctum.model.answers import RunState
from sanctum.model.readings import MASKED, NOT_MEASURED, reading
from sanctum.model.why import Question, Together, WhyAnswer
from sanctum.telemetry.metrics.about import ANSWERS, about
from tests.diagnosis.made import (
    HEADER,
    HEALTHY,
    OPS,
    Made,
    component,
    edges,
    gain,
    outcome,
    outcomes,
    priced,
    with_op,
)

DENIED = with_op(
    HEALTHY, "WAIT", count=950, forced=900, denied=930, denied_by={"GERMINATE: cooling down": 930}
)
DEAR = with_op(
    HEALTHY,
    "GERMINATE",
    edges=edges(-9.75, -6.0, -4.0, error=0.5),
    edge_components={"cost": reading(-10.0), "gain": reading(0.25)},
    price=priced("cost", -10.0, -6.1, -4.1),
)
BETTER = with_op(
    HEALTHY, "GERMINATE", count=20, probability=reading(0.02), edges=edges(-0.1, 0.1, 0.9)
)
ALONE = {"WAIT": outcome("WAIT", 990, beside=[Together(OPS[1:], 990)])}
COLLAPSED = {
    **ALONE,
    **{op: outcome(op, 3, edges=[], probability=reading(0.003)) for op in OPS[1:]},
}
ONE_SIDED = with_op(HEALTHY, "WAIT", count=5000, beside=[Together(OPS[1:], 5000)])

SICK: dict[str, dict[str, Any]] = {
    "telemetry": {"state": RunState("silent", 90.0)},
    "numerics": {"readings": {"policy_loss": float("nan")}},
    "mask": {"recent": outcomes(DENIED)},
    "update": {"readings": {"learning_rate": 0.0, "approx_kl": 0.0}},
    "better": {"recent": outcomes(BETTER), "brought": outcomes(BETTER)},
    "cost": {"brought": outcomes(DEAR)},
    "reward": {"recent": outcomes(reward_spread=reading(0.0), return_spread=reading(0.0))},
    "critic": {"readings": {"explained_variance": -0.3}, "recent": outcomes(ONE_SIDED)},
    "heads": {"recent": outcomes(COLLAPSED)},
    "env": {"recent": outcomes(ONE_SIDED, top_share=reading(0.4))},
}
"""One sick run for each cause, by its id."""


def ask(**parts: Any) -> WhyAnswer:
    return why(Made(**parts))  # type: ignore[arg-type]


def question(answer: WhyAnswer, id: str) -> Question:
    return next(one for one in answer.questions if one.id == id)


@pytest.mark.parametrize("cause", SICK)
def test_a_sick_run_has_its_cause_named(cause: str) -> None:
    answer = ask(**SICK[cause])
    assert answer.cause == cause
    assert answer.claim.startswith(LEADS[cause].format("WAIT"))
    assert answer.verdict in ("warn", "crit")
    assert answer.advice == ADVICE[cause]
    assert answer.try_next


@pytest.mark.parametrize("cause", SICK)
def test_nothing_is_asked_after_the_cause_and_everything_before_it_is_answered(cause: str) -> None:
    settled = [(one.id, one.settled) for one in ask(**SICK[cause]).questions]
    ids = [asking.id for asking, _ in CHAIN]
    place = ids.index(cause)
    assert [id for id, _ in settled] == ids
    assert all(how in ("no", "unknown") for _, how in settled[:place])
    assert all(how == "not asked" for _, how in settled[place + 1 :])


def test_the_upstream_cause_is_named_where_there_are_several() -> None:
    both = {**SICK["cost"], **SICK["mask"]}
    assert ask(**both).cause == "mask"
    assert ask(**both, **SICK["numerics"]).cause == "numerics"


def test_a_healthy_run_has_no_cause() -> None:
    answer = ask()
    assert (answer.cause, answer.verdict, answer.subject) == ("chosen", "ok", "WAIT")
    assert answer.claim == "WAIT is 60 % of 1,000 unforced decisions: chosen and reasonable"
    assert {one.settled for one in answer.questions} == {"no"}
    assert all(one.answer and one.source for one in answer.questions)


def test_every_cause_has_words() -> None:
    ids = {asking.id for asking, _ in CHAIN}
    assert ids == set(LEADS) == set(ADVICE) == set(NEXT) == set(SICK)


# what is not known is neither yes nor no


def test_what_was_never_measured_is_not_known_and_the_chain_goes_on() -> None:
    ops = {
        op: outcome(op, one.count, None, forced=None, gains=[], edges=[], spread=MASKED)
        for op, one in HEALTHY.items()
    }
    bare = outcomes(ops, forced=None, reward_spread=NOT_MEASURED, top_share=NOT_MEASURED)
    answer = ask(recent=bare, brought=bare, columns=["action/op"])
    for id, call in (
        ("mask", "run.step(masks={...}, mask_rules={...})"),
        ("better", "run.step(reward=...)"),
        ("reward", "run.step(reward=...)"),
        ("env", "run.backfill(first_step, advantage=...)"),
    ):
        assert question(answer, id).settled == "unknown"
        assert question(answer, id).missing == call
    assert "not known: mask, better, cost" in answer.claim
    assert answer.verdict is None


def test_the_claim_of_a_cause_says_what_came_before_it_and_is_not_known() -> None:
    ops = {op: outcome(op, one.count, None, forced=None) for op, one in HEALTHY.items()}
    answer = ask(**SICK["update"], recent=outcomes(ops, forced=None))
    assert answer.cause == "update"
    assert answer.claim.endswith("; not known: mask")


# the subject


def test_the_subject_is_what_most_decisions_are() -> None:
    ops = with_op(with_op(HEALTHY, "WAIT", count=100), "GERMINATE", count=800)
    assert ask(recent=outcomes(ops)).subject == "GERMINATE"


def test_where_nothing_is_taken_most_it_is_what_does_nothing() -> None:
    ops = with_op(with_op(HEALTHY, "WAIT", count=300), "GERMINATE", count=450)
    assert ask(recent=outcomes(ops)).subject == "WAIT"


def test_an_action_can_be_asked_about_in_any_case() -> None:
    answer = why(Made(), action="germinate")  # type: ignore[arg-type]
    assert (answer.subject, answer.asked) == ("GERMINATE", "GERMINATE")


def test_an_action_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        why(Made(), action="GERMINAT")  # type: ignore[arg-type]
    assert caught.value.hint == "did you mean GERMINATE?"


def test_a_run_without_actions_is_explained_as_far_as_that_goes() -> None:
    header = type(HEADER)("made", "pendulum", 16, rollout_steps=64)
    answer = ask(header=header, recent=outcomes({}), columns=["action.torque", "reward"])
    assert answer.subject == ""
    assert "actions are continuous" in answer.claim


# telemetry, numerics


def test_steps_that_are_mostly_missing_are_no_ground_to_stand_on() -> None:
    assert ask(recent=outcomes(missing=70)).cause == "telemetry"
    answer = ask(recent=outcomes(missing=10))
    assert answer.cause == "chosen"
    assert "10 of 74 steps missing" in question(answer, "telemetry").answer


@pytest.mark.parametrize("word", ["stale", "live", "finished", "died"])
def test_a_run_that_spoke_lately_or_has_ended_can_be_explained(word: Any) -> None:
    assert ask(state=RunState(word, 15.0)).cause == "chosen"


def test_a_nan_in_few_decisions_does_not_explain_the_rest() -> None:
    answer = ask(recent=outcomes(not_finite={"loss": 60}))
    assert answer.cause == "chosen"
    assert question(answer, "numerics").verdict == "warn"
    assert answer.claim.endswith("chosen and reasonable; not finite: loss at 60 of 1,000 decisions")
    assert answer.verdict == "warn"
    assert ask(recent=outcomes(not_finite={"value": 600})).cause == "numerics"


# masks


def test_what_the_policy_forbade_itself_is_no_cause() -> None:
    full = with_op(HEALTHY, "WAIT", forced=570)
    answer = ask(recent=outcomes(full))
    assert answer.cause == "chosen"
    assert question(answer, "mask").answer == "0 of 600 WAITs (limit 50 %); by own ops 95 %"
    assert answer.claim.startswith("WAIT is 7 % of 430 unforced decisions")


def test_a_mask_that_denies_less_than_most_is_no_cause() -> None:
    some = with_op(HEALTHY, "WAIT", forced=300, denied=290, denied_by={"GERMINATE: cooling": 290})
    assert ask(recent=outcomes(some)).cause == "chosen"


def test_where_nobody_can_tell_why_they_were_forced_it_is_enough_that_most_were() -> None:
    unknown = with_op(HEALTHY, "WAIT", forced=400, denied=None)
    assert ask(recent=outcomes(unknown)).cause == "mask"
    assert ask(recent=outcomes(with_op(unknown, "WAIT", forced=200))).cause == "chosen"
    assert ask(recent=outcomes(unknown)).claim.endswith("which rule is not said")
    named = with_op(unknown, "CULL", rules={"cooling": 5, "full": 90})
    assert ask(recent=outcomes(named)).claim.endswith("most by 'full'")


def test_a_policy_that_left_itself_no_choice_is_not_ill() -> None:
    """Its slots are full for good: nothing moves it, and the critic has nothing to tell apart."""
    ops = {"WAIT": outcome("WAIT", 1000, forced=1000, beside=[])}
    ops |= {op: outcome(op, 0, 0, edges=[], rules={"full": 1000}) for op in OPS[1:]}
    still = {"approx_kl": 0.0, "ratio_max": 1.0, "entropy": 0.9, "explained_variance": -0.3}
    answer = ask(recent=outcomes(ops), readings=still)
    assert answer.cause == "chosen"
    assert answer.claim.startswith("WAIT is forced by what it did before: all 1,000 decisions")


def test_the_claim_names_the_rule_and_what_it_forbids() -> None:
    answer = ask(**SICK["mask"])
    assert answer.claim == (
        "WAIT is forced: 'cooling down' forbids GERMINATE at 930 of 950 WAITs,"
        " though a slot stood empty"
    )
    assert answer.try_next == "why-not GERMINATE"


# the update


@pytest.mark.parametrize(
    "readings",
    [
        {"grad_norm": 0.0, "approx_kl": 0.0},
        {"max_grad_norm": 0.0, "approx_kl": 1e-8},
        {"skipped_minibatches": 16.0},
        {"approx_kl": 0.0, "ratio_max": 1.0},
    ],
)
def test_an_update_that_does_nothing_is_seen_by_its_mechanism(readings: dict[str, float]) -> None:
    assert ask(readings=readings).cause == "update"


@pytest.mark.parametrize("zero", ["learning_rate", "grad_norm", "max_grad_norm"])
def test_an_update_that_moved_the_policy_did_something_whatever_is_0(zero: str) -> None:
    assert ask(readings={zero: 0.0, "approx_kl": 0.004}).cause == "chosen"


def test_a_converged_policy_that_hardly_moves_is_no_fault() -> None:
    still = {"approx_kl": 0.0, "ratio_max": 1.0, "entropy": 1e-5}
    assert ask(readings=still).cause == "chosen"
    assert ask(readings={"approx_kl": 2e-7, "ratio_max": 1.001}).cause == "chosen"


def test_a_schedule_that_ends_at_0_is_no_fault() -> None:
    ended = {"readings": {"learning_rate": 0.0}, "courses": {"learning_rate": [2e-4, 1e-4, 0.0]}}
    assert ask(**ended).cause == "chosen"


def test_updates_that_no_longer_come_are_missed() -> None:
    assert ask(update_step=100).cause == "update"


# what others bring


def test_an_op_that_the_policy_uses_is_no_better_alternative() -> None:
    used = with_op(BETTER, "GERMINATE", count=250, probability=reading(0.4))
    answer = ask(recent=outcomes(used), brought=outcomes(used))
    assert answer.cause == "chosen"
    assert "though GERMINATE brings +0.90" in answer.claim


@pytest.mark.parametrize(("chance", "is_said"), [(0.3, True), (0.84, False)])
def test_an_op_that_brings_more_is_said_unless_the_policy_prefers_it(
    chance: float, is_said: bool
) -> None:
    ops = with_op(BETTER, "GERMINATE", probability=reading(chance))
    answer = ask(recent=outcomes(ops), brought=outcomes(ops))
    assert answer.cause == "chosen"
    assert ("though GERMINATE brings" in answer.claim) is is_said


def test_an_op_that_was_seldom_legal_does_not_explain_most_decisions() -> None:
    seldom = with_op(BETTER, "WAIT", beside=[Together(["CULL"], 500), Together(OPS[1:], 100)])
    assert ask(recent=outcomes(seldom), brought=outcomes(BETTER)).cause == "chosen"


@pytest.mark.parametrize(("chance", "cause"), [(0.055, "chosen"), (0.02, "better")])
def test_one_of_many_ops_is_hardly_tried_only_below_its_fair_share(
    chance: float, cause: str
) -> None:
    names = [*OPS, *(f"OP{number}" for number in range(14))]
    header = type(HEADER)("made", "digits", 16, actions={"op": names}, rollout_steps=64)
    ops = with_op(BETTER, "GERMINATE", probability=reading(chance))
    answer = ask(header=header, recent=outcomes(ops), brought=outcomes(ops))
    assert answer.cause == cause


@pytest.mark.parametrize("made", [{"error": 0.5}, {"count": 20}])
def test_what_may_be_chance_is_no_better_alternative(made: dict[str, Any]) -> None:
    thin = with_op(BETTER, "GERMINATE", edges=edges(-0.1, 0.1, 0.9, **made))
    assert ask(recent=outcomes(BETTER), brought=outcomes(thin)).cause != "better"


# cost


@pytest.mark.parametrize(
    "changed",
    [
        {"edges": edges(-9.9, -2.0, 1.0, error=0.5)},
        {"edge_components": {"cost": reading(-3.0), "gain": reading(-2.9), "b": reading(-2.8)}},
        {"edges": edges(-9.9, error=0.5, count=12)},
    ],
    ids=["won back", "not the price", "too few"],
)
def test_a_price_that_does_not_decide_is_no_cause(changed: dict[str, Any]) -> None:
    assert ask(brought=outcomes(with_op(DEAR, "GERMINATE", **changed))).cause == "chosen"


def test_a_small_price_is_no_cause_however_sure() -> None:
    small = {
        "edges": edges(-0.11, -0.12, -0.2, error=0.01),
        "edge_components": {"cost": reading(-0.1)},
        "price": priced("cost", -0.1, -0.1, -0.1),
    }
    assert ask(brought=outcomes(with_op(HEALTHY, "CULL", **small))).cause == "chosen"


def test_a_price_of_ops_that_were_seldom_legal_explains_little() -> None:
    seldom = with_op(HEALTHY, "WAIT", beside=[Together(["CULL"], 500), Together(OPS[1:], 100)])
    assert ask(recent=outcomes(seldom), brought=outcomes(DEAR)).cause == "chosen"


def test_the_claim_names_the_price_and_what_came_for_it() -> None:
    answer = ask(**SICK["cost"])
    assert answer.claim == (
        "acting costs more than it brings: GERMINATE pays 10 (cost) and gets 0.25;"
        " -4 +- 0.50 over 20 steps, n 200"
    )


def test_the_claim_shows_the_time_that_decided_where_the_long_run_is_noise_yet() -> None:
    noisy = [*edges(-9.75, -6.0, error=0.5), gain(20, -2.7, 3.1)]
    answer = ask(brought=outcomes(with_op(DEAR, "GERMINATE", edges=noisy)))
    assert answer.cause == "cost"
    assert answer.claim.endswith("; -6 +- 0.50 over 5 steps, n 200")


def test_a_part_of_the_reward_that_pays_for_waiting_is_found_as_well() -> None:
    """The subject is not the rival: WAIT is the one to be compared with."""
    ops = with_op(DEAR, "WAIT", count=100)
    ops = with_op(ops, "GERMINATE", count=900, beside=[Together(["WAIT"], 900)])
    turned = with_op(
        ops,
        "GERMINATE",
        edges=edges(5.0, 4.0, 4.0, error=0.5),
        edge_components={"bonus": reading(5.0)},
        price=None,
    )
    answer = ask(recent=outcomes(turned), brought=outcomes(turned))
    assert answer.subject == "GERMINATE"
    assert answer.cause == "cost"
    assert "WAIT pays 5 (bonus)" in answer.claim


def test_components_were_measured_where_only_the_rival_was_taken_beside_it() -> None:
    ops = {op: HEALTHY[op] for op in ("WAIT", "GERMINATE")}
    answer = why(Made(recent=outcomes(ops)), action="GERMINATE")  # type: ignore[arg-type]
    assert question(answer, "cost").answer == "no part of the reward is against it"


# reward, critic, heads, environments


def test_a_reward_that_only_comes_at_the_end_is_not_flat() -> None:
    sparse = outcomes(reward_spread=reading(0.0), return_spread=reading(3.0))
    assert ask(recent=sparse).cause == "chosen"


def test_a_reward_is_not_called_flat_after_a_few_decisions() -> None:
    few = {"WAIT": outcome("WAIT", 29, beside=[])}
    answer = ask(recent=outcomes(few, reward_spread=reading(0.0), return_spread=NOT_MEASURED))
    assert question(answer, "reward").settled == "unknown"
    assert question(answer, "reward").answer == "29 decisions are too few to tell (limit 30)"


def test_a_reward_that_hardly_ever_comes_says_nothing() -> None:
    assert ask(recent=outcomes(ONE_SIDED, no_reward=reading(0.97))).cause == "reward"
    assert ask(recent=outcomes(no_reward=reading(1.0))).cause == "reward"


def test_a_reward_that_comes_seldom_is_not_blamed_where_no_op_dominates() -> None:
    answer = ask(recent=outcomes(no_reward=reading(0.97)))
    assert answer.cause == "chosen"
    assert "97 % of 1,000 decisions" in question(answer, "reward").answer


def test_a_component_that_dominates_is_said_and_is_no_cause_by_itself() -> None:
    answer = ask(components=[component("accuracy_gain", 0.3, 0.9)])
    assert answer.cause == "chosen"
    assert "90 % accuracy_gain" in question(answer, "reward").answer
    assert question(answer, "reward").verdict == "warn"


@pytest.mark.parametrize(
    "spared",
    [
        {"updates": 8},
        {"courses": {"return_std": [20.0] * 10 + [0.5]}},
        {"courses": {"explained_variance": [0.5, 0.4, -0.3]}},
        {"recent": outcomes()},
    ],
    ids=["too young", "returns hardly vary", "only once", "no op dominates"],
)
def test_a_critic_is_spared_where_its_number_says_little(spared: dict[str, Any]) -> None:
    assert ask(**{**SICK["critic"], **spared}).cause == "chosen"


def test_values_of_ops_that_are_alike_are_a_blind_critic() -> None:
    readings = {"q.WAIT": 1.0, "q.GERMINATE": 1.001}
    assert ask(readings=readings, recent=outcomes(ONE_SIDED)).cause == "critic"


def test_ops_that_died_are_named_in_their_order() -> None:
    said = question(ask(recent=outcomes(COLLAPSED)), "heads").answer
    assert said == f"{', '.join(f'{op} gets <1 %' for op in OPS[1:])} (limit 1 %)"


def test_an_op_that_was_tried_and_found_bad_has_not_died() -> None:
    worse = edges(-0.2, -0.3, -0.5)
    tried = outcomes({op: outcome(op, 100, edges=worse) for op in OPS})
    assert ask(recent=outcomes(COLLAPSED), brought=tried).cause == "chosen"


def test_an_op_that_is_given_up_has_to_be_worse() -> None:
    """Too large an update leaves one op alone before others were seen to be worse."""
    tried = outcomes({op: outcome(op, 100) for op in OPS})
    answer = ask(recent=outcomes(COLLAPSED), brought=tried)
    assert answer.cause == "heads"
    assert answer.claim.endswith("nothing shows GERMINATE to be worse: -0.040+-0.050 in 20, n 200")
    some = with_op(COLLAPSED, "CULL", count=100)
    assert ask(recent=outcomes(some), brought=tried).cause == "chosen"


@pytest.mark.parametrize(("envs", "share", "drives"), [(16, 0.3, True), (4, 0.5, False)])
def test_one_of_few_environments_may_hold_more(envs: int, share: float, drives: bool) -> None:
    header = type(HEADER)("made", "digits", envs, actions={"op": OPS}, rollout_steps=64)
    answer = ask(header=header, recent=outcomes(ONE_SIDED, top_share=reading(share)))
    assert (answer.cause == "env") is drives


@pytest.mark.parametrize("before", [{"top_share": reading(0.2)}, {"top_env": 4}])
def test_one_environment_that_drives_it_for_a_while_is_no_cause(before: dict[str, Any]) -> None:
    now = {"top_share": reading(0.4)}
    longer = outcomes(ONE_SIDED, **(now | before))
    answer = ask(recent=outcomes(ONE_SIDED, **now), longer=longer)
    assert answer.cause == "chosen"
    assert question(answer, "env").verdict == "warn"


def test_one_environment_asked_about_is_not_blamed_for_the_others() -> None:
    recent = outcomes(ONE_SIDED, top_share=reading(1.0))
    answer = why(Made(recent=recent), env=3)  # type: ignore[arg-type]
    assert answer.cause == "chosen"


def test_explain_says_the_limits_that_the_questions_hold_to() -> None:
    assert ANSWERS["unforced_share"].about.healthy == f"no op above {percent(limits.DOMINANT)}"
    assert f"Under {percent(limits.RARE)} for long" in ANSWERS["opportunity_rate"].about.when_off
    assert f"over {percent(limits.DOMINATES)} of their weight" in about("reward/any").when_off
