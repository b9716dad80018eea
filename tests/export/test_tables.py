"""What each table says of a run that is made by hand."""

from __future__ import annotations

import json
import math
from datetime import UTC

import numpy as np
import pytest

from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import EpisodeEnded, Message, RunEnded, SeedState, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, header, ingest, take

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

OPS = ["WAIT", "GERMINATE"]


@pytest.fixture
def exported(tmp_path):
    """Say frames to a new run, export it, and give a table as a list of rows."""
    made = []

    def of(table, *frames, **more):
        from sanctum.export.export import export

        to = ingest(tmp_path / f"{len(made)}.sanctum.db", **more)
        made.append(to)
        take(to, *frames)
        assert to.refused == 0
        to.tick()
        done = export(to.writer.path, tmp_path / str(len(made)))
        (found,) = [one for one in done.written if one.table == table]
        read = pq.read_table(found.path)
        assert read.num_rows == found.rows
        assert len(read.column_names) == found.columns
        return read.to_pylist()

    yield of
    for to in made:
        to.writer.db.close()


def step(number, **columns):
    wide = {name.replace("__", "/"): pack(np.asarray(one)) for name, one in columns.items()}
    matrices = {name: one for name, one in wide.items() if len(one.shape) == 2}
    return Step(number, {name: one for name, one in wide.items() if name not in matrices}, matrices)


def test_an_action_is_its_index_and_its_name(exported):
    frame = step(0, action__op=[0, 1, 7], accuracy=[1.0, 2.0, 3.0])
    rows = exported("columns", frame, actions={"op": OPS})
    assert [row["action/op"] for row in rows] == [0, 1, 7]
    assert [row["action/op__name"] for row in rows] == [*OPS, None]


def test_a_number_keeps_its_kind(exported):
    frames = [
        step(
            0,
            done=[True, False, True],
            big=np.full(ENVS, 2**60),
            small=np.full(ENVS, 0.1, np.float32),
            swapped=np.arange(ENVS).astype(">f8"),
        )
    ]
    row = exported("columns", *frames)[1]
    assert row["done"] is False
    assert row["big"] == 2**60
    assert row["small"] == np.float32(0.1)
    assert row["swapped"] == 1.0


def test_a_column_that_is_named_like_a_key_or_twice_is_kept_apart(exported):
    rows = exported("columns", step(5, step=[7, 8, 9], Loss=[1, 1, 1], loss=[2, 2, 2]))
    assert [row["step"] for row in rows] == [5, 5, 5]
    assert [row["step__said"] for row in rows] == [7, 8, 9]
    assert {(row["Loss"], row["loss__said"]) for row in rows} == {(1, 2)}


def test_nothing_is_masked_where_no_cell_was(exported):
    assert "accuracy__state" not in exported("columns", step(0, accuracy=[1.0, 2.0, 3.0]))[0]


def test_steps_of_several_attempts_are_told_apart(exported):
    frames = [step(number, accuracy=np.full(ENVS, float(number))) for number in (0, 1, 2, 1, 2)]
    rows = [row for row in exported("columns", *frames) if row["env"] == 0]
    assert [(row["attempt"], row["step"]) for row in rows] == [
        (1, 0),
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
    ]


def test_a_matrix_is_a_list_and_a_masked_one_is_null_with_its_reason(exported):
    masked = np.ma.masked_array(np.arange(6.0).reshape(3, 2), [[0, 0], [1, 1], [0, 0]])
    frame = Step(0, {}, {"probability/op": pack(masked), "mask/op": pack(np.eye(3, 2, dtype=bool))})
    rows = exported("matrices", frame)
    assert [row["probability/op"] for row in rows] == [[0.0, 1.0], None, [4.0, 5.0]]
    assert [row["probability/op__state"] for row in rows] == [None, "masked", None]
    assert [row["mask/op"] for row in rows] == [[True, False], [False, True], [False, False]]


def test_matrices_whose_width_changes_between_attempts_are_all_there(exported):
    frames = [step(0, observation=np.ones((3, 2))), step(1, accuracy=[1, 2, 3])]
    frames += [step(0, observation=np.ones((3, 4)))]
    rows = exported("matrices", *frames)
    assert [len(row["observation"]) for row in rows] == [2] * 3 + [4] * 3


def test_an_update_has_a_column_a_scalar_and_says_what_was_masked(exported):
    frames = [
        Update(1, {"entropy": 0.5, "train/approx_kl": math.nan}, ["value_loss"], 0, 9, 9),
        Update(2, {"entropy": None, "grad_norm": math.inf}, [], 10, 19, 19),
    ]
    first, second = exported("updates", *frames)
    assert (first["update"], first["first_step"], first["last_step"], first["step"]) == (1, 0, 9, 9)
    assert math.isnan(first["approx_kl"])
    assert (first["entropy"], first["grad_norm"], first["masked"]) == (0.5, None, ["value_loss"])
    assert (second["entropy"], second["grad_norm"], second["masked"]) == (None, math.inf, [])


def test_seeds_have_a_row_whenever_something_was_said_of_a_slot(exported):
    frames = [
        step(3, accuracy=[1.0, 2.0, 3.0]),
        SeedState(2, "b", "TRAINING", 3, "norm", {"alpha": 0.25, "age_steps": 2.0}),
        SeedState(1, "a", "BLENDING", 3, None, {"alpha": None}, "G2", {"trial": (0.5, 0.7)}),
        step(4, accuracy=[1.0, 2.0, 3.0]),
        SeedState(2, "b", "CULLED", 4, "norm"),
    ]
    rows = exported("seeds", *frames)
    places = [(row["step"], row["env"], row["slot"], row["stage"]) for row in rows]
    assert places == [(3, 1, "a", "BLENDING"), (3, 2, "b", "TRAINING"), (4, 2, "b", "CULLED")]
    assert [row["blueprint"] for row in rows] == [None, "norm", "norm"]
    assert [row["alpha"] for row in rows] == [None, 0.25, None]
    assert [row["born"] for row in rows] == [3, 1, None]
    assert (rows[0]["gate"], rows[0]["gate/trial"], rows[0]["needs/trial"]) == ("G2", 0.5, 0.7)


def test_events_say_how_bad_where_and_their_data_as_json(exported):
    message = Message("odd", "warn", "check", 4, 1, "a", {"k": [1, None]})
    (row,) = [row for row in exported("events", message) if row["type"] == "check"]
    assert (row["severity"], row["text"], row["step"]) == ("warn", "odd", 4)
    assert (row["env"], row["slot"], json.loads(row["data"])) == (1, "a", {"k": [1, None]})


def test_an_episode_has_every_number_that_was_said_of_it(exported):
    frames = [
        EpisodeEnded(1, 0, 9, 80.0, 90.0, None, 10, "done", True, numbers={"fossilized": 2}),
        EpisodeEnded(2, 4, 9, truncated=True, time=1.8e9),
    ]
    first, second = exported("episodes", *frames)
    assert (first["env"], first["episode"], first["best_accuracy"]) == (1, 0, 90.0)
    assert second["time"].replace(tzinfo=UTC).timestamp() == 1.8e9
    assert first["time"].year > 1970
    assert (first["episode_return"], first["fossilized"], first["terminated"]) == (None, 2.0, True)
    assert (second["final_accuracy"], second["fossilized"], second["truncated"]) == (
        None,
        None,
        True,
    )


def test_a_run_has_a_row_an_attempt_with_its_settings_and_its_end(exported):
    frames = [step(number, accuracy=[1.0, 2.0, 3.0]) for number in (0, 5, 2)]
    end = RunEnded("exception", "ValueError: no", "Traceback ...")
    first, second = exported("runs", *frames, end, actions={"op": OPS}, config={"lr": 0.1})
    assert (first["how"], first["first_step"], first["last_step"]) == ("resumed", 0, 5)
    assert (second["how"], second["exception"]) == ("failed", "ValueError: no")
    assert json.loads(first["config"]) == {"lr": 0.1}
    assert json.loads(second["actions"]) == {"op": OPS}
    assert second["ended"] >= second["started"]


def test_every_table_is_there_even_when_nothing_was_said(exported):
    for table in ("columns", "matrices", "updates", "seeds", "episodes"):
        assert exported(table) == []
    assert len(exported("runs")) == 1


def test_what_gave_way_is_null_with_its_reason_and_listed(tmp_path):
    from sanctum.export.export import export

    to = Ingest(Writer(tmp_path / "demo.sanctum.db", block_rows=32, keep_bytes=900_000), Clock())
    to.begin(header(), 1.0, "boot")
    random = np.random.default_rng(0)
    for number in range(600):
        wide = {"observation": random.random((ENVS, 50)), "mask/op": np.eye(ENVS, dtype=bool)}
        frame = Step(number, {}, {name: pack(one) for name, one in wide.items()})
        to.take(frame)
        if number % 20 == 19:
            to.tick()
    to.end("finished")
    to.writer.close(0.0)
    export(to.writer.path, tmp_path)
    rows = pq.read_table(tmp_path / "matrices" / "demo.parquet").to_pylist()
    gone = [row for row in rows if row["observation"] is None]
    assert gone and len(gone) < len(rows)
    assert {row["observation__state"] for row in gone} == {"dropped"}
    assert all(row["mask/op"] is not None for row in gone)
    assert max(row["step"] for row in gone) < min(
        row["step"] for row in rows if row["observation"] is not None
    )
    (run,) = pq.read_table(tmp_path / "runs" / "demo.parquet").to_pylist()
    assert "observations" in [one["what"] for one in json.loads(run["dropped"])]
