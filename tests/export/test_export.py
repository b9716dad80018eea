"""``sanctum export`` as it is typed: files that are whole or not there, and what it refuses."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from sanctum.cli import run
from sanctum.record import schema
from sanctum.telemetry import Message
from tests.record.saying import ENVS, Said, ingest, say_step

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def recorded(path, steps=20, *, end=True):
    to = ingest(path)
    for step in range(steps):
        say_step(to, Said(), step, {"accuracy": np.full(ENVS, float(step))})
    if end:
        to.end("finished")
        to.writer.close(0.0)
    else:
        to.tick()
    return to


def files(folder):
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def steps_in(folder, name="demo"):
    return set(pq.read_table(folder / "columns" / f"{name}.parquet")["step"].to_pylist())


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "demo.sanctum.db"
    recorded(path)
    return path


def test_it_writes_a_file_a_table_and_says_so(record, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["export", str(record), str(out), "--to", "parquet", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    rows = {row["table"]: row for row in answer["blocks"][0]["rows"]}
    assert answer["run"] == "demo"
    assert rows["columns"]["rows"] == 20 * ENVS
    assert files(out) == sorted(f"{table}/demo.parquet" for table in rows)
    for table, row in rows.items():
        assert row["bytes"] == (out / table / "demo.parquet").stat().st_size


def test_a_live_run_gives_what_was_recorded_by_then_and_more_the_next_time(tmp_path):
    to = recorded(tmp_path / "demo.sanctum.db", 10, end=False)
    out = tmp_path / "out"
    say_step(to, Said(), 10, {"accuracy": np.zeros(ENVS)})
    assert run(["export", str(to.writer.path), str(out)]) == 0
    assert steps_in(out) == set(range(10))
    to.tick()
    assert run(["export", str(to.writer.path), str(out)]) == 0
    assert steps_in(out) == set(range(11))
    assert len(files(out)) == 7
    to.writer.db.close()


def test_what_is_recorded_while_it_is_exported_is_left_out_of_all_tables(tmp_path):
    from sanctum.export.export import export

    to = recorded(tmp_path / "demo.sanctum.db", 10, end=False)

    def meanwhile(table, rows):
        say_step(to, Said(), to.last_step + 1, {"accuracy": np.zeros(ENVS)})
        to.take(Message("late"))
        to.tick()

    export(to.writer.path, tmp_path / "out", progress=meanwhile)
    assert steps_in(tmp_path / "out") == set(range(10))
    events = pq.read_table(tmp_path / "out" / "events" / "demo.parquet")
    assert "late" not in events["text"].to_pylist()
    to.writer.db.close()


def test_another_run_of_that_name_is_not_replaced_but_takes_another(record, tmp_path, capsys):
    other = tmp_path / "elsewhere.sanctum.db"
    recorded(other, 3)
    out = tmp_path / "out"
    assert run(["export", str(record), str(out)]) == 0
    before = files(out)
    assert run(["export", str(other), str(out)]) == 2
    assert "holds another run that is called demo" in capsys.readouterr().err
    assert (files(out), len(steps_in(out))) == (before, 20)
    assert run(["export", str(other), str(out), "--as", "demo-b"]) == 0
    assert (len(steps_in(out)), len(steps_in(out, "demo-b"))) == (20, 3)
    runs = pq.read_table(out / "columns" / "demo-b.parquet")["run"].to_pylist()
    assert set(runs) == {"demo-b"}


def test_a_file_that_is_none_of_ours_is_left_alone(record, tmp_path, capsys):
    place = tmp_path / "out" / "events" / "demo.parquet"
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    assert run(["export", str(record), str(tmp_path / "out")]) == 2
    assert "none of ours" in capsys.readouterr().err
    assert place.read_text() == "mine"


@pytest.mark.parametrize("when", ["runs", "columns", "events"])
def test_an_export_that_is_interrupted_leaves_what_was_there(record, tmp_path, when):
    from sanctum.export.export import export

    def interrupt(table, rows):
        if table == when:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(record, tmp_path / "out", progress=interrupt)
    assert not (tmp_path / "out").exists()
    export(record, tmp_path / "out")
    before = {
        name: (tmp_path / "out" / name).stat().st_mtime_ns for name in files(tmp_path / "out")
    }
    with pytest.raises(KeyboardInterrupt):
        export(record, tmp_path / "out", progress=interrupt)
    after = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in files(tmp_path / "out")}
    assert before == after


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_damaged_record_is_one_sentence_and_no_files(tmp_path, capsys, share):
    path = tmp_path / "cut.sanctum.db"
    recorded(path, 200)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert run(["export", str(path), str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err
    assert str(path) in said and len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_chunk_that_cannot_be_read_is_damage_too(record, tmp_path, capsys):
    with sqlite3.connect(record) as db:
        db.execute("UPDATE chunks SET data = x'00' WHERE id = 3")
    db.close()
    assert run(["export", str(record), str(tmp_path / "out")]) == 3
    assert "is damaged" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_files_that_are_no_records_are_refused(record, tmp_path, capsys):
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE t (a)")
    db.close()
    with sqlite3.connect(record) as db:
        db.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    db.close()
    empty = tmp_path / "empty.sanctum.db"
    schema.create(empty).close()
    refusals = {
        tmp_path / "none.db": "no such file",
        foreign: "not a record of Sanctum's",
        record: "newer Sanctum",
        empty: "no trainer has said hello",
        tmp_path: "neither a run nor a record",
    }
    for path, said in refusals.items():
        assert run(["export", str(path), str(tmp_path / "out")]) == 3
        assert said in capsys.readouterr().err


def test_a_run_is_found_by_the_beginning_of_its_name(tmp_path, monkeypatch, capsys):
    from sanctum.wire.places import RunFile, record_path, write_run_file

    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path))
    recorded(record_path("demo"))
    write_run_file(RunFile("demo", str(record_path("demo")), how="finished"))
    assert run(["export", "de", str(tmp_path / "out")]) == 0
    assert len(steps_in(tmp_path / "out")) == 20
    assert run(["export", "nowhere", str(tmp_path / "out")]) == 3
    assert "no run 'nowhere'" in capsys.readouterr().err


def test_a_folder_that_cannot_be_is_said(record, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["export", str(record), str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert run(["export", str(record), "/dev/null/out"]) == 1
    assert "cannot be written: not a directory" in capsys.readouterr().err
    assert run(["export", str(record), str(tmp_path / "out"), "--to", "csv"]) == 2
    assert "parquet" in capsys.readouterr().err


def test_a_disk_that_takes_no_more_leaves_nothing_half_written(record, tmp_path):
    line = 'ulimit -f 4 && exec "$0" -m sanctum export "$1" "$2"'
    words = ["sh", "-c", line, sys.executable, str(record), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.returncode == 1
    assert "cannot be written: file too large" in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_pyarrow_it_says_what_to_install(record, tmp_path):
    code = "import sys; sys.modules['pyarrow'] = None; from sanctum.cli import main; main()"
    words = [sys.executable, "-c", code, "export", str(record), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "python -m pip install 'sanctum[export]'" in done.stderr
    assert len(done.stderr.splitlines()) == 2
