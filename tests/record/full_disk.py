"""A record on a disk that really fills up, in a process of its own: ``full_disk.py FOLDER WAY``.

``ballast`` fills the (small) file system of FOLDER, ``limit`` forbids files to grow. Prints what it
found as it goes; ends with "done".
"""

from __future__ import annotations

import contextlib
import os
import resource
import sqlite3
import sys
from pathlib import Path

import numpy as np

from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.retention import dropped_at
from sanctum.record.schema import open_read_only
from sanctum.record.waiting import Waiting
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.recorder.pulse import LivePulse
from sanctum.telemetry import Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, header

MEMORY = 200_000


class Ballast:
    """A file that takes all the room there is."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ballast"

    def fill(self) -> None:
        with self.path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65536, 512):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def empty(self) -> None:
        self.path.unlink()


class Limit:
    """A limit on how large this process's files may be."""

    def __init__(self, folder: Path) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, self.before[1]))

    def empty(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def main(folder: Path, way: str) -> None:
    disk = {"ballast": Ballast, "limit": Limit}[way](folder)
    path, said, rng = folder / "demo.sanctum.db", {}, np.random.default_rng(0)
    writer = Writer(path, block_rows=8, waiting=Waiting(MEMORY))
    to = Ingest(writer, Clock())
    to.begin(header(), 1.0, "boot")
    ask = Record(to.reader, path, LivePulse(to, writer, to.clock))

    def steps(count: int) -> None:
        for _ in range(count):
            step = len(said)
            said[step] = rng.normal(size=(ENVS, 200))
            columns = {"accuracy": pack(said[step][:, 0])}
            to.take(Step(step, columns, {"observation": pack(said[step])}))
            to.take(Update(step, {"entropy": 0.5}, [], None, None, step))
            if step % 5 == 0:
                to.tick()
                assert ask.envs_list().rows[1].accuracy.value == said[step][1, 0]
                assert ask.env_read(2).at.step == step
                assert ask.run_read().recording == (writer.stopped is None)

    steps(50)
    assert writer.stopped is None
    disk.fill()
    steps(20)
    answer = ask.run_read()
    print(answer.stopped_why)
    assert answer.stopped_s >= 0
    assert not answer.recording
    assert writer.seal() is None
    steps(400)
    assert writer._waiting.used_bytes < MEMORY * 1.5
    kept_before = said_again(to.reader, said)
    disk.empty()
    to.tick()
    assert writer.stopped is None
    assert ask.run_read().recording
    assert ask.run_read().stopped_s is None
    assert said_again(to.reader, said) == kept_before
    steps(30)
    to.tick()
    kept = said_again(to.reader, said)
    lost = sorted(said.keys() - kept)
    assert lost == list(range(lost[0], lost[-1] + 1))
    assert 40 <= lost[0] < 70
    assert lost[-1] < 460
    sentence = dropped_at(to.reader, 1, lost[3])
    assert (
        f"was not kept: the disk was full, and memory had no room for steps {lost[0]}" in sentence
    )
    assert len(ask.series_read("entropy", points=1000).values) == len(said)
    (gap,) = ask.run_read().lost
    assert (gap.what, gap.first_step, gap.last_step) == ("columns", lost[0], lost[-1])
    assert gap.count == len(lost)
    print(*(one.text for one in ask.events_list(type="recorder").rows), sep="\n")
    db = open_read_only(path)
    assert said_again(Reader(db), said) == kept
    db.close()
    to.end("finished")
    writer.close(0.0)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert said_again(Reader(db), said) == kept
    print("done")


def said_again(reader: Reader, said: dict[int, np.ndarray]) -> set[int]:
    """The steps that are there; what is there is as it was said."""
    window = reader.window(("observation",), 1, 0, len(said))
    for row, step in enumerate(window.steps.tolist()):
        assert np.array_equal(window.cells["observation"][0][row], said[step])
        assert dropped_at(reader, 1, step) is None
    return set(window.steps.tolist())


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    main(Path(sys.argv[1]), sys.argv[2])
