from __future__ import annotations

from tests.commands.asking import ask
from tests.commands.fake_run import FakeQueries


def test_a_note_says_where_it_stands():
    queries = FakeQueries()
    report = ask("note learning rate halved", queries)
    assert report.title == "noted at step 2,630: learning rate halved"
    assert queries.asked == [("note", {"text": "learning rate halved"})]


def test_a_note_may_be_put_on_a_moment_of_the_past():
    assert ask("note --at 1200 here it began").title == "noted at step 1,200: here it began"
