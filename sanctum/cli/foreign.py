"""Files that are no records where a run is named: imported first, then opened like any run.

What was imported before is taken as it is, until its file changes.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from sanctum.errors import RecordError
from sanctum.shell.links import Connection, Opener
from sanctum.shell.output import Output
from sanctum.wire.places import (
    Origin,
    RunFile,
    fit_run_id,
    read_run_file,
    record_path,
    run_file_path,
    run_files,
)

GROUPS = ("-A", "-B")
"""What the ids of two policies' runs in one file end with."""

_SQLITE = b"SQLite format 3\0"


def opener(output: Output) -> Opener:
    """Opens runs by id or record, as the shell does, and files of events by importing them.

    What was imported is said on `output`, in a sentence.
    """

    def opened(run: str | None) -> Connection:
        from sanctum.wire.client import open_run

        return open_run(known(run, output))

    return opened


def known(run: str | None, output: Output) -> str | None:
    """The id of the run that a file of events is, imported if need be; else `run` itself.

    Raises RecordError for a file or folder that is neither a record nor holds events.
    """
    if run is None or not _is_foreign(run):
        return run
    from sanctum.adapters.recordings import recording, run_name

    try:
        found = recording(Path(run))
    except RecordError as error:
        sentence = f"{run} is neither a run nor a record: {error.sentence}"
        raise RecordError(sentence, error.hint) from error
    if found.note:
        output.say(f"{run}: {found.note}")
    from sanctum.cli.events import import_events, origin_of
    from sanctum.cli.progress import teller

    origin = origin_of(found.path)
    ids = imported(origin)
    if not ids:
        name = free_name(origin, run_name(found.path))
        done = import_events(found.path, name, tell=teller(output, found.path))
        ids = done.runs
        output.say(f"imported {done.events:,} events of {run} as {ids[0]} in {done.took_s:.1f} s")
        for sentence in done.warnings():
            output.say(sentence)
    if len(ids) > 1:
        output.say(f"it holds {len(ids)} runs: {', '.join(ids)}; this is {ids[0]}")
    return ids[0]


def imported(origin: Origin) -> list[str]:
    """The runs that were made of that very file as it is now, the first begun first.

    Where it is followed, the live ones.
    """
    there = [one for one in run_files() if one.origin and one.origin.path == origin.path]
    live = [one for one in there if one.has_trainer]
    found = live or [one for one in there if _holds(one, origin)]
    return [file.run_id for file in sorted(found, key=_order)]


def _holds(file: RunFile, origin: Origin) -> bool:
    """Whether a record holds all of a file; of one that was followed, if it is the younger."""
    try:
        written = Path(file.record).stat().st_mtime_ns
    except OSError:
        return False
    is_followed = file.origin == Origin(origin.path) and file.how is not None
    return file.origin == origin or (is_followed and written >= origin.changed)


def free_name(origin: Origin, wanted: str) -> str:
    """`wanted` as a run id, or the next like it (``wanted-2``) that no other file's run has."""
    name = wanted = fit_run_id(wanted)
    for count in itertools.count(2):
        if not any(_is_taken(f"{name}{group}", origin) for group in ("", *GROUPS)):
            break
        name = f"{wanted}-{count}"
    return name


def _is_taken(run_id: str, origin: Origin) -> bool:
    record = record_path(run_id)
    file = read_run_file(run_file_path(record))
    before = None if file is None else file.origin
    return record.exists() and (before is None or before.path != origin.path)


def _order(file: RunFile) -> tuple[float, str]:
    return file.started, file.run_id


def _is_foreign(run: str) -> bool:
    """Whether a file or folder is meant that is no record; a run that is called so comes first."""
    path = Path(run)
    if path.is_dir():
        return "/" in run or not any(file.run_id.startswith(run) for file in run_files())
    if not path.is_file() or run.endswith(".db"):
        return False
    if "/" not in run and any(file.run_id == run for file in run_files()):
        return False
    try:
        with path.open("rb") as start:
            return not start.read(len(_SQLITE)).startswith(_SQLITE)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {(error.strerror or '?').lower()}") from error
