import pytest
from shell_fakes import LATE, LOST, NOTHING, FakeRun

from sanctum.shell.place import Place


@pytest.fixture
def place(desk):
    return Place(desk.session)


@pytest.mark.parametrize(
    ("word", "since", "update", "text"),
    [
        ("live", 0.2, 41, "sanctum demo-3 u41 live> "),
        ("stale", 12.3, 41, "sanctum demo-3 u41 stale 12s> "),
        ("silent", 130.0, 41, "sanctum demo-3 u41 silent 2m10s> "),
        ("killed", 99.0, 41, "sanctum demo-3 u41 killed> "),
        ("died", 99.0, 41, "sanctum demo-3 u41 died> "),
        ("finished", 99.0, 200, "sanctum demo-3 u200 finished> "),
        ("starting", None, None, "sanctum demo-3 starting> "),
    ],
)
def test_the_prompt_says_where_one_is(desk, place, word, since, update, text):
    desk.run.word, desk.run.since_s, desk.run.update = word, since, update
    assert place.text() == text


def test_a_past_moment_stands_in_the_prompt(desk, place):
    desk.type("set at 1200")
    assert place.text() == "sanctum demo-3 @1200> "


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        (LATE, "sanctum demo-3 u41 no answer> "),
        (LOST, "sanctum demo-3 u41 lost> "),
        (NOTHING, "sanctum demo-3 u41 live> "),
    ],
)
def test_a_run_that_does_not_say_is_shown_as_it_was(desk, place, trouble, text):
    place.text()
    desk.run.trouble = trouble
    assert place.text() == text


def test_before_the_first_word_of_a_run_it_is_starting(desk, place):
    desk.run.trouble = NOTHING
    assert place.text() == "sanctum demo-3 starting> "


def test_new_warnings_are_counted_until_events_are_asked_for(desk, place):
    desk.run.warnings = 5
    assert place.text() == "sanctum demo-3 u41 live> "
    desk.run.warnings = 7
    assert place.text() == "sanctum demo-3 u41 live (2 new)> "
    desk.type("brain")
    place.looked()
    assert place.text() == "sanctum demo-3 u41 live (2 new)> "
    desk.type("events")
    place.looked()
    assert place.text() == "sanctum demo-3 u41 live> "


def test_the_prompt_asks_with_a_short_deadline(desk, place):
    place.text()
    assert all(timeout < 0.5 for timeout in desk.home.opened[0].timeouts)


def test_a_new_trainer_of_the_same_name_is_said(desk, place):
    place.text()
    desk.run.pid = 200
    place.text()
    assert "new trainer, pid 200; was pid 100" in desk.complained()


def test_a_run_that_is_not_there_still_has_a_prompt(make_desk):
    assert Place(make_desk().session).text() == "sanctum not there> "


def test_names_cannot_command_the_terminal(make_desk):
    desk = make_desk(FakeRun("a\x1b[2J"))
    assert "\x1b" not in Place(desk.session).text()


def test_the_prompt_does_not_connect_again(desk, place):
    place.text()
    desk.run.trouble = LOST
    assert place.text().endswith("lost> ")
    assert place.text().endswith("lost> ")
    assert len(desk.home.opened) == 1
    assert desk.type("brain") == 0
    assert "connected again" in desk.complained()
    assert place.text().endswith("live> ")
