"""``sanctum import tensorboard``: records of TensorBoard's event files, or a run beside them."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanctum import __version__
from sanctum.cli.export import has_tensorboard
from sanctum.cli.foreign import free_name, imported
from sanctum.cli.importing import Importing, importing
from sanctum.command import Answer, Column, Report, Table
from sanctum.errors import RecordError, UsageError
from sanctum.recorder.offline import Made
from sanctum.shell.output import Output, standard
from sanctum.shell.settings import FORMATS, defaults
from sanctum.wire.places import Origin, fit_run_id

if TYPE_CHECKING:
    from sanctum.adapters.boards.folders import Folder
    from sanctum.adapters.boards.reading import Reading

INSTALL = "python -m pip install 'sanctum[tensorboard]'"
EXPECTED = "a folder with files named events.out.tfevents... in it, or below it, was expected"
INTERRUPTED = 130
SAY_EVERY_S = 2.0
UNSAID = "event files do not say how their script ended"
SHOWN = 5

COLUMNS = (
    Column("run", lambda one: one.run_id, priority=0),
    Column("steps", lambda one: one.steps, priority=0, digits=0),
    Column("updates", lambda one: one.updates, priority=0, digits=0),
    Column("episodes", lambda one: one.episodes, priority=1, digits=0),
    Column("events", lambda one: one.events, priority=2, digits=0),
    Column("size", lambda one: one.used_bytes / 2**20, "MiB", priority=2, digits=1),
)


@dataclass
class Done:
    """What an import made and what it left: `before` are ids of runs that were there already."""

    made: list[Made] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    entries: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)

    @property
    def runs(self) -> list[str]:
        """The ids of all runs that the folder holds."""
        return [*(one.run_id for one in self.made), *self.before]


@click.command("tensorboard")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--run-id", metavar="ID", help="what to call the run; else as its folder")
@click.option("--force", is_flag=True, help="replace a run of that id, whatever it is of")
@click.option("--follow", is_flag=True, help="go on while it is being written, as a live run")
@click.option("--format", type=click.Choice(FORMATS[1:]), help="how to show what was imported")
def tensorboard(
    folder: Path, run_id: str | None, force: bool, follow: bool, format: str | None
) -> int:
    """Make records of TensorBoard's event files.

    DIR is a log directory. Each folder with event files in or below it is a run: with several they
    are called ID-FOLDER. Scalars become updates (losses/, train/), episodes and columns of
    environment 0; their names those of the catalogue where it knows them. Histograms, images and
    the like stay TensorBoard's; how many there are is said.
    """
    output = standard()
    check_installed()
    found = _folders(folder, wait=follow)
    if follow:
        return _follow(folder, found, run_id, force, output)
    done = Done()
    try:
        for one in found:
            _import(one, _wanted(one, run_id, len(found) > 1), force, done, output)
    except KeyboardInterrupt:
        output.say(f"interrupted; {len(done.made)} of {len(found)} runs were imported")
        return INTERRUPTED
    if not done.runs:
        raise RecordError(f"{folder} holds event files, but not one scalar", _refusals(done))
    if done.refused:
        output.say(_refusals(done) or "")
    output.show(Answer(report(folder, done), format), defaults())
    return 0


def check_installed() -> None:
    """Raises UsageError when the tensorboard package is not there."""
    if not has_tensorboard():
        raise UsageError("event files are read by tensorboard, which is not installed", INSTALL)


def report(folder: Path, done: Done) -> Report:
    """What was imported, as an answer."""
    notes = [f"{one} is imported already and has not changed since" for one in done.before]
    if done.before:
        notes.append("--force imports it again")
    notes += [f"{run}: {count} attempts, its steps went back" for run, count in _several(done)]
    if done.left_out:
        kinds = ", ".join(f"{count:,} of {kind}" for kind, count in done.left_out.items())
        notes.append(f"only TensorBoard shows: {kinds}")
    if done.renamed:
        tag, name = next(iter(done.renamed.items()))
        more = f" and {len(done.renamed) - 1} more" if len(done.renamed) > 1 else ""
        notes.append(f"tags are asked by the catalogue's names: {tag} is {name}{more}")
    notes += [f"no scalars in {name}" for name in done.empty]
    return Report(
        f"import of {folder}",
        Table(COLUMNS, done.made, empty="nothing new"),
        headline=f"{done.entries:,} entries",
        notes=notes,
        run=done.runs[0],
        command="import",
        next=f"sanctum shell {done.runs[0]}",
    )


def _several(done: Done) -> list[tuple[str, int]]:
    return [(run, count) for run, count in done.attempts.items() if count > 1]


def _refusals(done: Done) -> str | None:
    if not done.refused:
        return None
    shown = "; ".join(done.refused[:SHOWN])
    more = len(done.refused) - SHOWN
    return f"could not be read: {shown}" + (f"; and {more:,} more" if more > 0 else "")


def _folders(root: Path, *, wait: bool) -> list[Folder]:
    """The runs in a log directory. Raises RecordError."""
    from sanctum.adapters.boards.files import EventFile
    from sanctum.adapters.boards.folders import folders

    if not root.exists():
        raise RecordError(f"no such folder: {root}", EXPECTED)
    if not root.is_dir():
        raise RecordError(f"{root} is a file", f"sanctum import tensorboard {root.parent}")
    try:
        found = folders(root, lambda path: EventFile(path).read())
    except OSError as error:
        raise RecordError(f"{root} cannot be read: {(error.strerror or '?').lower()}") from error
    if not found and not wait:
        raise RecordError(f"no event file of TensorBoard's in {root}", EXPECTED)
    return found


def _wanted(one: Folder, run_id: str | None, is_one_of_several: bool) -> str | None:
    if run_id is None or not is_one_of_several:
        return run_id
    return f"{run_id}-{one.name}"


def _import(one: Folder, wanted: str | None, force: bool, done: Done, output: Output) -> None:
    """One folder becomes one record, unless that was made before."""
    from sanctum.adapters.boards.reading import Reading

    origin = _origin(one)
    before = [] if force else imported(origin)
    if before and (wanted is None or fit_run_id(wanted) in before):
        done.before += before
        return
    name = fit_run_id(wanted or (one.name if force else free_name(origin, one.name)))
    with importing(replace=force, origin=origin) as made:
        reading = Reading(one, name, made.open)
        try:
            done.entries += reading.read(_look(made, one, output))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise RecordError(f"{one.path} cannot be read: {why}") from error
        _note(done, reading)
        if reading.course is None:
            done.empty.append(one.name)
            return
        reading.close(UNSAID)
        done.attempts[name] = reading.course.attempts
        done.made += made.finish()


def _note(done: Done, reading: Reading) -> None:
    for kind, count in reading.left_out.items():
        done.left_out[kind] = done.left_out.get(kind, 0) + count
    done.refused += reading.refused
    if reading.course is not None:
        done.renamed |= reading.course.renamed


def _origin(one: Folder) -> Origin:
    """The folder as it is now."""
    there = [file.stat() for part in one.parts for file in part.files()]
    size, changed = sum(it.st_size for it in there), max(it.st_mtime_ns for it in there)
    return Origin(str(one.path.absolute()), size, changed, __version__)


def _look(made: Importing, one: Folder, output: Output) -> Callable[[int], None]:
    """Stops at a full disk, and says on a terminal how far it has come."""
    said = time.monotonic()

    def look(count: int) -> None:
        nonlocal said
        made.check()
        if output.errors.isatty() and time.monotonic() - said > SAY_EVERY_S:
            said = time.monotonic()
            output.say(f"{one.name}: {count:,} entries so far ...")

    return look


def _follow(
    root: Path, found: list[Folder], run_id: str | None, force: bool, output: Output
) -> int:
    """Attach to one folder until interrupted.

    What was followed of it before gives way, since all of it is told again.
    """
    from sanctum.adapters.boards.folders import Folder, Part
    from sanctum.adapters.boards.following import follow
    from sanctum.adapters.boards.reading import Reading
    from sanctum.cli.beside import Beside
    from sanctum.wire.writing import writer_of

    if len(found) > 1:
        names = ", ".join(itertools.islice((one.name for one in found), SHOWN))
        raise UsageError(
            f"{root} holds {len(found)} runs, and one can be followed: {names}",
            f"sanctum import tensorboard {found[-1].path} --follow",
        )
    one = found[0] if found else Folder(root, root.resolve().name, [Part(root)])
    name = fit_run_id(run_id or one.name)
    waiting = "" if found else ", which holds nothing yet"
    output.say(f"following {one.path}{waiting}; sanctum shell {name} asks about it, Ctrl-C ends")
    live = Beside(str(one.path.absolute()), replace=force, say=lambda _: None)
    live.writer = next(filter(None, map(writer_of, _newest_first(one.path))), None)
    reading = Reading(one, name, live.open)
    try:
        follow(reading)
    except OSError as error:
        raise RecordError(f"{root} cannot be read: {(error.strerror or '?').lower()}") from error
    output.say(f"{name} is not followed any more")
    return 0


def _newest_first(folder: Path) -> list[Path]:
    """The event files of a folder; a script writes the newest."""
    with contextlib.suppress(OSError):
        return sorted(folder.rglob("*tfevents*"), key=lambda it: it.stat().st_mtime, reverse=True)
    return []
