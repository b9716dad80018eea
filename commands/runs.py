"""``runs``: every record on this machine, live or not."""

from __future__ import annotations

import time

import click

from sanctum.command import (
    Column,
    Report,
    Session,
    Table,
    duration,
    inspect_command,
)
from sanctum.model.answers import RunSummary, Verdict

VERDICTS: dict[str, Verdict] = {"live": "ok", "failed": "crit", "killed": "crit", "died": "crit"}
MIB = 2**20


def age(run: RunSummary) -> str | None:
    """How long ago it ended, or began if it has not."""
    since = run.started if run.ended is None else run.ended
    return None if since is None else duration(time.time() - since)


COLUMNS = (
    Column("run", lambda r: r.run_id, priority=0),
    Column("state", lambda r: r.state, priority=0, verdict=lambda r: VERDICTS.get(r.state)),
    Column("task", lambda r: r.task or None, priority=2),
    Column("envs", lambda r: r.envs, priority=3, digits=0),
    Column("step", lambda r: r.last_step, priority=1, digits=0),
    Column("size", lambda r: None if r.used_bytes is None else r.used_bytes / MIB, "MiB", digits=1),
    Column("age", age, priority=1),
)
NOTE = Column("note", lambda r: r.note, priority=2, flex=True)


@inspect_command("runs", group="drive", of="session", examples=("runs", "runs --reap"))
@click.option("--reap", is_flag=True, help="end recorders whose trainer has gone")
def command(session: Session, reap: bool) -> Report:
    """List the runs of this machine, newest first: live, ended and died.

    Age is the time since a run ended, or since it began if it has not.
    """
    if reap:
        ended = session.reap()
        return Report(
            "recorders ended", Table(COLUMNS, ended, empty="none: every recorder is needed")
        )
    found = session.runs()
    columns = (*COLUMNS, NOTE) if any(one.note for one in found) else COLUMNS
    live = sum(one.state == "live" for one in found)
    return Report(
        f"{len(found)} run{'' if len(found) == 1 else 's'}, {live} live",
        Table(columns, found, empty="no runs yet; start one: sanctum demo, or sanctum train ppo"),
    )
