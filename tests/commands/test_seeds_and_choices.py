"""Blueprints, counterfactuals, decisions and the lives of seeds, as commands tell them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sanctum.command import Table, UsageError
from sanctum.command.patterns import patterns
from sanctum.command.story import last_life, told
from sanctum.model.answers import (
    Choice,
    Component,
    Decision,
    EnvAnswer,
    Event,
    EventsAnswer,
    PolicyAnswer,
    RewardsAnswer,
    SeedRow,
    Vital,
    VitalsAnswer,
)
from sanctum.model.readings import MASKED, NOT_MEASURED, reading
from sanctum.render import Screen, render
from tests.commands.asking import ask
from tests.commands.fake_run import AT, STEP, BareQueries, FakeQueries
from tests.commands.test_look import as_json, column, facts, table


def event(step: int, type: str, text: str = "", **data: Any) -> Event:
    return Event(step, step, 0.0, "info", type, text, 3, "r0c1", data=data)


# story


LIFE = [
    event(3, "stage", **{"from": "DORMANT", "to": "GERMINATED", "cause": "GERMINATE"}),
    event(3, "germinated", "norm germinated", blueprint_id="norm", params=1200),
    event(3, "morphology", "done", operation="GERMINATE", phases=["proposal", "commit"]),
    event(4, "gate", gate="G1", passed=True),
    event(4, "stage", **{"from": "GERMINATED", "to": "TRAINING", "cause": "ADVANCE"}),
    *(
        one
        for step in (6, 7, 9)
        for one in (
            event(step, "gate", gate="G2", passed=False, checks_failed=[f"trained_{step}_of_10"]),
            event(step, "morphology", operation="ADVANCE", phases=["proposal", "dispatch"]),
        )
    ),
    event(12, "morphology", operation="PRUNE", phases=["proposal"], approved=False, reason="no"),
    event(14, "stage", **{"from": "TRAINING", "to": "PRUNED", "cause": "PRUNE"}),
    event(14, "pruned", "norm pruned after 11 steps"),
    event(14, "stage", **{"from": "PRUNED", "to": "EMBARGOED"}),
]


def test_the_events_of_a_step_are_one_line_and_the_same_again_is_counted() -> None:
    lines = [(one.steps, one.action, one.outcome, one.reason) for one in told(LIFE)]
    assert lines == [
        ("3", "GERMINATE", "-> GERMINATED", "norm, 1,200 parameters"),
        ("4", "ADVANCE", "-> TRAINING", None),
        ("6-9 x3", "ADVANCE", "G2 holds it back", "trained 9 of 10"),
        ("12", "PRUNE", "refused", "no"),
        ("14", "PRUNE", "-> PRUNED -> EMBARGOED", "norm pruned after 11 steps"),
    ]
    assert told(LIFE)[0].phases == "proposal > commit"


def test_a_life_begins_with_the_last_birth() -> None:
    earlier = [event(1, "stage", to="GERMINATED"), event(2, "stage", to="PRUNED")]
    assert last_life([*earlier, *LIFE]) == LIFE
    assert last_life(LIFE[4:]) == LIFE[4:]


# blueprints


def test_blueprints_sum_up_what_became_of_all_seeds() -> None:
    report = ask("blueprints")
    assert report.headline.startswith("85 seeds: 13 fossilized, 63 removed, 1 lost as episodes en")
    assert column(report, "blueprint")[-1] == "all"
    verdicts = as_json(report)["blocks"][0]["rows"]
    assert [row.get("verdicts", {}).get("success") for row in verdicts] == [
        "ok",
        "warn",
        "warn",
        None,
        "warn",
    ]


# counterfactual


class Matrix(FakeQueries):
    """A run whose env 3 said a matrix of two seeds, and Shapley values."""

    def __init__(self, data: dict[str, Any] | None = None, step: int = 2600) -> None:
        super().__init__()
        self.data, self.step = data or MATRIX, step

    def events_list(self, *args: Any, **named: Any) -> EventsAnswer:
        if named.get("type") == "counterfactual":
            rows = [event(self.step, "counterfactual", **self.data)]
        elif named.get("type") == "shapley":
            values = {"r0c0": {"mean": 4.0, "std": 8.0, "n_samples": 20.0}}
            rows = [event(self.step, "shapley", values=values)]
        else:
            return super().events_list(*args, **named)
        return EventsAnswer(AT, rows, 1, 1)


MATRIX: dict[str, Any] = {
    "slots": ["r0c0", "r0c1"],
    "configs": [
        {"on": ["r0c0", "r0c1"], "accuracy": 70.0},
        {"on": [], "accuracy": 60.0},
        {"on": ["r0c0"], "accuracy": 66.0},
        {"on": ["r0c1"], "accuracy": 59.0},
    ],
    "strategy": "full_factorial",
    "none": 60.0,
    "all": 70.0,
    "synergy": 5.0,
}


def test_a_matrix_says_what_was_expected_and_what_is_beyond_it() -> None:
    report = ask("counterfactual 3", Matrix())
    assert report.headline == (
        "60.0 % without seeds, 70.0 % with 2 seeds; most adds r0c0, 6.00 points"
    )
    assert column(report, "seeds on") == ["none", "r0c0", "r0c1", "all 2"]
    assert column(report, "gain") == [0.0, 6.0, -1.0, 10.0]
    assert column(report, "expected")[-1] == 5.0
    assert column(report, "synergy")[-1] == 5.0
    assert facts(report)["synergy of all"].note == "they help each other"


def test_a_shapley_value_is_judged_by_its_standard_error_not_by_its_spread() -> None:
    report = ask("counterfactual 3", Matrix())
    assert column(report, "standard_error", 1) == [pytest.approx(8.0 / 20**0.5)]
    assert column(report, "not zero", 1) == [True]  # the spread alone is twice the mean


def test_a_matrix_of_an_earlier_episode_says_so() -> None:
    assert "in an earlier episode" in ask("counterfactual 3", Matrix(step=1000)).notes[0]
    assert "episode" not in ask("counterfactual 3", Matrix(step=2629)).notes[0]


@pytest.mark.parametrize("data", [{"slots": ["a"]}, {"configs": [{"on": ["a"]}], "none": None}])
def test_a_matrix_that_lacks_things_is_shown_as_far_as_it_goes(data: dict[str, Any]) -> None:
    assert render(ask("counterfactual 3", Matrix(data)), "plain", Screen())


def test_without_a_matrix_it_says_so() -> None:
    report = ask("counterfactual 0", BareQueries())
    assert report.headline.startswith("no counterfactual was measured here so far")
    assert "no matrix" in render(report, "plain", Screen())


# decisions


def decided(action: str, *, step: int = 1, forced: bool = False, **more: Any) -> Decision:
    chance = more.pop("probability", NOT_MEASURED)
    unsaid = NOT_MEASURED, NOT_MEASURED
    return Decision(step, action, None, None, chance, *unsaid, forced, **more)


class Choosing(FakeQueries):
    """A run that says what became of its choices, and values on another scale."""

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        whole = super().env_read(env, at)
        last = decided(
            "PRUNE",
            step=STEP + 2,
            probability=reading(0.4),
            executed="WAIT",
            success=False,
            probabilities={"WAIT": reading(0.6), "PRUNE": reading(0.4), "GERMINATE": reading(0.0)},
            choices=[
                Choice("op", "PRUNE", reading(0.4), reading(0.97), False),
                Choice("slot", "r0c1", reading(1.0), MASKED, True),
                Choice("style", None),
            ],
        )
        return msgspec.structs.replace(
            whole,
            decisions=[
                *whole.decisions[:3],
                decided("WAIT", step=STEP + 1, forced=True, success=True),
                last,
            ],
            units={"value": "normalised"},
        )


def test_what_could_not_be_done_is_marked_in_the_last_ops() -> None:
    report = ask("actions 7", Choosing())
    assert str(facts(report)["last ops"].value).endswith("WAIT* PRUNE!")
    assert table(report, 1).columns[-1].name == "done"
    assert column(report, "done", 1)[-1] == "as WAIT"


def test_nothing_is_said_of_what_came_of_a_choice_where_nobody_does() -> None:
    shown = table(ask("actions 7"), 1)
    assert "done" not in [one.name for one in shown.columns]
    assert "done" in [one.name for one in shown.all_columns]


SEEDS = [SeedRow(3, "a", "FOSSILIZED")]


@pytest.mark.parametrize(
    ("ops", "free", "seeds", "found"),
    [
        (["WAIT"] * 8, 1, SEEDS, "STUCK"),
        (["WAIT"] * 8, 0, SEEDS, ""),
        (["WAIT"] * 7, 1, SEEDS, ""),
        (["WAIT"] * 8, 1, [SeedRow(3, "a", "TRAINING")], ""),
        (["GERMINATE", "WAIT", "PRUNE", "GERMINATE", "ADVANCE", "CULL"], 1, SEEDS, "THRASH"),
        (["GERMINATE", "PRUNE"], 1, SEEDS, ""),
        (["SET_ALPHA_TARGET", "WAIT"] * 4, 0, SEEDS, "ALPHA_OSC"),
    ],
)
def test_odd_patterns_are_named(ops: list[str], free: int, seeds: Any, found: str) -> None:
    said = patterns([decided(op) for op in ops], seeds, free)
    assert [one.split(":")[0] for one in said] == ([found] if found else [])


def test_waits_that_were_forced_are_no_pattern() -> None:
    assert patterns([decided("WAIT", forced=True)] * 12, SEEDS, 1) == []


# rewards


class Contained(FakeQueries):
    """A reward with a part inside another, one that is sent as a cost, and one always 0."""

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        parts = [
            Component("penalty", *[reading(-0.5)] * 2, reading(0.1), MASKED, 1, "attribution"),
            Component("rent", reading(0.2), reading(0.2), reading(0.0), reading(0.2), -1),
            Component("attribution", reading(0.8), reading(0.8), reading(0.1), reading(0.8)),
            Component("never", reading(0.0), reading(0.0), reading(0.0), reading(0.0)),
            Component("unmeant", MASKED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED),
        ]
        total = Component("total", reading(0.6), reading(0.6), reading(0.1), reading(1.0))
        return RewardsAnswer(AT, env, parts, total, reading(0.0), reading(0.0), 1, 9, 9)


def test_a_component_inside_another_stands_below_it_and_says_so() -> None:
    report = ask("rewards", Contained())
    assert column(report, "component") == ["attribution", "penalty", "rent", "unmeant"]
    assert column(report, "enters") == ["+", "in it", "-", "+"]
    assert report.headline.endswith("mostly attribution (80 %); they add up")
    assert "1 that was 0 all the time" in report.notes[0]


def test_a_program_sees_the_components_that_a_screen_does_without() -> None:
    (rows,) = (block["rows"] for block in as_json(ask("rewards", Contained()))["blocks"][:1])
    assert [row["component"] for row in rows][-1] == "never"
    assert rows[1]["inside"] == "attribution"
    shown = ask("rewards --more", Contained()).blocks[0]
    assert isinstance(shown, Table)
    assert len(shown.items) == 5


# events, vitals


def test_debug_is_left_out_unless_it_or_a_type_is_asked_for() -> None:
    def least(line: str) -> Any:
        queries = FakeQueries()
        ask(line, queries)
        return queries.asked[0][1].get("severity")

    assert least("events") == "info"
    assert least("events --severity debug") == "debug"
    assert least("events --type seed.stage") is None


def test_an_event_shows_its_data_by_path_and_long_texts_apart() -> None:
    class One(FakeQueries):
        def events_list(self, *args: Any, **named: Any) -> EventsAnswer:
            told = event(5, "x", "what", a={"b": [1, 2], "c": [{"d": 1.5}]}, long="one\ntwo")
            return EventsAnswer(AT, [told], 1, 1)

    report = ask("event 5", One())
    assert column(report, "name") == ["a.b", "a.c.0.d"]
    assert column(report, "value") == ["[1, 2]", 1.5]
    assert report.headline == "what"
    assert "two" in render(report, "plain", Screen())


def test_an_event_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no event 999"):
        ask("event 999")


def test_phases_are_a_table_and_quiet_readings_wait_for_more() -> None:
    class Told(FakeQueries):
        def vitals_read(self, at: str | None = None) -> VitalsAnswer:
            own = [
                Vital("val_ms", reading(20.0), "ms", group="phase"),
                Vital("train_ms", reading(90.0), "ms", group="phase"),
                Vital("train_cpu", reading(0.5), "0-1", group="phase"),
                Vital("drift", reading(0.1), "", "ok", "warn > 1", "observation"),
                Vital("clip", reading(0.1), "0-1", "warn", "warn > 0.05", "observation"),
            ]
            return VitalsAnswer(AT, own)

    report = ask("vitals", Told())
    assert column(report, "phase") == ["train", "val"]
    assert list(facts(report)) == ["clip"]
    assert report.headline == "observation clip is warn: 0.100 0-1"
    assert "1 reading of observation" in report.notes[-1]
    assert "drift" in facts(ask("vitals --more", Told()))


def test_a_head_that_nobody_measured_gives_way_on_a_screen() -> None:
    columns = {one.name: one.priority for one in table(ask("brain heads")).columns}
    assert columns["entropy"] < columns["choice_entropy"]


def test_a_policy_that_says_little_has_no_heads() -> None:
    class Bare(BareQueries):
        def policy_read(self, *args: Any, **named: Any) -> PolicyAnswer:
            return PolicyAnswer(AT, [], [], 0, None, None, None)

    assert "single heads: not measured" in render(ask("brain heads", Bare()), "plain", Screen())
