"""``report FILE``: a page that says what is wrong, holds what commands answer, and is only text."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sanctum.command import Report, SanctumError, UsageError, drawing
from sanctum.errors import ConnectionLost
from sanctum.model.answers import EventsAnswer, RunAnswer, RunState, SourceSaid
from sanctum.shell.session import ShellSession
from tests.commands.fake_run import BareQueries, DiedQueries, FakeQueries

HOSTILE = "<script>alert(1)</script> ![x](http://e.org/y) | @everyone #12 `rm` _a_ \x1b[2J\u202e"
VOID = {"meta", "img"}
HEADINGS = [
    *("What is wrong", "The run", "Brain", "Environments", "Rewards", "Seeds"),
    *("Hall of fame", "Recent events", "Curves", "To see more"),
]


class OneRun:
    """A connection to a run that is answered for by hand."""

    run_id, others, live = "demo-3", (), True

    def __init__(self, queries: FakeQueries) -> None:
        self.of = queries

    def queries(self, timeout_s: float | None = None) -> Any:
        return self.of

    def close(self) -> None:
        """There is nothing to hang up."""


class Hostile(FakeQueries):
    """The rich run of a trainer that wrote what browsers and issue trackers would obey."""

    def run_read(self, at: str | None = None) -> RunAnswer:
        whole = super().run_read(at)
        header = msgspec.structs.replace(
            whole.header, task=HOSTILE, trainer=HOSTILE, config={"note": HOSTILE, HOSTILE: 1}
        )
        return msgspec.structs.replace(whole, header=header)

    def events_list(self, *args: Any, **named: Any) -> EventsAnswer:
        found = super().events_list(*args, **named)
        rows = [msgspec.structs.replace(one, text=HOSTILE) for one in found.rows]
        return msgspec.structs.replace(found, rows=rows)


class Page(HTMLParser):
    """A page as a browser would see it: its tags, all closed in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def report(line: str, queries: FakeQueries | None = None) -> Report:
    session = ShellSession(opener=lambda name: OneRun(queries or FakeQueries()))
    return session.ask(session.registry["report"], line.split()).report


def section(text: str, heading: str) -> str:
    """What stands under a heading of a Markdown page."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(drawing, "is_there", lambda: False)


def test_what_is_wrong_comes_first_the_worst_of_it_first(here: Path) -> None:
    said = report("run.md")
    text = (here / "run.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    rows = [line for line in section(text, "What is wrong").splitlines() if line.startswith("| ")]
    marks = [re.search("CRIT|WARN", line) for line in rows[2:]]
    words = [one[0] for one in marks if one]
    assert len(words) == len(rows) - 2 > 3
    assert words == sorted(words), "CRIT stands before WARN"
    assert any(line.startswith("| env 7 ") for line in rows)
    assert any(line.startswith("| event ") for line in rows)
    assert f"{len(words)} things at warn or crit" in said.headline


def test_the_page_states_its_moment_its_version_and_how_the_run_is(here: Path) -> None:
    report("run.md")
    about = (here / "run.md").read_text().splitlines()[2]
    assert "step 2,630, update 41, 2025-11-22 01:53:07 UTC" in about
    assert "by Sanctum " in about
    assert "live: " in about


def test_a_live_run_is_asked_at_one_step_throughout(here: Path) -> None:
    queries = FakeQueries()
    report("run.md", queries)
    asked = [(name, given.get("at")) for name, given in queries.asked]
    assert {at for name, at in asked if name not in ("run", "vitals", "hall")} == {"2630"}
    assert "\nat 2630\n" in (here / "run.md").read_text()


@pytest.mark.parametrize("line", ["run.md --at 1200", "run.md --at u20"])
def test_a_past_moment_is_asked_throughout(here: Path, line: str) -> None:
    queries = FakeQueries()
    report(line, queries)
    when = line.split()[-1]
    assert {given.get("at") for name, given in queries.asked if name == "policy"} <= {when, "2630"}


def test_a_run_that_failed_says_so_first_and_brings_its_traceback(here: Path) -> None:
    state = RunState("failed", 95.0, "it raised", "RuntimeError: no memory", "Traceback\n  x\nRun")
    said = report("run.md", DiedQueries(state))
    text = (here / "run.md").read_text()
    assert said.next == "run"
    assert "| run CRIT | failed " in section(text, "What is wrong").split("| --- |")[-1]
    assert "```\nTraceback\n  x\nRun\n```" in section(text, "The run")


def test_what_a_bare_run_lacks_is_said_in_words(here: Path) -> None:
    report("run.md", BareQueries())
    text = (here / "run.md").read_text()
    for heading in HEADINGS[1:]:
        assert re.search("[a-z]{3}", section(text, heading)), heading
    assert "nothing to draw of accuracy" in section(text, "Curves")


def test_lines_that_an_import_could_not_read_are_wrong(here: Path) -> None:
    class Imported(FakeQueries):
        def run_read(self, at: str | None = None) -> RunAnswer:
            said = SourceSaid("esper", "/x/e.jsonl", {"a": 3}, 1, ["line 7: cut"], 1, 4)
            return msgspec.structs.replace(super().run_read(at), source=said)

    report("run.md", Imported())
    wrong = section((here / "run.md").read_text(), "What is wrong")
    assert "1 line could not be read: line 7: cut" in wrong
    assert "4 events dropped there" in wrong


@pytest.mark.usefixtures("no_matplotlib")
def test_what_a_trainer_wrote_is_text_in_html(here: Path) -> None:
    report("run.html", Hostile())
    text = (here / "run.html").read_text()
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "section", "h1", "h2", "h3", "p"),
        *("div", "table", "tr", "th", "td", "pre", "code", "strong", "ul", "li", "img"),
    }
    assert "<script>alert(1)</script>" in page.said
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_what_a_trainer_wrote_is_text_in_markdown_and_calls_nobody(here: Path) -> None:
    report("run.md", Hostile())
    lines = (here / "run.md").read_text().splitlines()
    for line in [one for one in lines if "script" in one]:
        assert r"\<script\>alert(1)\</script\> !\[x\](http" in line
        assert "@everyone" not in line
        assert "#12" not in line
        assert r"\`rm\` \_a\_ " in line
    (trainer,) = [one for one in lines if one.startswith("| trainer |")]
    heads = next(one for one in lines if one.startswith("| name |"))
    assert len(re.findall(r"(?<!\\)\|", trainer)) == heads.count("|")


def test_a_page_in_html_loads_nothing_and_its_pictures_are_in_it(here: Path) -> None:
    pytest.importorskip("matplotlib")
    report("run.html")
    page = Page((here / "run.html").read_text())
    pictures = [given for tag, given in page.tags if tag == "img"]
    assert len(pictures) == 9
    assert all(str(one["src"]).startswith("data:image/svg+xml;base64,") for one in pictures)
    assert "accuracy by step: min " in str(pictures[0]["alt"])
    for _, given in page.tags:
        assert not {"href", "srcset", "onload", "onclick"} & given.keys()
    policy = [given["content"] for tag, given in page.tags if "http-equiv" in given]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


@pytest.mark.usefixtures("no_matplotlib")
def test_verdicts_are_words_before_they_are_colours(here: Path) -> None:
    report("run.html")
    text = (here / "run.html").read_text()
    judged = re.findall(r'class="(?:right )?(warn|crit)">([^<]*)<', text)
    assert judged
    rows = re.findall(r"<tr>.*?</tr>|<strong.*?</strong>", text)
    for row in rows:
        for verdict in re.findall(r'class="(?:right )?(warn|crit)"', row):
            assert verdict.upper() in row


@pytest.mark.usefixtures("no_matplotlib")
def test_without_matplotlib_curves_are_characters_and_the_page_says_why(here: Path) -> None:
    report("run.html")
    page = Page((here / "run.html").read_text())
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert [tag for tag, _ in page.tags].count("pre") == 10
    assert "matplotlib is not installed (python -m pip install 'sanctum[plot]')" in page.said


def test_an_existing_file_is_kept_unless_forced(here: Path) -> None:
    (here / "run.md").write_text("mine")
    queries = FakeQueries()
    with pytest.raises(SanctumError, match=r"run\.md exists") as caught:
        report("run.md", queries)
    assert caught.value.hint == "--force writes over it"
    assert queries.asked == [], "it is refused before anything is asked"
    assert (here / "run.md").read_text() == "mine"
    report("run.md --force", queries)
    assert (here / "run.md").read_text().startswith("# demo-3")


def test_another_suffix_is_refused_and_the_right_ones_are_named(here: Path) -> None:
    for name in ("run.pdf", "run", "run.md.txt"):
        with pytest.raises(UsageError) as caught:
            report(name)
        assert caught.value.hint == "its name ends in .md or .html"


def test_a_place_that_cannot_be_written_is_a_sentence(here: Path) -> None:
    (here / "file").write_text("")
    for line in ("nowhere/run.md", "file/run.md"):
        with pytest.raises(SanctumError, match="no such folder"):
            report(line)
    (here / "folder.md").mkdir()
    with pytest.raises(SanctumError, match=r"folder\.md is a folder"):
        report("folder.md --force")


def test_a_run_that_is_lost_halfway_leaves_no_half_a_page(here: Path) -> None:
    class Lost(FakeQueries):
        def rewards_read(self, *args: Any, **named: Any) -> Any:
            raise ConnectionLost("the recorder of demo-3 went away")

    (here / "run.md").write_text("mine")
    with pytest.raises(ConnectionLost):
        report("run.md --force", Lost())
    assert [one.name for one in here.iterdir()] == ["run.md"]
    assert (here / "run.md").read_text() == "mine"


def test_a_disk_that_is_full_leaves_the_file_as_it_was(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, text: str, encoding: str) -> int:
        with self.open("w") as file:
            file.write(text[:10])
        raise OSError(28, "No space left on device")

    (here / "run.md").write_text("mine")
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SanctumError, match=r"cannot write run\.md: No space left"):
        report("run.md --force")
    assert [one.name for one in here.iterdir()] == ["run.md"]
    assert (here / "run.md").read_text() == "mine"
