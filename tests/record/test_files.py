from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.errors import RecordError, SanctumError
from sanctum.record import schema
from sanctum.recorder.reading import opened
from sanctum.telemetry import EpisodeEnded, Message, Step, Update
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


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_record_says_how_much_of_it_is_there(whole, share):
    data = whole.read_bytes()
    path = whole.with_name("cut.sanctum.db")
    path.write_bytes(data[: int(len(data) * share)])
    said = refusal(path)
    assert "was cut short: " in said or "no SQLite file" in said
    assert "no SQLite file" in said or share * len(data) >= 16


QUESTIONS = (
    lambda run: run.run_read(),
    lambda run: run.envs_list(at="150"),
    lambda run: run.env_read(1, at="20"),
    lambda run: run.policy_read(),
    lambda run: run.rewards_read(),
    lambda run: run.events_list(),
    lambda run: run.series_read("accuracy", env=1),
    lambda run: run.series_read("loss"),
    lambda run: run.condition_find("accuracy > 2", env=1),
    lambda run: run.episodes_list(),
    lambda run: run.vitals_read(),
)


def answers(path: Path) -> list[str]:
    """What each question comes to: answered, or the sentence of its refusal."""
    run, found = opened(path), []
    for question in QUESTIONS:
        try:
            question(run)
            found.append("answered")
        except SanctumError as error:
            assert "\n" not in error.sentence
            found.append(error.sentence)
    return found


@settings(max_examples=60, deadline=None)
@given(page=st.integers(0, 10**6), seed=st.integers(0, 99))
def test_a_page_of_garbage_is_a_refusal_in_one_sentence_and_never_a_traceback(whole, page, seed):
    data = bytearray(whole.read_bytes())
    at = (1 + page % (len(data) // 4096 - 1)) * 4096
    data[at : at + 4096] = np.random.default_rng(seed).bytes(4096)
    path = whole.with_name("garbage.sanctum.db")
    path.write_bytes(data)
    try:
        found = answers(path)
    except RecordError as error:
        assert "\n" not in error.sentence
    else:
        assert all("damaged" in one or one == "answered" for one in found)


def test_one_damaged_chunk_is_named_and_everything_else_is_answered(whole):
    path = whole.with_name("chunk.sanctum.db")
    path.write_bytes(whole.read_bytes())
    db = sqlite3.connect(path)
    ((id, data),) = db.execute(
        "SELECT c.id, c.data FROM chunks c JOIN columns n ON n.id = c.column"
        " WHERE n.name = 'loss' ORDER BY c.block LIMIT 1"
    ).fetchall()
    hurt = bytearray(data)
    hurt[len(hurt) // 2] ^= 64
    with db:
        db.execute("UPDATE chunks SET data = ? WHERE id = ?", (bytes(hurt), id))
    db.close()
    run = opened(path)
    with pytest.raises(RecordError, match="damaged: loss of steps 0 to 31 cannot be read"):
        run.env_read(1, at="20")
    assert run.series_read("accuracy", env=1).values
    assert run.env_read(1, at="100").row.loss.value == 100.0
    assert run.run_read().state.word == "finished"
    with pytest.raises(RecordError, match="damaged"):
        run.series_read("loss", env=1)


def test_every_bad_file_is_one_line_and_exit_code_3(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("SANCTUM_LINGER_S", "0")
    bad = {"empty.db": b"", "text.db": b"hello" * 99, "cut.db": whole.read_bytes()[:9999]}
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    said = {
        "none.db": "no such file",
        "": "is neither a run nor a record: no event file of Esper's in the folder",
        "empty.db": "no SQLite file",
        "text.db": "no SQLite file",
        "cut.db": "was cut short",
    }
    for name, sentence in said.items():
        found = subprocess.run(
            [sys.executable, "-m", "sanctum", "run", "--run", f"{tmp_path}/{name}"],
            capture_output=True,
            text=True,
        )
        assert found.returncode == 3, (name, found.stderr)
        assert found.stdout == ""
        first, *more = found.stderr.splitlines()
        assert sentence in first
        assert len(more) <= 1


def test_a_file_that_may_not_be_read_says_so(whole):
    path = whole.with_name("shut.sanctum.db")
    path.write_bytes(whole.read_bytes())
    path.chmod(0)
    script = (
        "import os, sys; from pathlib import Path; from sanctum.wire.client import open_run\n"
        "import sanctum.recorder.reading\n"
        "if os.getuid() == 0: os.seteuid(65534)\n"
        "for ask in (open_run, lambda path: sanctum.recorder.reading.opened(Path(path))):\n"
        "    try: ask(sys.argv[1])\n"
        "    except Exception as error: print(type(error).__name__, error)"
    )
    for folder in path.parents:
        if folder.stat().st_uid == os.getuid() and folder.name.startswith(("pytest", "popen")):
            folder.chmod(0o755)
    path.parent.chmod(0o755)
    found = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True
    )
    assert (
        found.stdout.splitlines() == [f"RecordError {path} cannot be read: permission denied"] * 2
    )


def test_a_finished_record_is_one_file_that_has_left_wal_mode(tmp_path):
    path = tmp_path / "demo.sanctum.db"
    recorded(path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes()[18:20] == b"\1\1"
    assert opened(path).run_read().state.word == "finished"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished record with something of everything."""
    path = tmp_path_factory.mktemp("whole") / "demo.sanctum.db"
    to = ingest(path, block_rows=32, actions={"op": ["WAIT", "CULL"]})
    rng = np.random.default_rng(0)
    for step in range(200):
        row = {name: rng.normal(size=ENVS) for name in ("accuracy", "reward", "value")}
        row |= {"loss": np.full(ENVS, float(step)), "action/op": np.zeros(ENVS)}
        say_step(to, Said(), step, row)
        to.take(Message("hello"))
        if step % 10 == 0:
            to.take(Update(step // 10, {"entropy": 0.5}, [], None, None, step))
            to.take(EpisodeEnded(step % ENVS, step // 10, step))
            to.tick()
    to.end("finished")
    to.writer.close(0.0)
    return path


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
