"""What a command may ask of its session: other answers, a moment kept, the person."""

import pytest
from recorded import Recorded
from shell_fakes import FakeRun

from sanctum.errors import NoSuchRun, UsageError
from sanctum.shell.confirm import confirmed
from sanctum.shell.session import ShellSession


@pytest.fixture
def session(make_desk, tmp_path):
    runs = [
        Recorded(tmp_path / f"{name}.sanctum.db", name, worse)
        for name, worse in (("demo-3", 0.0), ("demo-4", 10.0))
    ]
    return make_desk(*runs, run="demo-3").session


def test_another_commands_answer_is_given_and_nothing_moves(session):
    report = session.answer(["envs", "--limit", "1"], run="demo-4", at="100")
    assert (report.command, report.run, report.at.step) == ("envs", "demo-4", 100)
    assert report.blocks[0].shown == 1
    assert (session.run_name, session.settings["at"]) == ("demo-3", "live")
    assert session.answer(["envs"]).at.step == 198
    assert session.answer(["envs", "--at", "50"], at="100").at.step == 50


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "a command is missing"),
        (["help"], "'help' asks no run"),
        (["quit"], "'quit' asks no run"),
        (["overnight"], "is a command file"),
        (["brian"], "there is no command 'brian'"),
    ],
)
def test_words_that_ask_no_run_have_no_answer(session, words, sentence):
    with pytest.raises(UsageError, match=sentence):
        session.answer(words)
    assert not session.leaving


def test_an_answer_that_fails_leaves_the_session_as_it_was(session):
    with pytest.raises(NoSuchRun):
        session.answer(["envs"], run="nosuch")
    with pytest.raises(UsageError):
        session.answer(["envs"], at="999")
    assert (session.run_name, session.settings["at"]) == ("demo-3", "live")


def test_a_moment_is_kept_until_another_run_is_attached(session):
    assert session.remembered() is None
    session.remember("u41")
    assert session.remembered() == "u41"
    session.attach("demo-4")
    assert session.remembered() is None


def test_the_person_is_asked(make_desk):
    asked = []
    session = ShellSession(ask=lambda question, unasked: asked.append((question, unasked)) or True)
    assert session.confirm("really") is True
    assert asked == [("really", False)]


def test_where_nobody_can_answer_nobody_is_asked(monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(UsageError) as refused:
        confirmed("delete 3 records")
    assert "--yes" in refused.value.hint


def test_a_command_that_may_do_without_a_run_says_what_it_lacks(make_desk):
    desk = make_desk()
    assert desk.type("at") == 3
    assert "no live run" in desk.complained()
    assert make_desk(FakeRun("a"), FakeRun("b")).type("at") == 2
