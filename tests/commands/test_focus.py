"""Focus: one environment or seed in full, who waits and why, what came of what was tried."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sanctum.command import UsageError, gates
from sanctum.command.matters import matter
from sanctum.command.story import outcomes, told, turns
from sanctum.model.answers import (
    Decision,
    EnvAnswer,
    Event,
    GateInput,
    Grave,
    Health,
    RunAnswer,
    SeedRow,
    SeedsAnswer,
    Standing,
)
from sanctum.model.readings import NOT_MEASURED, number, reading
from tests.commands import fake_seeds
from tests.commands.asking import ask
from tests.commands.fake_run import AT, STEP, BareQueries, FakeQueries
from tests.commands.test_look import as_json, column, facts, numbers, table

HELD = SeedRow(
    7,
    "r0c1",
    "HOLDING",
    "adapter",
    alpha=reading(1.0),
    contribution=reading(4.0),
    age_steps=reading(31),
    stage_steps=reading(12),
    gate="fossilize",
    gate_inputs=[GateInput("contribution", reading(4.0), reading(1.0), True)],
)


class Holding(FakeQueries):
    """Env 7 has one seed, of which some fields are given, and decided otherwise."""

    def __init__(self, decisions: list[Decision] | None = None, **seed: Any) -> None:
        super().__init__()
        self.seed = msgspec.structs.replace(HELD, **seed)
        self.decisions = decisions

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        whole = super().env_read(env, at)
        made = whole.decisions if self.decisions is None else self.decisions
        return msgspec.structs.replace(whole, seeds=[self.seed], decisions=made)


def change(step: int, to: str, cause: str, slot: str = "r0c1", **more: Any) -> Event:
    data = {"to": to, "cause": cause, **more}
    return Event(step, step, 0.0, "info", "stage", f"-> {to}", 7, slot, data=data)


def decided(step: int, op: str, target: str | None = "r0c1", **more: Any) -> Decision:
    chance = reading(0.25), NOT_MEASURED, NOT_MEASURED
    return Decision(step, op, target, None, *chance, False, **more)


# the one thing that matters


@pytest.mark.parametrize(
    ("seed", "said", "verdict"),
    [
        ({"contribution": reading(-0.5)}, "takes away 0.50 points", "warn"),
        ({"contribution": reading(float("nan"))}, "contributes nan", "crit"),
        ({}, "adds 4.00 points and is not fossilized", "warn"),
    ],
)
def test_what_is_wrong_with_a_seed_comes_before_the_health_of_its_environment(
    seed: dict[str, Any], said: str, verdict: str
) -> None:
    report = ask("env 3", Holding(**seed))
    assert report.headline.startswith(f"r0c1 adapter {said}; rising: ")
    assert report.verdict == verdict
    assert report.next == "seed 3.r0c1 --more"


def test_the_health_of_an_environment_comes_first_where_it_is_as_bad() -> None:
    report = ask("env 7", Holding(contribution=reading(-0.5)))
    assert report.headline.startswith("stalled: no new best for 41 steps; r0c1 adapter takes")


@pytest.mark.parametrize(
    "seed",
    [
        {"stage_steps": reading(2)},
        {"rules": {"FOSSILIZE": "cooldown"}},
        {"stage": "BLENDING"},
        {"contribution": NOT_MEASURED},
    ],
)
def test_a_seed_that_could_not_be_kept_for_long_is_no_matter(seed: dict[str, Any]) -> None:
    assert matter(Holding(**seed).env_read(7), []) is None
    assert ask("env 3", Holding(**seed)).headline.startswith("rising: ")


def test_odd_decisions_are_a_matter() -> None:
    waits = [decided(STEP - back, "WAIT", None) for back in range(9)]
    found = matter(Holding(waits, stage="FOSSILIZED").env_read(7), ["r0c0"])
    assert found is not None
    assert found.text.startswith("STUCK: 9 times WAIT")
    assert found.next == "why 7"


def test_what_keeps_a_seed_is_said_where_nothing_is_wrong() -> None:
    shut = [GateInput("contribution", reading(0.25), reading(1.0), False)]
    found = matter(Holding(gate_inputs=shut).env_read(7), [])
    assert found is not None
    assert (found.text, found.verdict) == ("r0c1 adapter lacks contribution 0.75", None)


class Crowded(FakeQueries):
    """Env 7 has five seeds: three that are kept, one that trains, one that harms."""

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        whole = super().env_read(env, at)
        stages = ["FOSSILIZED", "FOSSILIZED", "FOSSILIZED", "TRAINING", "BLENDING"]
        seeds = [
            msgspec.structs.replace(HELD, slot=f"r0c{place}", stage=stage, gate_inputs=[])
            for place, stage in enumerate(stages)
        ]
        seeds[4] = msgspec.structs.replace(seeds[4], contribution=reading(-1.0))
        return msgspec.structs.replace(whole, seeds=seeds)


def test_of_many_seeds_those_that_matter_are_shown_and_the_others_counted() -> None:
    report = ask("env 7", Crowded())
    assert column(report, "slot") == ["r0c0", "r0c3", "r0c4"]
    assert (table(report).shown, table(report).total) == (3, 5)
    assert len(column(report, "step", 1)) == 2
    assert len(column(ask("env 7 --more", Crowded()), "slot")) == 5


# gates


def test_the_input_that_misses_most_for_its_need_is_named_and_the_others_counted() -> None:
    inputs = [
        GateInput("stage_steps", reading(4.0), reading(5.0), False),
        GateInput("trial_gain", reading(0.25), reading(0.5), False),
        GateInput("alpha", reading(1.0), reading(1.0), True),
    ]
    seed = msgspec.structs.replace(HELD, gate_inputs=inputs)
    assert gates.lacks(seed) == "trial_gain 0.25 +1"
    unseen = [*inputs, GateInput("gradient", NOT_MEASURED, reading(0.1), None)]
    seed = msgspec.structs.replace(HELD, gate_inputs=unseen)
    assert gates.lacks(seed) == "no gradient +2"


@pytest.mark.parametrize(
    ("steps", "said"),
    [(4.0, "alpha 0.5, 4 steps"), (float("inf"), "alpha 0.5, stands still"), (None, "alpha 0.5")],
)
def test_an_alpha_that_lacks_says_when_it_will_be_there(steps: float | None, said: str) -> None:
    alpha = [GateInput("alpha", reading(0.5), reading(1.0), False)]
    seed = msgspec.structs.replace(HELD, gate_inputs=alpha, alpha_to_go_steps=reading(steps))
    assert gates.lacks(seed) == said


def test_a_gate_nobody_spoke_of_is_not_measured_and_a_fossil_lacks_nothing() -> None:
    assert gates.lacks(msgspec.structs.replace(HELD, gate_inputs=[])) is None
    kept = msgspec.structs.replace(HELD, stage="FOSSILIZED", gate_inputs=[])
    assert gates.lacks(kept) == ""
    assert gates.lacks(HELD) == "fossilize is open"


def test_more_shows_every_input_of_the_next_gates_and_how_far_alpha_has_to_go() -> None:
    report = ask("env 7 --more")
    assert column(report, "input", 2) == ["alpha", "contribution"]
    assert numbers(column(report, "missing", 2)) == [0.0, pytest.approx(1.94)]
    assert "target" in [one.name for one in table(report, 1).columns]


# what came of decisions


def test_what_came_of_a_decision_is_the_change_it_began() -> None:
    events = [
        change(5, "GERMINATED", "GERMINATE"),
        change(5, "TRAINING", "gate sprout"),
        change(6, "CULLED", "CULL", "r0c0"),
        Event(7, 7, 0.0, "debug", "gate", "", 7, "r0c1", data=fake_seeds._refused(0.2)),
        change(9, "DORMANT", "gate ready"),
    ]
    made = [
        decided(5, "GERMINATE"),
        decided(6, "CULL", "r0c0"),
        decided(7, "FOSSILIZE"),
        decided(8, "CULL"),
        decided(9, "WAIT", None),
    ]
    assert outcomes(events, made) == {
        5: "-> GERMINATED",
        6: "-> CULLED",
        7: "fossilize holds it back",
        8: "no change",
    }


def test_nothing_is_said_to_have_changed_nothing_where_nobody_speaks_of_changes() -> None:
    assert outcomes([], [decided(5, "CULL")]) == {}


def test_a_decision_shows_what_came_of_it_and_what_it_brought() -> None:
    assert column(ask("env 3"), "outcome", 1)[-2:] == ["-> GERMINATED", ""]
    assert column(ask("env 7"), "outcome", 1)[-2] == "no change"
    made = [
        decided(1, "WAIT", None, executed="WAIT", success=True),
        decided(2, "CULL", executed="WAIT", return_5=reading(1.5)),
        decided(3, "CULL", executed="CULL", success=False),
        decided(4, "SET_ALPHA_TARGET", success=True),
        msgspec.structs.replace(decided(5, "WAIT", None), forced=True),
        decided(6, "CULL"),
    ]
    shown = ask("env 7 --more", Holding(made))
    assert column(shown, "outcome", 3) == [
        "",
        "as WAIT",
        "not done",
        "done",
        "forced",
        "no change",
    ]
    assert numbers(column(shown, "return_5", 4))[:3] == [None, 1.5, None]


# rewards of the episode


def test_the_components_of_the_episode_enter_as_they_do_with_their_share_of_it() -> None:
    report = ask("env 7 --more")
    assert column(report, "component", 6)[-1] == "total"
    earned = dict(zip(column(report, "component", 6), numbers(column(report, "episode", 6))))  # noqa: B905
    assert earned["rent"] == pytest.approx(-34 * 0.0019)
    assert sum(value for name, value in earned.items() if name != "total" and value) == (
        pytest.approx(earned["total"])
    )
    shares = numbers(column(report, "share", 6))
    assert sum(share or 0.0 for share in shares[:-1]) == pytest.approx(100)


def test_where_nothing_comes_of_decisions_it_is_shown_what_they_brought() -> None:
    made = [decided(1, "LEFT", None, return_5=reading(4.0)), decided(2, "RIGHT", None)]
    report = ask("env 7", Holding(made))
    assert numbers(column(report, "return_5", 1)) == [4.0, None]
    assert "outcome" in [one.name for one in table(report, 1).all_columns]


def test_an_environment_without_an_accuracy_is_headed_by_its_reward() -> None:
    class Unjudged(FakeQueries):
        def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
            whole = super().env_read(env, at)
            health = Health("unknown", "accuracy is not measured")
            row = msgspec.structs.replace(whole.row, accuracy=NOT_MEASURED, health=health)
            return msgspec.structs.replace(whole, row=row, seeds=[], decisions=[])

    assert ask("env 3", Unjudged()).headline == (
        "reward -0.0120, 0.850 in this episode; health unknown: accuracy is not measured"
    )


def test_an_environment_of_a_run_without_seeds_or_components_shows_what_there_is() -> None:
    report = ask("env 0", BareQueries())
    assert "this episode" not in facts(report)
    assert "components: not measured" in facts(report)["reward"].note


# a seed's life


def test_a_life_says_who_began_each_turn_and_how_probable_that_was() -> None:
    lines = told(fake_seeds.life_events(), fake_seeds.life_decisions())
    assert [(one.steps, one.action, one.whom, one.outcome) for one in lines] == [
        ("2,599", "GERMINATE", "policy 6 %", "-> GERMINATED -> TRAINING"),
        ("2,606", "gate blend", "gate", "-> BLENDING"),
        ("2,615", "gate hold", "gate", "-> HOLDING"),
        ("2,620-2,627 x2", "FOSSILIZE", "policy 1 %", "fossilize holds it back"),
    ]
    assert turns(lines, ["BLENDING", "FOSSILIZED"]).keys() == {"BLENDING"}


def test_what_no_decision_explains_was_the_trainers_doing() -> None:
    lost = told([change(5, "DORMANT", "episode ended")], [decided(4, "CULL")])
    assert [one.whom for one in lost] == ["trainer"]


def test_a_trainers_own_line_about_a_gate_is_not_told_twice() -> None:
    gate = Event(7, 7, 0.0, "debug", "gate", "", 7, "r0c1", data=fake_seeds._refused(0.2))
    own = Event(8, 7, 0.0, "info", "gate_refused", "gate fossilize refused it", 7, "r0c1")
    assert [one.reason for one in told([gate, own])] == ["contribution 0.2 of 1"]
    assert [one.reason for one in told([own])] == ["gate fossilize refused it"]


def test_more_of_a_seed_says_what_blended_it_what_its_gates_saw_and_who_was_before_it() -> None:
    report = ask("seed 7.r0c1 --more")
    assert facts(report)["germinated"].note == "GERMINATE by the policy (6 %)"
    assert facts(report)["blended"].value == "step 2,606"
    assert facts(report)["legal"].value == "CULL, FOSSILIZE"
    assert column(report, "forbidden by", 1) == ["slot_taken", "", ""]
    met = [(step, gate) for step, gate in zip(column(report, "step", 3), column(report, "gate", 3))]  # noqa: B905
    assert list(dict.fromkeys(met)) == [
        (2599, "sprout"),
        (2606, "blend"),
        (2615, "hold"),
        (2627, "fossilize"),
    ]
    assert numbers(column(report, "missing", 3))[-1] == pytest.approx(1.94)
    assert column(report, "blueprint", 4) == ["norm", "wide"]
    assert column(report, "ended by", 4) == ["CULL", "gate blend stayed shut"]
    assert column(report, "age", 4) == [19, 16]
    curves = [block.name for block in report.blocks if hasattr(block, "clock")]
    assert curves == ["contribution", "alpha", "gradient_health"]


def test_what_is_legal_is_unsaid_of_a_stage_that_is_newer_than_the_mask() -> None:
    class Fresh(FakeQueries):
        def seed_read(self, env: int, slot: str, at: str | None = None) -> Any:
            whole = super().seed_read(env, slot, at)
            assert whole.row is not None
            row = msgspec.structs.replace(whole.row, stage_steps=reading(0))
            return msgspec.structs.replace(whole, row=row)

    assert "legal" in facts(ask("seed 7.r0c1"))
    assert "legal" not in facts(ask("seed 7.r0c1", Fresh()))


def test_a_slot_that_is_empty_says_what_became_of_its_last_seed() -> None:
    class Gone(FakeQueries):
        def seed_read(self, env: int, slot: str, at: str | None = None) -> Any:
            whole = super().seed_read(7, "r0c1", at)
            last = msgspec.structs.replace(whole.lives[1], ended=2630)
            events = [*whole.events, change(2630, "CULLED", "CULL")]
            return msgspec.structs.replace(
                whole,
                row=SeedRow(7, "r0c1", "DORMANT"),
                events=events,
                decisions=[decided(2630, "CULL")],
                lives=[last],
            )

    report = ask("seed 7.r0c1", Gone())
    assert report.headline == (
        "slot r0c1 of env 7 is empty (DORMANT); the last, norm, ended at step 2,630: "
        "CULL by the policy (25 %)"
    )


# ripe, stuck, gone


def test_ripe_seeds_say_for_how_long_and_what_the_policy_gives_them() -> None:
    report = ask("seeds ripe")
    assert column(report, "seed") == ["9.r0c1", "1.r0c1"]
    assert numbers(column(report, "legal")) == [12, 1]
    assert numbers(column(report, "probability")) == [pytest.approx(0.4), pytest.approx(3.1)]
    assert report.verdict == "warn"
    assert report.headline == (
        "2 ripe seeds: 9.r0c1 adds 5.31 points; FOSSILIZE, legal for 12 steps, gets <1 %"
    )
    assert report.notes == ("not ripe, though they hold and add: 1 forbidden: cooldown",)
    assert report.next == "seed 9.r0c1"


class Lawless(FakeQueries):
    """A run that does not say which slot its ops may name."""

    legality: Any = "unsaid"

    def seeds_list(self, *args: Any, **given: Any) -> SeedsAnswer:
        whole = super().seeds_list(*args, **given)
        stands = [Standing() for _ in whole.rows]
        return msgspec.structs.replace(whole, legality=self.legality, standing=stands, left_out={})


def test_ripe_seeds_of_a_run_that_says_no_rules_name_the_call_that_would() -> None:
    report = ask("seeds ripe", Lawless())
    assert column(report, "seed") == ["9.r0c1", "1.r0c1"]
    assert numbers(column(report, "legal")) == [None, None]
    assert report.verdict is None
    (note,) = report.notes
    assert "not measured" in note
    assert "run.step(mask_rules=...)" in note


def test_stuck_seeds_say_what_they_lack_since_when_and_how_long_others_took() -> None:
    report = ask("seeds stuck")
    assert column(report, "seed") == ["7.r0c1"]
    assert column(report, "lacks") == ["contribution 1.94"]
    assert numbers(column(report, "shut") + column(report, "usual")) == [15, 2]
    assert report.headline == (
        "1 stuck seed, 1 at fossilize; 7.r0c1 lacks contribution 1.94 for 15 steps"
    )
    assert report.notes[0].startswith("not stuck: 5 short of time alone, 3 with an open gate")
    assert as_json(report)["blocks"][0]["rows"][0]["usual_count"] == 41


def test_a_seed_that_is_stuck_since_now_is_no_warning() -> None:
    class Fresh(FakeQueries):
        def seeds_list(self, *args: Any, **given: Any) -> SeedsAnswer:
            whole = super().seeds_list(*args, **given)
            return msgspec.structs.replace(whole, standing=[Standing(reading(0))])

    report = ask("seeds stuck", Fresh())
    assert report.verdict is None
    assert report.headline.endswith("7.r0c1 lacks contribution 1.94 since this step")


def test_gates_that_nobody_spoke_of_are_not_measured() -> None:
    class Gated(FakeQueries):
        def run_read(self, at: str | None = None) -> RunAnswer:
            return msgspec.structs.replace(super().run_read(at), columns=["seed/r0c0/gate"])

    assert "run.seed(gate=..., gate_inputs=...)" in ask("seeds stuck").notes[0]
    assert "run.seed" not in ask("seeds stuck", Gated()).notes[0]


@pytest.mark.parametrize("choice", ["ripe", "stuck"])
def test_a_choice_of_seeds_takes_their_filters(choice: str) -> None:
    queries = FakeQueries()
    ask(f"seeds {choice} --env 7 --stage HOLDING", queries)
    asked = [given for question, given in queries.asked if question == "seeds"]
    assert [(one["env"], one["stage"]) for one in asked] == [(7, "HOLDING")]
    with pytest.raises(UsageError, match=f"seeds {choice} goes without --sort"):
        ask(f"seeds {choice} --sort alpha")


def test_the_graveyard_counts_the_dead_by_reason_and_whose_doing_it_was() -> None:
    report = ask("seeds graveyard")
    assert column(report, "ended by")[0] == "CULL by the policy"
    assert column(report, "ended by")[-1] == "episode ended"
    assert column(report, "count") == [24, 22, 7, 5, 5, 1]
    assert report.headline.startswith("64 seeds ended without being kept: CULL by the policy 80 %")
    assert report.verdict == "warn"
    assert report.headline.endswith("83 % were removed rather than kept: thrash")


def test_a_graveyard_of_few_seeds_is_not_judged() -> None:
    class Few(FakeQueries):
        def blueprints_list(self, *args: Any, **given: Any) -> Any:
            whole = super().blueprints_list(*args, **given)
            total = msgspec.structs.replace(whole.total, fossilized=0, pruned=3)
            return msgspec.structs.replace(
                whole, total=total, graveyard=[Grave("norm", "CULL", 3, reading(9.5))]
            )

    report = ask("seeds graveyard", Few())
    assert (report.verdict, "thrash" in report.headline) == (None, False)


def test_the_graveyard_of_one_environment_is_asked_for_and_has_no_stages() -> None:
    queries = FakeQueries()
    ask("seeds graveyard --env 7", queries)
    assert ("blueprints", {"env": 7}) in queries.asked
    with pytest.raises(UsageError, match="goes without --stage"):
        ask("seeds graveyard --stage HOLDING")


# blueprints


class Picking(FakeQueries):
    """A policy that picks one blueprint so many times of late."""

    def __init__(self, **recent: int) -> None:
        super().__init__()
        self.recent = recent

    def blueprints_list(self, *args: Any, **given: Any) -> Any:
        whole = super().blueprints_list(*args, **given)
        rows = [
            msgspec.structs.replace(one, recent=self.recent.get(one.blueprint, 0))
            for one in whole.rows
        ]
        return msgspec.structs.replace(whole, rows=rows)


@pytest.mark.parametrize(
    ("recent", "locked"),
    [
        ({"norm": 60, "wide": 40}, "norm"),
        ({"norm": 50, "wide": 50}, None),
        ({"bottleneck": 90, "norm": 10}, None),
        ({"gated": 90, "norm": 10}, None),
    ],
)
def test_a_policy_is_locked_on_a_blueprint_that_does_worse_than_most(
    recent: dict[str, int], locked: str | None
) -> None:
    report = ask("blueprints", Picking(**recent))
    assert report.verdict == ("warn" if locked else None)
    assert report.headline.startswith(f"locked on {locked}: 60 of the last 100" if locked else "85")


def test_absent_contributions_stay_absent_in_the_graveyard() -> None:
    contributions = column(ask("seeds graveyard"), "contribution")
    assert number(contributions[2]) is None
    assert ask("seeds graveyard").at == AT
