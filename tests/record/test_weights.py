"""Policy weights in a record: taken from files, found by moment, thinned, counted."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from sanctum.errors import NoDataYet
from sanctum.probe.direct import direct
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.retention import dropped
from sanctum.record.schema import open_read_only
from sanctum.record.sizes import Sizes
from sanctum.record.weights import LAST, acting, newest, of_update, saved, stays
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import PolicySaved, Step
from sanctum.telemetry.arrays import pack
from sanctum.telemetry.weights import PART, file_name
from tests.record.saying import ENVS, header

KEEP = 2_000_000


class Course:
    """A run that learns every ten steps, and its record."""

    def __init__(self, folder: Path, **about) -> None:
        self.path = folder / "demo.sanctum.db"
        self.begin(**about)
        self.step = -1

    def begin(self, **about) -> None:
        self.to = Ingest(Writer(self.path, block_rows=8, keep_bytes=KEEP), Clock())
        hello = header(keep_bytes=KEEP, **about)
        hello.pid = os.getpid()
        self.to.begin(hello, 1.0, "boot")
        self.run = direct("demo", self.to.take)
        self.run.record = str(self.path)

    def learn(self, update: int, size: int = 4, **about) -> None:
        for _ in range(10):
            self.step += 1
            self.run.step(self.step, reward=np.zeros(ENVS))
        self.run.save_policy(update, {"w": torch.full((size,), float(update))}, **about)

    @property
    def files(self) -> list[str]:
        return sorted(one.name for one in self.path.parent.glob(".*safetensors*"))

    def value(self, found) -> float:
        return float(safetensors.torch.load(found.data)["w"][0])


@pytest.fixture
def course(tmp_path):
    found = Course(tmp_path)
    yield found
    found.to.writer.db.close()


def acted(reader: Reader, step: int):
    """The weights that acted at a step of the first attempt, as the kept ones tell."""
    update, _ = acting(saved(reader, 1), step, None)
    return of_update(reader, 1, update)


def test_the_policy_of_a_step_is_the_one_saved_before_it(course):
    course.run.save_policy(0, {"w": torch.zeros(1)}, step=-1, factory="a:b", hidden=8)
    for update in (1, 2, 3):
        course.learn(update, factory="a:b", hidden=8)
    course.to.tick()
    reader = course.to.reader
    for step, update in ((0, 0), (9, 0), (10, 1), (15, 1), (19, 1), (20, 2), (500, 3)):
        found = acted(reader, step)
        assert (found.update, course.value(found)) == (update, float(update)), step
    assert (found.step, found.factory, found.about) == (29, "a:b", {"hidden": 8})
    assert acted(reader, 5).step is None
    assert newest(reader, 1).update == 3
    assert newest(reader, 2) is None


def test_before_the_first_save_there_is_none(course):
    course.learn(1)
    course.to.tick()
    with pytest.raises(NoDataYet, match="the first are those of u1"):
        acting(saved(course.to.reader, 1), 9, None)


def test_a_file_goes_once_its_row_is_on_the_disk(course):
    course.learn(1)
    assert len(course.files) == 1
    course.to.tick()
    assert course.files == []
    reader = Reader(open_read_only(course.path))
    assert saved(reader, 1) == [(1, 9)]
    reader.db.close()


def test_an_update_that_is_saved_again_counts_once(course):
    course.learn(1)
    course.run.save_policy(1, {"w": torch.full((9,), 5.0)})
    course.to.tick()
    assert saved(course.to.reader, 1) == [(1, 9)]
    assert course.value(newest(course.to.reader, 1)) == 5.0
    size = next(one for one in course.to.reader.sizes.all() if one.what == "weights")
    assert size.rows == 1


def test_weights_without_a_factory_have_that_of_the_run(tmp_path):
    course = Course(tmp_path, policy="mine:policy")
    course.learn(1)
    course.learn(2, no_factory="its features extractor is a class of its own")
    course.to.tick()
    assert acted(course.to.reader, 10).factory == "mine:policy"
    assert acted(course.to.reader, 20).factory is None
    course.to.writer.db.close()


def test_what_a_trainer_left_behind_is_taken_at_the_end_and_half_a_file_goes(course):
    course.learn(1)
    course.to.tick()
    course.learn(2)
    course.to._policies._taken.clear()  # a recorder that died knew of it, and another came
    course.to.writer.db.execute("DELETE FROM weights WHERE number = 2")
    whole = next(iter(course.path.parent.glob(".demo.*safetensors")))
    earlier = course.path.parent / file_name("demo", os.getpid() + 1, 1)
    earlier.write_bytes(whole.read_bytes())
    half = course.path.parent / (file_name("demo", os.getpid(), 9) + PART)
    half.write_bytes(whole.read_bytes()[:50])
    other = course.path.parent / file_name("demo.1", 4242, 9)
    other.write_bytes(whole.read_bytes())
    course.run.close()
    assert course.files == [other.name]
    assert [update for update, _ in saved(course.to.reader, 1)] == [1, 2]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (file_name("demo", 1, 1), b"\xff" * 64),
        (file_name("demo", 1, 1), b""),
        (file_name("demo", 1, 1) + PART, b""),
        ("mine.safetensors", b""),
    ],
)
def test_a_file_that_is_none_is_refused_and_stops_nothing(course, name, data):
    path = course.path.parent / name
    path.write_bytes(data)
    course.to.take(PolicySaved(1, str(path)))
    course.to.take(PolicySaved(1, str(path) + "-gone"))
    assert course.to.refused == 2
    assert saved(course.to.reader, 1) == []
    assert path.exists() is (name == "mine.safetensors" or name.endswith(PART))
    course.learn(1)
    assert saved(course.to.reader, 1) == [(1, 9)]


def test_a_link_is_not_followed(course, tmp_path):
    course.learn(1)
    course.to.tick()
    secret = tmp_path / "other"
    secret.write_bytes(newest(course.to.reader, 1).data)
    link = tmp_path / file_name("demo", 1, 7)
    link.symlink_to(secret)
    course.to.take(PolicySaved(2, str(link)))
    assert saved(course.to.reader, 1) == [(1, 9)]
    assert secret.exists()


def test_the_last_are_kept_and_of_older_ones_ever_fewer(course):
    for update in range(1, 201):
        course.learn(update)
        if update % 3 == 0:
            course.to.tick()
    course.to.tick()
    kept = [update for update, _ in saved(course.to.reader, 1)]
    assert kept[-LAST:] == list(range(181, 201))
    ages = [200 - update for update in kept]
    for low, high in ((20, 40), (40, 80), (80, 160)):
        assert sum(low <= age < high for age in ages) == 10
    record = Record(course.to.reader, course.path)
    answer = record.run_read()
    gone = next(one for one in answer.dropped if one.what == "weights")
    assert gone.planned
    (size,) = [one for one in answer.sizes if one.what == "weights"]
    assert size.rows == len(kept)
    anew = {one.what: one for one in Sizes(course.to.writer.db).all()}
    course.to.writer.db.execute("DELETE FROM meta WHERE key = 'sizes'")
    assert anew["weights"] == {one.what: one for one in Sizes(course.to.writer.db).all()}["weights"]
    rows = course.to.writer.db.execute("SELECT rows FROM dropped").fetchall()
    assert rows == [(200 - len(kept),)]


def test_thinning_never_wants_back_what_has_gone():
    for id in range(1, 300):
        ages = [stays(age, id) for age in range(2000)]
        assert ages == sorted(ages, reverse=True)


def test_pinned_weights_stay(course):
    for update in range(1, 30):
        course.learn(update)
        if update == 3:
            course.to.tick()
            course.to.writer.db.execute("UPDATE weights SET pinned = 1 WHERE number = 3")
    course.to.tick()
    kept = [update for update, _ in saved(course.to.reader, 1)]
    assert 3 in kept
    assert 5 not in kept


def test_large_weights_give_way_by_their_share_and_the_newest_stay(course):
    for update in range(1, 16):
        course.learn(update, size=60_000)
        for step in range(20):
            course.step += 1
            noise = pack(np.random.default_rng(step).normal(size=(ENVS, 200)))
            course.to.take(Step(course.step, {}, {"observation": noise}))
        course.to.tick()
    kept = [update for update, _ in saved(course.to.reader, 1)]
    assert kept[-1] == 15
    assert len(kept) < 15
    assert course.to.reader.sizes.used_bytes("weights") <= KEEP
    gone = [one for one in dropped(course.to.reader, 1) if one.what == "weights"]
    assert [one.rule for one in gone] == ["more than 1/8 of keep_bytes"]
    assert not gone[0].planned
