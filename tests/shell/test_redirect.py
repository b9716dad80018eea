import io

import pytest

from sanctum.shell.line import parse
from sanctum.shell.output import Output
from sanctum.shell.redirect import joined, redirected
from sanctum.shell.words import Words

WORDS = Words()


def target(line):
    words = parse(line).words
    rest, found = redirected(WORDS[words[0].text], words)
    shown = None if found is None else f"{found.mode} {found.path}"
    return joined(WORDS[words[0].text], rest[1:]), shown


@pytest.mark.parametrize(
    ("line", "arguments", "found"),
    [
        ("brain > f.txt", [], "> f.txt"),
        ("brain > f", [], "> f"),
        ("brain >> f", [], ">> f"),
        ("brain >! f", [], ">! f"),
        ("brain >f", [], "> f"),
        ("brain >>f", [], ">> f"),
        ("brain '>' f", [">", "f"], None),
        ("brain > 60", [">", "60"], None),
        ("brain > f g", [">", "f", "g"], None),
        ("envs --where accuracy > 60", ["--where", "accuracy > 60"], None),
        ("envs --where accuracy > -1e3", ["--where", "accuracy > -1e3"], None),
        ("envs --where accuracy >60", ["--where", "accuracy >60"], None),
        ("envs --where accuracy >= best", ["--where", "accuracy >= best"], None),
        ("envs --where accuracy > best", ["--where", "accuracy > best"], None),
        ("envs --where accuracy > 60 > a.txt", ["--where", "accuracy > 60"], "> a.txt"),
        ("envs --where 'accuracy > 60' > a", ["--where", "accuracy > 60"], "> a"),
        ("envs --where a > 1 --limit 3 > f", ["--where", "a > 1", "--limit", "3"], "> f"),
        ("expect entropy > entropy.op", ["entropy", ">", "entropy.op"], None),
        ("expect entropy > ./f", ["entropy"], "> f"),
    ],
)
def test_a_redirect_is_told_from_a_condition(line, arguments, found):
    assert target(line) == (arguments, found)


def test_an_answer_goes_to_a_file_in_plain_text(desk, tmp_path):
    path = tmp_path / "f.txt"
    assert desk.type(f"brain > {path}") == 0
    assert desk.said() == ""
    assert "entropy" in path.read_text()


def test_an_existing_file_is_kept(desk, tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("mine\n")
    assert desk.type(f"brain > {path}") == 1
    assert ">!" in desk.complained()
    assert path.read_text() == "mine\n"
    assert not desk.home.opened


def test_a_file_is_added_to_or_written_anew(desk, tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("mine\n")
    assert desk.type(f"echo more >> {path}") == 0
    assert path.read_text() == "mine\nmore\n"
    assert desk.type(f"echo new >! {path}") == 0
    assert path.read_text() == "new\n"


def test_a_failed_question_leaves_no_file(desk, tmp_path):
    assert desk.type(f"env --nope > {tmp_path}/f.txt") == 2
    assert not (tmp_path / "f.txt").exists()


def test_a_file_in_no_folder_is_refused(desk, tmp_path):
    assert desk.type(f"brain > {tmp_path}/no/f.txt") == 1
    assert "no such folder" in desk.complained()


def test_an_answer_goes_through_a_filter(desk):
    desk.run.warnings = 4
    assert desk.type("events | grep -c 'nan'") == 0
    assert desk.said() == "2\n"


def test_the_status_of_a_filter_is_that_of_the_line(desk):
    assert desk.type("brain | grep -q nothing-of-the-kind") == 1
    assert desk.type("brain | exit 9") == 9
    assert desk.type("brain | true") == 0


def test_a_filter_whose_reader_had_enough_has_not_failed(desk):
    assert desk.type("brain | kill -PIPE $$") == 0
    assert desk.type("brain | exit 141") == 0


def test_a_filter_that_cannot_be_run_is_an_error(desk, capfd):
    assert desk.type("brain | no-such-program-here") == 127
    assert "no-such-program-here" in capfd.readouterr().err


def test_the_code_of_the_question_is_kept_behind_a_filter(desk):
    desk.run.entropy = 0.1
    assert desk.type("expect entropy > 0.3 | cat") == 6


def test_a_format_asked_for_reaches_the_filter(desk):
    assert desk.type("echo hi --format json | cat") == 0
    assert desk.said().startswith("{")


def test_a_command_file_is_redirected_as_a_whole(desk, tmp_path):
    (desk.folder / "two.sanctum").write_text("echo a\necho b\n")
    assert desk.type(f"two > {tmp_path}/f") == 0
    assert (tmp_path / "f").read_text() == "a\nb\n"


class Terminal(io.StringIO):
    """Where a person reads messages."""

    def isatty(self) -> bool:
        return True


def test_a_message_on_a_terminal_is_broken_between_words():
    sentence = "an entry of the hall of fame is kept as it was: notes go on a timeline"
    shown, piped = Terminal(), io.StringIO()
    Output(io.StringIO(), shown, {"COLUMNS": "40"}).say(sentence)
    assert shown.getvalue().splitlines() == [
        "an entry of the hall of fame is kept as",
        "  it was: notes go on a timeline",
    ]
    Output(io.StringIO(), piped, {"COLUMNS": "40"}).say(sentence)
    assert piped.getvalue() == sentence + "\n"
