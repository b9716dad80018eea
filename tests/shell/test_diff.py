"""``diff``: what differs between two moments, environments or runs, on real records."""

import json

import pytest
from recorded import Recorded


@pytest.fixture
def desk(make_desk, tmp_path):
    runs = [
        Recorded(tmp_path / "demo-3.sanctum.db"),
        Recorded(tmp_path / "demo-4.sanctum.db", "demo-4", worse_by=10.0),
    ]
    return make_desk(*runs, run="demo-3")


@pytest.fixture
def diff(desk):
    def ask(line):
        assert desk.type(f"diff {line} --format json") == 0, desk.complained()
        answer = json.loads(desk.said())
        rows = answer["blocks"][0]["rows"]
        return {row["what"]: row for row in rows}, answer

    return ask


def test_two_moments_side_by_side_the_largest_change_first(diff):
    rows, _ = diff("100 live")
    assert rows["mean accuracy"]["first"] == pytest.approx(46.83, abs=0.01)
    assert rows["mean accuracy"]["second"] == pytest.approx(79.5, abs=0.01)
    assert rows["reward/gain"]["ratio"] == pytest.approx(1.98 / 1.0 - 1, rel=0.2)
    ratios = [abs(row["ratio"]) for row in rows.values() if row["ratio"] is not None]
    assert ratios == sorted(ratios, reverse=True)
    assert "learning_rate" not in rows, "what is equal is not shown"


def test_the_command_may_be_any_that_asks_with_its_own_options(diff):
    rows, _ = diff("u2 u9 brain --more")
    assert rows["entropy"]["first"] == 0.9 and rows["entropy"]["second"] == 0.55
    rows, _ = diff("-50 live envs --sort -accuracy --limit 1")
    assert set(rows) and all("env" in name for name in rows)


def test_absent_against_a_value_is_different_and_comes_with_its_word(desk, diff):
    rows, _ = diff("10 100 env 1 --more")
    assert rows["a"]["10"] == "no row" and rows["a"]["100"] == "there"
    rows, _ = diff("u1 100 seed 1.a")
    words = [row["u1"] for row in rows.values()]
    assert words and "0" not in words


def test_two_environments_and_the_median(diff):
    rows, _ = diff("env 0 env 1")
    assert rows["accuracy"]["change"] == pytest.approx(0.5)
    assert rows["accuracy"]["unit"] == "percent"
    assert "reward" not in rows
    rows, _ = diff("env 2 median --at 100")
    assert (rows["accuracy"]["first"], rows["accuracy"]["second"]) == (40.0, 50.0)
    rows, _ = diff("env 2 env 0 rewards")
    assert not rows


def test_two_runs(diff):
    rows, _ = diff("demo-3 demo-4")
    assert list(rows) == ["mean accuracy"]
    assert rows["mean accuracy"]["change"] == pytest.approx(-10)
    rows, _ = diff("demo-3 demo-4 envs")
    assert rows["env 0 accuracy"]["demo-4"] == "89.0"


def test_another_run_may_be_compared_with_itself_at_two_moments(diff):
    rows, _ = diff("100 live envs --run demo-4")
    assert rows["env 0 accuracy"]["second"] == pytest.approx(89.0)


def test_nothing_differs_is_said(desk):
    assert desk.type("diff 100 101") == 0
    assert "nothing differs" in desk.said()


def test_the_answer_fits_a_screen_and_says_how_to_see_the_rest(desk):
    desk.type("set width 80")
    desk.type("diff 20 live brain --more")
    said = desk.said().splitlines()
    assert len(said) <= 22 and all(len(line) < 80 for line in said), said
    assert any("20: step 20 u1; live: step 198 u10" in line for line in said)
    desk.type("diff env 0 env 2")
    assert "not found" not in desk.said()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("diff", "A B [COMMAND]... is missing"),
        ("diff 100", "two things to compare are expected"),
        ("diff env x env 2", "env needs the number of an environment"),
        ("diff env 0 env 9", "no environment 9: this run has 3, 0 to 2"),
        ("diff env 0 100", "an environment cannot be compared with 100"),
        ("diff env 0 median rewards", "the median has no rewards"),
        ("diff 1 2 overnight", "'overnight' is a command file"),
        ("diff 1 2 help", "'help' asks no run"),
        ("diff 1 2 brian", "there is no command 'brian'"),
        ("diff 1 2000", "2000 is after the last step"),
        ("diff find live", "nothing was found so far"),
        ("diff 1 2 brain --nosuch", "'brain' has no option --nosuch"),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_sentence(desk, line, sentence):
    assert desk.type(line) == 2
    assert sentence in desk.complained()


def test_a_run_that_is_not_there_is_named(desk):
    assert desk.type("diff demo-3 nosuch") == 3
    assert "no run 'nosuch'" in desk.complained()
