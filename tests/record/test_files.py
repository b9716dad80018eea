from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sanctum.errors import RecordError
from sanctum.record import schema
from sanctum.recorder.reading import opened
from sanctum.telemetry import Step
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, Said, ingest, say_step


def recorded(path: Path, steps: int = 20, *, finish: bool = True):
    to = ingest(path)
    for step in range(steps):
        say_step(to, Said(), step, {"accuracy": np.full(ENVS, float(step))})
    if finish:
        to.end("finished")
        to.writer.close(0.0)
    else:
        to.tick()
    return to


def refusal(path: Path) -> str:
    with pytest.raises(RecordError) as refused:
        opened(path)
    assert "\n" not in refused.value.sentence
    return refused.value.sentence


def test_a_file_that_is_no_record_is_refused_in_one_sentence(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.db")
    assert "is a folder" in refusal(tmp_path)
    empty = tmp_path / "empty.db"
    empty.touch()
    assert "no SQLite file" in refusal(empty)
    text = tmp_path / "text.db"
    text.write_text("hello\n" * 100)
    assert "no SQLite file" in refusal(text)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE t (a)")
    db.close()
    assert "is an SQLite file, but not a record" in refusal(foreign)


def test_a_newer_record_says_how_to_read_it(tmp_path):
    path = tmp_path / "new.sanctum.db"
    recorded(path)
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    db.close()
    with pytest.raises(RecordError, match="newer Sanctum") as refused:
        opened(path)
    assert "upgrade" in refused.value.hint


def test_a_record_without_a_trainer_says_so(tmp_path):
    path = tmp_path / "empty.sanctum.db"
    schema.create(path).close()
    assert "no trainer has said hello" in refusal(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_record_is_refused_or_answers_but_never_raises_anything_else(tmp_path, share):
    path = tmp_path / "cut.sanctum.db"
    recorded(path, 200)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path)


def test_a_finished_record_is_one_file_that_has_left_wal_mode(tmp_path):
    path = tmp_path / "demo.sanctum.db"
    recorded(path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes()[18:20] == b"\1\1"
    assert opened(path).run_read().state.word == "finished"


READ = "import sys; from pathlib import Path; from sanctum.recorder.reading import opened;"
READ += "found = opened(Path(sys.argv[1]));"
READ += "print(found.run_read().at.step, found.env_read(1).row.accuracy.value)"


def read_where_nothing_may_be_written(folder: Path, path: Path) -> subprocess.CompletedProcess:
    """Ask a record for its last step in a process that cannot write to its folder."""
    command = [sys.executable, "-c", READ, str(path)]
    if os.getuid() == 0:
        mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", mount, str(folder), *command]
        if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
            pytest.skip("no private mounts here, and root may write everywhere")
        return subprocess.run(command, capture_output=True, text=True)
    folder.chmod(0o555)
    try:
        return subprocess.run(command, capture_output=True, text=True)
    finally:
        folder.chmod(0o755)


def test_a_finished_record_opens_on_read_only_media(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    recorded(folder / "demo.sanctum.db")
    found = read_where_nothing_may_be_written(folder, folder / "demo.sanctum.db")
    assert found.stdout.split() == ["19", "19.0"], found.stderr


def test_a_hot_record_on_read_only_media_is_read_with_its_wal(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    there = tmp_path / "there.sanctum.db"
    to = recorded(there, finish=False)
    for tail in ("", "-wal"):
        (folder / f"demo.sanctum.db{tail}").write_bytes(Path(f"{there}{tail}").read_bytes())
    to.writer.db.close()
    assert (folder / "demo.sanctum.db-wal").stat().st_size > 0
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    found = read_where_nothing_may_be_written(folder, folder / "demo.sanctum.db")
    assert found.stdout.split() == ["19", "19.0"], found.stderr
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


def test_what_was_not_flushed_is_all_that_a_crash_loses(tmp_path):
    path = tmp_path / "demo.sanctum.db"
    to = recorded(path, 20, finish=False)
    to.take(Step(20, {"accuracy": pack(np.zeros(ENVS))}))
    found = opened(path)
    assert found.run_read().at.step == 19
    assert found.run_read().state.word == "died"
    to.writer.db.close()
