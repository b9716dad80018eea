"""Moving through a run: ``at`` and ``step``, and what the prompt then says."""

import pytest
from recorded import Recorded

from sanctum.shell.place import Place


@pytest.fixture
def desk(make_desk, tmp_path):
    return make_desk(Recorded(tmp_path / "demo-3.sanctum.db"))


@pytest.fixture
def prompt(desk):
    return Place(desk.session).text


@pytest.mark.parametrize(
    ("typed", "prompt_says"),
    [
        ("120", "@120>"),
        ("121", "@120>"),
        ("1,0", "@10>"),
        ("-50", "@98>"),
        ("live-50", "@98>"),
        ("u4", "@u4>"),
        ("u4+1", "@u5>"),
        ("-0.0s", "@198>"),
    ],
)
def test_the_prompt_shows_where_one_went_and_it_stays_there(desk, prompt, typed, prompt_says):
    assert desk.type(f"at {typed}") == 0, desk.complained()
    assert prompt() == f"sanctum demo-3 {prompt_says} "
    desk.run._step(200, 0.0)
    assert prompt() == f"sanctum demo-3 {prompt_says} "


def test_every_question_is_then_about_that_moment_until_one_goes_back(desk, prompt):
    desk.type("at 40")
    desk.said()
    desk.type("envs --format json")
    assert '"step": 40' in desk.said()
    desk.type("brain --at u7 --format json")
    assert '"update": 7' in desk.said()
    desk.type("at live")
    assert "@" not in prompt()
    desk.type("envs --format json")
    assert '"step": 198' in desk.said()


@pytest.mark.parametrize(
    ("start", "moves", "prompt_says"),
    [
        ("at 100", ["step -1"], "@98>"),
        ("at 100", ["step +10", "step"], "@122>"),
        ("at 100", ["step 10", "step -10"], "@100>"),
        ("at u4", ["step +1"], "@u5>"),
        ("at u4", ["step -3"], "@u1>"),
        ("at live", ["step -1", "step -1"], "@194>"),
        ("set at -50", ["step -1"], "@96>"),
    ],
)
def test_step_moves_by_recorded_steps_or_by_updates(desk, prompt, start, moves, prompt_says):
    for line in (start, *moves):
        assert desk.type(line) == 0, desk.complained()
    assert prompt() == f"sanctum demo-3 {prompt_says} "


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["at 500"], "500 is after the last step; there are steps 0 to 198"),
        (["at -500"], "-500 is before the first step; there are steps 0 to 198"),
        (["at u40"], "no update u40: there are u1 to u10"),
        (["at 190", "step +30"], "190+30 is after the last step; there are steps 0 to 198"),
        (["at u9", "step 5"], "u9+5 is no update: there are u1 to u10"),
        (["step"], "there is nothing after live"),
        (["at find"], "nothing was found so far"),
        (["at nowhere"], "'nowhere' is no moment"),
        (["at -9d"], "-9d is before the first step; this attempt began at"),
    ],
)
def test_a_moment_that_is_not_there_moves_nobody(desk, prompt, lines, sentence):
    for line in lines[:-1]:
        desk.type(line)
    before = prompt()
    assert desk.type(lines[-1]) == 2
    assert sentence in desk.complained()
    assert prompt() == before


def test_where_one_is_is_said_in_two_lines(desk):
    desk.type("at 120")
    said = desk.said().splitlines()
    assert len(said) == 2
    assert said[0].startswith("at 120  demo-3  step 120  u6")
    assert "78 steps" in said[1] and "before the newest, 198, u10" in said[1]
    assert "mean accuracy 53.5 %" in said[1]
    assert all(len(line) < 80 for line in said)


def test_without_a_moment_at_says_the_span(desk):
    desk.type("at")
    assert "the newest of steps 0 to 198, u10 the last update" in desk.said()


def test_at_find_goes_where_the_last_find_was(desk, prompt):
    desk.session.remember("u3")
    desk.type("at find")
    assert "@u3>" in prompt()


def test_another_run_is_asked_without_moving_this_one(make_desk, tmp_path):
    ours, other = (Recorded(tmp_path / f"{name}.sanctum.db", name) for name in ("demo-3", "ot"))
    desk = make_desk(ours, other, run="demo-3")
    assert desk.type("at 100 --run ot") == 0
    assert "ot  step 100" in desk.said()
    assert desk.session.settings["at"] == "live"


def test_a_script_may_ask_about_one_moment(desk):
    assert desk.type("at 100 --at u2") == 0
    assert desk.type("step -1 --at u2 --format json") == 0
    assert '"update": 1' in desk.said()
