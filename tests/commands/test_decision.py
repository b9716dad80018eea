"""One decision, as the command tells it: what was chosen, why nothing else was, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sanctum.command import NoDataYet, Report, Table
from sanctum.command.decided import unusual
from sanctum.model.decisions import Ahead, DecisionAnswer, Feature, Head, HeadOption, Neighbour
from sanctum.model.readings import (
    MASKED,
    NOT_MEASURED,
    NonFinite,
    Reading,
    number,
    reading,
)
from sanctum.render import Screen, render
from tests.commands.asking import ask
from tests.commands.fake_decision import ahead, feature
from tests.commands.fake_run import BareQueries, FakeQueries
from tests.commands.test_look import as_json, column, facts, table

Change = Callable[[DecisionAnswer], dict[str, Any]]


class Decided(FakeQueries):
    """The rich run with something else about its decisions."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.change = change

    def decision_read(self, env: int, at: str | None = None) -> DecisionAnswer:
        whole = super().decision_read(env, at)
        return msgspec.structs.replace(whole, **self.change(whole))


def told(line: str = "decision 7", **changed: Any) -> Report:
    """The report of a decision of which some fields are others."""
    return ask(line, Decided(lambda whole: changed))


def decided(**changed: Any) -> Report:
    """The report of a decision of which its own fields are others."""
    return ask(
        "decision 7",
        Decided(lambda whole: {"decision": msgspec.structs.replace(whole.decision, **changed)}),
    )


def op(name: str, chance: float | None, rule: str | None = "", **more: Any) -> HeadOption:
    """An option: `rule` forbids it, empty: it is legal, None: nobody says."""
    legal = None if rule is None else not rule
    return HeadOption(
        name, reading(chance), legal=legal, rule=rule or None, chosen=name == "WAIT", **more
    )


def lines(report: Report, width: int = 80) -> list[str]:
    return render(report, "table", Screen(width=width, encoding_ascii=True)).splitlines()


# the headline


def test_the_headline_says_what_was_chosen_how_surely_and_what_it_brought() -> None:
    report = ask("decision 7")
    assert report.headline == (
        "WAIT, probability 93 %, FOSSILIZE forbidden (not_improving); reward late"
    )


@pytest.mark.parametrize(
    ("options", "forced", "freedom"),
    [
        ([op("WAIT", 1.0), op("GROW", 0.0, "no_slot"), op("CULL", 0.0, "no_seed")], True, 1),
        ([op("WAIT", 0.6), op("GROW", 0.4), op("CULL", 0.0, "no_seed")], False, 2),
        ([op("WAIT", 0.6), op("A", 0.4), op("B", 0.0, "x"), op("C", 0.0, "y")], False, 3),
        ([op("WAIT", 0.6), op("GROW", 0.4)], False, 4),
        ([op("WAIT", 0.6, None), op("GROW", 0.4, None)], None, 4),
        ([op("WAIT", 1.0, None), op("GROW", 0.0, None)], True, 5),
    ],
)
def test_the_headline_says_what_forbade_the_others(
    options: list[HeadOption], forced: bool | None, freedom: int
) -> None:
    def change(whole: DecisionAnswer) -> dict[str, Any]:
        one = msgspec.structs.replace(whole.decision, forced=forced)
        return {"decision": one, "heads": [Head("op", options, "WAIT", forced=forced)]}

    wanted = {
        1: ", forced: no_slot, no_seed;",
        2: ", CULL forbidden (no_seed);",
        3: ", 2 of 4 legal;",
        4: "%;",
        5: ", forced;",
    }
    assert wanted[freedom] in ask("decision 7", Decided(change)).headline


@pytest.mark.parametrize(
    ("came", "words"),
    [
        ({"success": True}, ": done; reward"),
        ({"success": False}, ": could not be done; reward"),
        ({"executed": "CULL", "success": False}, ": executed as CULL; reward"),
        ({}, "(not_improving); reward"),
    ],
)
def test_what_became_of_the_choice_is_told_where_the_run_says_it(
    came: dict[str, Any], words: str
) -> None:
    report = decided(**came)
    assert words in report.headline
    assert ("done" in facts(report)) == bool(came)


def test_a_choice_for_a_slot_is_told_with_its_target() -> None:
    head = Head("slot", [HeadOption("r0c2", reading(0.61), chosen=True)], "r0c2")

    def change(whole: DecisionAnswer) -> dict[str, Any]:
        one = msgspec.structs.replace(
            whole.decision, action="GERMINATE", target="r0c2", blueprint="wide"
        )
        return {"decision": one, "heads": [whole.heads[0], head]}

    report = ask("decision 7", Decided(change))
    assert report.headline.startswith("GERMINATE r0c2 wide, probability")
    assert facts(report)["heads"].value == "slot r0c2 61 %"
    assert column(report, "op", -1)[0] == "GERMINATE r0c2"


# the ops


def test_every_op_stands_with_its_rule_logit_and_probability() -> None:
    report = ask("decision 7")
    shown = table(report)
    assert [one.name for one in shown.columns] == ["op", "legal", "rule", "logit", "probability"]
    assert column(report, "rule") == ["", "", "", "not_improving"]
    assert number(column(report, "probability")[0]) == pytest.approx(93.1)


def test_what_nobody_said_has_no_column_and_is_absent_for_programs() -> None:
    head = Head("op", [op("WAIT", 0.7, None), op("GROW", 0.3, None)], "WAIT", normalised=True)
    report = told(heads=[head], missing={"logits": "run.step(logits=...)"})
    assert [one.name for one in table(report).columns] == ["op", "probability"]
    (row, _) = as_json(report)["blocks"][0]["rows"]
    assert row["absent"]["legal"] == "not measured"
    assert report.notes == ()  # a logarithm of the probability is as good


def test_an_op_of_which_nothing_speaks_is_left_to_programs() -> None:
    head = Head("op", [op("WAIT", 0.7, None), op("GROW", 0.0, None), op("CULL", None, None)])
    report = told(heads=[head])
    assert column(report, "op") == ["WAIT"]
    assert [row["op"] for row in as_json(report)["blocks"][0]["rows"]] == ["WAIT", "GROW", "CULL"]
    assert column(told("decision 7 --more", heads=[head]), "op") == ["WAIT", "GROW", "CULL"]


def test_of_many_ops_the_likeliest_are_shown_and_the_chosen_one() -> None:
    many = [op(f"a{index}", index / 200) for index in range(20)]
    head = Head("op", [op("WAIT", 0.001), *many], "WAIT")
    report = told(heads=[head])
    assert column(report, "op") == ["WAIT", "a17", "a18", "a19"]
    assert len(column(report, "env", -1)) >= 4  # what came of it, and of others like it


def test_more_shows_every_head_that_had_a_part_with_its_entropy() -> None:
    slots = [HeadOption("a", reading(0.2)), HeadOption("b", reading(0.8), chosen=True)]
    unused = Head("style", [HeadOption("x")])
    head = Head("slot", slots, "b", reading(0.72), False)
    report = ask(
        "decision 7 --more", Decided(lambda whole: {"heads": [whole.heads[0], head, unused]})
    )
    assert column(report, "head", 1) == ["op", "slot"]
    assert column(report, "option", 1) == ["WAIT", "b"]
    assert column(report, "entropy", 1)[1] == reading(0.72)
    assert column(report, "slot", 2) == ["a", "b"]
    assert column(report, "chosen", 2) == [False, True]
    assert "without a part in it: style" in report.notes[0]


def test_programs_get_the_options_of_every_head() -> None:
    rows = as_json(ask("decision 7"))["blocks"][0]["rows"]
    assert {row["head"] for row in rows} == {"op", "slot"}
    assert [row["op"] for row in rows if row["head"] == "slot"] == ["r0c0", "r0c1", "r0c2"]
    assert rows[0]["entropy"] == 0.21


# value and reward


def test_what_the_update_credited_stands_beside_the_value() -> None:
    report = told(next_value=MASKED, advantage=reading(-0.25), episode_return=NOT_MEASURED)
    assert facts(report)["value"].note == "next masked, advantage -0.250"


def test_a_value_on_another_scale_keeps_its_unit_and_says_so() -> None:
    report = told(units={"value": "normalised"})
    assert facts(report)["value"].unit == "normalised"
    assert "different scales" in report.notes[0]


# features


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([feature("trend", 0.5, 0.1, 0.1)], "trend 0.500 (+4.0 sd)"),
        (
            [Feature("x", NonFinite("nan")), feature("y", 0.0, 0.3, 0.1)],
            "x nan, y 0 (-3.0 sd)",
        ),
        ([feature("on", 1.0, 0.0, 0.0)], "on 1 (always 0 before)"),
        (
            [feature("trend", 0.12, 0.1, 0.1)],
            "nothing; the furthest from its mean is trend 0.120 (+0.2 sd)",
        ),
        (
            [Feature("trend", reading(0.1))],
            "not known: nothing was seen before; --more has all features",
        ),
    ],
)
def test_unusual_features_are_told_in_a_sentence(features: list[Feature], words: str) -> None:
    assert unusual(features, 150) == words


def test_of_many_unusual_features_with_long_names_those_are_told_that_fit() -> None:
    names = [f"a_rather_long_name_of_a_feature_number_{index}" for index in range(30)]
    features = [feature(name, 1.0, 0.0, 0.1) for name in names]
    assert unusual(features, 79).count("sd") == 1
    assert unusual(features, 150).count("sd") == 2
    report = told(features=features)
    assert len(as_json(report)["blocks"][2]["rows"]) == 30
    whole = ask("decision 7 --more", Decided(lambda _: {"features": features}))
    assert len(column(whole, "feature", 2)) == 30


def test_more_has_every_feature_with_mean_and_spread() -> None:
    report = ask("decision 7 --more")
    features = next(one for one in report.blocks if "582 to 2,629" in getattr(one, "title", ""))
    assert isinstance(features, Table)
    assert len(features.items) == 7


# what came of it, and of others


def test_the_decision_stands_above_its_neighbours_with_what_came() -> None:
    report = ask("decision 7")
    assert column(report, "env", -1) == [7, 3, 12, 7, 0]
    assert column(report, "in 5", -1)[1:3] == [reading(0.204), reading(0.163)]
    rows = as_json(report)["blocks"][-1]["rows"]
    assert [row["distance"] for row in rows] == [0.0, 0.412, 0.447, 0.503, 0.688, 0.694]
    assert len(column(ask("decision 7 --more"), "env", 3)) == 6


def test_without_neighbours_the_sums_are_told_alone() -> None:
    report = told(neighbours=[], features=[], searched=0)
    assert column(report, "env", -1) == [7]
    assert table(report, -1).title == "reward in 1, 5, 20 steps"
    assert report.next == "env 7"


def test_a_run_without_rewards_has_no_table_of_them() -> None:
    unsaid = [Ahead(steps, NOT_MEASURED) for steps in (1, 5, 20)]
    report = told(neighbours=[], features=[], ahead=unsaid)
    assert len(report.blocks) == 2


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("notes", [{}, {"rules": "run.step(mask_rules=...)"}])
def test_it_fits_the_screen_however_many_ops_there_are(count: int, notes: dict[str, str]) -> None:
    options = [op("WAIT", 0.5), *(op(f"OP_{index}", 0.1, "a_rule") for index in range(count))]
    near = [
        Neighbour(env, 10 * env, 0.5, "OP_1", None, reading(0.1), ahead(0.1, 0.2, 0.3))
        for env in range(5)
    ]
    report = told(heads=[Head("op", options, "WAIT")], neighbours=near, missing=notes)
    assert len(lines(report)) <= 22, "\n".join(lines(report))
    assert "not shown" not in "\n".join(lines(report, 60))


# moments, and what is not there


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("decision 7 1200", "1200"),
        ("decision 7 -50", "-50"),
        ("decision 7 1200 --at 30", "1200"),
        ("decision 7 --at u41", "u41"),
        ("decision 7 --at hall:1", "hall:1"),
        ("decision 7 1200 --at hall:1", "hall:1:1200"),
        ("decision 7 -5 --at hall:e3:peak", "hall:e3:-5"),
        ("decision 7 hall:2 --at hall:1", "hall:2"),
    ],
)
def test_a_step_is_one_of_the_run_or_of_the_episode_that_is_looked_at(line: str, at: str) -> None:
    queries = FakeQueries()
    ask(line, queries)
    assert ("decision", {"env": 7, "at": at}) in queries.asked


def test_a_decision_before_the_moment_says_so() -> None:
    assert told(step=2600).notes == ("the newest decision by step 2,630",)
    assert "as known now" in ask("decision 7 1200 --more").notes[0]


def test_no_decision_is_no_data() -> None:
    with pytest.raises(NoDataYet, match="no decision of env 0"):
        ask("decision 0", BareQueries())


def test_what_was_not_measured_is_named_with_its_call() -> None:
    missing = {
        "features": "run.step(observation=...)",
        "logits": "run.step(logits=...)",
        "advantage": "run.backfill(first_step, advantage=...)",
        "return": "run.backfill(first_step, returns=...)",
    }
    assert told(missing=missing, features=[], neighbours=[]).notes[-1] == (
        "not measured: features (run.step(observation=...)), "
        "advantage (run.backfill(first_step, advantage=...))"
    )
    assert "logits" in told("decision 7 --more", missing=missing).notes[-1]
    assert told(missing=dict.fromkeys(missing, "")).notes[-1] == "not measured: features, advantage"


def test_readings_that_are_absent_stay_absent() -> None:
    silent: Reading = NOT_MEASURED
    report = told(value=silent, reward=silent, missing={"value": "", "reward": ""})
    assert facts(report)["value"].value == NOT_MEASURED
    assert "reward -" in report.headline
