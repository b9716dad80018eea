"""``sanctum import esper``: a record of the events that Esper wrote to a file."""

from __future__ import annotations

from pathlib import Path

import click

from sanctum.adapters.recordings import Recording, recording, run_name
from sanctum.cli.events import Imported, import_events, origin_of
from sanctum.cli.foreign import GROUPS, free_name, imported
from sanctum.cli.progress import teller
from sanctum.command import Answer, Column, Report, Table
from sanctum.command.readings import counted
from sanctum.shell.output import Output, standard
from sanctum.shell.settings import FORMATS, defaults
from sanctum.wire.places import Origin, fit_run_id

COLUMNS = (
    Column("run", lambda one: one.run_id, priority=0),
    Column("state", lambda one: one.how, priority=0),
    Column("steps", lambda one: one.steps, priority=0, digits=0),
    Column("updates", lambda one: one.updates, priority=1, digits=0),
    Column("episodes", lambda one: one.episodes, priority=1, digits=0),
    Column("events", lambda one: one.events, priority=2, digits=0),
    Column("lost", lambda one: one.lost, priority=1, digits=0),
    Column("size", lambda one: one.used_bytes / 2**20, "MiB", priority=2, digits=1),
)


@click.command("esper")
@click.argument("file", metavar="FILE")
@click.option("--run-id", metavar="ID", help="what to call the run; else as the file or its folder")
@click.option("--force", is_flag=True, help="replace a run of that id, whatever it is of")
@click.option("--follow", is_flag=True, help="go on while it is being written, as a live run")
@click.option("--format", type=click.Choice(FORMATS[1:]), help="how to show what was imported")
def esper(file: str, run_id: str | None, force: bool, follow: bool, format: str | None) -> int:
    """Make a record of Esper's events, as --telemetry-file and --telemetry-dir write them.

    FILE is an events.jsonl, plain or gzipped, a folder that holds one (the newest of several is
    taken), or - for stdin. With two policies (--dual-ab) each becomes a run, ID-A and ID-B. What
    cannot be read is left out and said. A file that was imported before is imported again only
    when it has changed.
    """
    output = standard()
    if follow:
        return _followed(output, file, run_id, force)
    found = Recording(Path("-")) if file == "-" else recording(Path(file))
    if found.note:
        output.say(f"{file}: {found.note}")
    path = None if file == "-" else found.path
    if path is not None:
        origin = origin_of(path)
        before = [] if force else imported(origin)
        if before and (run_id is None or fit_run_id(run_id) in _without_group(before)):
            output.show(Answer(_again(path, before), format), defaults())
            return 0
        run_id = run_id or (run_name(path) if force else free_name(origin, run_name(path)))
    done = import_events(path, run_id, replace=force, tell=teller(output, path))
    for sentence in done.warnings():
        output.say(sentence)
    output.show(Answer(report(done), format), defaults())
    return 0


def _followed(output: Output, file: str, run_id: str | None, force: bool) -> int:
    from sanctum.cli.following import follow

    if file == "-":
        return follow(None, run_id, replace=force, say=output.say)
    path = Path(file)
    if path.is_dir():
        found = recording(path)
        path = found.path
        output.say(
            f"following {path}" + (f", {found.note.partition(':')[0]}" if found.note else "")
        )
    wanted = run_id or (
        run_name(path) if force else free_name(Origin(str(path.absolute())), run_name(path))
    )
    return follow(path, wanted, replace=force, say=output.say)


def _without_group(runs: list[str]) -> set[str]:
    """What these runs may have been asked to be called."""
    return {*runs, *(run.removesuffix(group) for run in runs for group in GROUPS)}


def _again(path: Path, before: list[str]) -> Report:
    return Report(
        f"import of {path.name}",
        headline=f"it is imported already, as {', '.join(before)}, and has not changed since",
        notes=["--force imports it again"],
        run=before[0],
        command="import",
        next=f"sanctum shell {before[0]}",
    )


def report(done: Imported) -> Report:
    """What was imported, as an answer."""
    name = "stdin" if done.origin is None else Path(done.origin.path).name
    lost = sum(one.lost for one in done.made)
    notes = [f"{one.run_id}: {one.why}" for one in done.made if one.why]
    if done.unknown:
        notes.append(
            f"{counted(done.unknown, 'event')} of unknown types are kept: events --type esper"
        )
    if lost:
        notes.append("lost: what the sender dropped; run --more says where")
    return Report(
        f"import of {name}",
        Table(COLUMNS, done.made),
        headline=f"{done.events:,} events in {done.took_s:.1f} s",
        notes=notes,
        run=done.runs[0],
        command="import",
        next=f"sanctum shell {done.runs[0]}",
    )
