"""``replay``, ``what-if``, ``flip`` and ``saliency``, and how their lines are read."""

from __future__ import annotations

import math
import shlex
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanctum.command import Facts, Report, Table, UsageError
from sanctum.command.replays import changes, exact, placed, spans, swept, word
from sanctum.command.stretch import stretch
from sanctum.model.readings import NOT_MEASURED, reading
from sanctum.model.replayed import (
    DISTRIBUTION,
    HeadAgain,
    OptionAgain,
    OptionMoved,
    ReplayAnswer,
    StretchAnswer,
    SweepAnswer,
    WhatIfAnswer,
)
from sanctum.shell.line import parse
from tests.commands.asking import ask
from tests.commands.fake_replay import FEATURES, OPS
from tests.commands.fake_run import FakeQueries


def tables(report: Report) -> list[Table]:
    return [block for block in report.blocks if isinstance(block, Table)]


def cells(table: Table, name: str) -> list[Any]:
    (column,) = (one for one in table.all_columns if one.name == name)
    return [column.get(item) for item in table.items]


class Altered(FakeQueries):
    """The rich run, with its `then` evaluation and its stretch altered."""

    def __init__(self, **then: Any) -> None:
        super().__init__()
        self.then = then

    def replay_run(
        self, env: int, at: str | None = None, hall: int | None = None, trust: bool = False
    ) -> ReplayAnswer:
        answer = super().replay_run(env, at, hall, trust)
        first, *others = answer.evaluations
        changed = msgspec.structs.replace(first, **self.then)
        return msgspec.structs.replace(answer, evaluations=[changed, *others])

    def replay_stretch(
        self, env: int, first: str, last: str, at: str | None = None, trust: bool = False
    ) -> StretchAnswer:
        answer = super().replay_stretch(env, first, last, at, trust)
        rows = [msgspec.structs.replace(row, **self.then) for row in answer.rows[:2]]
        return msgspec.structs.replace(answer, rows=[*rows, *answer.rows[2:]])


# replay


def test_a_replay_says_first_whether_it_is_reproduced_and_with_whose_weights() -> None:
    report = ask("replay 7")
    assert report.headline == (
        "reproduced: largest difference 3.10e-08 (limit 1e-05), with u20, which acted"
    )
    assert report.verdict == "ok"
    made, options = tables(report)
    assert cells(made, "weights") == ["recorded", "then", "now"]
    assert cells(made, "as recorded") == [None, "yes", "no"]
    assert cells(options, "op") == list(OPS)
    assert cells(options, "legal") == [True, True, False, True]


def test_weights_that_acted_and_give_something_else_are_an_alarm() -> None:
    report = ask("replay 7", Altered(reproduced=False, difference=reading(0.0123)))
    assert report.headline.startswith("NOT reproduced: largest difference 0.0123 (limit 1e-05)")
    assert report.verdict == "crit"
    assert any("training mode" in note for note in report.notes)


def test_weights_that_are_only_near_those_that_acted_are_a_warning() -> None:
    near = Altered(reproduced=False, difference=reading(0.0123), acted=False)
    report = ask("replay 7", near)
    assert report.headline.endswith("with u20, the nearest kept before")
    assert report.verdict == "warn"
    assert not any("training mode" in note for note in report.notes)


def test_a_value_that_differs_is_told_from_probabilities_that_do() -> None:
    off = Altered(reproduced=False, value_difference=reading(0.5))
    assert ask("replay 7", off).headline.startswith("NOT reproduced: the value is off by 0.500")


def test_probabilities_that_are_no_numbers_are_an_alarm_reproduced_or_not() -> None:
    class Broken(FakeQueries):
        def replay_run(self, env: int, *args: Any, **named: Any) -> ReplayAnswer:
            answer = super().replay_run(env, *args, **named)
            first, *others = answer.evaluations
            heads = [HeadAgain("op", [OptionAgain("WAIT", True, nan, nan)])]
            first = msgspec.structs.replace(first, heads=heads, choice=None, reproduced=True)
            return msgspec.structs.replace(answer, evaluations=[first, *others])

    nan = reading(math.nan)
    report = ask("replay 7", Broken())
    assert report.headline.startswith("reproduced (not finite, then as now)")
    assert report.verdict == "crit"


def test_where_only_the_value_can_be_compared_no_limit_of_probabilities_is_named() -> None:
    apart = Altered(reproduced=False, compared="value", difference=reading(0.5))
    assert ask("replay 7", apart).headline.startswith(
        "NOT reproduced: largest difference of the value 0.500, with"
    )


def test_probabilities_that_are_no_numbers_are_shown_as_such() -> None:
    again = Altered(choice=None, reproduced=False, difference=reading(math.nan))
    report = ask("replay 7", again)
    assert report.headline.startswith("NOT reproduced: largest difference nan")
    assert [table.columns[0].name for table in tables(report)] == ["weights", "op"]


def test_where_nothing_was_recorded_to_compare_with_nothing_is_claimed() -> None:
    bare = Altered(reproduced=None, difference=NOT_MEASURED, compared="")
    report = ask("replay 7", bare)
    assert report.headline.startswith("nothing to compare with was recorded")
    assert report.verdict is None


def test_without_the_weights_of_then_those_of_now_are_evaluated_and_asked_on() -> None:
    class Later(FakeQueries):
        def replay_run(self, env: int, *args: Any, **named: Any) -> ReplayAnswer:
            answer = super().replay_run(env, *args, **named)
            absent = {"then": "no weights were kept that acted by step 9"}
            return msgspec.structs.replace(
                answer, evaluations=answer.evaluations[1:], absent=absent
            )

    report = ask("replay 7", Later())
    assert report.headline == "not replayed as it was: no weights were kept that acted by step 9"
    assert report.next.endswith("--with now")
    assert not any("then:" in note for note in report.notes)


def test_an_entry_of_the_hall_has_a_column_or_says_why_not() -> None:
    assert "hall:2" in [column.name for column in tables(ask("replay 7 --hall 2"))[1].columns]
    assert "hall:3: entry holds no weights" in ask("replay 7 --hall 3").notes


def test_every_head_is_shown_with_more() -> None:
    short, whole = ask("replay 7"), ask("replay 7 --more")
    assert "1 head more: --more" in short.notes
    assert [table.columns[0].name for table in tables(whole)] == ["weights", "op", "slot"]


def test_a_replay_of_a_step_asks_for_that_step_and_passes_trust_on() -> None:
    queries = FakeQueries()
    report = ask("replay 7 1200 --trust", queries)
    assert ("replay", {"env": 7, "at": "1200", "trust": True}) in queries.asked
    assert report.next == "flip 7 1200 --trust"


def test_in_an_entry_of_the_hall_the_next_line_names_its_moment() -> None:
    class Entry(FakeQueries):
        def replay_run(self, env: int, *args: Any, **named: Any) -> ReplayAnswer:
            answer = super().replay_run(env, *args, **named)
            return msgspec.structs.replace(answer, at=msgspec.structs.replace(answer.at, hall=2))

    answer = ask("replay 7 hall:2", Entry())
    assert answer.next is not None and answer.next.startswith("flip 7 hall:2:")


def test_a_stretch_names_the_steps_at_which_then_and_now_differ() -> None:
    report = ask("replay 7 --from 2600 --to 2630")
    assert report.headline == (
        "reproduced 31 of 31, worst 2.20e-08; u41 chooses differently at 8: "
        "2,600, 2,604, 2,608, 2,612 and 4 more"
    )
    (table,) = tables(report)
    assert (table.shown, table.total) == (12, 31)
    assert cells(table, "now choice")[:2] == ["GERMINATE *", "WAIT"]
    assert report.next == "replay 7 2600"


def test_only_the_rows_that_disagree_can_be_asked_for() -> None:
    (table,) = tables(ask("replay 7 --from 2600 --to 2630 --disagree"))
    assert cells(table, "step") == [2600, 2604, 2608, 2612, 2616, 2620, 2624, 2628]
    (none,) = tables(ask("replay 7 --from 2601 --to 2603 --disagree"))
    assert none.empty == "then and now agree at every step"


def test_a_stretch_goes_to_the_newest_and_is_whole_with_more() -> None:
    (table,) = tables(ask("replay 7 --from -40 --more"))
    assert table.shown == table.total == 41
    (table,) = tables(ask("replay 7 --from -40 -n 3"))
    assert (table.shown, table.total) == (3, 41)


def test_a_row_that_its_own_weights_do_not_give_again_is_an_alarm() -> None:
    wrong = Altered(reproduced=False, difference=reading(0.2))
    report = ask("replay 7 --from 2601 --to 2610", wrong)
    assert report.headline.startswith("NOT all reproduced: 8 of 10, worst 0.200")
    assert report.verdict == "crit"


def test_a_difference_that_is_no_number_is_the_worst_wherever_it_stands() -> None:
    odd = Altered(reproduced=False, difference=reading(math.nan))
    answer = odd.replay_stretch(7, "2601", "2610")
    last = msgspec.structs.replace(answer, rows=answer.rows[::-1])
    report = stretch(last, disagree=False, limit=None, trust=False)
    assert report.headline.startswith("NOT all reproduced: 8 of 10, worst nan")


def test_rows_of_which_the_value_alone_differs_say_so() -> None:
    report = ask("replay 7 --from -40", Altered(reproduced=False, difference=reading(1e-8)))
    assert ", the values differ;" in report.headline
    assert report.verdict == "crit"


def test_rows_whose_weights_are_not_kept_are_counted_apart_and_no_alarm() -> None:
    near = Altered(reproduced=False, difference=reading(0.2), acted=False)
    report = ask("replay 7 --from 2601 --to 2610", near)
    assert report.headline.startswith(
        "reproduced 8 of 8, worst 2.20e-08 (2 more: weights not kept)"
    )
    assert report.verdict == "ok"


@pytest.mark.parametrize(
    "line", ["replay 7 1200 --from 9", "replay 7 --hall 1 --from 9", "replay 7 --to 9"]
)
def test_a_stretch_and_a_single_decision_are_not_mixed(line: str) -> None:
    with pytest.raises(UsageError):
        ask(line)


# continuous actions


class Arm(FakeQueries):
    """Its action is a number."""

    numbers = ("action_mean.0", "action_std.0")

    def replay_run(
        self, env: int, at: str | None = None, hall: int | None = None, trust: bool = False
    ) -> ReplayAnswer:
        answer = super().replay_run(env, at, hall, trust)
        options = [OptionAgain(name, None, reading(0.063), reading(0.08)) for name in self.numbers]
        heads = [HeadAgain(DISTRIBUTION, options)]
        evaluations = [
            msgspec.structs.replace(one, choice=None, heads=heads) for one in answer.evaluations
        ]
        return msgspec.structs.replace(answer, choice=None, evaluations=evaluations)

    def replay_stretch(self, *args: Any, **named: Any) -> StretchAnswer:
        answer = super().replay_stretch(*args, **named)
        rows = [
            msgspec.structs.replace(row, then_choice=None, now_choice=None, disagrees=False)
            for row in answer.rows
        ]
        return msgspec.structs.replace(answer, rows=rows, disagreements=0)

    def replay_whatif(self, *args: Any, **named: Any) -> WhatIfAnswer:
        answer = super().replay_whatif(*args, **named)
        options = [OptionMoved(name, None, reading(0.5), reading(-1.5)) for name in self.numbers]
        return msgspec.structs.replace(
            answer, head=DISTRIBUTION, options=options, choice_before=None, choice_after=None
        )

    def replay_sweep(self, *args: Any, **named: Any) -> SweepAnswer:
        answer = super().replay_sweep(*args, **named)
        points = [
            msgspec.structs.replace(one, probabilities=[reading(0.5)] * 2, choice=None)
            for one in answer.points
        ]
        return msgspec.structs.replace(
            answer, head=DISTRIBUTION, options=list(self.numbers), points=points
        )


def test_numbers_of_a_distribution_are_no_percentages() -> None:
    report = ask("replay 7 1200", Arm())
    numbers = tables(report)[1]
    assert cells(numbers, "recorded") == [reading(0.063)] * 2
    assert cells(numbers, "now") == [reading(0.08)] * 2
    moved = ask("what-if 7 accuracy=0.8", Arm())
    assert cells(tables(moved)[0], "change") == [reading(-2.0)] * 2
    assert moved.headline.startswith("action_mean.0 0.500 -> -1.50")
    swept = ask("what-if 7 --sweep accuracy=0:1:3", Arm())
    assert cells(tables(swept)[0], "action_std.0") == [reading(0.5)] * 3
    assert swept.headline.startswith("action_mean.0 from 0.500 to 0.500")


def test_where_nothing_is_chosen_no_choice_is_spoken_of_and_no_flip_proposed() -> None:
    report = ask("replay 7 --from -40", Arm())
    assert "choose" not in report.headline
    assert [column.name for column in tables(report)[0].columns][:2] == ["step", "update"]
    for line in ("replay 7 1200", "what-if 7 accuracy=0.8", "what-if 7 --sweep accuracy=0:1:3"):
        assert not ask(line, Arm()).next.startswith("flip")


def test_what_is_not_measured_is_named_with_its_call() -> None:
    class Bare(FakeQueries):
        def replay_run(self, env: int, *args: Any, **named: Any) -> ReplayAnswer:
            missing = {"probabilities": "run.step(probabilities=...)", "legal ops": ""}
            return msgspec.structs.replace(super().replay_run(env, *args, **named), missing=missing)

    assert ask("replay 7", Bare()).notes[-1] == (
        "not measured: probabilities (run.step(probabilities=...))"
    )


# what-if


def test_a_change_that_flips_the_choice_is_the_headline() -> None:
    report = ask("what-if 7 live_seeds=-0.3")
    assert report.headline == (
        "it would choose GERMINATE (10 % -> 51 %) instead of WAIT (63 % -> 35 %)"
    )
    (options,) = tables(report)
    assert options.columns[0].name == "op"
    moved = cells(options, "change")
    assert sum(one.value for one in moved) == pytest.approx(0.0, abs=1e-9)


def test_a_change_that_flips_nothing_says_how_far_it_moved() -> None:
    assert ask("what-if 7 accuracy=0.8").headline == (
        "it would choose WAIT all the same: 63 % -> 72 %"
    )


def test_each_change_is_told_with_what_it_was_and_how_far_it_is_in_spreads() -> None:
    report = ask("what-if 7 growth=0 live_seeds=1")
    (facts,) = (block for block in report.blocks if isinstance(block, Facts))
    notes = {fact.name: fact.note for fact in facts.facts}
    assert notes["growth"] == "was 0.21, moved -0.70 sd"
    assert notes["value"] == "was 0.360"


def test_a_feature_may_be_moved_from_what_was_seen() -> None:
    queries = FakeQueries()
    name, seen = next(
        (one.name, one.value)
        for one in queries.decision_read(7).features
        if one.name in FEATURES and one.value != NOT_MEASURED
    )
    ask(f"what-if 7 {name}+=0.25", queries)
    (asked,) = (given for question, given in queries.asked if question == "whatif")
    assert asked["changes"] == {name: seen.value + 0.25}
    ask(f"what-if 7 {name}-=0.25", queries)
    assert queries.asked[-1][1]["changes"] == {name: seen.value - 0.25}


@pytest.mark.parametrize("line", ["what-if 7 acuracy=0.5", "what-if 7 acuracy+=0.5"])
def test_an_unknown_feature_gets_the_nearest(line: str) -> None:
    with pytest.raises(UsageError) as refused:
        ask(line)
    assert "accuracy" in str(refused.value.hint)


@pytest.mark.parametrize(
    "rest", ["", "1200", "accuracy", "accuracy=", "accuracy=nan", "accuracy=inf", "=3", "a=1 a=2"]
)
def test_what_changes_nothing_or_no_number_is_refused(rest: str) -> None:
    with pytest.raises(UsageError):
        ask(f"what-if 7 {rest}")


def test_a_feature_to_be_moved_that_is_like_none_is_told_where_names_are() -> None:
    with pytest.raises(UsageError) as refused:
        ask("what-if 7 zzz+=0.1")
    assert refused.value.hint == "decision 7 names the features"


def test_a_step_stands_before_the_changes_and_weights_may_be_named() -> None:
    queries = FakeQueries()
    report = ask("what-if 7 1200 accuracy=-0.5 --with now", queries)
    (asked,) = (given for question, given in queries.asked if question == "whatif")
    assert asked == {"env": 7, "at": "1200", "which": "now", "changes": {"accuracy": -0.5}}
    assert report.next == "flip 7 1200 --with now"


def test_a_sweep_says_where_the_choice_turns() -> None:
    report = ask("what-if 7 --sweep live_seeds=-1:1:11")
    assert report.headline == "GERMINATE to -0.200, WAIT from 0; it was 0.3333"
    (table,) = tables(report)
    assert cells(table, "choice")[:5] == ["GERMINATE"] * 5


def test_a_long_sweep_shows_its_ends_and_leaves_the_rest_to_programs() -> None:
    (table,) = tables(ask("what-if 7 --sweep live_seeds=-1:1:41"))
    assert len(table.items) == 14
    assert len(table.all_items) == 41
    assert [cells(table, "live_seeds")[place] for place in (0, -1)] == [-1.0, 1.0]


@pytest.mark.parametrize(
    "line",
    [
        "what-if 7 growth=0 --sweep live_seeds=0:1",
        "what-if 7 --sweep live_seeds",
        "what-if 7 --sweep live_seeds=0",
        "what-if 7 --sweep live_seeds=0:one",
        "what-if 7 --sweep live_seeds=0:1:1",
        "what-if 7 --sweep live_seeds=0:1:many",
    ],
)
def test_a_sweep_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        ask(line)


# flip


def test_the_smallest_change_comes_first_and_the_next_line_makes_it() -> None:
    report = ask("flip 7")
    (table,) = tables(report)
    assert cells(table, "feature") == ["live_seeds", "growth"]
    assert report.headline.startswith("smallest: live_seeds 0.333 -> -0.1942 (-2.11 sd) turns WAIT")
    _, *rest = shlex.split(report.next)
    assert "GERMINATE" in ask(f"what-if {shlex.join(rest)}").headline.split(" instead of ")[0]


def test_a_flip_to_an_action_takes_its_name_in_any_case() -> None:
    (table,) = tables(ask("flip 7 fossilize"))
    assert set(cells(table, "becomes")) == {"FOSSILIZE"}


def test_weights_that_were_named_are_named_in_the_next_line() -> None:
    report = ask("flip 7 1200 GERMINATE --with now")
    assert report.next.startswith("what-if 7 1200 ")
    assert report.next.endswith(" --with now")


def test_where_nothing_flips_it_is_said_what_was_searched() -> None:
    report = ask("flip 7 --with hall:2")
    (table,) = tables(report)
    assert report.headline == "no single feature within 3 sd turns WAIT (79 %) into anything else"
    assert table.empty == "none of 5 features does it alone, within 3 sd each way"
    assert report.next == "saliency 7 2630 --with hall:2"


def test_a_forced_decision_is_told_from_one_that_nothing_could_sway() -> None:
    class Forced(FakeQueries):
        def replay_flip(self, env: int, *args: Any, **named: Any) -> Any:
            answer = super().replay_flip(env, *args, **named)
            return msgspec.structs.replace(answer, flips=[], forced=True, probability=1.0)

    report = ask("flip 7 1200", Forced())
    assert report.headline == "forced: WAIT was the only legal option, whatever the policy saw"
    assert report.next == "decision 7 1200"


def test_programs_get_the_number_that_people_can_type() -> None:
    (table,) = tables(ask("flip 7"))
    assert list(map(float, cells(table, "needed"))) == cells(table, "after")


# saliency


def test_what_carried_an_op_comes_with_its_sign_and_adds_up() -> None:
    report = ask("saliency 7 germinate")
    assert report.headline.startswith("GERMINATE 10.0 % (baseline 19.4 %): live_seeds -0.38, ")
    assert report.notes[0] == (
        "integrated adds up to -0.659 of -0.659 nats, error under 0.01 %, over 200 points"
    )
    assert report.verdict == "ok"
    assert report.next == "flip 7 2630"


def test_parts_that_do_not_add_up_are_a_warning() -> None:
    class Rough(FakeQueries):
        def replay_saliency(self, env: int, *args: Any, **named: Any) -> Any:
            answer = super().replay_saliency(env, *args, **named)
            return msgspec.structs.replace(answer, error=reading(0.034))

    report = ask("saliency 7", Rough())
    assert report.verdict == "warn"
    assert "error 3.4 %" in report.notes[0]


# how lines are read


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ((), (None, None)),
        (("1200",), ("1200", None)),
        (("u12",), ("u12", None)),
        (("-50",), ("-50", None)),
        (("GERMINATE",), (None, "GERMINATE")),
        (("1200", "GERMINATE"), ("1200", "GERMINATE")),
        (("GERMINATE", "1200"), ("1200", "GERMINATE")),
        (("live", "0"), ("live", "0")),
    ],
)
def test_a_step_and_an_action_are_told_apart(
    words: tuple[str, ...], place: tuple[str | None, str | None]
) -> None:
    assert placed(words) == place


def test_three_words_are_one_too_many() -> None:
    with pytest.raises(UsageError):
        placed(("1200", "WAIT", "CULL"))


def test_changes_are_read_with_their_operators() -> None:
    assert changes(("a=1", "b+=.5", "c-=2e-3", "r0c1.alpha=-1", "feature 3=0", "x=y+=1")) == [
        ("a", "=", 1.0),
        ("b", "+=", 0.5),
        ("c", "-=", 0.002),
        ("r0c1.alpha", "=", -1.0),
        ("feature 3", "=", 0.0),
        ("x=y", "+=", 1.0),
    ]


def test_a_range_is_read_with_or_without_a_count() -> None:
    assert swept("a=-1:1", 11) == ("a", -1.0, 1.0, 11)
    assert swept("a=0:1e3:5", 11) == ("a", 0.0, 1000.0, 5)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_an_exact_number_reads_back_as_itself(value: float) -> None:
    assert changes((f"a={exact(value)}",))[0][2] == value


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1))
def test_a_quoted_word_is_one_word_of_a_line(text: str) -> None:
    assert [one.text for one in parse(f"what-if 7 {word(text)}").words][2:] == [text]


def test_updates_that_follow_one_another_are_a_span() -> None:
    assert spans([1, 3, 5, 6, 7]) == "u1, u3, u5-u7"
    assert spans([0, 2, 4, 6, 8, 10, 12, 14]) == "u0, u2, ..., u10, u12, u14"
    assert spans([]) == ""
