"""``sanctum import esper FILE --follow``: a run that is watched through the file it writes."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sanctum.cli import run as program
from sanctum.wire.places import home as folder_of_records
from sanctum.wire.places import record_path
from tests.adapters.esper_files import events, text
from tests.live.running import WITHIN_S, asking, until

pytestmark = pytest.mark.live
LINES = text(events(rounds=3, planned=3)).splitlines(keepends=True)
FIRST, SECOND = 15, 29
"""Where the first and the second of three rounds end."""

RECORDING = Path(__file__).parents[1] / "adapters" / "data" / "esper_short.jsonl.gz"
WRITER = """
import os, sys
with open(sys.argv[1], "ab", buffering=0) as file:
    while data := os.read(0, 65536):
        file.write(data)
"""


class Trainer:
    """A process that writes to a file what it is told."""

    def __init__(self, home, path: Path) -> None:
        words = [sys.executable, "-c", WRITER, str(path)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, text=True)
        home.processes.append(self.process)

    def write(self, lines) -> None:
        self.process.stdin.write("".join(lines))
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(WITHIN_S)
        self.process.stdin = None


class Following:
    """``sanctum import esper --follow`` of a file."""

    def __init__(self, home, path, *options: str) -> None:
        words = [sys.executable, "-m", "sanctum", "import", "esper", str(path), "--follow"]
        self.process = subprocess.Popen(
            [*words, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        home.processes.append(self.process)

    def says(self, beginning: str) -> str:
        """Wait for a line on stderr that begins so."""
        for line in self.process.stderr:
            if line.startswith(beginning):
                return line
        raise AssertionError(f"it never said {beginning!r}")

    def end(self, number: int | None = None) -> tuple[int, str]:
        """Its exit code and its last line."""
        if number is not None:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=WITHIN_S)
        return self.process.returncode, (said.splitlines() or [""])[-1]


@pytest.fixture
def path(home):
    return home.folder / "trial.jsonl"


def last_step():
    with asking("trial") as ask:
        return ask.run_read().last_step


def test_a_run_is_live_while_its_file_grows_and_finished_when_its_trainer_is(home, path):
    following = Following(home, path)
    following.says(f"waiting for {path}; Ctrl-C ends")
    trainer = Trainer(home, path)
    trainer.write(LINES[:FIRST])
    following.says(f"process {trainer.process.pid} writes it: {sys.executable} -c")
    following.says("run trial is live; to ask it: sanctum shell trial")
    until(lambda: last_step() == 2)
    with asking("trial") as ask:
        answer = ask.run_read()
        assert answer.state.word == "live"
        assert (answer.header.pid, answer.header.argv[1]) == (trainer.process.pid, "-c")
        assert Path(answer.source.place) == path
        vitals = {one.name: one.value for one in ask.vitals_read().readings}
        assert vitals["trainer memory"].value > 0
        assert ask.trainer_stacks().process == "followed"
    trainer.write(LINES[FIRST:SECOND])
    until(lambda: last_step() == 5)
    trainer.write(LINES[SECOND:])
    trainer.end()
    code, said = following.end()
    assert (code, said) == (0, "ended after 3 of 3 rounds: trial")
    before = record_path("trial").stat().st_ino
    assert program(["run", "--run", str(path)]) == 0
    assert record_path("trial").stat().st_ino == before
    with asking("trial") as ask:
        answer = ask.run_read()
        assert answer.lost == []
        assert (answer.state.word, answer.last_step) == ("finished", 8)


def test_a_trainer_that_dies_in_mid_run_is_said_to_have_died(home, path):
    trainer = Trainer(home, path)
    trainer.write([*LINES[:SECOND], LINES[SECOND][:40]])
    until(path.exists)
    following = Following(home, path)
    following.says("caught up: 29 events")
    trainer.process.kill()
    code, said = following.end()
    why = f"its process, {trainer.process.pid}, was gone after 2 of 3 rounds"
    assert code == 0
    assert said == f"{why}: trial"
    with asking("trial") as ask:
        state = ask.run_read().state
        assert state.word == "died"
        assert state.why.startswith(why)
        (refused,) = ask.run_read().source.refused
        assert refused == "line 30: the file is cut off in the middle of it"


def test_ctrl_c_ends_the_following_and_not_the_trainer(home, path):
    trainer = Trainer(home, path)
    trainer.write([*LINES[:20], LINES[20][:50]])
    until(path.exists)
    following = Following(home, path)
    following.says("caught up: 20 events")
    code, said = following.end(signal.SIGINT)
    assert code == 130
    assert said.startswith("no longer followed after 1 of 3 rounds")
    assert trainer.process.poll() is None
    with asking("trial") as ask:
        answer = ask.run_read()
        assert answer.state.word == "interrupted"
        assert answer.source.refused == []


def test_followed_again_nothing_is_recorded_twice(home, path):
    path.write_text("".join(LINES[:20]))
    first = Following(home, path)
    first.says("caught up: 20 events")
    first.end(signal.SIGINT)
    with path.open("a") as file:
        file.writelines(LINES[20:])
    again = Following(home, path)
    again.says("caught up: 43 events")
    again.end(signal.SIGINT)
    assert [one.name for one in folder_of_records().glob("*.json")] == ["trial.json"]
    with asking("trial") as ask:
        answer = ask.run_read()
        assert (answer.last_step, len(answer.attempts)) == (8, 1)
        assert answer.state.word == "finished"
        assert len(ask.series_read("accuracy", env=0).steps) == 9


def test_a_file_is_followed_once_and_asked_by_its_name(home, path, capsys):
    path.write_text("".join(LINES[:20]))
    following = Following(home, path)
    following.says("caught up")
    until(lambda: last_step() == 4)
    assert program(["import", "esper", str(path), "--follow"]) == 2
    said = capsys.readouterr().err
    assert f"run trial is live: process {following.process.pid} follows this file already" in said
    assert program(["run", "--run", str(path)]) == 0
    assert "step 4  u1  live" in capsys.readouterr().out
    following.end(signal.SIGINT)


def test_what_is_followed_is_what_is_imported_and_nothing_is_lost(home):
    path = home.folder / "trial.jsonl"
    lines = gzip.decompress(RECORDING.read_bytes()).splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:800]))
    assert program(["import", "esper", str(path), "--run-id", "whole"]) == 0
    following = Following(home, path)
    following.says("caught up: 800 events")
    following.end(signal.SIGTERM)
    found = []
    for run_id in ("whole", "trial"):
        with asking(run_id) as ask:
            run = ask.run_read()
            step = run.last_step
            found.append(
                (
                    step,
                    run.lost_count,
                    run.episodes,
                    run.events,
                    run.columns,
                    [ask.env_read(env).row for env in range(run.header.envs)],
                    ask.series_read("reward", env=3, points=1000).values,
                    ask.policy_read().readings,
                )
            )
    for whole, followed in zip(*found, strict=True):
        assert whole == followed


def test_a_file_that_is_rotated_is_gone_on_with(home, path):
    path.write_text("".join(LINES[:20]))
    following = Following(home, path)
    following.says("caught up: 20 events")
    path.rename(path.with_suffix(".1"))
    path.write_text("".join(LINES[20:]))
    following.says(f"{path} was replaced or cut short: it is read from its start")
    until(lambda: last_step() == 8)
    following.end(signal.SIGINT)


def test_events_are_followed_through_a_pipe(home):
    done = subprocess.run(
        [sys.executable, "-m", "sanctum", "import", "esper", "-", "--follow", "--run-id", "trial"],
        input="".join(LINES),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "ended after 3 of 3 rounds: trial"
    assert last_step() == 8


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            gzip.compress(b"{}", mtime=0),
            "{} is gzipped, and so nothing is added to it, and cannot be foll",
        ),
        (b"PK\x03\x04", "{} is a zip archive, and cannot be followed"),
    ],
)
def test_what_cannot_be_followed_is_refused(home, path, data, sentence, capsys):
    path.write_bytes(data)
    assert program(["import", "esper", str(path), "--follow"]) == 3
    assert sentence.format(path) in capsys.readouterr().err
    assert list(folder_of_records().glob("*")) == []


def test_a_file_that_nobody_fills_gives_no_run(home, path):
    trainer = Trainer(home, path)
    until(path.exists)
    following = Following(home, path)
    following.says("process")
    trainer.end()
    code, said = following.end()
    assert code == 3
    assert said == (
        "  Esper's events were expected: one JSON object a line, plain or gzipped (.jsonl, .gz)"
    )
