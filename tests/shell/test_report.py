"""``report`` typed at the prompt: it speaks of the moment one is at, wherever that is."""

import pytest
from recorded import Recorded


@pytest.fixture
def desk(make_desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_desk(Recorded(tmp_path / "demo-3.sanctum.db"))


def page(tmp_path, name="run.md"):
    return (tmp_path / name).read_text().splitlines()


def test_it_speaks_of_the_moment_one_is_at_and_so_does_every_part(desk, tmp_path):
    desk.type("at 40")
    assert desk.type("report run.md") == 0, desk.complained()
    lines = page(tmp_path)
    assert lines[2].startswith("as recorded: step 40, update 2, ")
    assert "at 40" in lines
    assert "| entropy | 0.900 | 0-1 |" in "\n".join(lines)
    assert any(line.startswith("| 0 |") and "| 20.0 |" in line for line in lines)
    assert any(line.strip().startswith("step 0 ") and line.endswith(" 40") for line in lines)


@pytest.mark.parametrize(
    ("when", "where"), [("u4", "update 4, "), ("-50", "step 98, "), ("98", "step 98, ")]
)
def test_at_on_the_line_is_for_this_page_only(desk, tmp_path, when, where):
    assert desk.type(f"report run.md --at {when}") == 0, desk.complained()
    assert where in page(tmp_path)[2]
    desk.type("brain --format json")
    assert '"update": 10' in desk.said()


def test_a_page_can_be_written_again_and_again_by_a_script(desk, tmp_path):
    (desk.folder / "pages.sanctum").write_text("# a page a run\nreport $1.md\nreport $1.html\n")
    assert desk.type("pages one") == 0, desk.complained()
    assert desk.type("pages one") == 1
    assert "one.md exists" in desk.complained()
    assert page(tmp_path, "one.html")[0] == "<!DOCTYPE html>"
