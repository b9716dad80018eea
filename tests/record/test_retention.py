"""A record that may hold little: what is kept reads back exactly, what gave way says so."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.errors import UsageError
from sanctum.model.readings import Absent, Measured
from sanctum.record.blocks import DROPPED, SEALED
from sanctum.record.cells import GONE, VALUE
from sanctum.record.columns import Columns
from sanctum.record.dropping import SHARES
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.retention import dropped, dropped_at, dropped_within
from sanctum.record.schema import open_read_only
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import Backfill, Message, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, header

KEEP = 1_000_000
TIGHT = 400_000
WIDTH = 40
ROWS = 8
ACTIONS = {"op": ["WAIT", "CULL"]}


class Course:
    """A record held to few bytes, and everything that was said to it."""

    def __init__(self, path: Path, keep_bytes: int = KEEP) -> None:
        self.path, self.keep_bytes = path, keep_bytes
        self.step = -1
        self.rng = np.random.default_rng(0)
        self.said: dict[int, dict[str, np.ndarray]] = {}
        self.last: dict[int, dict[int, tuple[int, float]]] = {}
        self.begin()

    def begin(self) -> None:
        writer = Writer(self.path, block_rows=ROWS, keep_bytes=self.keep_bytes)
        self.to = Ingest(writer, Clock())
        self.to.begin(header(actions=ACTIONS, keep_bytes=self.keep_bytes), 1.0, "boot")

    def steps(self, count: int, *, sparse: bool = False) -> None:
        for _ in range(count):
            self.step += 1
            row = {
                "accuracy": self.rng.normal(size=ENVS),
                "action/op": self.rng.integers(0, 2, ENVS).astype(float),
                "observation": self.rng.normal(size=(ENVS, WIDTH)),
                "probability/op": self.rng.random((ENVS, 2)),
            }
            if not sparse:
                row["loss"] = self.rng.normal(size=ENVS)
            self.to.take(
                Step(
                    self.step,
                    {name: pack(one) for name, one in row.items() if one.ndim == 1},
                    {name: pack(one) for name, one in row.items() if one.ndim == 2},
                )
            )
            self.said[self.step] = row
            before = self.last.get(self.step - 1, {})
            loss = row.get("loss")
            self.last[self.step] = {
                env: before.get(env, (-1, 0.0)) if loss is None else (self.step, float(loss[env]))
                for env in range(ENVS)
            }

    def check(self, reader: Reader) -> None:
        """Every step is there as it was said, or is said to have been dropped."""
        kept = [step for step in self.said if dropped_at(reader, 1, step) is None]
        for step in self.said.keys() - set(kept):
            assert "was dropped: the record is held to" in (dropped_at(reader, 1, step) or "")
        window = reader.window(
            ("accuracy", "loss", "observation", "probability/op", "advantage"), 1, 0, self.step
        )
        assert window.steps.tolist() == kept
        for row, step in enumerate(kept):
            for name, want in self.said[step].items():
                if name not in window.cells:
                    continue
                values, states = window.cells[name][0][row], window.cells[name][1][row]
                if name in ("observation", "probability/op") and (states == GONE).all():
                    continue
                assert (states == VALUE).all(), (name, step)
                assert np.array_equal(values.reshape(want.shape), want), (name, step)
            columns = Columns(reader, 1, step)
            for env, (at, value) in self.last[step].items():
                assert (columns.step_of("loss", env) or 0) == max(at, 0), (step, env)
                if at >= 0:
                    assert columns.cells("loss")[0][env] == value, (step, env)


counts = st.integers(1, 40)
courses = st.lists(
    st.one_of(
        st.tuples(st.just("steps"), counts, st.booleans()),
        st.tuples(st.just("steps"), counts, st.booleans()),
        st.tuples(st.just("tick")),
        st.tuples(st.just("pin"), st.integers(0, 60), st.integers(0, 20)),
        st.tuples(st.just("backfill"), st.integers(0, 300), st.integers(1, 20)),
        st.tuples(st.just("messages"), st.integers(1, 300)),
        st.tuples(st.just("restart")),
        st.tuples(st.just("crash")),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(courses)
def test_whatever_is_said_to_a_small_record_is_kept_exactly_or_said_to_be_gone(course):
    with tempfile.TemporaryDirectory() as folder:
        follow(Course(Path(folder) / "demo.sanctum.db", TIGHT), course)


def follow(run: Course, course) -> None:
    pinned: list[tuple[int, int]] = []
    for what, *more in course:
        if what == "steps":
            run.steps(more[0], sparse=more[1])
        elif what == "tick":
            run.to.tick()
        elif what == "pin" and run.said:
            first = max(0, run.step - more[0])
            pinned.append((first, first + more[1]))
            sql = "INSERT INTO pins (attempt, first_step, last_step, reason) VALUES (1, ?, ?, 'x')"
            run.to.writer.insert(sql, *pinned[-1])
        elif what == "backfill" and run.said:
            backfill(run, max(0, run.step - more[0]), more[1])
        elif what == "messages":
            for _ in range(more[0]):
                run.to.take(Message("x" * 100))
        elif what == "crash":
            run.to.tick()
            run.steps(3)
            crash(run)
        elif what == "restart":
            run.to.tick()
            run.to.writer.db.close()
            run.begin()
    for _ in range(200):
        run.to.tick()
    run.check(run.to.reader)
    check_file(run)
    db = open_read_only(run.path)
    reader = Reader(db)
    run.check(reader)
    for first, last in pinned:
        for step in range(first, min(last, run.step) + 1):
            sentence = dropped_at(reader, 1, step)
            assert sentence is None or was_gone_before(run, step), sentence
    db.close()
    run.to.end("finished")
    run.to.writer.close(0.0)
    db = open_read_only(run.path)
    run.check(Reader(db))
    db.close()


def crash(run: Course) -> None:
    """Both processes are killed now: the file, as it lies there, is good."""
    copy = run.path.with_name("copy.sanctum.db")
    for tail in ("", "-wal"):
        shutil.copyfile(f"{run.path}{tail}", f"{copy}{tail}")
    db = sqlite3.connect(copy)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    reader = Reader(db)
    for step in range(max(0, run.step - 30), run.step - 3):
        sentence = dropped_at(reader, 1, step)
        if sentence is None:
            cells = reader.window(("accuracy",), 1, step, step).cells["accuracy"]
            assert np.array_equal(cells[0][0, :, 0], run.said[step]["accuracy"])
    db.close()
    for tail in ("", "-wal", "-shm"):
        Path(f"{copy}{tail}").unlink(missing_ok=True)


def was_gone_before(run: Course, step: int) -> bool:
    """A pin holds what is there; it may come too late for a block that has gone."""
    return step < run.step - ROWS


def backfill(run: Course, first: int, count: int) -> None:
    values = run.rng.normal(size=(count, ENVS))
    for offset in range(count):
        step = first + offset
        if step in run.said and dropped_at(run.to.reader, 1, step) is None:
            run.said[step]["advantage"] = values[offset]
    run.to.take(Backfill(first, {"advantage": pack(values)}))


def check_file(run: Course) -> None:
    """It is sound; it fits unless nothing may go; a stretch that is gone is one row."""
    db = run.to.writer.db
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rows = db.execute("SELECT sealed FROM blocks ORDER BY attempt, first_step").fetchall()
    assert not any(a == b == (DROPPED,) for a, b in pairwise(rows))
    assert db.execute("SELECT count(*) FROM segments").fetchall()[0][0] <= 400
    retention = run.to.writer._retention
    assert retention is not None
    if retention.used_bytes() > run.keep_bytes:
        free = "SELECT count(*) FROM blocks b WHERE sealed = 1 AND id < (SELECT max(id) FROM blocks"
        free += " WHERE sealed = 1) AND NOT EXISTS (SELECT 1 FROM pins p WHERE p.first_step <="
        free += " b.last_step AND p.last_step >= b.first_step)"
        assert db.execute(free).fetchall() == [(0,)]


@pytest.fixture
def long_run(tmp_path):
    run = Course(tmp_path / "demo.sanctum.db")
    for _ in range(60):
        run.steps(25)
        run.to.take(Update(run.step, {"entropy": 0.5}, [], None, None, run.step))
        run.to.tick()
    yield run
    run.to.writer.db.close()


def test_a_record_never_grows_much_beyond_what_it_may_hold(long_run):
    largest = 0
    for _ in range(60):
        long_run.steps(10)
        long_run.to.tick()
        used = sum(Path(f"{long_run.path}{tail}").stat().st_size for tail in ("", "-wal"))
        largest = max(largest, used)
    assert largest < KEEP * 1.5
    long_run.to.end("finished")
    long_run.to.writer.close(0.0)
    assert long_run.path.stat().st_size <= KEEP
    assert sqlite3.connect(long_run.path).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert sorted(one.name for one in long_run.path.parent.iterdir()) == [long_run.path.name]


def test_a_record_that_grows_fast_is_held_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr("sanctum.record.dropping.WORK_S", 0.0)
    run = Course(tmp_path / "demo.sanctum.db")
    for _ in range(12):
        run.steps(400)
        run.to.tick()
        assert run.to.writer._retention.used_bytes() < 2 * KEEP
    run.to.end("finished")
    run.to.writer.close(0.0)
    assert run.path.stat().st_size <= KEEP


def test_a_moment_that_was_dropped_says_so_and_by_which_rule(long_run):
    ask = Record(long_run.to.reader, long_run.path)
    first, last = long_run.to.reader.span(1)
    assert 0 < first < last
    for when in ("0", str(first - 1), "u24", f"-{last - 3}", f"{first}-4"):
        with pytest.raises(
            UsageError, match=r"was dropped: the record is held to 976\.6 KiB"
        ) as said:
            ask.envs_list(at=when)
        assert f"steps 0 to {first - 1:,} gave way" in said.value.sentence
        assert said.value.hint == f"there are steps {first:,} to {last:,}"
    assert ask.envs_list(at=str(first)).at.step == first
    assert ask.run_read().first_step == first


def test_what_was_dropped_is_in_the_answer_by_class(long_run):
    answer = Record(long_run.to.reader, long_run.path).run_read()
    gone = {(one.what, one.rule): one for one in answer.dropped}
    by_share = gone["observations", "more than 1/4 of keep_bytes"]
    by_age = gone["columns", "the oldest steps first"]
    assert answer.keep_bytes == KEEP
    assert by_share.first_step == by_age.first_step == 0
    assert by_age.last_step + 1 == answer.first_step
    assert by_share.last_step > by_age.last_step
    assert by_share.used_bytes > by_age.used_bytes > 0
    assert dropped_within(long_run.to.reader, 1, 5, 10**6) == (5, by_age.last_step)
    sizes = {one.what: one for one in answer.sizes}
    assert sizes["observations"].used_bytes <= KEEP / 3
    assert sizes["columns"].first_step == answer.first_step


def test_updates_notes_and_warnings_never_go_but_debug_lines_do(tmp_path):
    run = Course(tmp_path / "demo.sanctum.db", 600_000)
    for number in range(3000):
        run.to.take(Message("x" * 200, "debug"))
        run.to.take(Message("y", "info", "note"))
        if number % 10 == 0:
            run.to.take(Message("careful", "warn"))
            run.to.take(Update(number, {"entropy": 0.5}))
        if number % 50 == 0:
            run.steps(1)
            run.to.tick()
    ask = Record(run.to.reader, run.path)
    assert ask.events_list(type="note", limit=None).total == 3000
    assert ask.events_list(severity="warn").total == 300
    assert ask.events_list(type="message", limit=None).total < 2000
    assert ask.series_read("entropy", points=1000).steps == list(range(0, 3000, 10))
    (lines,) = [one for one in ask.run_read().dropped if one.what == "events"]
    assert lines.used_bytes > 200 * 1000
    run.to.writer.db.close()


def test_a_probability_that_gave_way_is_dropped_and_not_zero(tmp_path, monkeypatch):
    monkeypatch.setitem(SHARES, "matrices", 1 / 64)
    run = Course(tmp_path / "demo.sanctum.db")
    for _ in range(60):
        run.steps(20)
        run.to.tick()
    ask = Record(run.to.reader, run.path)
    first, last = run.to.reader.span(1)
    for step, is_kept in ((first, False), (last, True)):
        decision = ask.env_read(1, at=str(step)).decisions[-1]
        said = run.said[step]
        chance = Measured(said["probability/op"][1][int(said["action/op"][1])])
        assert decision.step == step
        assert decision.probability == (chance if is_kept else Absent("dropped"))
        share = ask.policy_read(at=str(step), window=1).actions[0].mean_probability
        assert isinstance(share, Measured if is_kept else Absent)
        assert is_kept or share == Absent("dropped")
    backfill(run, first, 3)
    run.to.take(Backfill(first, {"probability/op": pack(np.ones((3, ENVS, 2)))}))
    assert ask.env_read(1, at=str(first)).decisions[-1].probability == Absent("dropped")
    run.to.writer.db.close()


def test_observations_give_way_before_the_steps_they_belong_to(long_run):
    reader = long_run.to.reader
    first, last = reader.span(1)
    _, states = reader.window(("observation",), 1, first, last).cells["observation"]
    gone = (states == GONE).all(axis=1)
    assert gone[0]
    assert not gone[-1]
    assert (np.diff(gone.astype(int)) <= 0).all(), "the oldest first"


def test_a_curve_and_a_search_say_which_steps_they_lack(long_run):
    ask = Record(long_run.to.reader, long_run.path)
    first, last = long_run.to.reader.span(1)
    gone = f"steps 0 to {first - 1:,} gave way: run says by which rule"
    curve = ask.series_read("accuracy", env=1, points=10**5)
    assert curve.dropped == gone
    assert curve.steps == list(range(first, last + 1))
    assert ask.series_read("accuracy", env=1, since=str(first)).dropped is None
    assert ask.series_read("entropy").dropped is None
    found = ask.condition_find("accuracy > 100", env=1)
    assert (found.dropped, found.checked) == (gone, last + 1 - first)
    assert ask.condition_find("entropy > 100").dropped is None


def test_what_is_dropped_is_one_row_a_class_and_rule_however_long_the_run(long_run):
    for _ in range(40):
        long_run.steps(10)
        long_run.to.tick()
    assert len(dropped(long_run.to.reader, 1)) <= 6
    ((stretches,),) = long_run.to.reader.rows(
        "SELECT count(*) FROM blocks WHERE sealed = ?", DROPPED
    )
    assert stretches == 1


def test_an_attempt_that_went_altogether_is_still_told_of(tmp_path):
    run = Course(tmp_path / "demo.sanctum.db")
    run.steps(100)
    run.step = -1
    run.to.take(Step(0, {"accuracy": pack(np.zeros(ENVS))}))
    for _ in range(60):
        run.steps(25)
        run.to.tick()
    answer = Record(run.to.reader, run.path).run_read()
    first, second = answer.attempts
    assert (first.attempt, first.first_step, first.last_step) == (1, 0, 99)
    assert (second.attempt, second.first_step, second.last_step) == (2, 0, run.step)
    assert answer.dropped[0].what == "observations"
    assert [one.last_step for one in answer.dropped if one.what == "columns of attempt 1"] == [99]
    run.to.writer.db.close()


def test_pinned_steps_stay_and_what_lies_between_says_it_is_gone(tmp_path):
    run = Course(tmp_path / "demo.sanctum.db")
    run.steps(30)
    sql = "INSERT INTO pins (attempt, first_step, last_step, reason) VALUES (1, 10, 12, 'finding')"
    run.to.writer.insert(sql)
    for _ in range(80):
        run.steps(15)
        run.to.tick()
    run.check(run.to.reader)
    ask = Record(run.to.reader, run.path)
    assert ask.envs_list(at="11").rows[1].accuracy.value == run.said[11]["accuracy"][1]
    assert run.to.reader.span(1)[0] == 8
    with pytest.raises(UsageError, match="step 20 was dropped"):
        ask.envs_list(at="20")
    ((pinned,),) = run.to.reader.rows(
        "SELECT count(*) FROM blocks WHERE sealed = ? AND last_step < 100", SEALED
    )
    assert pinned == 1
    run.to.writer.db.close()


def test_a_record_that_may_hold_less_than_before_shrinks_when_it_is_gone_on_with(tmp_path):
    run = Course(tmp_path / "demo.sanctum.db", 10**9)
    run.steps(1500)
    run.to.tick()
    run.to.writer.close(0.0)
    assert run.path.stat().st_size > 3 * TIGHT
    run.keep_bytes = TIGHT
    run.begin()
    for _ in range(100):
        run.to.tick()
    run.to.writer.close(0.0)
    assert run.path.stat().st_size <= TIGHT
    db = open_read_only(run.path)
    run.check(Reader(db))
    db.close()


def test_a_backfill_reaches_what_is_kept_before_a_stretch_that_gave_way(tmp_path):
    run = Course(tmp_path / "demo.sanctum.db", TIGHT)
    run.steps(33)
    run.to.writer.insert(
        "INSERT INTO pins (attempt, first_step, last_step, reason) VALUES (1, 7, 7, 'x')"
    )
    for _ in range(40):
        if dropped_at(run.to.reader, 1, 8) is None:
            for _ in range(50):
                run.to.take(Message("x" * 100))
            run.to.tick()
    assert dropped_at(run.to.reader, 1, 8) and dropped_at(run.to.reader, 1, 7) is None
    backfill(run, 7, 10)
    run.check(run.to.reader)
    run.to.writer.db.close()


def test_a_backfill_that_begins_before_the_first_step_ends(tmp_path):
    run = Course(tmp_path / "demo.sanctum.db", TIGHT)
    run.steps(3)
    run.to.take(Backfill(-5, {"advantage": pack(np.ones((7, ENVS)))}))
    cells = run.to.reader.window(("advantage",), 1, 0, 2).cells["advantage"]
    assert cells[1][:, 0].tolist() == [VALUE, VALUE, 1]
    run.to.writer.db.close()
