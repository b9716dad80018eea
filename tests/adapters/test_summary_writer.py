"""The drop-in `SummaryWriter`: torch's files as ever, and a run that hears the same."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import threading

import msgspec
import numpy as np
import pytest

from sanctum.adapters import tensorboard as drop_in
from sanctum.adapters.tensorboard import SummaryWriter
from sanctum.probe import endings
from sanctum.probe.direct import direct
from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from sanctum.telemetry import EpisodeEnded, Message, RunEnded, Settings, Source, Step, Update

torch = pytest.importorskip("torch")
pytest.importorskip("tensorboard")


@pytest.fixture
def heard(monkeypatch):
    """What runs hear that writers attach; each begins with its id and what was said of it."""
    frames = []

    def attach(run_id, **about):
        frames.append((run_id, about))
        return direct(run_id, frames.append)

    monkeypatch.setattr(drop_in, "attach", attach)
    monkeypatch.setattr(drop_in, "_current", None)
    monkeypatch.setattr(drop_in, "_said", set())
    return frames


def said(heard, kind):
    return [one for one in heard if isinstance(one, kind)]


def board(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), {"scalars": 0})
    found.Reload()
    return found


def test_a_script_needs_one_changed_import(heard, tmp_path):
    folder = tmp_path / "runs" / "CartPole-v1__ppo__7__1700000000"
    writer = SummaryWriter(str(folder))
    writer.add_text("hyperparameters", "|param|value|\n|-|-|\n|lr|0.1|\n|total_timesteps|900|")
    for step in (100, 200):
        writer.add_scalar("charts/episodic_return", 9.5, step)
        writer.add_scalar("charts/episodic_length", 30, step)
        writer.add_scalar("losses/approx_kl", torch.tensor(0.25, requires_grad=True), step)
        writer.add_scalar("losses/clipfrac", np.mean([0.0, 1.0]), step)
        writer.add_scalar("charts/SPS", np.int64(1234), step)
    writer.close()
    run_id, about = heard[0]
    assert (run_id, about["task"], about["trainer"]) == (folder.name, "CartPole-v1", "ppo")
    (settings,) = said(heard, Settings)
    assert (settings.config["lr"], settings.planned_steps) == (0.1, 900)
    assert [(one.update, one.step, one.scalars) for one in said(heard, Update)] == [
        (1, 100, {"approx_kl": 0.25, "clip_fraction": 0.5}),
        (2, 200, {"approx_kl": 0.25, "clip_fraction": 0.5}),
    ]
    assert [(one.step, one.episode_return, one.length) for one in said(heard, EpisodeEnded)] == [
        (100, 9.5, 30),
        (200, 9.5, 30),
    ]
    assert [one.step for one in said(heard, Step)] == [100, 200]
    assert said(heard, RunEnded)[0].how == "finished"
    assert [one.value for one in board(folder).Scalars("losses/approx_kl")] == [0.25, 0.25]
    assert board(folder).Scalars("charts/SPS")[1].value == 1234


def test_it_has_every_method_and_argument_of_torchs_writer(heard, tmp_path):
    from torch.utils.tensorboard import SummaryWriter as Torchs

    theirs = inspect.signature(Torchs.__init__).parameters
    assert list(inspect.signature(SummaryWriter.__init__).parameters) == list(theirs)
    with SummaryWriter(str(tmp_path / "run")) as writer:
        names = [name for name in vars(Torchs) if not name.startswith("_")]
        assert [name for name in names if not callable(getattr(writer, name, None))] == []
        for name in ("add_scalar", "add_scalars", "add_text", "add_hparams"):
            ours = inspect.signature(getattr(SummaryWriter, name)).parameters
            assert list(ours) == list(inspect.signature(getattr(Torchs, name)).parameters)
        with pytest.raises(AttributeError):
            writer.add_nonsense("x")
        assert writer.get_logdir() == writer.log_dir == str(tmp_path / "run")


def test_what_only_tensorboard_shows_is_written_there_and_counted(heard, tmp_path):
    with SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_histogram("weights", torch.arange(10.0), 1)
        writer.add_histogram("weights", torch.arange(10.0), 2)
        writer.add_pr_curve("pr", torch.tensor([0, 1]), torch.tensor([0.1, 0.9]), 1)
    counts = said(heard, Source)[-1].counts
    assert (counts["histogram"], counts["pr_curve"]) == (2, 1)
    assert board(tmp_path / "run").Histograms("weights")[-1].step == 2


def test_several_scalars_texts_and_hyperparameters_are_told_as_well(heard, tmp_path):
    with SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_scalars("loss", {"train": 1.0, "test": 2.0}, 5)
        writer.add_text("note", "look here\nand there", 5)
        writer.add_hparams({"lr": 0.1, "name": "x"}, {"best": 3.0})
    (update,) = said(heard, Update)
    assert update.scalars == {"loss/train": 1.0, "loss/test": 2.0}
    (event,) = said(heard, Message)
    assert (event.type, event.text, event.data["text"]) == (
        "text",
        "note: look here",
        "look here\nand there",
    )
    assert said(heard, Settings)[0].config == {"lr": 0.1, "name": "x"}
    assert any("best" in one.columns for one in said(heard, Step))


def test_what_is_held_back_is_told_by_flush_and_at_the_latest_by_the_end(heard, tmp_path):
    writer = SummaryWriter(str(tmp_path / "run"))
    writer.add_scalar("losses/a", 1.0, 10)
    assert said(heard, Update) == []
    writer.flush()
    assert len(said(heard, Update)) == 1
    writer.add_scalar("charts/b", 1.0, 20)
    writer._speaker.run._end("exception", "Oops")
    assert [one.step for one in said(heard, Step)] == [10, 20]
    assert isinstance(heard[-1], RunEnded)


def test_an_exception_in_the_with_or_under_way_at_close_is_how_the_run_ended(heard, tmp_path):
    with pytest.raises(ZeroDivisionError), SummaryWriter(str(tmp_path / "a")):
        raise ZeroDivisionError("none left")
    writer = SummaryWriter(str(tmp_path / "b"))
    try:
        try:
            raise ValueError("bad mask")
        finally:
            writer.close()
    except ValueError:
        pass
    first, second = said(heard, RunEnded)
    assert (first.how, first.exception) == ("exception", "ZeroDivisionError: none left")
    assert (second.how, second.exception) == ("exception", "ValueError: bad mask")


def test_a_second_writer_joins_the_first_and_a_later_one_is_a_run_of_its_own(heard, tmp_path):
    first = SummaryWriter(str(tmp_path / "run"))
    second = SummaryWriter(str(tmp_path / "run" / "eval"))
    second.add_scalar("score", 3.0, 10)
    second.close()
    first.add_scalar("charts/SPS", 1.0, 10)
    assert second.run_id == first.run_id == "run"
    first.close()
    third = SummaryWriter(str(tmp_path / "next"))
    third.close()
    assert [one[0] for one in heard if isinstance(one, tuple)] == ["run", "next"]
    names = [(one.step, *one.columns) for one in said(heard, Step)]
    assert names == [(10, "eval/score"), (10, "env_steps_per_s")]
    assert len(said(heard, RunEnded)) == 2


def test_beside_sanctum_attach_only_files_are_written(heard, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(endings, "live", lambda: ["a run"])
    writer = SummaryWriter(str(tmp_path / "run"))
    writer.add_scalar("a", 1.0, 1)
    writer.close()
    assert (heard, writer.run_id) == ([], None)
    assert "attached already" in capsys.readouterr().err
    assert board(tmp_path / "run").Scalars("a")[0].value == 1.0


def test_sanctum_never_raises_into_the_script(heard, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(drop_in, "_board", lambda *_: None)
    writer = SummaryWriter(str(tmp_path / "run"))
    for value in ("a word", None, [1, 2], object(), np.zeros(3), torch.zeros(2)):
        writer.add_scalar("a", value, 1)
    writer.add_scalar("a", 1.0, "first")
    writer.add_scalar(None, 1.0, -5, walltime="now")
    writer.add_text(3, None, object())
    writer.add_video("v", None)
    writer.add_scalar("fine", 2.0, 2)
    writer.close()
    writer.add_scalar("late", 2.0, 3)
    hello, left_out, over = capsys.readouterr().err.splitlines()
    assert hello == "sanctum: this run is run; to ask it: sanctum shell run"
    assert "a reading was left out" in left_out
    assert "run run is over; what is written now is not recorded" in over
    assert said(heard, Source)[-1].refused_count == 9
    assert [one.step for one in said(heard, Step)] == [2]


def test_a_script_whose_run_cannot_be_attached_trains_on(tmp_path, monkeypatch, capsys):
    def attach(run_id, **about):
        raise OSError("no room")

    monkeypatch.setattr(drop_in, "_current", None)
    monkeypatch.setattr(drop_in, "attach", attach)
    with SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_scalar("a", 1.0, 1)
    assert "OSError: no room; training goes on, nothing is recorded" in capsys.readouterr().err
    assert board(tmp_path / "run").Scalars("a")[0].value == 1.0


def test_a_writer_made_to_purge_goes_back(heard, tmp_path):
    first = SummaryWriter(str(tmp_path / "run"))
    first.add_scalar("a", 1.0, 100)
    second = SummaryWriter(str(tmp_path / "run"), purge_step=50)
    second.add_scalar("b", 1.0, 60)
    first.close()
    assert [one.step for one in said(heard, Step)] == [100, 60]


def test_threads_may_write_at_once(heard, tmp_path):
    writer = SummaryWriter(str(tmp_path / "run"))
    threads = [
        threading.Thread(target=lambda t=t: [writer.add_scalar(t, 1.0, 5) for _ in range(200)])
        for t in ("a", "b", "c")
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    writer.close()
    counts = said(heard, Source)[-1].counts
    assert counts["scalar of a step"] == 600


SCRIPT = """
import os, sys
sys.modules["torch"] = None
from sanctum.adapters.tensorboard import SummaryWriter
writer = SummaryWriter("runs/Task-v0__x__1__1")
writer.add_scalar("charts/SPS", 1.0, 1)
writer.add_histogram("h", [1, 2], 1)
if os.fork() == 0:
    writer.add_scalar("charts/SPS", 9.0, 2)
    writer.close()
    os._exit(0)
os.wait()
writer.add_scalar("losses/a", 2.0, 3)
raise ValueError("the last readings count")
"""


def test_a_real_run_without_torch_that_forks_and_fails(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", SCRIPT],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "SANCTUM_HOME": str(tmp_path / "home"), "SANCTUM_LINGER_S": "0"},
    )
    assert done.returncode == 1
    assert (
        done.stderr.count("TensorBoard's files are not written, since torch is not installed") == 1
    )
    db = open_read_only(tmp_path / "home" / "Task-v0__x__1__1.sanctum.db")
    reader = Reader(db)
    (attempt,) = reader.attempts()
    rows = reader.rows("SELECT number, step, data FROM updates")
    span = reader.span(1)
    db.close()
    assert (attempt.how, attempt.exception) == ("failed", "ValueError: the last readings count")
    assert [(n, at, msgspec.msgpack.decode(data)[0]) for n, at, data in rows] == [
        (1, 3, {"losses/a": 2.0})
    ]
    assert span == (1, 3)
