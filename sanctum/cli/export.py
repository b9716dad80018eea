"""``sanctum export``: a run as Parquet tables, to be queried with any engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanctum.cli.foreign import known
from sanctum.command import Answer, Column, Report, Table
from sanctum.errors import SanctumError
from sanctum.shell.output import Output, standard
from sanctum.shell.settings import FORMATS, defaults
from sanctum.wire.client import record_of

if TYPE_CHECKING:
    from sanctum.export.export import Export, Written

INTERRUPTED = 130
SAY_EVERY_S = 5.0
MIB = 2**20
INSTALL = "python -m pip install 'sanctum[export]'"


def _mib(one: Written) -> float:
    return one.used_bytes / MIB


COLUMNS = (
    Column("table", lambda one: one.table, priority=0),
    Column("rows", lambda one: one.rows, priority=0, digits=0),
    Column("columns", lambda one: one.columns, priority=1, digits=0),
    Column("size", _mib, "MiB", priority=0, digits=2),
    Column("file", lambda one: f"{one.path.parent.name}/{one.path.name}", priority=2, flex=True),
)
DETAIL = (
    Column("bytes", lambda one: one.used_bytes, digits=0),
    Column("path", lambda one: str(one.path)),
)


@click.command("export")
@click.argument("run")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(("parquet",)), default="parquet", help="the kind of files")
@click.option("--as", "name", metavar="NAME", help="what the run is called in the tables")
@click.option("--format", type=click.Choice(FORMATS[1:]), help="how to show what was written")
def command(run: str, folder: Path, to: str, name: str | None, format: str | None) -> int:
    """Write a run, live or recorded, as tables for other tools.

    RUN is a run's id (or its beginning) or a record file. One file a table goes to
    DIR/TABLE/RUN.parquet, so many runs share one DIR; exporting a run again replaces its files.
    Tables: runs, columns, matrices, updates, seeds, events, episodes.
    """
    output = standard()
    record = record_of(known(run, output.say) or run)
    try:
        from sanctum.export.export import export
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pyarrow":
            raise
        raise SanctumError("export needs pyarrow, which is not installed", INSTALL) from None
    try:
        done = export(record, folder, name, _teller(output))
    except KeyboardInterrupt:
        output.say("interrupted; what was exported before is as it was")
        return INTERRUPTED
    output.show(Answer(report(done, folder), format), defaults())
    return 0


def report(done: Export, folder: Path) -> Report:
    """What was written, as an answer."""
    used = sum(one.used_bytes for one in done.written) / MIB
    rows = sum(one.rows for one in done.written)
    files = folder / "columns" / "*.parquet"
    return Report(
        f"export of {done.run}",
        Table(COLUMNS, done.written, detail=DETAIL),
        headline=f"{rows:,} rows, {used:,.1f} MiB in {folder}",
        notes=[f"left out where its width changed: {one}" for one in done.left_out],
        run=done.run,
        command="export",
        next=f"duckdb -c \"FROM '{files}' LIMIT 5\"",
    )


def _teller(output: Output) -> Callable[[str, int], None]:
    """Says on a terminal, every few seconds, how far it has come."""
    said = time.monotonic()

    def tell(table: str, rows: int) -> None:
        nonlocal said
        if output.errors.isatty() and time.monotonic() - said > SAY_EVERY_S:
            said = time.monotonic()
            output.say(f"{table}: {rows:,} rows so far ...")

    return tell
