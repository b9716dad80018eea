from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sanctum.errors import UsageError
from sanctum.model.readings import Measured
from sanctum.render import Screen, render
from sanctum.view import Column, Fact, Facts, Report, Series, Table, Text

TERMINAL = Screen(80, 24, escapes=True, interactive=True)


def wide(count: int, priority: int = 1, length: int = 12) -> Table:
    columns = [
        Column(
            f"column{at:02d}", lambda row, at=at: f"{at}" * length, priority=priority if at else 0
        )
        for at in range(count)
    ]
    return Table(columns, [1, 2])


def test_columns_left_out_are_named() -> None:
    said = render(Report("t", wide(12)), "table", TERMINAL)
    assert "not shown: column05, column06" in said
    assert "(--format json has all)" in said.replace("\n  ", " ")
    assert all(len(line) <= 79 for line in said.splitlines())


def test_a_pipe_gets_every_column_on_one_line_whatever_the_width() -> None:
    lines = render(Report("t", wide(12)), "plain", Screen(20, 24)).splitlines()
    assert len(lines) == 4
    assert all(f"column{at:02d}" in lines[1] for at in range(12))


def test_a_dumb_terminal_gets_every_column_in_panels_that_begin_with_the_first() -> None:
    said = render(Report("t", wide(12)), "plain", Screen(60, 24, interactive=True))
    assert all(f"column{at:02d}" in said for at in range(12))
    blank = said.splitlines().count("")
    assert said.count("column00") == blank + 1 > 2
    assert all(len(line) <= 59 for line in said.splitlines())


def test_columns_that_never_give_way_go_one_value_a_line_when_they_cannot_fit() -> None:
    table = wide(4, priority=0, length=40)
    for format in ("table", "plain"):
        said = render(Report("t", table), format, Screen(50, 24, interactive=True))
        assert all(len(line) <= 49 for line in said.splitlines())
        assert said.count("column03:") == 2


def test_only_flexible_columns_are_cut_and_the_cut_is_marked() -> None:
    columns = [
        Column("event", lambda text: text, flex=True, priority=0),
        Column("type", lambda text: "gradient_explosion", priority=0),
    ]
    said = render(Report("t", Table(columns, ["long " * 40])), "table", TERMINAL)
    row = said.splitlines()[3]
    assert row.endswith("~  gradient_explosion")


def test_text_of_a_trainer_is_neither_markup_nor_emoji_nor_escape() -> None:
    hostile = "[r0c0] [/nope] :smile: 3:100:2 \x1b[2J\x9b31m\u202e"
    columns = [Column("text", lambda text: text)]
    report = Report(hostile, Table(columns, [hostile]), headline=hostile, notes=[hostile])
    for format in ("table", "plain"):
        said = render(report, format, Screen(120, 24, escapes=True, color=True, bold=False))
        assert said.count("[r0c0] [/nope] :smile: 3:100:2 \\x1b[2J\\x9b31m\\u202e") == 4
        assert "\x9b" not in said and "\u202e" not in said


def test_a_verdict_is_a_word_before_it_is_a_colour() -> None:
    fact = Fact("entropy", Measured(0.1), "nat", "crit")
    bare = render(Report("t", Facts([fact])), "table", TERMINAL)
    assert "0.100 nat  CRIT" in bare
    coloured = Screen(80, 24, color=True, bold=True, escapes=True, interactive=True)
    assert "\x1b[1;31m" in render(Report("t", Facts([fact])), "table", coloured)


def test_without_colour_bold_alone_is_no_escape_either() -> None:
    assert "\x1b" not in render(Report("t", wide(3)), "table", TERMINAL)


def test_more_than_shown_is_said() -> None:
    report = Report("t", Table([Column("n", lambda n: n)], range(20), total=1512))
    for format in ("table", "plain", "md"):
        assert "20 of 1,512 shown" in render(report, format, TERMINAL)
    said = json.loads(render(report, "json", TERMINAL))["blocks"][0]
    assert (said["shown"], said["total"]) == (20, 1512)


def test_a_long_table_looks_like_a_short_one() -> None:
    columns = [
        Column("n", lambda n: n % 7, verdict=lambda n: "crit" if n % 7 == 3 else "ok"),
        Column("text", lambda n: "ab" * (n % 7), unit="words"),
        Column("none", lambda n: None if n % 7 else 0.5),
    ]
    short, long = (
        render(Report("t", Table(columns, range(rows))), "table", TERMINAL).splitlines()
        for rows in (14, 700)
    )
    assert long[: len(short) - 1] == short[:-1]
    assert len(long) == 700 + 4


def test_an_empty_cell_alone_is_no_blank_line_in_csv() -> None:
    table = Table([Column("x", lambda x: x)], [""])
    said = render(Report("t", table, Table([], [])), "csv", TERMINAL)
    assert said == 'x\n""\n'


def test_an_empty_table_says_what_it_found() -> None:
    report = Report("seeds", Table([Column("seed", lambda s: s)], [], empty="no live seeds"))
    for format in ("table", "plain", "md"):
        assert "no live seeds" in render(report, format, TERMINAL)


def test_the_title_stays_one_line_and_keeps_the_moment() -> None:
    report = Report("a long title " * 20, run="demo-3")
    first = render(report, "table", TERMINAL).splitlines()[0]
    assert len(first) == 79
    assert first.endswith("~  demo-3")


def test_columns_of_one_name_stay_apart_in_json() -> None:
    columns = [Column("n", lambda n: n), Column("n", lambda n: -n), Column("absent", lambda n: 7)]
    said = json.loads(render(Report("t", Table(columns, [1])), "json", TERMINAL))["blocks"][0]
    assert said["rows"] == [{"n": 1, "n_2": -1, "absent_2": 7}]
    assert [column["name"] for column in said["columns"]] == ["n", "n_2", "absent_2"]


def test_markdown_cells_cannot_break_the_table_nor_make_links() -> None:
    report = Report("t", Table([Column("x", lambda x: x)], ["a|b `c` [d](e) <f>\n```"]))
    row = render(report, "md", TERMINAL).splitlines()[4]
    assert row == r"| a\|b \`c\` \[d\](e) \<f\>\\n\`\`\` |"
    fenced = render(Report("t", Text("```\ncode")), "md", TERMINAL)
    assert "````\n```\ncode\n````" in fenced


def test_csv_quotes_what_must_be_and_leaves_formulas_as_they_are() -> None:
    columns = [Column("x", lambda x: x)]
    said = render(Report("t", Table(columns, ['a,"b"', "=1+1", "two\nlines"])), "csv", TERMINAL)
    assert said == 'x\n"a,""b"""\n=1+1\n"two\nlines"\n'


def test_a_curve_is_drawn_in_ascii_where_there_is_nothing_else() -> None:
    report = Report("t", Series("loss", tuple(Measured(n) for n in range(12)), "", 1, 12))
    drawn = render(report, "table", Screen(80, 24, encoding_ascii=True, interactive=True))
    assert "loss  __..--==**##  min 0  last 11  max 11  steps 1..12" in drawn
    assert "▁" in render(report, "table", TERMINAL)


def test_numbers_stand_under_each_other_whatever_follows_them() -> None:
    rows = [Measured(1.5), Measured(22.25, 9, True), Measured(-3.0)]
    said = render(Report("t", Table([Column("n", lambda n: n)], rows)), "table", TERMINAL)
    points = {line.index(".") for line in said.splitlines()[3:]}
    assert len(points) == 1


def test_an_unknown_format_is_a_usage_error_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        render(Report("t"), "jsn", TERMINAL)
    assert caught.value.hint == "did you mean json?"


def test_only_tables_load_rich() -> None:
    script = (
        "import sys; from sanctum.render import *; from sanctum.view import Report\n"
        "for format in ('json', 'csv', 'md', 'plain'): render(Report('t'), format, Screen())\n"
        "print([name for name in ('rich', 'numpy', 'click', 'torch') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"
