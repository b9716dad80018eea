"""``hall`` as people and scripts see it, and what it does to the session and to the file."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import pytest

from sanctum.command import Moment, NoSuchRun, Report, UsageError, replace_report
from sanctum.commands import hall as hall_module
from sanctum.model.answers import At
from sanctum.render import Screen, render
from tests.commands.fake_hall import ENTRIES
from tests.commands.fake_run import BareQueries, FakeQueries, FakeSession

GOLDEN = Path(__file__).parent / "golden"
LINES = ("hall", "hall worst", "hall show 2", "hall pin 3")


class HallSession(FakeSession):
    """A session that can be moved, whose other commands answer with what they were asked."""

    def __init__(
        self, queries: FakeQueries, live: bool = True, halls: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(queries)
        self.settings: dict[str, str] = {"at": "live"}
        self.live = live
        self.halls_here = halls or {}
        self.asked: list[tuple[Sequence[str], str | None, str | None]] = []
        self.attached: list[str] = []

    def moment(
        self, run: str | None = None, at: str | None = None, timeout_s: float | None = None
    ) -> Moment:
        if run is None and not self.live:
            raise NoSuchRun("no live run", "start one")
        return Moment(self.queries, at, run or "demo-3")

    def halls(self) -> Mapping[str, str]:
        return self.halls_here

    def set(self, name: str, value: str) -> str:
        self.settings[name] = value
        return value

    def attach(self, run: str) -> Moment:
        self.attached.append(run)
        return self.moment(run)

    def answer(self, words: Sequence[str], run: str | None = None, at: str | None = None) -> Report:
        self.asked.append((words, run, at))
        step = 1168 if at is None or not at.endswith("-50") else 1118
        there = At(step, 18, None, False, hall=2, run_id="demo-3")
        return replace_report(Report(" ".join(words)), at=there)


def ask(line: str, session: HallSession | None = None) -> Report:
    _, *rest = shlex.split(line)
    command: click.Command = hall_module.command
    with command.make_context("hall", rest, obj=session or HallSession(FakeQueries())) as context:
        report = command.invoke(context).report
    assert isinstance(report, Report)
    return report


@pytest.mark.parametrize("ending", ["80.txt", "60.txt", "json"])
@pytest.mark.parametrize("line", LINES)
def test_an_answer_looks_as_it_did(line: str, ending: str) -> None:
    width = int(ending[:2]) if ending[0].isdigit() else 80
    format = {"80.txt": "table", "60.txt": "plain", "json": "json"}[ending]
    screen = Screen(width=width, encoding_ascii=True, interactive=format != "json")
    shown = render(ask(line), format, screen)
    if format == "json":
        shown = json.dumps(json.loads(shown), indent=1) + "\n"
    path = GOLDEN / f"hall.{'-'.join(line.replace('--', '').split())}.{ending}"
    if os.environ.get("SANCTUM_REGOLD"):
        path.write_text(shown)
    assert shown == path.read_text()


@pytest.mark.parametrize("line", ["hall", "hall worst"])
def test_the_hall_fits_a_terminal_of_24_lines(line: str) -> None:
    screen = Screen(width=80, encoding_ascii=True, interactive=True)
    lines = render(ask(line), "table", screen).splitlines()
    assert len(lines) <= 22
    assert max(map(len, lines)) <= 79


def test_an_empty_hall_says_what_fills_it() -> None:
    screen = Screen(width=80, encoding_ascii=True)
    shown = render(ask("hall", HallSession(BareQueries())), "plain", screen)
    assert "no episode yet; episodes that end with an accuracy fill it" in shown


@pytest.mark.parametrize(("line", "at"), [("hall show 2", "peak"), ("hall show 2 --at end", "end")])
def test_show_asks_env_at_a_moment_of_the_entry(line: str, at: str) -> None:
    session = HallSession(FakeQueries())
    entry = ENTRIES[1]
    ask(line, session)
    assert session.asked == [(["env", str(entry.env)], None, f"hall:e{entry.id}:{at}")]
    assert session.settings["at"] == "live"


def test_step_moves_the_session_from_the_peak_and_then_from_where_it_is() -> None:
    session = HallSession(FakeQueries())
    entry = ENTRIES[1]
    ask("hall step 2 -50", session)
    assert session.asked[-1][2] == f"hall:e{entry.id}:{entry.best_step}-50"
    assert session.settings["at"] == f"hall:e{entry.id}:1118"
    session.queries.run_read = lambda at=None: _at(1118)  # type: ignore[method-assign]
    ask("hall step 2 +3", session)
    assert session.asked[-1][2] == f"hall:e{entry.id}:1118+3"
    ask("hall step 3 -1", session)
    assert session.asked[-1][2] == f"hall:e{ENTRIES[2].id}:{ENTRIES[2].best_step}-1"


def _at(step: int):
    class There:
        at = At(step, None, None, False)

    return There()


def test_step_in_another_run_does_not_move_the_session() -> None:
    session = HallSession(FakeQueries())
    ask("hall step 2 -50 --run demo-9", session)
    assert session.asked[-1][1] == "demo-9"
    assert session.settings["at"] == "live"


def test_without_a_live_run_the_newest_hall_is_shown_and_the_others_are_named() -> None:
    halls = {"digits": "/h/digits.hall.db", "spirals": "/h/spirals.hall.db"}
    session = HallSession(FakeQueries(), live=False, halls=halls)
    assert ask("hall", session).notes[-1] == "of another task: hall --task spirals"
    ask("hall show 1", session)
    assert session.asked[-1][1] == "/h/digits.hall.db"
    ask("hall step 1 -1", session)
    assert session.attached == ["/h/digits.hall.db"]
    ask("hall show 1 --task spirals", session)
    assert session.asked[-1][1] == "/h/spirals.hall.db"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("hall --task spiral", "did you mean spirals?"),
        ("hall diff 1 env 7", "hall diff 1 2, or --run RUN"),
    ],
)
def test_what_needs_another_hall_or_a_run_is_said(line: str, hint: str) -> None:
    halls = {"digits": "/h/d", "spirals": "/h/s"}
    with pytest.raises((NoSuchRun, UsageError)) as refused:
        ask(line, HallSession(FakeQueries(), live=False, halls=halls))
    assert refused.value.hint == hint


def test_without_any_hall_it_is_said_what_fills_one() -> None:
    with pytest.raises(NoSuchRun, match="no hall of fame yet") as refused:
        ask("hall", HallSession(FakeQueries(), live=False))
    assert "fill it" in (refused.value.hint or "")
    with pytest.raises(NoSuchRun, match="no live run"):
        ask("hall --run demo-9", _gone())


def _gone() -> HallSession:
    class Gone(HallSession):
        def moment(self, *given: object, **named: object) -> Moment:
            raise NoSuchRun("no live run")

    return Gone(FakeQueries(), halls={"digits": "/h/d"})


@pytest.mark.parametrize(
    ("line", "words", "at"),
    [
        ("hall diff 1 2", ["diff", "hall:1", "hall:2"], None),
        ("hall diff 1 2 rewards", ["diff", "hall:1", "hall:2", "rewards"], None),
        ("hall diff 1 env 7", ["diff", "hall:1", "env", "7"], None),
        ("hall diff 1 env 7 --at 1200", ["diff", "hall:1", "env", "7"], "1200"),
    ],
)
def test_diff_is_asked_of_the_command_for_it(line: str, words: list[str], at: str | None) -> None:
    session = HallSession(FakeQueries())
    ask(line, session)
    assert session.asked == [(words, None, at)]


def test_within_an_entry_an_environment_is_the_live_one() -> None:
    session = HallSession(FakeQueries())
    session.settings["at"] = "hall:1"
    ask("hall diff 1 env 7", session)
    assert session.asked[-1][2] == "live"


def test_pin_and_export_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = HallSession(FakeQueries())
    ask("hall pin 3", session)
    ask("hall pin 3 --off", session)
    ask("hall export 1 best.db", session)
    ask("hall export 1 best.db --force", session)
    file = str(tmp_path / "best.db")
    assert session.queries.done == [
        ("pin", {"rank": 3, "pinned": True}),
        ("pin", {"rank": 3, "pinned": False}),
        ("export", {"rank": 1, "path": file, "force": False}),
        ("export", {"rank": 1, "path": file, "force": True}),
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("hall show", "'hall show' is not complete"),
        ("hall show two", "'two' is no rank"),
        ("hall show -1", "'-1' is no rank"),
        ("hall show 99", "no rank 99"),
        ("hall show 1 2", "'2' is too much"),
        ("hall worst 3", "'3' is too much"),
        ("hall step 2 far", "'far' is no number of steps"),
        ("hall diff 1", "'hall diff 1' is not complete"),
        ("hall diff 1 env", "'hall diff 1 env' is not complete"),
        ("hall export 1", "'hall export 1' is not complete"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        ask(line)


def test_an_empty_hall_names_the_halls_of_other_tasks() -> None:
    halls = {"digits": "/h/digits.hall.db", "spirals": "/h/spirals.hall.db"}
    session = HallSession(BareQueries(), halls=halls)
    (note,) = ask("hall", session).notes
    assert note.startswith("of another task: hall --task ") and "spirals" in note


def test_the_next_line_stays_in_the_hall_that_was_named() -> None:
    halls = {"digits": "/h/digits.hall.db", "spirals": "/h/spirals.hall.db"}
    session = HallSession(FakeQueries(), halls=halls)
    assert ask("hall --task spirals", session).next.endswith(" --task spirals")
    assert ask("hall show 1 --task spirals", session).next == "hall step 1 -10 --task spirals"
    assert ask("hall show 1", session).next == "hall step 1 -10"
