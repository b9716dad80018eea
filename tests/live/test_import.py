"""``sanctum import esper`` and opening event files: on the command line, as a person would."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sanctum.cli import run as program
from sanctum.wire.places import read_run_file, record_path
from sanctum.wire.writing import writer_of
from tests.adapters.esper_files import events, text, written
from tests.live.running import WITHIN_S, asking, until

pytestmark = pytest.mark.live
EXPECTED = "Esper's events were expected: one JSON object a line, plain or gzipped (.jsonl, .gz)"


@pytest.fixture
def sanctum(home, capsys, monkeypatch):
    """The program within this process: exit code, what it said on stdout and on stderr."""
    monkeypatch.setenv("TERM", "dumb")

    def run(*words: object) -> tuple[int, str, str]:
        code = program([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def path(home):
    return written(home.folder / "trial.jsonl")


def kept(home) -> set[str]:
    return {file.name for file in (home.folder / "runs").iterdir()}


def runs(home) -> list[str]:
    return sorted(path.stem for path in (home.folder / "runs").glob("*.json"))


# Importing


def test_an_import_says_what_it_made_and_what_to_type_next(sanctum, path):
    code, said, complained = sanctum("import", "esper", path)
    assert (code, complained) == (0, "")
    head, headline, *_, last = said.splitlines()
    assert head.split() == ["import", "of", "trial.jsonl", "trial"]
    assert headline.startswith("29 events in ")
    assert "trial  finished      6" in said
    assert last == "next: sanctum shell trial"
    with asking("trial") as ask:
        answer = ask.run_read()
        assert (answer.state.word, answer.last_step, answer.at.update) == ("finished", 5, 2)
        assert ask.env_read(1).at.step == 5


def test_what_was_imported_is_imported_again_only_when_it_has_changed(sanctum, home, path):
    sanctum("import", "esper", path)
    before = record_path("trial").stat().st_ino
    code, said, _ = sanctum("import", "esper", path)
    assert code == 0
    assert "it is imported already, as trial, and has not changed since" in said
    assert record_path("trial").stat().st_ino == before
    path.write_text(text(events(accuracy=60.0)))
    code, said, _ = sanctum("import", "esper", path)
    assert "29 events" in said
    assert record_path("trial").stat().st_ino != before
    assert runs(home) == ["trial"]


def test_an_id_that_another_run_has_is_not_taken_from_it(sanctum, home, path):
    sanctum("import", "esper", path)
    other = written(home.folder / "other" / "trial.jsonl")
    code, _, complained = sanctum("import", "esper", other, "--run-id", "trial")
    assert code == 2
    assert complained.startswith("there is a run trial already: ")
    assert "--force" in complained
    assert sanctum("import", "esper", other)[0] == 0
    assert runs(home) == ["trial", "trial-2"]
    assert sanctum("import", "esper", other, "--run-id", "trial", "--force")[0] == 0
    assert read_run_file(home.folder / "runs" / "trial.json").origin.path == str(other)


def test_of_a_folder_the_newest_file_is_taken(sanctum, home):
    folder = home.folder / "telemetry"
    for age, name in ((100, "telemetry_2026-01-01_100000"), (5, "telemetry_2026-01-02_100000")):
        one = written(folder / name / "events.jsonl")
        os.utime(one, (one.stat().st_mtime - age,) * 2)
    code, _said, complained = sanctum("import", "esper", folder)
    assert code == 0
    assert "the newest of 2: telemetry_2026-01-02_100000/events.jsonl" in complained
    assert runs(home) == ["telemetry_2026-01-02_100000"]


def test_a_folder_without_events_says_what_was_expected(sanctum, home):
    folder = home.folder / "empty"
    folder.mkdir()
    code, _, complained = sanctum("import", "esper", folder)
    assert code == 3
    assert complained.splitlines()[0] == f"no event file of Esper's in the folder {folder}"
    (folder / "a.jsonl").write_text("")
    assert "it holds a.jsonl: name one of them" in sanctum("import", "esper", folder)[2]


def test_events_come_from_stdin_too(home, path):
    done = subprocess.run(
        [sys.executable, "-m", "sanctum", "import", "esper", "-", "--format", "json"],
        input=gzip.compress(path.read_bytes()),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (block,) = json.loads(done.stdout)["blocks"]
    (row,) = block["rows"]
    assert (row["run"], row["state"], row["steps"]) == ("ppo_7", "finished", 6)
    assert runs(home) == ["ppo_7"]


# What is wrong in files


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b'{"event_type": "EPOCH_COM', "broken JSON at character 16"),
        (b'{"type": "epoch", "data": {}}', "an object without an event_type; its keys: type, data"),
        (b"[]", "a list, not an object"),
        (b'{"event_type": "\xff"}', "not UTF-8: byte 0xff at 17"),
    ],
)
def test_bad_lines_are_left_out_and_said_and_the_rest_is_there(sanctum, path, bad, why):
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:5], bad, *lines[5:], b""]))
    code, said, complained = sanctum("import", "esper", path)
    assert code == 0
    assert complained == f"1 line was left out: line 6: {why}\n"
    assert "29 events" in said
    with asking("trial") as ask:
        source = ask.run_read().source
        assert source.refused == [f"line 6: {why}"]
        assert sum(source.counts.values()) == 29
        assert ask.run_read().last_step == 5


def test_many_bad_lines_are_counted(sanctum, path):
    path.write_text("nonsense\n" * 30 + path.read_text())
    code, _, complained = sanctum("import", "esper", path)
    assert code == 0
    assert complained.startswith("30 lines were left out: line 1: broken JSON at character 1; line")
    assert complained.endswith("; and 25 more\n")
    with asking("trial") as ask:
        assert ask.run_read().source.refused_count == 30


def test_a_file_that_stops_early_is_not_presented_as_whole(sanctum, home):
    path = written(home.folder / "short.jsonl", rounds=1, planned=4)
    with path.open("a") as file:
        file.write('{"event_type": "EPOCH_COMPLETED", "data": {"env')
    code, said, complained = sanctum("import", "esper", path)
    assert code == 0
    assert "line 16: the file is cut off in the middle of it" in complained
    assert "ended" in said
    with asking("short") as ask:
        state = ask.run_read().state
        assert state.word == "ended"
        assert state.why == "its file is cut off at line 16, after 1 of 4 rounds"


def test_a_cut_gzip_file_gives_what_is_in_it(sanctum, home):
    packed = gzip.compress(text(events(rounds=40, planned=40)).encode())
    path = home.folder / "cut.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    code, _said, complained = sanctum("import", "esper", path)
    assert code == 0
    assert "the gzip stream ends here, before its end" in complained
    with asking("cut") as ask:
        assert 20 < ask.run_read().last_step < 239
        assert ask.run_read().state.word == "ended"


def test_a_file_of_a_later_esper_is_imported_with_a_warning(sanctum, path):
    path.write_text(path.read_text().replace('"event_id"', '"schema_version": 2, "event_id"'))
    code, _, complained = sanctum("import", "esper", path)
    assert code == 0
    assert complained.startswith("its events say schema_version 2; ")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "{} is empty: no event was written to it"),
        (b"\n\n", "{} is empty: no event was written to it"),
        (b"hello\n", "{} holds no event of Esper's: line 1: broken JSON at character 1"),
        (b'{"type": "x"}\n', "{} holds no event of Esper's: line 1: an object without an event_"),
        (b"PK\x03\x04", "{} is a zip archive, not a file of events"),
        (b"\x7fELF\0\0", "{} is a binary file, not a file of events"),
    ],
)
def test_a_file_without_any_event_leaves_nothing(sanctum, home, data, sentence):
    path = home.folder / "bad.jsonl"
    path.write_bytes(data)
    code, said, complained = sanctum("import", "esper", path)
    assert (code, said) == (3, "")
    assert complained.startswith(sentence.format(path))
    assert complained.endswith(f"{EXPECTED}\n")
    assert kept(home) == set()


def test_a_file_that_is_not_there_is_said_to_be(sanctum, home):
    code, _, complained = sanctum("import", "esper", home.folder / "nowhere.jsonl")
    assert code == 3
    assert complained == f"no such file: {home.folder}/nowhere.jsonl\n  {EXPECTED}\n"


def test_a_kind_that_is_not_known_is_a_sentence(sanctum, path):
    code, _, complained = sanctum("import", path)
    assert code == 2
    assert complained.splitlines() == [
        f"'{path}' is no kind of file to import; there are esper and tensorboard",
        f"  sanctum import esper {path}",
    ]
    assert sanctum("import")[2].startswith("the kind is missing: esper or tensorboard")


def test_a_file_that_is_still_written_is_imported_with_a_hint(sanctum, path):
    with path.open("a"):
        code, _, complained = sanctum("import", "esper", path)
    assert (code, complained) == (0, "")
    writer = subprocess.Popen(
        [sys.executable, "-c", f"file = open({str(path)!r}, 'a'); input()"], stdin=subprocess.PIPE
    )
    try:
        until(lambda: writer_of(path))
        complained = sanctum("import", "esper", path, "--force")[2]
    finally:
        writer.communicate(b"")
    assert complained == (
        f"process {writer.pid} is writing to it: sanctum import esper FILE --follow keeps up\n"
    )


# Nothing is left of what was not finished


def importing(path: Path, **more) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sanctum", "import", "esper", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_that_is_interrupted_leaves_nothing(home, number, code):
    path = home.folder / "pipe.jsonl"
    os.mkfifo(path)
    process = importing(path)
    home.processes.append(process)
    with path.open("w") as file:
        file.write(text(events(rounds=40, planned=80)))
        file.flush()
        until(lambda: any(name.endswith(".importing.sanctum.db") for name in kept(home)))
        process.send_signal(number)
        assert process.wait(WITHIN_S) == code
    assert kept(home) == set()


def test_an_import_that_is_killed_shows_no_run(home, sanctum):
    path = home.folder / "pipe.jsonl"
    os.mkfifo(path)
    process = importing(path)
    home.processes.append(process)
    with path.open("w") as file:
        file.write(text(events(rounds=40, planned=80)))
        file.flush()
        until(lambda: any(name.endswith(".importing.sanctum.db") for name in kept(home)))
        process.kill()
        process.wait(WITHIN_S)
    assert sanctum("runs")[1].startswith("0 runs")
    assert sanctum("import", "esper", written(home.folder / "trial.jsonl"))[0] == 0
    assert not any("importing" in name for name in kept(home))


@pytest.mark.parametrize(
    ("room", "what"),
    [
        (50_000, "no record can be written in {}/runs: disk I/O error"),
        (200_000, "{}/runs/trial.sanctum.db cannot be written: the disk takes nothing: disk I/O"),
    ],
)
def test_on_a_full_disk_there_is_a_sentence_and_nothing_else(home, room, what):
    path = written(home.folder / "trial.jsonl", rounds=150, planned=150)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    process = importing(path, preexec_fn=limit)
    said, complained = process.communicate(timeout=WITHIN_S)
    assert (process.returncode, said) == (3, "")
    assert complained.startswith(what.format(home.folder)), complained
    assert kept(home) == set()


def test_a_record_directory_that_cannot_be_made_is_a_sentence(sanctum, path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", f"{path}/runs")
    code, _, complained = sanctum("import", "esper", path)
    assert code == 3
    assert complained.startswith(f"no record can be written in {path}/runs: not a directory")


# Opening


def test_a_file_of_events_is_imported_and_opened_in_one_go(home, path):
    done = subprocess.run(
        [sys.executable, "-m", "sanctum", "shell", str(path)],
        input="run\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"imported 29 events of {path} as trial in ")
    assert done.stdout.startswith("run trial: cifar_baseline")


def test_where_a_run_is_named_a_file_of_events_will_do(sanctum, home, path):
    code, said, complained = sanctum("run", "--run", path)
    assert code == 0
    assert complained.startswith("imported 29 events")
    assert said.startswith("run trial: ")
    code, said, complained = sanctum("run", "--run", path)
    assert (code, complained) == (0, "")
    path.write_text(text(events(accuracy=60.0)))
    assert sanctum("run", "--run", path)[2].startswith("imported 29 events")
    assert runs(home) == ["trial"]


def test_what_is_neither_record_nor_events_says_what_was_expected(sanctum, home):
    path = home.folder / "notes.txt"
    path.write_text("nothing of that kind\n")
    code, _, complained = sanctum("brain", "--run", path)
    assert code == 3
    assert complained.startswith(f"{path} holds no event of Esper's: line 1: broken JSON")
    code, _, complained = sanctum("brain", "--run", home.folder)
    assert code == 3
    assert complained.startswith(f"{home.folder} is neither a run nor a record: no event file")


def test_who_reads_a_run_sees_it_replaced(sanctum, path):
    sanctum("import", "esper", path)
    with asking("trial") as ask:
        assert ask.envs_list().rows[0].accuracy.value == 50.0
        path.write_text(text(events(accuracy=60.0)))
        sanctum("import", "esper", path)
    with asking("trial") as ask:
        assert ask.envs_list().rows[0].accuracy.value == 60.0
