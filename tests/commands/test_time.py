"""The words about time, asked of a small real record."""

from __future__ import annotations

import importlib
import shlex
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from sanctum.command import Answer, Chart, Moment, NoDataYet, Report, SanctumError, UsageError
from sanctum.record.record import Record
from sanctum.render import Screen, render
from sanctum.telemetry import EpisodeEnded, Message, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest

DUMB = Screen(80, 24, encoding_ascii=True, interactive=True)


class Session:
    """A session on one record: the moments it is asked for, and what it remembers."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.found: str | None = None

    def moment(self, run: str | None = None, at: str | None = None, timeout_s=None) -> Moment:
        return Moment(self._record, at, run)

    def remember(self, found: str) -> None:
        self.found = found

    def remembered(self) -> str | None:
        return self.found


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db", actions={"op": ["WAIT", "CULL"]}, block_rows=16)
    yield found
    found.writer.db.close()


@pytest.fixture
def session(to) -> Session:
    """60 steps; env 1 falls below 30 at 20 to 29 and from 50 on; an update every ten steps."""
    for step in range(60):
        accuracy = np.full(ENVS, 50.0 + step / 10)
        accuracy[1] = 25.0 if 20 <= step < 30 or step >= 50 else 60.0
        loss = np.full(ENVS, np.nan if step in (40, 41) else 2.0 - step / 100)
        action = np.full(ENVS, int(step % 10 == 0))
        columns = {"accuracy": accuracy, "loss": loss, "reward": loss / 10, "action/op": action}
        to.take(Step(step, {name: pack(one) for name, one in columns.items()}))
        if step % 10 == 9:
            scalars = {"entropy": 1.0 - step / 100, "approx_kl": 0.01}
            to.take(Update(step // 10 + 1, scalars, [], None, None, step))
        if step % 30 == 29:
            to.take(EpisodeEnded(1, step // 30, step, 60.0, 61.5, 3.5, 30, numbers={"kept": 2.0}))
        if step == 40:
            to.take(Message("loss is nan", severity="error", type="nan", env=1))
        if step == 41:
            to.take(Message("hello", type="hi", env=2))
    to.take(Message("halved the rate", type="note", step=30))
    return Session(Record(to.reader, to.writer.path))


def ask(line: str, session: Session) -> Report:
    word, *rest = shlex.split(line)
    command: click.Command = importlib.import_module(f"sanctum.commands.{word}").command
    with command.make_context(word, rest, obj=session) as context:
        found = command.invoke(context)
    assert isinstance(found, Answer)
    return found.report


def shown(line: str, session: Session, format: str = "table") -> str:
    return render(ask(line, session), format, DUMB)


def test_find_says_when_it_began_whether_it_holds_still_and_how_often(session) -> None:
    report = ask("find 'accuracy < 30' --env 1", session)
    assert report.headline == (
        "holds still, since step 50; first from step 20 to 29; 2 times, at 20 of 60 steps"
    )
    assert report.next == "at find"
    assert session.found == "20"


def test_find_keeps_the_moment_that_was_asked_for(session) -> None:
    ask("find accuracy < 30 --env 1 --last", session)
    assert session.found == "50"
    ask("find accuracy < 30 --env 1 --first", session)
    assert session.found == "20"
    ask("find entropy < 0.6", session)
    assert session.found == "u5"
    ask("find entropy < 0.01", session)
    assert session.found == "u5"


def test_find_of_one_time_still_says_that_it_holds(session) -> None:
    report = ask("find accuracy < 30 --env 1 --first", session)
    assert report.headline.startswith("holds still, since step 50; first from step 20 to 29")
    assert "1 of 2 shown" in shown("find accuracy < 30 --env 1 --first", session)


def test_find_of_what_never_was_and_of_what_nobody_knows(session) -> None:
    assert ask("find accuracy > 99 --env 1", session).headline == "never, in 60 steps"
    assert ask("find value_loss > 1", session).headline == "not known at any of 60 steps"
    with pytest.raises(UsageError, match="nothing is called 'acuracy'"):
        ask("find acuracy > 1 --env 1", session)


def test_history_puts_metrics_of_one_clock_side_by_side(session) -> None:
    text = shown("history accuracy loss --env 1 --last 30 -n 4", session)
    assert "accuracy %  loss nats" in text
    assert "4 of 30 shown" in text
    assert "min 25  median 60  last 25  max 60  steps 30..59" in text
    assert text.splitlines()[-3].split() == ["59", "25", "1.41"]


def test_history_of_two_clocks_has_two_tables_and_says_so(session) -> None:
    report = ask("history entropy accuracy", session)
    assert report.notes == ("not on one clock: entropy by update; accuracy by step",)
    text = render(report, "table", DUMB)
    assert "update  entropy 0-1" in text and "step  accuracy %" in text


def test_history_since_a_moment(session) -> None:
    assert "updates 4..6" in shown("history entropy --since u4", session)


def test_an_unknown_metric_gets_the_nearest_ones(session) -> None:
    for word in ("history", "plot"):
        with pytest.raises(UsageError, match="no metric 'entropie'") as refused:
            ask(f"{word} entropie", session)
        assert "entropy" in str(refused.value.hint)


def test_plot_leaves_a_gap_where_it_was_nan_and_shows_notes(session) -> None:
    text = shown("plot loss --env 1", session)
    assert "loss (2 not finite)" in text and "!" in text
    assert "^ step 30: halved the rate" in text
    assert "\u2502" not in text and text.isascii()


def test_a_note_stands_on_the_clock_of_updates_too(session) -> None:
    (chart,) = ask("plot entropy", session).blocks
    assert isinstance(chart, Chart)
    assert [(one.at, one.text) for one in chart.marks] == [(3, "halved the rate")]


def test_plot_draws_a_file_and_keeps_an_existing_one(session, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for suffix, begins in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
        path = tmp_path / f"loss{suffix}"
        report = ask(f"plot loss accuracy entropy --env 1 --out {path}", session)
        assert report.headline == f"drawn in {path}"
        assert path.read_bytes().startswith(begins)
        with pytest.raises(SanctumError, match="exists") as refused:
            ask(f"plot loss --out {path}", session)
        assert refused.value.hint == "--force writes over it"
        ask(f"plot loss --out {path} --force", session)
    assert sorted(one.name for one in tmp_path.glob("*loss*")) == ["loss.png", "loss.svg"]


def test_a_note_with_signs_of_a_formula_is_drawn_as_it_is(to, session, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    to.take(Message("cost $x_{ and \u4e16 $", type="note", step=31))
    ask(f"plot loss --out {tmp_path}/loss.svg", session)
    assert (tmp_path / "loss.svg").stat().st_size > 1000


def test_plot_says_what_is_wrong_with_a_file_before_it_asks(session, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no picture"):
        ask(f"plot loss --out {tmp_path}/loss.txt", session)
    with pytest.raises(SanctumError, match="no such folder"):
        ask(f"plot loss --out {tmp_path}/none/loss.png", session)


def test_without_matplotlib_plot_says_how_to_get_it(session, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SanctumError, match="not installed") as refused:
        ask(f"plot loss --out {tmp_path}/loss.png", session)
    assert "sanctum[plot]" in str(refused.value.hint)


def test_episodes_are_a_row_each_with_the_numbers_for_programs(session) -> None:
    text = shown("episodes --env 1", session)
    assert "2 episodes ended, best of these 61.5 % (env 1), mean return 3.50" in text
    assert "kept" not in text
    assert '"kept": 2.0' in shown("episodes --env 1", session, "json")


def test_around_shows_metrics_and_events_together_and_marks_the_moment(session) -> None:
    lines = shown("around 40 --window 2 --env 1", session).splitlines()
    marked = [line for line in lines if line.startswith(">")]
    assert [line.split()[:3] for line in marked] == [[">", "40", "60"]]
    assert "CULL" in marked[0]
    steps = [line.lstrip("> ").split()[0] for line in lines if line.lstrip("> ")[:2].isdigit()]
    assert steps == ["38", "39", "40", "40", "41", "42"]
    assert any("loss is nan" in line for line in lines)
    assert "1 from warn on" in lines[1]


def test_around_without_an_environment_counts_events_and_tells_updates(session) -> None:
    text = shown("around 40 --window 2", session)
    assert "update 4: entropy 0.610, approx_kl 0.0100" in text
    assert "1 hi" in text and "1: loss is nan" in text


def test_around_ends_where_the_run_ends_and_at_the_moment_asked_about(session) -> None:
    steps = [line.lstrip("> ")[:2] for line in shown("around 59 --env 1", session).splitlines()]
    assert [one for one in steps if one.isdigit()] == ["54", "55", "56", "57", "58", "59"]
    bounded = shown("around 40 --window 5 --env 1 --at 41", session)
    assert "    42" not in bounded and "    41" in bounded
    with pytest.raises(UsageError, match="after the moment asked about"):
        ask("around 50 --at 41", session)


def test_around_find_goes_where_the_last_search_led(session) -> None:
    with pytest.raises(UsageError, match="nothing was found"):
        ask("around find", session)
    ask("find accuracy < 30 --env 1", session)
    assert "step 20" in ask("around find --env 1", session).headline


def test_before_the_first_step_there_is_nothing_to_find(to) -> None:
    with pytest.raises(NoDataYet):
        ask("find accuracy < 30 --env 1", Session(Record(to.reader, to.writer.path)))


def test_find_of_one_time_that_is_over_says_when_it_was(session) -> None:
    report = ask("find step > 9 and step < 12 --env 1", session)
    assert report.headline == "from step 10 to 11; once, at 2 of 60 steps"


def test_a_curve_without_an_environment_says_what_it_is_the_mean_of(session) -> None:
    assert ask("history accuracy", session).headline.endswith("; mean of 3 envs")
    assert "mean of" not in ask("history accuracy --env 1", session).headline
    assert "mean of" not in ask("plot entropy", session).headline


def test_a_unit_that_is_the_name_is_said_once(session) -> None:
    assert "reward reward" not in shown("history reward", session)


def test_around_says_why_it_ends_at_the_moment_one_is_at(session) -> None:
    assert "at live shows it" in "".join(ask("around 30 --at 30", session).notes)
    assert not ask("around 30", session).notes
    assert not ask("around 59", session).notes
