"""Three ways to keep a run: Sanctum's record, a row per environment and step, Parquet files."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sanctum.record.columns import Columns
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.recorder.reading import opened
from sanctum.telemetry import RunStarted
from sanctum.telemetry.frames import FrameReader, encode
from tests.bench.made_up import COLUMNS, ENVS, NOISY, SCALARS, SLOW, SMOOTH, Stretch

ENV = 7
FILE_STEPS, GROUP_ROWS = 50_000, 122_880
Work = Callable[[], object]


class Store(Protocol):
    """One way to keep a run. What it returns is done under a clock, what it does before is not."""

    name: str
    last: int

    def put(self, stretch: Stretch) -> Work:
        """Keep some steps, durable when it is done (but Parquet's: when a file is full)."""

    def finish(self) -> Work:
        """Nothing more will come."""

    def kept_bytes(self) -> int:
        """Bytes on the disk."""

    def open(self) -> Work:
        """Open it as a program that starts would, and find the last step."""

    def state(self, step: int) -> Work:
        """Every column of every environment at one step."""

    def series(self, name: str, last: int, count: int) -> Work:
        """One column of one environment over so many steps up to `last`."""

    def find(self, name: str, above: float) -> Work:
        """The steps at which one environment's column was above a number."""


class SanctumRecord:
    """The record, written by the recorder's own ingest and asked through `Record`."""

    name = "record"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bench.sanctum.db"
        self._ingest = Ingest(Writer(self.path), Clock())
        self._ingest.begin(RunStarted("bench", "bench", ENVS, time=time.time()), 1.0, "boot")
        self._frames = FrameReader()
        self.last = 0

    def put(self, stretch: Stretch) -> Work:
        said = [encode(frame) for frame in stretch.frames()]
        self.last = stretch.first + len(stretch.cells) - 1

        def work() -> None:
            for data in said:
                for frame in self._frames.feed(data):
                    self._ingest.take(frame)
            self._ingest.tick()

        return work

    def finish(self) -> Work:
        def work() -> None:
            self._ingest.end("finished")
            self._ingest.writer.close(self._ingest.clock.now())
            self._reader = Reader(open_read_only(self.path))
            self._record = Record(self._reader, self.path)

        return work

    def kept_bytes(self) -> int:
        assert self._ingest.refused == 0
        return self.path.stat().st_size

    def open(self) -> Work:
        return lambda: opened(self.path).run_read().at.step

    def state(self, step: int) -> Work:
        def work() -> None:
            columns = Columns(self._reader, 1, step)
            assert all(len(columns.cells(name)[0]) == ENVS for name in COLUMNS)

        return work

    def env(self, step: int) -> Work:
        """The whole of ``env 7`` at one step."""
        return lambda: self._record.env_read(ENV, at=str(step))

    def series(self, name: str, last: int, count: int) -> Work:
        def work() -> None:
            found = self._record.series_read(name, str(last), ENV, count, count)
            assert len(found.values) == min(count, last + 1)

        return work

    def curve(self) -> Work:
        """The whole run of one series, decimated for a screen."""
        return lambda: self._record.series_read(COLUMNS[0], env=ENV, points=200)

    def find(self, name: str, above: float) -> Work:
        return lambda: self._record.condition_find(f"{name} > {above}", ENV)

    @property
    def record(self) -> Record:
        """To be asked."""
        return self._record

    def shares(self) -> dict[str, int]:
        """Bytes of the chunks of each column."""
        return {
            str(name): int(used)
            for name, used in self._reader.rows(
                "SELECT n.name, sum(c.bytes) FROM chunks c JOIN columns n ON n.id = c.column"
                " GROUP BY n.name"
            )
        }


class SqliteRows:
    """Plain SQLite: a row per environment and step, by (env, step); WAL, a commit a second."""

    name = "SQLite rows"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "rows.db"
        self._db = sqlite3.connect(self.path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        names = ", ".join(f"{name} REAL" for name in COLUMNS)
        self._db.execute(
            f"CREATE TABLE cells (env INTEGER, step INTEGER, {names}, PRIMARY KEY (env, step))"
            " WITHOUT ROWID"
        )
        names = ", ".join(f"{name} REAL" for name in SCALARS)
        self._db.execute(
            f"CREATE TABLE updates (number INTEGER PRIMARY KEY, step INTEGER, {names})"
        )
        self.last = 0

    def put(self, stretch: Stretch) -> Work:
        steps = np.arange(stretch.first, stretch.first + len(stretch.cells))
        self.last = int(steps[-1])
        by_env = stretch.cells.transpose(2, 0, 1)
        marks = ", ".join("?" * (2 + len(COLUMNS)))
        scalars = ", ".join("?" * (2 + len(SCALARS)))

        def work() -> None:
            self._db.execute("BEGIN")
            for env, cells in enumerate(by_env):
                rows = (
                    (env, step, *row)
                    for step, row in zip(steps.tolist(), cells.tolist(), strict=True)
                )
                self._db.executemany(f"INSERT INTO cells VALUES ({marks})", rows)
            rows = ((number, step, *values) for number, step, values in stretch.updates)
            self._db.executemany(f"INSERT INTO updates VALUES ({scalars})", rows)
            self._db.execute("COMMIT")

        return work

    def finish(self) -> Work:
        def work() -> None:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        return work

    def kept_bytes(self) -> int:
        return self.path.stat().st_size

    def open(self) -> Work:
        def work() -> None:
            db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
            db.execute("SELECT max(step) FROM cells WHERE env = ?", (ENV,)).fetchall()
            db.close()

        return work

    def state(self, step: int) -> Work:
        envs = ", ".join(map(str, range(ENVS)))
        sql = f"SELECT * FROM cells WHERE env IN ({envs}) AND step = ?"

        def work() -> None:
            assert len(self._db.execute(sql, (step,)).fetchall()) == ENVS

        return work

    def series(self, name: str, last: int, count: int) -> Work:
        sql = f"SELECT step, {name} FROM cells WHERE env = ? AND step BETWEEN ? AND ?"
        return lambda: self._db.execute(sql, (ENV, last - count + 1, last)).fetchall()

    def find(self, name: str, above: float) -> Work:
        sql = f"SELECT step FROM cells WHERE env = ? AND {name} > ?"
        return lambda: self._db.execute(sql, (ENV, above)).fetchall()


class ParquetFiles:
    """Parquet by pyarrow: a file each 50,000 steps, zstd; what is in no file yet, a crash loses."""

    name = "Parquet files"

    def __init__(self, folder: Path) -> None:
        import pyarrow as pa
        import pyarrow.dataset  # not while something is timed
        import pyarrow.parquet

        self.folder = folder / "parquet"
        (self.folder / "cells").mkdir(parents=True)
        (self.folder / "updates").mkdir()
        self._pa = pa
        self._held: list[Stretch] = []
        self._held_steps = 0
        self._found: Any = None
        self.last = 0

    def put(self, stretch: Stretch) -> Work:
        self.last = stretch.first + len(stretch.cells) - 1

        def work() -> None:
            self._held.append(stretch)
            self._held_steps += len(stretch.cells)
            if self._held_steps >= FILE_STEPS:
                self._write()

        return work

    def finish(self) -> Work:
        return lambda: self._write() if self._held else None

    def kept_bytes(self) -> int:
        return sum(one.stat().st_size for one in self.folder.rglob("*.parquet"))

    def open(self) -> Work:
        import pyarrow.parquet as pq

        def work() -> None:
            newest = max((self.folder / "cells").iterdir())
            file = pq.ParquetFile(newest)
            last = file.metadata.row_group(file.metadata.num_row_groups - 1)
            assert last.column(1).statistics.max is not None
            self._found = None
            self._dataset()

        return work

    def state(self, step: int) -> Work:
        def work() -> None:
            found = self._dataset().to_table(filter=self._field("step") == step)
            assert found.num_rows == ENVS

        return work

    def series(self, name: str, last: int, count: int) -> Work:
        step = self._field("step")
        wanted = (self._field("env") == ENV) & (step > last - count) & (step <= last)
        return lambda: self._dataset().to_table(columns=["step", name], filter=wanted)

    def find(self, name: str, above: float) -> Work:
        wanted = (self._field("env") == ENV) & (self._field(name) > above)
        return lambda: self._dataset().to_table(columns=["step"], filter=wanted)

    def shares(self) -> dict[str, int]:
        """Bytes of each column in all files."""
        import pyarrow.parquet as pq

        found: dict[str, int] = {}
        for path in (self.folder / "cells").iterdir():
            metadata = pq.read_metadata(path)
            for group in range(metadata.num_row_groups):
                for place in range(metadata.num_columns):
                    column = metadata.row_group(group).column(place)
                    name = column.path_in_schema
                    found[name] = found.get(name, 0) + column.total_compressed_size
        return found

    def _write(self) -> None:
        import pyarrow.parquet as pq

        pa, first = self._pa, self._held[0].first
        cells = np.concatenate([one.cells for one in self._held])
        steps = np.arange(first, first + len(cells))
        columns = {
            "env": np.tile(np.arange(ENVS, dtype=np.int32), len(cells)),
            "step": np.repeat(steps, ENVS),
            **{name: cells[:, place].reshape(-1) for place, name in enumerate(COLUMNS)},
        }
        path = self.folder / "cells" / f"{first:09}.parquet"
        noisy = dict.fromkeys((*NOISY, *SMOOTH), "BYTE_STREAM_SPLIT")
        pq.write_table(
            pa.table(columns),
            path,
            compression="zstd",
            row_group_size=GROUP_ROWS,
            use_dictionary=["env", "step", *SLOW],
            column_encoding=noisy,  # the counterpart of the record's shuffled bytes
        )
        updates = [one for stretch in self._held for one in stretch.updates]
        scalars = {name: [one[2][place] for one in updates] for place, name in enumerate(SCALARS)}
        table = pa.table({"number": [one[0] for one in updates], **scalars})
        pq.write_table(table, self.folder / "updates" / f"{first:09}.parquet", compression="zstd")
        self._held, self._held_steps = [], 0

    def _dataset(self) -> Any:
        import pyarrow.dataset as ds

        if self._found is None:
            self._found = ds.dataset(self.folder / "cells", format="parquet")
        return self._found

    def _field(self, name: str) -> Any:
        import pyarrow.dataset as ds

        return ds.field(name)
