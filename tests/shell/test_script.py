import pytest
from shell_fakes import FakeRun

from sanctum.shell.script import run_lines


def write(desk, name, text):
    (desk.folder / f"{name}.sanctum").write_text(text)


def test_typing_its_name_runs_a_command_file(desk):
    write(desk, "look", "# Look around\n\necho one $1  # and more\necho ${2:-two}\n")
    assert desk.type("look 7") == 0
    assert desk.said() == "one 7\ntwo\n"


def test_source_takes_a_path_or_a_name(desk):
    write(desk, "look", "echo $# $@\n")
    assert desk.type(f"source {desk.folder}/look.sanctum a 'b c'") == 0
    assert desk.type("source look") == 0
    assert desk.said() == "2 a b c\n0\n"


def test_it_stops_at_the_first_error_and_says_where(desk):
    write(desk, "look", "echo a\n\nbrian\necho b\n")
    assert desk.type("look") == 2
    assert desk.said() == "a\n"
    assert desk.complained().startswith("look.sanctum:3: there is no command 'brian'")


def test_a_line_that_begins_with_a_dash_may_fail(desk):
    write(desk, "look", "-brian\n- expect entropy > 9\necho b\n")
    assert desk.type("look") == 0
    assert desk.said() == "b\n"
    assert "look.sanctum:1" in desk.complained()


def test_a_missing_argument_is_an_error_with_its_place(desk):
    write(desk, "look", "echo a\nenv $1\n")
    assert desk.type("look") == 2
    assert desk.complained().startswith("look.sanctum:2: argument $1 is missing")


@pytest.mark.parametrize(("entropy", "code"), [(0.5, 0), (0.1, 6), (None, 7)])
def test_an_expectation_ends_a_script_with_its_code(desk, entropy, code):
    desk.run.entropy = entropy
    write(desk, "look", 'expect "entropy > ${1:-0.3}"\necho held\n')
    assert desk.type("look") == code
    assert desk.said().endswith("held\n") == (code == 0)


def test_files_may_call_files_but_not_for_ever(desk):
    write(desk, "inner", "expect entropy > $1\n")
    write(desk, "outer", "echo before\ninner $1\necho after\n")
    assert desk.type("outer 0.9") == 6
    assert "inner.sanctum:1" in desk.complained()
    write(desk, "loop", "loop\n")
    assert desk.type("loop") == 2
    assert "deep" in desk.complained()
    assert desk.type("echo still here") == 0


def test_quit_ends_a_script(desk):
    write(desk, "look", "echo a\nquit\necho b\n")
    desk.type("look")
    assert desk.session.leaving
    assert "b" not in desk.said()


def test_ctrl_c_ends_a_script_whatever_may_fail(desk):
    desk.run.trouble = KeyboardInterrupt()
    assert run_lines(desk.dispatcher, ["-brain", "echo b"], "x") == 130
    assert desk.said() == ""


def test_arguments_reach_a_filter_as_the_shell_s_own(desk):
    write(desk, "look", 'echo abc | sed "s/$1/X/"\n')
    assert desk.type("look b") == 0
    assert desk.said() == "aXc\n"


def test_a_file_that_is_no_text_is_refused(desk):
    (desk.folder / "look.sanctum").write_bytes(b"\xff\xfe\x00")
    assert desk.type("look") == 2
    assert desk.type(f"source {desk.folder}") == 2
    assert "is a folder" in desk.complained().splitlines()[-1]


def test_a_command_file_takes_the_options_of_every_word(make_desk):
    desk = make_desk(FakeRun("demo-3"), FakeRun("demo-4"))
    write(desk, "look", "echo -- $1\nbrain\n")
    assert desk.type("look hi --run demo-4 --format json --timeout 7") == 0
    assert desk.said().count('"schema"') == 2
    assert desk.home.opened[0].run_id == "demo-4"
    assert desk.home.opened[0].timeouts == [7.0]
    assert desk.type("brain") == 2, "options hold only while it runs"
    assert desk.type("look hi --nope") == 2
    assert desk.type("look --run demo-3 -- --hi") == 0
    assert desk.said().startswith("--hi\n")
