from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.errors import NoDataYet, RecordError, SanctumError, UsageError
from sanctum.model.readings import NOT_MEASURED, Absent, Measured, NonFinite, number
from sanctum.record.hall import Candidate, Copy, Hall, candidate, described, opened
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.telemetry import EpisodeEnded, SeedState, Step
from sanctum.telemetry.arrays import pack
from tests.record.episodes import fame_of, hall, plain_episode, recorded, told
from tests.record.saying import ENVS


@pytest.fixture
def fame_hall(tmp_path):
    return hall(tmp_path / "hall" / "digits.hall.db")


def keep_all(to, into):
    """Everything that waits is kept."""
    found, said = fame_of(to, into)
    found.recall(to.attempt)
    found.settle()
    return said


def run_with(folder, run_id, peaks, into, env=0):
    """A recorded run with one episode of three steps for each peak."""
    to = recorded(folder / f"{run_id}.sanctum.db", run_id)
    found, _ = fame_of(to, into)
    for place, peak in enumerate(peaks):
        plain_episode(to, 3 * place, [peak - 2, peak, peak - 1], env)
    found.settle()
    return to


def ranks(into):
    return [(one.run_id, number(one.accuracy)) for one in into.list().rows]


def test_the_ten_best_of_two_runs_are_ranked_together(tmp_path, fame_hall):
    run_with(tmp_path, "one", [50, 51, 52, 53, 54, 55, 56, 57], fame_hall)
    run_with(tmp_path, "two", [49.5, 50.5, 51.5, 52.5, 53.5, 54.5, 90], fame_hall)
    every = {("one", n) for n in range(50, 58)} | {("two", n + 0.5) for n in range(49, 55)}
    every.add(("two", 90))
    assert ranks(fame_hall) == sorted(every, key=lambda one: -one[1])[:10]
    assert [one.rank for one in fame_hall.list().rows] == list(range(1, 11))


def test_of_two_equal_episodes_the_earlier_stays(tmp_path, fame_hall):
    run_with(tmp_path, "one", [60] * 10, fame_hall)
    run_with(tmp_path, "two", [60, 60], fame_hall)
    assert ranks(fame_hall) == [("one", 60)] * 10
    assert sorted(one.last_step for one in fame_hall.list().rows) == list(range(2, 31, 3))


def test_an_entry_outlives_its_run(tmp_path, fame_hall):
    to = run_with(tmp_path, "one", [70], fame_hall)
    to.writer.close(0.0)
    (tmp_path / "one.sanctum.db").unlink()
    again = Hall(fame_hall.path, "digits")
    entry = again.entry(1)
    assert (entry.run_id, entry.first_step, entry.best_step, entry.last_step) == ("one", 0, 1, 2)
    assert (entry.fall, entry.final_accuracy) == (Measured(1.0), Measured(69.0))
    answer = Record(Reader(open_read_only(_empty(tmp_path))), tmp_path, hall=again).env_read(
        0, at="hall:1"
    )
    assert (answer.at.hall, answer.at.run_id, answer.at.step) == (1, "one", 1)
    assert answer.row.accuracy == Measured(70.0)


def _empty(folder: Path) -> Path:
    to = recorded(folder / "empty.sanctum.db", "empty")
    to.writer.close(0.0)
    return folder / "empty.sanctum.db"


def test_an_episode_is_kept_once_however_often_it_is_seen(tmp_path, fame_hall):
    to = run_with(tmp_path, "one", [70, 80], fame_hall)
    keep_all(to, fame_hall)
    assert ranks(fame_hall) == [("one", 80), ("one", 70)]


def test_a_run_id_taken_up_by_another_run_is_another_run(tmp_path, fame_hall):
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        to = run_with(folder, "one", [70], fame_hall)
        to.writer.close(0.0)
    assert ranks(fame_hall) == [("one", 70), ("one", 70)]


def test_accuracies_that_are_not_finite_do_not_compete(tmp_path, fame_hall):
    to = recorded(tmp_path / "one.sanctum.db", "one")
    found, _ = fame_of(to, fame_hall)
    plain_episode(to, 0, [float("nan"), float("inf")])
    plain_episode(to, 2, [30.0, float("nan"), float("inf"), float("nan")])
    found.settle()
    (entry,) = fame_hall.list().rows
    assert (entry.first_step, entry.accuracy, entry.best_step) == (2, Measured(30.0), 2)
    assert (entry.final_accuracy, entry.fall) == (NonFinite("nan"), NonFinite("nan"))


def test_without_a_column_the_best_accuracy_said_at_the_end_counts(tmp_path, fame_hall):
    to = recorded(tmp_path / "one.sanctum.db", "one", slots=[])
    found, _ = fame_of(to, fame_hall)
    for step in range(4):
        to.take(Step(step, {"loss": pack(np.ones(ENVS))}))
    to.take(EpisodeEnded(0, 0, 3, best_accuracy=44.0))
    to.take(EpisodeEnded(1, 0, 3))
    to.take(EpisodeEnded(2, 0, 3, best_accuracy=float("nan")))
    found.settle()
    (entry,) = fame_hall.list().rows
    assert (entry.env, entry.accuracy, entry.best_step) == (0, Measured(44.0), 3)
    assert entry.growth == NOT_MEASURED


def test_an_episode_begins_after_the_last_one_or_where_its_number_begins(tmp_path):
    to = recorded(tmp_path / "one.sanctum.db", "one")
    numbers = [4, 4, 5, 5, 5, 6]
    for step, episode in enumerate(numbers):
        columns = {"accuracy": np.full(ENVS, 9.0 + step), "episode": np.full(ENVS, episode)}
        to.take(Step(step, {name: pack(values) for name, values in columns.items()}))
    assert candidate(to.reader, 1, EpisodeEnded(0, 5, 4), None).first_step == 2
    assert candidate(to.reader, 1, EpisodeEnded(0, 5, 4), 2).first_step == 3
    assert candidate(to.reader, 1, EpisodeEnded(0, 99, 4), None).first_step == 0
    assert candidate(to.reader, 1, EpisodeEnded(0, 99, 4), 0).first_step == 1


def test_a_pinned_entry_stays_after_the_ten(tmp_path, fame_hall):
    run_with(tmp_path, "one", [50, 40], fame_hall)
    assert fame_hall.pin(2, True).pinned
    run_with(tmp_path, "two", [60.0 + n for n in range(12)], fame_hall)
    rows = fame_hall.list().rows
    assert [number(one.accuracy) for one in rows] == [*range(71, 61, -1), 40]
    assert [one.pinned for one in rows] == [False] * 10 + [True]
    fame_hall.pin(11, False)
    assert len(fame_hall.list().rows) == 11
    run_with(tmp_path, "three", [99], fame_hall)
    assert [number(one.accuracy) for one in fame_hall.list().rows] == [99, *range(71, 62, -1)]


def test_the_worst_fell_farthest_and_keep_their_ranks(tmp_path, fame_hall):
    to = recorded(tmp_path / "one.sanctum.db", "one")
    found, _ = fame_of(to, fame_hall)
    for place, (peak, end) in enumerate([(90, 89), (80, 30), (70, 65), (60, float("nan"))]):
        plain_episode(to, 2 * place, [peak, end])
    found.settle()
    rows = fame_hall.list(worst=True).rows
    assert [(one.rank, number(one.accuracy)) for one in rows] == [
        (2, 80),
        (3, 70),
        (1, 90),
        (4, 60),
    ]


def test_ranks_that_are_not_there_are_said(tmp_path, fame_hall):
    with pytest.raises(NoDataYet, match="empty"):
        fame_hall.entry(1)
    with pytest.raises(NoDataYet, match="empty"):
        fame_hall.pin(1, True)
    assert not fame_hall.path.exists()
    run_with(tmp_path, "one", [50, 40], fame_hall)
    for rank in (0, 3):
        with pytest.raises(UsageError, match="2 entries, 1 to 2"):
            fame_hall.entry(rank)


def test_a_file_that_is_no_hall_is_left_alone(tmp_path):
    for place, content in (("a", b"hello" * 100), ("b", None)):
        path = tmp_path / place
        if content is None:
            with sqlite3.connect(path) as db:
                db.execute("CREATE TABLE mine (x)")
            db.close()
        else:
            path.write_bytes(content)
        before = path.read_bytes()
        to = recorded(tmp_path / f"{place}.sanctum.db", "one")
        found, said = fame_of(to, hall(path))
        plain_episode(to, 0, [50.0, 51.0])
        found.settle()
        found.settle()
        assert len(said) == 1 and str(path) in said[0]
        assert path.read_bytes() == before
        with pytest.raises(RecordError):
            hall(path).list()


def test_a_hall_that_can_be_written_again_gets_what_waited(tmp_path, fame_hall):
    fame_hall.path.parent.write_text("in the way")
    to = recorded(tmp_path / "one.sanctum.db", "one")
    found, said = fame_of(to, fame_hall)
    plain_episode(to, 0, [50.0, 51.0])
    plain_episode(to, 2, [60.0, 61.0])
    found.settle()
    assert len(said) == 1
    fame_hall.path.parent.unlink()
    found.settle()
    assert ranks(fame_hall) == [("one", 61), ("one", 51)]


def test_an_episode_waits_for_what_its_update_says(tmp_path, fame_hall):
    run = told(tmp_path / "one.sanctum.db", 3, 120, into=fame_hall)
    rows = fame_hall.list().rows
    assert rows
    learned = 120 - 120 % 8
    for one in rows:
        assert one.last_step <= learned
        window = fame_hall.reader(one).window(["advantage"], 1, one.first_step, one.last_step)
        assert (window.cells["advantage"][1][:, one.env] == 0).all()
    assert run.to.refused == 0


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.record.episodes import *
into = hall(Path(sys.argv[1]))
to = recorded(Path(sys.argv[2]), "killed")
found, _ = fame_of(to, into)
step = 0
while True:
    plain_episode(to, step, [50.0 + step / 100, 51.0 + step / 100])
    step += 2
    found.settle()
    print(step, flush=True)
"""


def test_a_recorder_killed_while_it_keeps_leaves_a_whole_hall(tmp_path, fame_hall):
    root = str(Path(__file__).parents[2])
    for place in range(6):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                KILLED.format(root=root),
                str(fame_hall.path),
                str(tmp_path / f"{place}.sanctum.db"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(place * 3 + 1):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        rows = fame_hall.list().rows
        assert rows and len(rows) <= 10
        for one in rows:
            assert fame_hall.reader(one).span(1) == (one.first_step, one.last_step)
        with sqlite3.connect(fame_hall.path) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("SELECT count(*) FROM records").fetchall() == [(len(rows),)]
        db.close()


def test_a_write_that_was_broken_off_is_undone_where_nothing_can_be_written(tmp_path, fame_hall):
    run_with(tmp_path, "one", [50, 60], fame_hall)
    db = sqlite3.connect(fame_hall.path, isolation_level=None)
    db.execute("PRAGMA cache_size=1")
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE records SET data = zeroblob(20000)")
    db.execute("DELETE FROM entries")
    journal = fame_hall.path.with_name(fame_hall.path.name + "-journal")
    hot, log = fame_hall.path.read_bytes(), journal.read_bytes()
    db.execute("ROLLBACK")
    db.close()
    fame_hall.path.write_bytes(hot)
    journal.write_bytes(log)
    for path in (fame_hall.path, journal):
        path.chmod(0o400)
    fame_hall.path.parent.chmod(0o500)
    try:
        assert ranks(fame_hall) == [("one", 60), ("one", 50)]
    finally:
        fame_hall.path.parent.chmod(0o700)


def test_two_recorders_that_keep_at_once_lose_nothing(tmp_path, fame_hall):
    script = KILLED.partition("step = 0")[0] + (
        "base = float(sys.argv[3])\n"
        "for n in range(12):\n"
        "    plain_episode(to, 2 * n, [base + n, base + n])\n"
        "    found.settle()\n"
    )
    root = str(Path(__file__).parents[2])
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                script.format(root=root),
                str(fame_hall.path),
                str(tmp_path / f"{place}.sanctum.db"),
                str(40 + place / 2),
            ]
        )
        for place in range(2)
    ]
    assert [one.wait(60) for one in processes] == [0, 0]
    assert [number(one.accuracy) for one in fame_hall.list().rows] == [
        51.5 - n / 2 for n in range(10)
    ]


def test_seeds_that_live_at_the_peak_are_named_with_their_growth(tmp_path, fame_hall):
    to = recorded(tmp_path / "one.sanctum.db", "one")
    found, _ = fame_of(to, fame_hall)
    plain_episode(to, 0, [1.0, 2.0])
    to.take(SeedState(0, "a", "BLENDING", 1, "norm", {"parameters": 30.0}))
    to.take(SeedState(0, "b", "CULLED", 1, "wide", {"parameters": 12.0}))
    to.take(SeedState(1, "b", "TRAINING", 1, "wide", {"parameters": 12.0}))
    plain_episode(to, 2, [3.0, 2.0])
    found.settle()
    best = fame_hall.entry(1)
    assert (best.seeds, best.growth) == (["a norm BLENDING"], Measured(30.0))


def test_an_exported_entry_opens_as_a_run(tmp_path, fame_hall):
    run = told(tmp_path / "one.sanctum.db", 5, 90, into=fame_hall)
    assert run.ends
    entry = fame_hall.entry(2)
    path = tmp_path / "best.sanctum.db"
    fame_hall.export(2, path)
    ask = Record(Reader(open_read_only(path)), path)
    found = ask.run_read()
    assert (found.first_step, found.last_step) == (entry.first_step, entry.last_step)
    assert (found.header.run_id, found.state.word) == ("demo", "finished")
    assert [row.env for row in ask.envs_list().rows] == [entry.env]
    with pytest.raises(UsageError, match=f"env {entry.env} alone"):
        ask.env_read((entry.env + 1) % ENVS)
    with pytest.raises(UsageError, match="there already"):
        fame_hall.export(1, path)
    fame_hall.export(1, path, force=True)
    assert Record(Reader(open_read_only(path)), path).run_read().last_step == (
        fame_hall.entry(1).last_step
    )
    for bad in (tmp_path, tmp_path / "no" / "such", fame_hall.path):
        with pytest.raises(SanctumError):
            fame_hall.export(1, bad)


def test_what_gave_way_in_the_run_is_dropped_in_the_entry_too(tmp_path):
    path = tmp_path / "one.sanctum.db"
    run = told(path, 8, 60)
    run.to.writer.close(0.0)
    with sqlite3.connect(path) as db:
        db.execute(
            "UPDATE chunks SET states = NULL, data = x'', bytes = 0 WHERE column ="
            " (SELECT id FROM columns WHERE name = 'probability/op')"
        )
    db.close()
    reader = Reader(open_read_only(path))
    end, before = run.ends[-1]
    of = candidate(reader, 1, end, before)
    entry = opened(copy_of(reader, of))
    at = str(end.step)
    got = Record(entry, path).env_read(end.env, at=at).decisions
    want = Record(reader, path).env_read(end.env, at=at).decisions
    assert got == [one for one in want if one.step >= of.first_step]
    assert Absent("dropped") in [one.probability for one in got]


def test_an_episode_whose_first_steps_gave_way_does_not_compete(tmp_path):
    path = tmp_path / "one.sanctum.db"
    to = recorded(path, "one")
    plain_episode(to, 0, [50.0 + n for n in range(10)])
    plain_episode(to, 10, [50.0 + n for n in range(10)])
    to.writer.close(0.0)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM chunks WHERE block = 1")
        db.execute("UPDATE blocks SET sealed = 2, steps = NULL, times = NULL WHERE id = 1")
    db.close()
    reader = Reader(open_read_only(path))
    assert candidate(reader, 1, EpisodeEnded(0, 0, 9), None) is None
    assert candidate(reader, 1, EpisodeEnded(0, 10, 19), 9) is not None


WHENS = [
    ("hall:1", "best_step", 0),
    ("hall:1:peak", "best_step", 0),
    ("hall:1:start", "first_step", 0),
    ("hall:1:end", "last_step", 0),
    ("hall:1:-1", "last_step", -1),
    ("hall:1:start+1", "first_step", 1),
    ("hall:1:end-2", "last_step", -2),
]


@pytest.mark.parametrize(("when", "start", "offset"), WHENS)
def test_moments_in_an_entry(tmp_path, fame_hall, when, start, offset):
    to = run_with(tmp_path, "one", [50, 60], fame_hall)
    ask = Record(to.reader, tmp_path / "one.sanctum.db", hall=fame_hall)
    entry = fame_hall.entry(1)
    at = ask.run_read(at=when).at
    assert (at.step, at.hall, at.run_id) == (getattr(entry, start) + offset, 1, "one")
    assert not at.live
    assert ask.run_read(at=when.replace("hall:1", f"hall:e{entry.id}")).at == at
    assert ask.run_read(at=f"hall:1:{at.step}").at == at


@pytest.mark.parametrize(
    "when", ["hall:", "hall:x", "hall:1:", "hall:1:soon", "hall:3", "hall:1:9999"]
)
def test_what_is_no_moment_in_the_hall_is_refused(tmp_path, fame_hall, when):
    to = run_with(tmp_path, "one", [50, 60], fame_hall)
    with pytest.raises(UsageError):
        Record(to.reader, tmp_path / "one.sanctum.db", hall=fame_hall).run_read(at=when)


@settings(max_examples=10, deadline=None)
@given(random_seed=st.integers(0, 10_000), steps=st.integers(10, 60))
def test_an_entry_answers_as_its_run_does(tmp_path_factory, random_seed, steps):
    """Every question at a moment of an episode gets the same answer from its record in the hall."""
    folder = tmp_path_factory.mktemp("run")
    run = told(folder / "one.sanctum.db", random_seed, steps)
    source = Record(run.to.reader, folder / "one.sanctum.db")
    for end, before in run.ends:
        of = candidate(run.to.reader, 1, end, before)
        if of is None:
            continue
        copied = copy_of(run.to.reader, of)
        entry = Record(opened(copied), folder / "one.sanctum.db")
        described(opened(copied), of, 0.0)
        for step in sorted(
            {of.first_step, of.best_step, end.step, (of.first_step + end.step) // 2}
        ):
            assert_same(source, entry, end.env, of.first_step, step)
    run.to.writer.db.close()


def copy_of(reader: Reader, of: Candidate) -> bytes:
    copy = Copy(reader, of)
    while not copy.go_on():
        pass
    return copy.done()


def assert_same(source: Record, entry: Record, env: int, first: int, step: int) -> None:
    at, rows = str(step), step - first + 1
    want, got = source.env_read(env, at=at), entry.env_read(env, at=at)
    health = got.row.health  # looks back farther than the episode
    assert got.row == msgspec.structs.replace(want.row, health=health)
    assert got.seeds == want.seeds
    assert got.decisions == [one for one in want.decisions if one.step >= first]
    newest = [one for one in want.events if (one.step or 0) >= first]
    assert got.events[len(got.events) - len(newest) :] == newest
    assert rewards(entry, at, env, rows) == rewards(source, at, env, rows)
    assert policy(entry, at, env, rows) == policy(source, at, env, rows)
    for sort in ("-contribution", "alpha"):
        assert entry.seeds_list(at=at, env=env, sort=sort) == source.seeds_list(
            at=at, env=env, sort=sort
        )
    for slot in ("a", "b"):
        want_seed, got_seed = (one.seed_read(env, slot, at=at) for one in (source, entry))
        assert got_seed.row == want_seed.row
    for metric in ("accuracy", "seldom", "advantage", "seed/a/alpha"):
        assert curve(entry, metric, at, env, rows) == curve(source, metric, at, env, rows)
    events = source.events_list(at=at, env=env, since=str(first), limit=None)
    mine = entry.events_list(at=at, env=env, limit=None)
    assert (mine.rows, mine.severities) == (events.rows, events.severities)
    (row,) = entry.envs_list(at=at).rows
    assert row == got.row


def rewards(ask: Record, at: str, env: int, window: int):
    """The answer, with the actions that were taken."""
    found = ask.rewards_read(at=at, env=env, window=window)
    return msgspec.structs.replace(found, actions=[one for one in found.actions if one.count])


def policy(ask: Record, at: str, env: int, window: int):
    """What does not depend on the wall time; actions only where there were decisions."""
    found = ask.policy_read(at=at, env=env, window=window)
    found = msgspec.structs.replace(found, update_age_s=None)
    if found.decisions:
        return found
    return msgspec.structs.replace(
        found, actions=[], unforced=None, first_step=None, last_step=None
    )


def curve(ask: Record, metric: str, at: str, env: int, last: int):
    """The curve; None where nothing was said, by this environment or by any."""
    try:
        found = ask.series_read(metric, at=at, env=env, last=last)
    except (UsageError, NoDataYet):
        return None
    return found if found.values else None
