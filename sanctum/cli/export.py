"""``sanctum export``: a run as Parquet tables for any engine, or as TensorBoard's event files."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanctum.cli.foreign import known
from sanctum.command import Answer, Column, Report, Table
from sanctum.errors import SanctumError, UsageError
from sanctum.shell.output import Output, standard
from sanctum.shell.settings import FORMATS, defaults
from sanctum.wire.client import record_of

if TYPE_CHECKING:
    from sanctum.export.board import BoardExport
    from sanctum.export.export import Export, Written

INTERRUPTED = 130
KINDS = ("parquet", "tensorboard")
SAY_EVERY_S = 5.0
MIB = 2**20
INSTALL = "python -m pip install 'sanctum[export]'"
INSTALL_BOARD = "python -m pip install 'sanctum[tensorboard]'"


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


BOARDS = (
    Column("attempt", lambda one: one.attempt, priority=0, digits=0),
    Column("values", lambda one: one.values, priority=0, digits=0),
    Column("from step", lambda one: one.first_step, priority=1, digits=0),
    Column("to step", lambda one: one.last_step, priority=1, digits=0),
    Column("size", _mib, "MiB", priority=0, digits=2),
    Column("file", lambda one: one.path.name, priority=2, flex=True),
)


@click.command("export")
@click.argument("run")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(KINDS), default=KINDS[0], help="the kind of files")
@click.option("--as", "name", metavar="NAME", help="what the run is called there")
@click.option(
    "--steps", metavar="FIRST:LAST", help="tensorboard: these steps alone; 1000: to the end"
)
@click.option("--per-env", is_flag=True, help="tensorboard: each environment beside their mean")
@click.option("--format", type=click.Choice(FORMATS[1:]), help="how to show what was written")
def command(
    run: str,
    folder: Path,
    to: str,
    name: str | None,
    steps: str | None,
    per_env: bool,
    format: str | None,
) -> int:
    """Write a run, live or recorded, as files for other tools.

    RUN is a run's id (or its beginning) or a record file. As parquet one file a table goes to
    DIR/TABLE/RUN.parquet, so many runs share one DIR; tables: runs, columns, matrices, updates,
    seeds, events, episodes. As tensorboard an event file goes to DIR/RUN: updates (train/), means
    over environments, episodes (charts/), warnings. Exporting a run again replaces its files.
    """
    output = standard()
    if to == "parquet" and (steps is not None or per_env):
        raise UsageError("--steps and --per-env are for --to tensorboard; tables hold all of it")
    record = record_of(known(run, output) or run)
    try:
        if to == "parquet":
            done = report(_tables(record, folder, name, output), folder)
        else:
            done = board_report(_board(record, folder, name, steps, per_env, output), folder)
    except KeyboardInterrupt:
        output.say("interrupted; what was exported before is as it was")
        return INTERRUPTED
    output.show(Answer(done, format), defaults())
    return 0


def _tables(record: Path, folder: Path, name: str | None, output: Output) -> Export:
    try:
        from sanctum.export.export import export
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pyarrow":
            raise
        raise SanctumError("export needs pyarrow, which is not installed", INSTALL) from None
    return export(record, folder, name, _teller(output))


def _board(
    record: Path, folder: Path, name: str | None, steps: str | None, per_env: bool, output: Output
) -> BoardExport:
    if not has_tensorboard():
        sentence = "export to tensorboard needs tensorboard, which is not installed"
        raise SanctumError(sentence, INSTALL_BOARD)
    from sanctum.export.board import Span, export_board

    span = None if steps is None else Span.of(steps)
    return export_board(record, folder, name, span=span, per_env=per_env, progress=_teller(output))


def has_tensorboard() -> bool:
    """Whether the tensorboard package can be imported."""
    try:
        return importlib.util.find_spec("tensorboard") is not None
    except ValueError:
        return False


def board_report(done: BoardExport, folder: Path) -> Report:
    """What was written for TensorBoard, as an answer."""
    used = sum(one.used_bytes for one in done.written) / MIB
    values = sum(one.values for one in done.written)
    return Report(
        f"export of {done.run}",
        Table(BOARDS, done.written, detail=DETAIL),
        headline=f"{values:,} values, {used:,.1f} MiB in {folder}",
        notes=["seeds, masks, observations and probabilities: --to parquet has them"],
        run=done.run,
        command="export",
        next=f"tensorboard --logdir {folder}",
    )


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
            output.say(f"{table}: {rows:,} so far ...")

    return tell
