from __future__ import annotations

import pytest

from sanctum.errors import UsageError
from sanctum.model.answers import RunAnswer
from sanctum.model.readings import Measured
from sanctum.view import Facts, Report, Table
from tests.commands.asking import ask
from tests.commands.fake_run import FakeQueries


def facts(report: Report) -> dict[str, object]:
    (block,) = report.blocks
    assert isinstance(block, Facts)
    return {one.name: one.value for one in block.facts}


def test_a_metric_is_explained_with_its_value_its_limits_and_the_next_word() -> None:
    report = ask("explain approx_kl")
    assert report.headline == ("approx_kl 0.0341 nats (warn < -1e-06, warn > 0.02, crit > 0.03)")
    assert (report.verdict, report.next) == ("crit", "brain ratio")
    said = facts(report)
    assert list(said) == [
        "meaning",
        "formula",
        "healthy",
        "limits from",
        "now",
        "before",
        "when off",
        "elsewhere",
    ]
    assert said["healthy"] == "1e-4 to 0.02; warn < -1e-06, warn > 0.02, crit > 0.03"
    assert str(said["elsewhere"]).endswith("and 1 more")


def test_another_librarys_name_is_said_to_be_one() -> None:
    report = ask("explain train/approx_kl")
    assert report.title == "explain approx_kl"
    assert report.notes == ("train/approx_kl is another library's name of it",)


def test_of_many_seeds_the_worst_are_counted_before_the_mean() -> None:
    report = ask("explain contribution")
    assert report.headline == "contribution: 2 warn of 7 live seeds; mean 2.81 points"
    assert facts(report)["least"] == -0.94
    assert "of like name: reward/contribution" in report.notes


def test_environments_that_are_not_finite_are_named() -> None:
    report = ask("explain loss")
    assert "1 not finite" in report.headline
    assert facts(report)["not finite"] == "in envs 11"
    assert facts(report)["greatest"] == 0.96


def test_a_component_says_how_it_enters_the_reward() -> None:
    assert facts(ask("explain rent"))["in the reward"] == "subtracted; 6 % of all components"


def test_what_was_never_said_is_not_measured_and_the_call_that_says_it_is_named() -> None:
    report = ask("explain q_variance")
    assert report.headline == "q_variance: not measured"
    assert facts(report)["measured by"] == "run.update(u, q_variance=...)"
    assert report.next == "explain"


def test_the_call_is_kept_from_those_whose_script_does_not_make_it() -> None:
    class OfALibrary(FakeQueries):
        def run_read(self, at: str | None = None) -> RunAnswer:
            answer = super().run_read(at)
            fields = {name: getattr(answer, name) for name in answer.__struct_fields__}
            header = answer.header
            known = {name: getattr(header, name) for name in header.__struct_fields__}
            other = type(header)(**{**known, "trainer": "stable-baselines3 PPO"})
            return RunAnswer(**{**fields, "header": other})

    assert "measured by" not in facts(ask("explain q_variance", OfALibrary()))


def test_what_had_no_meaning_is_masked_and_asks_for_no_call() -> None:
    report = ask("explain entropy.blueprint")
    assert report.headline == "entropy.blueprint: masked"
    assert "measured by" not in facts(report)


def test_what_sanctum_works_out_for_each_op_says_where_it_stands() -> None:
    report = ask("explain opportunity_rate")
    assert report.headline == "opportunity_rate: worked out by Sanctum, one for each op: actions"
    assert report.next == "actions --more"


def test_a_name_of_this_run_alone_gets_no_meaning_that_nobody_gave() -> None:
    said = facts(ask("explain houses"))
    assert said["meaning"] == "known by this run alone, one for each environment"
    assert said["now"] == Measured(3.0)
    assert "formula" not in said


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        ask("explain aprox_kl")
    assert refused.value.hint == "did you mean approx_kl?"


class Columned(FakeQueries):
    """The rich run, which says what its columns are."""

    def run_read(self, at: str | None = None) -> RunAnswer:
        answer = super().run_read(at)
        fields = {name: getattr(answer, name) for name in answer.__struct_fields__}
        columns = [
            *("loss", "observation", "action/op", "reward/rent", "vital/phase_train_ms"),
            *("seed/r0c0/contribution", "seed/r0c1/contribution", "seed/r0c1/blueprint"),
            *("seed/r0c1/gate/alpha", "seed/r0c1/needs/alpha"),
        ]
        return RunAnswer(**{**fields, "columns": columns})


def test_without_a_metric_the_names_of_this_run_are_listed_by_group() -> None:
    report = ask("explain", Columned())
    (table,) = report.blocks
    assert isinstance(table, Table)
    groups = dict(table.items)
    assert groups["health"] == ["entropy", "clip_fraction", "approx_kl"]
    assert groups["environments"] == ["loss"]
    assert groups["seeds"] == ["contribution"]
    assert groups["trainer"] == ["vital/phase_train_ms"]
    assert groups["heads"] == ["entropy.op", "entropy.slot", "entropy.blueprint"]
    assert report.headline == "20 names that this run says"


def test_readings_of_heads_stand_under_their_stem_and_whole_for_programs() -> None:
    (table,) = ask("explain", Columned()).blocks
    assert isinstance(table, Table)
    (names,) = (one for one in table.columns if one.name == "names")
    (every,) = table.detail
    heads = next(row for row in table.items if row[0] == "heads")
    assert names.get(heads) == "entropy.op .slot .blueprint"
    assert every.get(heads) == "entropy.op, entropy.slot, entropy.blueprint"


def test_with_more_each_name_has_its_value_and_meaning() -> None:
    report = ask("explain --more", Columned())
    tables = {block.title: block for block in report.blocks if isinstance(block, Table)}
    assert [one.name for one in tables["seeds"].items] == ["contribution"]
    assert [one.name for one in tables["health"].items] == ["approx_kl"]
