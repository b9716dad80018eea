"""Export a record: every table aside, then all of them under their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanctum.export.columns import Columns
from sanctum.export.files import Sink, check_replaceable
from sanctum.export.places import fit_name, made_folder, unwritable
from sanctum.export.rows import Episodes, Events, Runs, Updates
from sanctum.export.seeds import Seeds
from sanctum.export.source import Source, damage_of
from sanctum.export.table import Table

TABLES = ("runs", "columns", "matrices", "updates", "seeds", "events", "episodes")


@dataclass(frozen=True, slots=True)
class Written:
    """One table that was written."""

    table: str
    rows: int
    columns: int
    used_bytes: int
    path: Path


@dataclass(frozen=True, slots=True)
class Export:
    """What was written of a run; `left_out` names columns of which some cells did not fit."""

    run: str
    written: list[Written]
    left_out: list[str]


def export(
    record: Path,
    folder: Path,
    run: str | None = None,
    progress: Callable[[str, int], None] = lambda table, rows: None,
) -> Export:
    """Write the record's tables to ``folder/TABLE/RUN.parquet``, replacing those of the same run.

    `run` is the name in the tables, by default the run's id. `progress` is told how many rows of
    which table are written. Raises RecordError, UsageError, SanctumError; what is there stays as
    it was then.
    """
    with ExitStack() as stack:
        source = Source(record, run)
        stack.callback(source.close)
        name = f"{fit_name(source.run)}.parquet"
        for table in TABLES:
            check_replaceable(folder / table / name, source.run, source.identity)
        sinks = []
        left_out: set[str] = set()
        with damage_of(record):
            tables = _tables(source)
        for one in tables:
            place = made_folder(folder, one.name, stack)
            sink = _fill(one, place / name, source, progress, stack)
            sinks.append((one, sink))
            left_out |= one.left_out
        written = [
            Written(one.name, sink.rows, len(one.schema), sink.publish(), sink.path)
            for one, sink in sinks
        ]
    return Export(source.run, written, sorted(left_out))


def _tables(source: Source) -> list[Table]:
    single, wide = source.own()
    return [
        Runs(source),
        Columns(source, "columns", single, lists=False),
        Columns(source, "matrices", wide, lists=True),
        Updates(source),
        Seeds(source),
        Events(source),
        Episodes(source),
    ]


def _fill(
    table: Table, path: Path, source: Source, progress: Callable[[str, int], None], stack: ExitStack
) -> Sink:
    try:
        sink = Sink(table, path, source.identity)
        stack.callback(sink.drop)
        for part in _read(table, source):
            sink.add(part)
            progress(table.name, sink.rows)
        sink.finish()
    except OSError as error:
        raise unwritable(path, error) from error
    return sink


def _read(table: Table, source: Source) -> Iterator[Any]:
    """A table's parts; whatever fails while they are read is the record's."""
    parts = table.batches()
    while True:
        with damage_of(source.path):
            part = next(parts, None)
        if part is None:
            return
        yield part
