import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from sanctum.shell.completer import LineCompleter
from sanctum.shell.place import Place


@pytest.fixture
def complete(desk):
    place = Place(desk.session)
    place.text()
    asked = len(desk.run.asked)
    completer = LineCompleter(desk.session, place)

    def completed(text):
        found = [c.text for c in completer.get_completions(Document(text), CompleteEvent())]
        assert len(desk.run.asked) == asked, "completion asks nobody"
        return found

    return completed


def test_words_complete(complete):
    assert complete("bra") == ["brain"]
    assert {"env", "envs", "events", "exit"} <= set(complete("e"))
    assert "brain" in complete("")


def test_environments_and_seeds_complete_from_the_run(complete):
    assert complete("env 1") == ["1", "10", "11", "12", "13", "14", "15"]
    assert complete("seed 3.") == ["3.r0c0", "3.r0c1"]


def test_actions_and_features_complete_from_the_run(complete):
    assert complete("flip 7 G") == ["GERMINATE"]
    assert complete("what-if 7 ") == ["loss=", "trend="]
    assert complete("what-if 7 loss=1 t") == ["trend="]
    assert complete("what-if 7 --sweep l") == ["loss="]


def test_choices_and_options_complete(complete):
    assert complete("seeds to") == ["top"]
    assert complete("brain --fo") == ["--format"]
    assert complete("brain --format j") == ["json"]
    assert "format" in complete("set ")


def test_conditions_complete_with_names_of_the_run(complete):
    assert complete("expect entr") == ["entropy"]
    assert complete("envs --where acc") == ["accuracy"]


def test_run_ids_complete_from_the_record_directory(complete, tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path))
    (tmp_path / "demo-3.json").write_text("{}")
    assert complete("attach d") == ["demo-3"]
    assert complete("brain --run ") == ["demo-3"]


def test_files_complete(complete, tmp_path):
    (tmp_path / "checks.sanctum").write_text("")
    assert complete(f"source {tmp_path}/che") == [f"{tmp_path}/checks.sanctum"]


def test_nothing_completes_behind_a_filter_or_an_unknown_word(complete):
    assert complete("events | gr") == complete("brian --f") == complete("echo 'a") == []


def test_moments_complete(complete):
    assert complete("at ") == ["live", "find", "u41", "hall:1", "hall:2", "hall:3"]
    assert complete("at u") == complete("brain --at u") == ["u41"]
