"""``export --to tensorboard``, read back as TensorBoard reads it."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest

from sanctum.cli import run
from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from sanctum.telemetry import EpisodeEnded, Message, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import BEGAN, ENVS, Said, ingest, say_step

pytest.importorskip("tensorboard")


def recorded(path, steps=20, *, end=True, **about):
    """Accuracy of every environment at every step, a reward in some, an update every five."""
    to = ingest(path, config={"lr": 0.1, "note": None}, actions={"op": ["WAIT", "GROW"]}, **about)
    for step in range(steps):
        masked = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, step == 3])
        say_step(
            to,
            Said(),
            step,
            {
                "accuracy": np.array([step, step + 1.0, step + 2.0]),
                "reward/rent": masked,
                "action/op": np.array([0, 1, 0]),
            },
        )
        if step % 5 == 4:
            scalars = {"approx_kl": step / 100, "entropy": 0.5, "my/own": math.nan, "ratio": None}
            to.take(Update(step // 5 + 1, scalars, ["value_loss"], step=step, time=BEGAN + step))
    to.take(EpisodeEnded(1, 0, 12, 70.0, 80.0, 21.5, 13, time=BEGAN + 12))
    to.take(EpisodeEnded(2, 0, 12, episode_return=7.5))
    to.take(Message("boom", "warn", "gradient", step=9, env=1))
    to.take(Message("fine", "info"))
    if end:
        to.end("finished")
        to.writer.close(0.0)
    return to


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "demo.sanctum.db"
    recorded(path)
    return path


def exported(record, folder, *options):
    return run(["export", str(record), str(folder), "--to", "tensorboard", *options])


def board(folder):
    """The folder as TensorBoard sees it."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), {"scalars": 0, "tensors": 0})
    found.Reload()
    return found


def points(folder, tag):
    return [(one.step, one.value) for one in board(folder).Scalars(tag)]


def files(folder):
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_a_column_is_not_mixed_with_the_updates_reading_of_that_name(tmp_path):
    path = tmp_path / "demo.sanctum.db"
    to = ingest(path)
    for step in range(4):
        say_step(to, Said(), step, {"entropy": np.array([0.2, 0.4, 0.6])})
    to.take(Update(1, {"entropy": 0.5}, [], step=3, time=BEGAN + 3))
    to.end("finished")
    to.writer.close(0.0)
    assert exported(path, tmp_path / "out") == 0
    place = tmp_path / "out" / "demo"
    assert points(place, "train/entropy_normalised") == [(3, 0.5)]
    assert [value for _, value in points(place, "envs/entropy")] == pytest.approx([0.4] * 4)


def test_updates_bear_the_names_that_others_use_and_absent_ones_are_absent(record, tmp_path):
    assert exported(record, tmp_path / "out") == 0
    place = tmp_path / "out" / "demo"
    found = dict(points(place, "train/approx_kl"))
    assert found == pytest.approx({4: 0.04, 9: 0.09, 14: 0.14, 19: 0.19})
    assert points(place, "train/entropy_normalised")[0] == (4, 0.5)
    assert math.isnan(points(place, "my/own")[0][1])
    tags = board(place).Tags()["scalars"]
    assert "train/ratio" not in tags and "train/value_loss" not in tags
    assert board(place).Scalars("train/approx_kl")[0].wall_time == BEGAN + 4


def test_columns_are_means_over_the_environments_that_said_something(record, tmp_path):
    assert exported(record, tmp_path / "out") == 0
    place = tmp_path / "out" / "demo"
    assert points(place, "envs/accuracy") == [(step, step + 1.0) for step in range(20)]
    rent = dict(points(place, "reward/rent"))
    assert (rent[0], rent[3]) == (2.0, 1.0)
    assert dict(points(place, "actions/op/WAIT"))[5] == pytest.approx(2 / 3)
    assert not [tag for tag in board(place).Tags()["scalars"] if tag.startswith("env_")]


def test_a_step_at_which_no_environment_said_something_has_no_point(tmp_path):
    to = ingest(tmp_path / "demo.sanctum.db")
    for step in range(6):
        values = np.ma.array([1.0, 1.0, 1.0], mask=step % 2 == 0)
        to.take(Step(step, {"loss": pack(values)}))
    to.end("finished")
    to.writer.close(0.0)
    assert exported(to.writer.path, tmp_path / "out") == 0
    assert points(tmp_path / "out" / "demo", "envs/loss") == [(1, 1.0), (3, 1.0), (5, 1.0)]


def test_each_environment_stands_beside_the_mean_when_asked_for(record, tmp_path):
    assert exported(record, tmp_path / "out", "--per-env") == 0
    place = tmp_path / "out" / "demo"
    assert points(place, "env_2/accuracy")[:2] == [(0, 2.0), (1, 3.0)]
    assert "env_1/reward/rent" not in board(place).Tags()["scalars"]


def test_episodes_warnings_and_settings_are_there(record, tmp_path):
    assert exported(record, tmp_path / "out") == 0
    place = tmp_path / "out" / "demo"
    assert points(place, "charts/episodic_return") == [(12, 21.5), (12, 7.5)]
    assert points(place, "charts/episodic_length") == [(12, 13.0)]
    found = board(place)
    (said,) = found.Tensors("events/gradient/text_summary")
    assert said.tensor_proto.string_val[0] == b"**warn** env 1: boom"
    assert [tag for tag in found.Tags()["tensors"] if tag.startswith("events/")] == [
        "events/gradient/text_summary"
    ]
    from tensorboard.plugins.hparams import metadata

    content = found.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    started = metadata.parse_session_start_info_plugin_data(content)
    assert started.hparams["lr"].number_value == 0.1


def test_a_span_of_steps_is_all_there_is(record, tmp_path):
    assert exported(record, tmp_path / "out", "--steps", "5:9") == 0
    place = tmp_path / "out" / "demo"
    assert [step for step, _ in points(place, "envs/accuracy")] == [5, 6, 7, 8, 9]
    assert [step for step, _ in points(place, "train/approx_kl")] == [9]
    assert exported(record, tmp_path / "out", "--steps", "18:") == 0
    assert [step for step, _ in points(place, "envs/accuracy")] == [18, 19]
    assert len(files(tmp_path / "out")) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--steps", "9:5"), "ends before it begins"),
        (("--steps", "often"), "'often' is no span of steps"),
        (("--steps", "5"), "as in --steps 1000:2000"),
    ],
)
def test_a_span_that_is_none_is_refused(record, tmp_path, capsys, options, said):
    assert exported(record, tmp_path / "out", *options) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_span_with_nothing_in_it_leaves_no_file(record, tmp_path, capsys):
    assert exported(record, tmp_path / "out", "--steps", "500:600") == 7
    assert "says nothing of these steps" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_options_of_one_kind_of_files_are_refused_with_the_other(record, tmp_path, capsys):
    assert run(["export", str(record), str(tmp_path / "out"), "--per-env"]) == 2
    assert "--to tensorboard" in capsys.readouterr().err


def test_attempts_stand_in_folders_of_their_own(tmp_path):
    to = recorded(tmp_path / "demo.sanctum.db", 10, end=False)
    for step in range(3):
        say_step(to, Said(), step, {"accuracy": np.full(ENVS, 50.0)})
    to.end("finished")
    to.writer.close(0.0)
    assert exported(to.writer.path, tmp_path / "out") == 0
    first, second = (tmp_path / "out" / "demo" / f"attempt-{number}" for number in (1, 2))
    assert len(points(first, "envs/accuracy")) == 10
    assert points(second, "envs/accuracy") == [(0, 50.0), (1, 50.0), (2, 50.0)]


def test_exporting_again_replaces_and_another_run_of_that_name_does_not(record, tmp_path, capsys):
    out = tmp_path / "out"
    assert exported(record, out) == 0
    before = files(out)
    assert exported(record, out) == 0
    assert files(out) == before
    other = tmp_path / "elsewhere.sanctum.db"
    to = ingest(other)
    to.begin(to.header, 2.0, "another boot")
    say_step(to, Said(), 0, {"accuracy": np.zeros(ENVS)})
    with to.writer.db:
        to.writer.db.execute("UPDATE attempts SET started = started + 60, pid = 7")
    to.end("finished")
    to.writer.close(0.0)
    assert exported(other, out) == 2
    assert "holds another run that is called demo" in capsys.readouterr().err
    assert files(out) == before
    assert exported(other, out, "--as", "demo-b") == 0


def test_event_files_of_others_are_left_alone(record, tmp_path, capsys):
    theirs = tmp_path / "out" / "demo" / "events.out.tfevents.1.host"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    assert exported(record, tmp_path / "out") == 2
    assert "none of ours" in capsys.readouterr().err
    assert theirs.read_bytes() == b"mine" and len(files(tmp_path / "out")) == 1


def test_what_is_interrupted_or_damaged_leaves_nothing(record, tmp_path, capsys, monkeypatch):
    from sanctum.export import board as exporting

    def interrupt(what, values):
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting, "LOOK_VALUES", 10)
    with pytest.raises(KeyboardInterrupt):
        exporting.export_board(record, tmp_path / "out", progress=interrupt)
    assert not (tmp_path / "out").exists()
    record.write_bytes(record.read_bytes()[:20_000])
    assert exported(record, tmp_path / "out") == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_tensorboard_it_says_what_to_install_and_pyarrow_is_not_needed(record, tmp_path):
    def typed(missing):
        code = f"import sys; sys.modules['{missing}'] = None; from sanctum.cli import main; main()"
        words = ["export", str(record), str(tmp_path / "out"), "--to", "tensorboard"]
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *words],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "SANCTUM_HOME": str(tmp_path)},
        )

    done = typed("tensorboard")
    assert (done.returncode, done.stdout) == (1, "")
    assert "python -m pip install 'sanctum[tensorboard]'" in done.stderr
    done = typed("pyarrow")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_exported_can_be_imported_again(record, tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "runs"))
    assert exported(record, tmp_path / "out") == 0
    assert run(["import", "tensorboard", str(tmp_path / "out"), "--run-id", "again"]) == 0
    db = open_read_only(tmp_path / "runs" / "again.sanctum.db")
    reader = Reader(db)
    (attempt,) = reader.attempts()
    assert attempt.header.config["lr"] == 0.1
    window = reader.window(["envs/accuracy"], 1, 0, 19)
    assert window.cells["envs/accuracy"][0][:, 0, 0].tolist() == [n + 1.0 for n in range(20)]
    ((count,),) = reader.rows("SELECT count(*) FROM updates")
    ((episodes,),) = reader.rows("SELECT count(*) FROM episodes")
    db.close()
    assert (count, episodes) == (4, 2)
