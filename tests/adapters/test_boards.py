"""TensorBoard's event files as records: what tags mean, runs, attempts, and what is wrong."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import msgspec
import pytest

from sanctum.adapters.boards.course import Course
from sanctum.adapters.boards.settings import named, planned_steps, table
from sanctum.adapters.boards.tags import LENGTH, RETURN, STEP, UPDATE, tag_of
from sanctum.cli import run
from sanctum.probe.direct import direct
from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from sanctum.telemetry import EpisodeEnded, Message, Step, Update

pytest.importorskip("tensorboard")
from tests.adapters.event_files import BEGAN, EventFile, ppo


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def opened(home):
    """Opens records of that home, and closes them again."""
    found = []

    def reader(run_id):
        db = open_read_only(home / f"{run_id}.sanctum.db")
        found.append(db)
        return Reader(db)

    yield reader
    for db in found:
        db.close()


def imported(folder, *options):
    return run(["import", "tensorboard", str(folder), *options])


def updates(reader, attempt=1):
    rows = reader.rows(
        "SELECT number, step, time, data FROM updates WHERE attempt = ? ORDER BY id", attempt
    )
    return [(n, step, time, msgspec.msgpack.decode(data)[0]) for n, step, time, data in rows]


def column(reader, name, attempt=1):
    """Steps and values of a column."""
    first, last = reader.span(attempt)
    window = reader.window([name], attempt, first, last)
    values, states = window.cells[name]
    return [
        (int(step), float(value))
        for step, value, state in zip(window.steps, values[:, 0, 0], states[:, 0], strict=True)
        if state == 0
    ]


def episodes(reader, attempt=1):
    rows = reader.rows("SELECT data FROM episodes WHERE attempt = ? ORDER BY id", attempt)
    said = [msgspec.msgpack.decode(data, type=EpisodeEnded) for (data,) in rows]
    return [(one.episode, one.step, one.episode_return, one.length) for one in said]


def source(reader):
    return reader.source(1)


# what a tag is


@pytest.mark.parametrize(
    ("tag", "name", "kind"),
    [
        ("losses/clipfrac", "clip_fraction", UPDATE),
        ("train/approx_kl", "approx_kl", UPDATE),
        ("charts/learning_rate", "learning_rate", UPDATE),
        ("learner_stats/kl", "approx_kl", UPDATE),
        ("train/ratio_max.op", "ratio_max.op", UPDATE),
        ("train/entropy_normalised", "entropy", UPDATE),
        ("losses/entropy", "entropy_nats", UPDATE),
        ("losses/td_loss", "losses/td_loss", UPDATE),
        ("Loss/train total", "Loss/train_total", UPDATE),
        ("charts/episodic_return", "episode_return_mean", RETURN),
        ("charts/episodic_length", "episode_length_mean", LENGTH),
        ("eval/episodic_return", "eval/episodic_return", STEP),
        ("rollout/ep_rew_mean", "episode_return_mean", STEP),
        ("train/reward", "episode_return_mean", STEP),
        ("time/fps", "env_steps_per_s", STEP),
        ("my metric (ema) - a/b", "my_metric_ema_a/b", STEP),
        ("0/loss", "_0/loss", STEP),
        ("action/mean", "tag/action/mean", STEP),
        ("seed/a/stage", "tag/seed/a/stage", STEP),
        ("observation", "tag/observation", STEP),
        ("rewards", "tag/rewards", STEP),
        ("", "_", STEP),
    ],
)
def test_a_tag_has_a_name_that_can_be_asked_and_a_kind(tag, name, kind):
    assert tag_of(tag) == (name, kind)


# the course of a run


@pytest.fixture
def heard():
    return []


@pytest.fixture
def course(heard):
    return Course(direct("demo", heard.append))


def kinds(heard, kind):
    return [one for one in heard if isinstance(one, kind)]


def test_scalars_of_a_step_are_a_row_and_those_of_an_update_one_update(course, heard):
    for tag, value in {"losses/a": 1.0, "charts/SPS": 9.0, "losses/b": math.nan}.items():
        course.scalar(tag, value, 100, BEGAN)
    course.scalar("charts/SPS", 8.0, 101, BEGAN)
    (row,) = kinds(heard, Step)
    assert (row.step, list(row.columns), row.time) == (100, ["env_steps_per_s"], BEGAN)
    course.settle()
    (update,) = kinds(heard, Update)
    assert (update.update, update.step) == (1, 100)
    assert update.scalars["losses/a"] == 1.0 and math.isnan(update.scalars["losses/b"])


def test_a_reading_that_comes_after_the_rest_was_told_joins_its_update(course, heard):
    course.scalar("losses/a", 1.0, 100, BEGAN)
    course.tell()
    course.scalar("losses/b", 2.0, 100, BEGAN)
    course.scalar("losses/a", 3.0, 100, BEGAN)
    course.settle()
    assert [(one.update, one.scalars) for one in kinds(heard, Update)] == [
        (1, {"losses/a": 1.0}),
        (1, {"losses/b": 2.0}),
        (2, {"losses/a": 3.0}),
    ]


def test_episodes_pair_their_returns_and_lengths_in_either_order(course, heard):
    for tag, value in [("return", 1.0), ("return", 2.0), ("length", 10.0), ("length", 20.0)]:
        course.scalar(f"charts/episodic_{tag}", value, 50, BEGAN)
    course.scalar("charts/episodic_return", 3.0, 60, BEGAN)
    course.settle()
    said = [
        (one.episode, one.step, one.episode_return, one.length)
        for one in kinds(heard, EpisodeEnded)
    ]
    assert said == [(1, 50, 1.0, 10), (2, 50, 2.0, 20), (3, 60, 3.0, None)]


def test_a_tag_that_counts_something_else_stands_where_the_run_was(course, heard):
    course.scalar("charts/SPS", 1.0, 1000, BEGAN)
    for index in range(3):
        course.scalar("eval/episodic_return", 100.0 + index, index, BEGAN)
    course.settle()
    (row,) = kinds(heard, Step)
    assert row.step == 1000 and "eval/episodic_return" in row.columns
    events = [one.data for one in kinds(heard, Message)]
    assert [(one["step"], one["value"]) for one in events] == [(0, 100.0), (1, 101.0), (2, 102.0)]
    assert course.attempts == 1


def test_updates_that_count_themselves_stand_at_the_steps_of_the_run(course, heard):
    for update in (1, 2):
        course.scalar("charts/SPS", 1.0, update * 500, BEGAN)
        course.scalar("losses/a", 0.5, update, BEGAN)
    course.settle()
    assert [(one.update, one.step) for one in kinds(heard, Update)] == [(1, 500), (2, 1000)]
    assert kinds(heard, Message) == []


def test_a_tag_that_goes_back_begins_an_attempt_and_counts_go_on_from_there(course, heard):
    for step in (100, 200, 300):
        course.scalar("losses/a", 1.0, step, BEGAN)
        course.scalar("charts/episodic_return", 1.0, step, BEGAN)
    course.scalar("losses/a", 1.0, 200, BEGAN)
    course.settle()
    assert course.attempts == 2
    assert [(one.update, one.step) for one in kinds(heard, Update)][-2:] == [(3, 300), (2, 200)]
    assert [one.step for one in kinds(heard, Step)] == [100, 200, 300, 200]


def test_writers_beside_each_other_do_not_set_the_clock_back(course):
    course.begin_writer(0, BEGAN)
    course.begin_writer(1, BEGAN)
    for step in range(1, 50):
        course.scalar("a", 1.0, step, BEGAN + step, writer=0)
        course.scalar("a", 1.0, max(step - 3, 0), BEGAN + step, writer=1)
    assert course.attempts == 1
    course.begin_writer(2, BEGAN + 100)
    course.scalar("a", 1.0, 10, BEGAN + 101, writer=2)
    assert course.attempts == 2


def test_a_second_reading_of_a_step_is_counted_and_the_newest_stands(course, heard):
    for value in (1.0, 2.0):
        course.scalar("a", value, 5, BEGAN)
    course.scalar("b", 3.0, None, BEGAN)
    course.settle()
    (row,) = kinds(heard, Step)
    assert set(row.columns) == {"a", "b"}
    assert course.counts["scalar overtaken by another of its step"] == 1


# settings


def test_a_folder_named_in_cleanrls_manner_says_task_script_and_seed():
    found = named("CartPole-v1__ppo_atari__3__1700000000")
    assert (found["task"], found["trainer"], found["config"]["seed"]) == (
        "CartPole-v1",
        "ppo_atari",
        3,
    )
    assert named("my run") == {} and named("a__b__c__d") == {}


def test_a_table_of_hyperparameters_is_read_and_no_other_text():
    said = table("|param|value|\n|-|-|\n|lr|0.00025|\n|cuda|True|\n|kl|None|\n|path|a|b|\n|n|4|")
    assert said == {"lr": 0.00025, "cuda": True, "kl": None, "path": "a|b", "n": 4}
    assert table("|a|b|c|\n|-|-|-|\n|1|2|3|") == {} and table("hello") == {}
    assert planned_steps({"total_timesteps": 1e6}) == 1_000_000
    assert planned_steps({"total_timesteps": True}) is None


# event files


def test_a_board_becomes_a_record_that_says_all_of_it(home, opened, tmp_path, capsys):
    folder = tmp_path / "runs" / "CartPole-v1__ppo__1__1700000000"
    with EventFile(folder) as file:
        file.text(0, "hyperparameters", "|param|value|\n|-|-|\n|total_timesteps|900|\n|lr|0.1|")
        ppo(file, 3)
        file.text(300, "note", "first line\nsecond")
        file.histogram(300, "weights")
    assert imported(tmp_path / "runs", "--format", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    (row,) = answer["blocks"][0]["rows"]
    assert (row["run"], row["updates"], row["episodes"], row["steps"]) == (folder.name, 3, 9, 9)
    assert "only TensorBoard shows: 1 of histogram" in answer["notes"]
    reader = opened(folder.name)
    (attempt,) = reader.attempts()
    header = attempt.header
    assert (header.task, header.trainer, header.planned_steps) == ("CartPole-v1", "ppo", 900)
    assert (header.config["lr"], header.config["seed"]) == (0.1, 1)
    assert (attempt.how, attempt.why) == ("ended", "event files do not say how their script ended")
    first, *_, last = updates(reader)
    assert first[:2] == (1, 100) and math.isnan(first[3]["explained_variance"])
    assert last[3] == {
        **{"learning_rate": 0.001, "value_loss": 5 / 3, "policy_loss": -0.01, "entropy_nats": 0.6},
        **{"approx_kl": 0.005, "clip_fraction": 0.1, "explained_variance": 0.5},
    } | {name: pytest.approx(value) for name, value in last[3].items()}
    assert last[2] == pytest.approx(BEGAN + 43, abs=10)
    assert column(reader, "env_steps_per_s") == [(100, 1001.0), (200, 1002.0), (300, 1003.0)]
    assert episodes(reader)[:3] == [(1, 30, 11.0, 12), (2, 60, 11.0, 12), (3, 60, 11.0, 12)]
    ((text, step),) = reader.rows("SELECT text, step FROM events WHERE type = 'text'")
    assert (text, step) == ("note: first line", 300)
    said = source(reader)
    assert (said.kind, said.place) == ("tensorboard", str(folder))
    assert said.counts["histogram"] == 1 and said.counts["scalar of an update"] == 21
    assert (said.unknown, said.refused_count) == (0, 0)


def test_scalars_of_tensorflow_2_and_hyperparameters_are_read(home, opened, tmp_path):
    with EventFile(tmp_path / "board") as file:
        file.settings(lr=0.5, optimizer="adam", layers=2)
        file.new_scalar(10, "reward_mean", 1.5)
        file.new_scalar(20, "reward_mean", 2.5, plugin="")
        file.new_scalar(20, "odd", 2.5, plugin="my_plugin")
    assert imported(tmp_path / "board") == 0
    reader = opened("board")
    assert column(reader, "reward_mean") == [(10, 1.5), (20, 2.5)]
    config = reader.header(1).config
    assert (config["lr"], config["optimizer"], config["layers"]) == (0.5, "adam", 2)
    assert (source(reader).counts["my_plugin"], source(reader).unknown) == (1, 1)


def test_folders_below_are_runs_of_their_own_and_parts_are_not(home, opened, tmp_path, capsys):
    for name in ("a", "b/deep"):
        with EventFile(tmp_path / "logs" / name) as file:
            file.scalars(1, x=1.0)
    with EventFile(tmp_path / "logs" / "a" / "loss_x_train") as file:
        file.scalars(2, loss__x=0.25)
    with EventFile(tmp_path / "logs" / "a" / "1700000001.5") as file:
        file.settings(lr=0.1)
        file.settings(lr=0.1)
        file.settings(lr=0.1)
    (tmp_path / "logs" / "empty").mkdir()
    assert imported(tmp_path / "logs", "--run-id", "exp", "--format", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in answer["blocks"][0]["rows"]] == ["exp-a", "exp-b-deep"]
    reader = opened("exp-a")
    assert updates(reader)[0][3] == {"loss/x/train": 0.25}
    assert reader.header(1).config["lr"] == 0.1
    assert opened("exp-b-deep").header(1).config == {}


def test_files_of_a_script_that_was_resumed_are_attempts(home, opened, tmp_path, capsys):
    with EventFile(tmp_path / "board") as file:
        ppo(file, 4)
    with EventFile(tmp_path / "board", begun=BEGAN + 1000, name="host.2.0") as file:
        ppo(file, 2, first=3)
    assert imported(tmp_path / "board") == 0
    assert "2 attempts" in capsys.readouterr().out
    reader = opened("board")
    assert [one.how for one in reader.attempts()] == ["resumed", "ended"]
    assert [row[:2] for row in updates(reader, 2)] == [(3, 300), (4, 400)]
    assert reader.span(2) == (230, 400)


def test_a_writer_that_purges_begins_an_attempt_where_it_says(home, opened, tmp_path):
    with EventFile(tmp_path / "board") as file:
        file.scalars(100, a=1.0)
        file.restart(50)
        file.scalars(60, b=1.0)
    assert imported(tmp_path / "board") == 0
    reader = opened("board")
    assert column(reader, "b", 2) == [(60, 1.0)]


def test_a_cut_file_is_read_as_far_as_it_goes_and_said(home, opened, tmp_path, capsys):
    with EventFile(tmp_path / "board") as file:
        ppo(file, 3)
    data = file.path.read_bytes()
    file.path.write_bytes(data[: len(data) - 7])
    assert imported(tmp_path / "board") == 0
    said = capsys.readouterr().err
    assert f"{file.path.name} is cut off at byte" in said
    reader = opened("board")
    assert len(updates(reader)) == 3
    assert source(reader).refused_count == 1 and "cut off" in source(reader).refused[0]


def test_a_damaged_record_ends_the_file_and_one_that_is_no_event_does_not(
    home, opened, tmp_path, capsys
):
    with EventFile(tmp_path / "board") as file:
        file.scalars(1, a=1.0)
        file.raw(b"\xff\xff\xff")
        file.scalars(2, a=2.0)
        size = file.path.stat().st_size
        file.scalars(3, a=3.0)
    data = bytearray(file.path.read_bytes())
    data[size + 20] ^= 0xFF
    file.path.write_bytes(data)
    assert imported(tmp_path / "board") == 0
    said = capsys.readouterr().err
    assert f"is damaged at byte {size:,}" in said and "could not be read" in said
    assert [step for step, _ in column(opened("board"), "a")] == [1, 2]


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (lambda path: None, 3, "no such folder"),
        (lambda path: path.mkdir(), 3, "no event file of TensorBoard's in"),
        (lambda path: path.write_text("x"), 3, "is a file"),
        (lambda path: EventFile(path).close(), 3, "not one scalar"),
        (
            lambda path: (path.mkdir(), (path / "events.out.tfevents.1").write_text("not one")),
            3,
            "not one scalar",
        ),
    ],
)
def test_what_is_no_board_is_one_sentence(home, tmp_path, capsys, make, code, said):
    make(tmp_path / "board")
    assert imported(tmp_path / "board") == code
    answer = capsys.readouterr()
    assert said in answer.err and "Traceback" not in answer.err and answer.out == ""
    assert list(home.glob("*.db")) == []


def test_a_board_is_imported_once_until_it_changes_or_is_forced(home, opened, tmp_path, capsys):
    file = EventFile(tmp_path / "board")
    ppo(file, 1)
    assert imported(tmp_path / "board") == 0
    assert imported(tmp_path / "board") == 0
    assert "has not changed since" in capsys.readouterr().out
    ppo(file, 1, first=2)
    file.close()
    assert imported(tmp_path / "board") == 0
    assert len(updates(opened("board"))) == 2
    with EventFile(tmp_path / "other" / "board") as file:
        ppo(file, 3)
    assert imported(tmp_path / "other") == 0
    assert len(updates(opened("board-2"))) == 3
    assert imported(tmp_path / "other", "--run-id", "board") == 2
    assert imported(tmp_path / "other", "--run-id", "board", "--force") == 0


def test_several_runs_cannot_be_followed_at_once(home, tmp_path, capsys):
    for name in ("a", "b"):
        with EventFile(tmp_path / "logs" / name) as file:
            file.scalars(1, x=1.0)
    assert imported(tmp_path / "logs", "--follow") == 2
    said = capsys.readouterr().err
    assert "holds 2 runs, and one can be followed: a, b" in said
    assert f"{tmp_path / 'logs' / 'b'} --follow" in said


def test_without_tensorboard_it_says_what_to_install(tmp_path):
    code = "import sys; sys.modules['tensorboard'] = None; from sanctum.cli import main; main()"
    words = [sys.executable, "-c", code, "import", "tensorboard", str(tmp_path)]
    environ = {**os.environ, "SANCTUM_HOME": str(tmp_path)}
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert "python -m pip install 'sanctum[tensorboard]'" in done.stderr


def test_importing_loads_neither_torch_nor_tensorflow_and_warns_of_nothing(tmp_path):
    with EventFile(tmp_path / "board") as file:
        ppo(file, 1)
    code = (
        "import sys; from sanctum.cli import run;"
        f"code = run(['import', 'tensorboard', {str(tmp_path / 'board')!r}]);"
        "sys.exit(code or len({'torch', 'tensorflow', 'sanctum.trainer'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SANCTUM_HOME": str(tmp_path / "home")},
    )
    assert (done.returncode, done.stderr) == (0, "")
