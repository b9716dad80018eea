"""``runs --du`` and ``runs --prune``: what is asked, what is said, what is left alone."""

from __future__ import annotations

import importlib
import re
import shlex
import time

import click
import msgspec
import pytest

from sanctum.command import UsageError
from sanctum.model.answers import DiskUse, Prunable, RunSummary
from tests.commands.fake_run import FakeQueries, FakeSession

MIB = 2**20


class Directory(FakeSession):
    """A record directory of three runs, two of which have ended."""

    def __init__(self, says: bool | None = None) -> None:
        super().__init__(FakeQueries())
        self.says = says
        self.asked: list[str] = []
        self.wanted: tuple[float, int] | None = None
        ended = time.time() - 40 * 86400
        self.all = [
            RunSummary("demo-3", "live", "digits", 16, time.time() - 60, None, 900, 5 * MIB),
            RunSummary("demo-2", "finished", "digits", 16, ended - 9, ended, 1280, 3 * MIB),
            RunSummary("demo-1", "killed", "digits", 16, ended - 99, ended - 9, 77, MIB),
        ]

    def runs(self):
        return self.all

    def confirm(self, question, *, unasked=False):
        self.asked.append(question)
        if self.says is None:
            raise UsageError(f"{question}: nobody is here to say", "--yes does it without asking")
        return self.says

    def disk_use(self):
        return [
            DiskUse("demo-3", "live", 5 * MIB, MIB, 2000, False),
            DiskUse("demo-2", "finished", 3 * MIB, 0, 2000, True),
            DiskUse("digits.hall.db", "hall of fame", 2 * MIB),
        ]

    def prunable(self, older_s, keep):
        self.wanted = (older_s, keep)
        return Prunable(self.all[1:], ["/x/.gone.lock"], 0)

    def prune(self, found):
        gone = {run.run_id for run in found.runs}
        self.all = [run for run in self.all if run.run_id not in gone]
        return found.used_bytes


def ask(line: str, session: Directory):
    _, *rest = shlex.split(line)
    command: click.Command = importlib.import_module("sanctum.commands.runs").command
    with command.make_context("runs", rest, obj=session) as context:
        return command.invoke(context).report


def test_du_says_what_runs_take_and_what_may_go():
    report = ask("runs --du", Directory())
    assert report.headline == "2 runs, 9.0 MiB; the hall of fame 2.0 MiB; of ended runs 3.0 MiB"
    assert report.next == "runs --prune --older 30d"


def test_what_would_go_is_shown_before_it_is_asked():
    session = Directory(says=False)
    report = ask("runs --prune", session)
    assert session.wanted == (30 * 86400.0, 0)
    (question,) = session.asked
    first, second, last = question.splitlines()
    assert re.fullmatch(r"  demo-2  finished \S+ ?\w* ago, 3\.0 MiB", first), first
    assert second.startswith("  demo-1  killed ")
    assert last == "delete 2 runs and 1 file without a record, 4.0 MiB"
    assert report.title.startswith("nothing was deleted; it would have been 2 runs")
    assert len(session.all) == 3


def test_a_yes_deletes_and_says_what_became_free():
    session = Directory(says=True)
    assert ask("runs --prune --keep 1", session).title == (
        "deleted 2 runs and 1 file without a record, 4.0 MiB; 4.0 MiB became free"
    )
    assert session.wanted == (0.0, 1)
    assert [run.run_id for run in session.all] == ["demo-3"]


def test_where_nobody_can_be_asked_nothing_goes_without_yes():
    session = Directory()
    with pytest.raises(UsageError) as refused:
        ask("runs --prune --older 12h", session)
    assert refused.value.hint == "--yes does it without asking"
    assert len(session.all) == 3
    ask("runs --prune --older 12h --yes", session)
    assert session.wanted == (12 * 3600.0, 0)
    assert len(session.all) == 1


def test_a_run_that_is_spared_for_its_recorder_says_so():
    session = Directory()
    session.prunable = lambda older_s, keep: Prunable([])
    session.all = [msgspec.structs.replace(run, recorder=77) for run in session.all]
    (note,) = ask("runs --prune", session).notes
    assert note == "their recorders are still there: demo-2, demo-1; runs --reap"


def test_nothing_to_delete_is_not_asked_about():
    session = Directory()
    session.prunable = lambda older_s, keep: Prunable([])
    assert ask("runs --prune", session).title.startswith("nothing to delete")
    assert session.asked == []


@pytest.mark.parametrize(
    "line", ["runs --prune --du", "runs --reap --prune", "runs --yes", "runs --older 3d"]
)
def test_options_that_do_not_go_together_are_refused(line):
    with pytest.raises(UsageError):
        ask(line, Directory(says=True))


@pytest.mark.parametrize("age", ["30", "d", "-3d", "30 days"])
def test_an_age_that_is_none_says_what_one_is(age):
    with pytest.raises(click.BadParameter, match="as in 30d"):
        ask(f"runs --prune --older '{age}'", Directory(says=True))
