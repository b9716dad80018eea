import click
import pytest
from shell_fakes import LATE, LOST, NOTHING, FakeRun


def test_an_empty_line_does_nothing(desk):
    assert desk.type("") == desk.type("   ") == desk.type("# a remark") == 0
    assert desk.said() == desk.complained() == ""
    assert not desk.home.opened


def test_an_answer_is_on_stdout_and_nothing_on_stderr(desk):
    assert desk.type("brain") == 0
    assert "entropy" in desk.said()
    assert desk.complained() == ""


@pytest.mark.parametrize(
    ("line", "sentence", "hint"),
    [
        ("brian", "there is no command 'brian'", "brain"),
        ("brain --formt json", "'brain' has no option --formt", "--format"),
        ("brain --format jsn", "'jsn' is not one of", "json"),
        ("env", "is missing", "usage: env"),
        ("env seven", "'seven' is not an environment", "usage: env"),
        ("envs --limit 0", "-n: 0 is not allowed: at least 1 is", "usage: envs"),
        ("quit now", "'now' is too much", "usage: quit"),
        ("brain --timeout soon", "--timeout: 'soon'", "usage: brain"),
        ("brain --timeout 0", "a timeout is longer than nothing", ""),
        ("brain --timeout nan", "a timeout is longer than nothing", ""),
        ("brain --timeout 1e400", "a timeout is at most", ""),
        ("set formt json", "there is no setting 'formt'", "format"),
        ("set format jsn", "'jsn' is not one of", "json"),
        ("set timeout soon", "'soon' is not a time", "60s"),
        ("help brian", "there is no command 'brian'", "brain"),
        ("source nowhere", "there is no command file nowhere", ""),
        ("echo 'open", "is not closed", ""),
    ],
)
def test_what_cannot_be_understood_is_two_lines_and_exit_2(desk, line, sentence, hint):
    assert desk.type(line) == 2
    said = desk.complained()
    assert desk.said() == ""
    assert sentence in said.splitlines()[0]
    assert hint in said
    assert len(said.splitlines()) <= 2


@pytest.mark.parametrize(
    ("trouble", "code"), [(LATE, 5), (NOTHING, 7), (LOST, 4), (ValueError("odd"), 1)]
)
def test_each_kind_of_trouble_has_its_exit_code(desk, trouble, code):
    desk.run.trouble, desk.run.once = trouble, False
    assert desk.type("brain") == code
    assert "Traceback" not in desk.complained()


def test_a_traceback_is_shown_only_when_asked_for(desk):
    desk.type("set trace on")
    desk.run.trouble = LATE
    desk.type("brain")
    assert "Traceback" in desk.complained()


def test_without_a_run_the_error_says_how_to_start_one(make_desk):
    desk = make_desk()
    assert desk.type("brain") == 3
    assert "sanctum demo" in desk.complained()


def test_several_live_runs_are_named_and_refused(make_desk):
    desk = make_desk(FakeRun("demo-3"), FakeRun("demo-4"))
    assert desk.type("brain") == 2
    said = desk.complained()
    assert "demo-3" in said and "demo-4" in said and "--run" in said
    assert desk.type("brain --run demo-4") == 0


def test_the_prompt_takes_the_newest_of_several_runs(make_desk):
    desk = make_desk(FakeRun("demo-3"), FakeRun("demo-4"), choosy=False)
    assert desk.type("brain") == 0
    assert desk.home.opened[0].run_id == "demo-3"


def test_ctrl_c_gives_up_the_question_and_its_connection(desk):
    desk.run.trouble = KeyboardInterrupt()
    assert desk.type("brain") == 130
    assert "interrupted" in desk.complained()
    assert desk.home.opened[0].closed
    assert desk.type("brain") == 0


def test_a_lost_connection_is_made_again_once(desk):
    assert desk.type("brain") == 0
    desk.run.trouble = LOST
    assert desk.type("brain") == 0
    assert "connected again to demo-3" in desk.complained()
    assert len(desk.home.opened) == 2


def test_a_run_that_has_gone_is_a_lost_connection(desk):
    desk.type("brain")
    desk.run.trouble, desk.run.once = LOST, False
    desk.home.runs.clear()
    assert desk.type("brain") == 4


def test_prefixes_stand_for_words_at_the_prompt_only(desk):
    assert desk.type("bra") == 2
    desk.dispatcher.prefixes = True
    assert desk.type("bra") == 0
    assert desk.type("re") in (0, 2)
    desk.complained()
    assert desk.type("e") == 2
    assert "begins several words" in desk.complained()


@pytest.mark.parametrize("line", ["env --help", "env -h", "env 7 --help", "help env"])
def test_help_of_a_word_leads_with_examples(desk, line):
    assert desk.type(line) == 0
    said = desk.said()
    assert said.index("examples") < said.index("--timeout")
    assert not desk.home.opened


def test_help_names_every_word(desk):
    (desk.folder / "mine.sanctum").write_text("# Look at mine\nbrain\n")
    for line in ("help", "help --more"):
        assert desk.type(line) == 0
        said = desk.said()
        assert all(word in said for word in desk.session.registry.known())
    assert "Look at mine" in said


def test_a_format_asked_on_the_line_wins_over_the_setting(desk):
    desk.type("set format json")
    desk.type("echo hi")
    assert desk.said().startswith("{")
    desk.type("echo hi --format plain")
    assert desk.said() == "hi\n"


def test_an_answer_names_its_run(desk):
    desk.type("brain --format json")
    assert '"run": "demo-3"' in desk.said()
    desk.type("echo hi --format json")
    assert '"run": null' in desk.said()


def test_the_timeout_reaches_the_question(desk):
    desk.type("brain --timeout 7")
    desk.type("set timeout 9s")
    desk.type("brain")
    assert desk.home.opened[0].timeouts == [7.0, 9.0]


def test_without_a_timeout_each_question_has_its_own(desk):
    desk.type("brain")
    desk.type("set timeout 2")  # what it is, and now it is meant
    desk.type("brain")
    assert desk.home.opened[0].timeouts == [None, 2.0]


def test_a_condition_may_be_typed_without_quotes(desk):
    assert desk.type("expect entropy > 0.3") == 0
    assert desk.type("envs --where accuracy > 60 --limit 4") == 0
    assert desk.run.asked == ["condition_check entropy > 0.3", "envs_list accuracy > 60"]


def test_an_expectation_has_its_own_exit_codes(desk):
    assert desk.type("expect 'entropy > 0.6'") == 6
    assert "entropy is 0.5" in desk.complained()
    desk.run.entropy = None
    assert desk.type("expect entropy > 0.6") == 7
    assert "never sent" in desk.complained()


def test_waiting_asks_again_until_there_is_data(desk):
    desk.run.trouble = NOTHING
    desk.dispatcher.wait_s = 5.0
    assert desk.type("brain") == 0
    assert desk.run.asked == ["policy_read", "policy_read"]


def test_attach_changes_the_run(make_desk):
    desk = make_desk(FakeRun("demo-3"), FakeRun("demo-4"))
    assert desk.type("attach demo-4") == 0
    assert "demo-4" in desk.said()
    desk.type("brain")
    assert desk.run.asked == []
    assert desk.home.runs[1].asked == ["run_read", "policy_read"]
    assert desk.type("attach demo-9") == 3
    assert desk.session.run_name == "demo-4"


def test_text_of_a_trainer_cannot_command_the_terminal(desk):
    desk.run.trouble = ValueError("\x1b[2Jgone\nand more")
    desk.type("brain")
    assert "\x1b" not in desk.complained()


def test_a_broken_command_breaks_only_its_word(desk):
    class Entry:
        value = "no_such_module"

    desk.session.registry.__dict__["others"] = {"broken": Entry()}
    assert desk.type("broken") == 1
    assert "cannot be loaded" in desk.complained()
    assert desk.type("help") == 0
    assert "'broken' cannot be loaded" in desk.said()
    assert desk.type("brain") == 0


def test_a_command_of_another_name_is_refused(desk):
    class Entry:
        value = "click.testing:CliRunner"

    desk.session.registry.__dict__["others"] = {"elsewhere": Entry()}
    assert desk.type("elsewhere") == 1
    assert "cannot be used" in desk.complained()


def test_words_of_other_distributions_can_be_typed(desk, monkeypatch):
    command = desk.session.registry["brain"]
    other = click.Command("elsewhere", callback=command.callback, params=command.params)
    monkeypatch.setattr("shell_fakes.elsewhere", other, raising=False)

    class Entry:
        value = "shell_fakes:elsewhere"

    desk.session.registry.__dict__["others"] = {"elsewhere": Entry()}
    assert desk.type("elsewhere") == 0
    assert "entropy" in desk.said()


def test_wait_works_on_any_line(desk):
    desk.run.trouble = NOTHING
    assert desk.type("brain --wait 5s") == 0
    desk.run.trouble, desk.run.once = NOTHING, False
    assert desk.type("brain --wait=0") == 7
    assert desk.type("brain --wait soon") == 2
    assert desk.type("echo -- --wait") == 0


@pytest.mark.parametrize("moment", ["-50", "-5m", "-.5h"])
def test_a_word_like_a_negative_number_is_a_value(desk, moment):
    assert desk.type(f"set at {moment}") == 0
    assert desk.session.settings["at"] == moment
    assert desk.type(f"echo -- {moment}") == 0
    assert moment in desk.said()
    assert desk.type(f"set at {moment} --formt json") == 2
    assert "no option --formt" in desk.complained()


def test_a_command_file_takes_negative_numbers(desk):
    (desk.folder / "least.sanctum").write_text("echo least $1\n")
    assert desk.type("least -5") == 0
    assert desk.said() == "least -5\n"


def test_wait_asks_again_until_there_is_data(desk, monkeypatch):
    assert desk.type("seeds") == 0
    assert desk.type("seeds --wait 300ms") == 7
    assert desk.run.asked.count("seeds_list") > 2
    assert "seed" in desk.said()
    monkeypatch.setattr(desk.run, "envs", 0)
    assert desk.type("envs") == 0
    assert desk.type("envs --wait 300ms") == 7
    assert desk.type("brain --wait 300ms") == desk.type("runs --wait 300ms") == 0


@pytest.mark.parametrize("line", ["set", "help", "runs", "attach demo-3"])
def test_words_that_ask_no_run_say_that_a_moment_changed_nothing(desk, line):
    assert desk.type(f"{line} --at -50") == 0
    assert "--at changed nothing" in desk.said()
    assert desk.type(f"help {line.split()[0]}") == 0
    assert "--timeout" not in desk.said().split("options")[-1]


def test_a_note_is_never_written_twice_when_the_connection_is_lost(make_desk):
    desk = make_desk(FakeRun())
    desk.run.trouble = LOST
    assert desk.type("note halved the rate") == 4
    assert desk.run.asked.count("note_add") == 1
    assert "it may have been written" in desk.complained()
    assert desk.type("note halved the rate") == 0
    assert desk.run.asked.count("note_add") == 2
