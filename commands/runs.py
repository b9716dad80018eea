"""``runs``: every record on this machine, live or not."""

from __future__ import annotations

import re
import time
from typing import Any

import click

from sanctum.command import (
    Column,
    Report,
    Session,
    Table,
    UsageError,
    duration,
    inspect_command,
    size,
)
from sanctum.command.readings import counted
from sanctum.model.answers import Prunable, RunSummary, Verdict

VERDICTS: dict[str, Verdict] = {"live": "ok", "failed": "crit", "killed": "crit", "died": "crit"}
MIB = 2**20
HALL = "hall of fame"


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


DISK = (
    Column("run", lambda d: d.name, priority=0),
    Column("state", lambda d: d.state, priority=0, verdict=lambda d: VERDICTS.get(d.state)),
    Column("total", lambda d: d.used_bytes, "bytes", priority=0),
    Column("record", lambda d: d.record_bytes, "bytes", priority=1),
    Column("wal", lambda d: d.wal_bytes, "bytes", priority=2),
    Column("log", lambda d: d.beside_bytes, "bytes", priority=2),
)
_AGE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([smhdw])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
OLDER_S = 30 * 86400.0
SHOWN = 10
"""Runs that are named before it is asked whether they may go."""


class AgeType(click.ParamType):  # type: ignore[type-arg]
    """How long ago: ``30d``, ``12h``, ``2w``."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        found = None if isinstance(value, float) else _AGE.match(str(value))
        if found is None:
            if isinstance(value, float):
                return value
            self.fail(f"'{value}' is not an age, as in 30d, 12h or 2w", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


@inspect_command(
    "runs",
    group="drive",
    of="session",
    examples=("runs", "runs --reap", "runs --du", "runs --prune --older 30d --yes"),
)
@click.option("--reap", is_flag=True, help="end recorders whose trainer has gone")
@click.option("--du", is_flag=True, help="what each takes on disk")
@click.option("--prune", is_flag=True, help="delete runs that ended; asks first")
@click.option("--older", type=AgeType(), metavar="AGE", help="with --prune: ended so long ago")
@click.option("--keep", type=click.IntRange(0), metavar="N", help="with --prune: spare the newest")
@click.option("--yes", is_flag=True, help="with --prune: do not ask")
def command(
    session: Session,
    reap: bool,
    du: bool,
    prune: bool,
    older: float | None,
    keep: int | None,
    yes: bool,
) -> Report:
    """List the runs of this machine, newest first: live, ended and died.

    Age is the time since a run ended, or since it began if it has not. --prune deletes runs that
    ended more than 30 days ago (--older, --keep say otherwise) with their logs, never a live one,
    one of another machine, or the hall of fame.
    """
    if reap + du + prune > 1:
        raise UsageError("--reap, --du and --prune exclude each other", "give one of them")
    if not prune and (older is not None or keep is not None or yes):
        raise UsageError("--older, --keep and --yes go with --prune", "runs --prune --older 30d")
    if prune:
        return _pruned(session, OLDER_S if older is None and keep is None else older, keep, yes)
    if du:
        return _disk(session)
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


def _disk(session: Session) -> Report:
    found = session.disk_use()
    runs = [one for one in found if one.state != HALL]
    halls = sum(one.used_bytes for one in found if one.state == HALL)
    free = sum(one.used_bytes for one in runs if one.is_prunable)
    total = f"{counted(len(runs), 'run')}, {size(sum(one.used_bytes for one in runs))}"
    return Report(
        "runs on disk",
        Table(DISK, found, empty="no runs yet: nothing is on disk"),
        headline=f"{total}; the hall of fame {size(halls)}; of ended runs {size(free)}",
        notes=["the hall of fame is kept: --prune never deletes it"] if halls else [],
        next="runs --prune --older 30d" if free else "",
    )


def _pruned(session: Session, older_s: float | None, keep: int | None, yes: bool) -> Report:
    found = session.prunable(older_s or 0.0, keep or 0)
    what, table = _what(found), Table(COLUMNS, found.runs, empty="no run of them")
    if not found.runs and not found.orphans:
        how = f" more than {older_s / 86400:g} days ago" if older_s else " beyond those to keep"
        return Report(
            f"nothing to delete: no run here ended{how}",
            notes=_lingering(session),
            next="runs --du",
        )
    if not yes and not session.confirm(_question(found, what)):
        return Report(f"nothing was deleted; it would have been {what}", table)
    freed = session.prune(found)
    left = {run.run_id for run in session.runs()} & {run.run_id for run in found.runs}
    notes = [f"still there: {', '.join(sorted(left))}"] if left else []
    return Report(f"deleted {what}; {size(freed)} became free", table, notes=notes)


def _lingering(session: Session) -> list[str]:
    """What is spared though it has ended: its recorder still answers."""
    found = [run.run_id for run in session.runs() if run.recorder and run.state != "live"]
    return [f"their recorders are still there: {', '.join(found)}; runs --reap"] if found else []


def _what(found: Prunable) -> str:
    parts = [counted(len(found.runs), "run")] if found.runs else []
    if found.orphans:
        parts.append(counted(len(found.orphans), "file") + " without a record")
    return f"{' and '.join(parts)}, {size(found.used_bytes)}"


def _question(found: Prunable, what: str) -> str:
    lines = [
        f"  {run.run_id}  {run.state} {age(run)} ago, {size(run.used_bytes or 0)}"
        for run in found.runs[:SHOWN]
    ]
    if len(found.runs) > SHOWN:
        lines.append(f"  and {len(found.runs) - SHOWN} more")
    return "\n".join([*lines, f"delete {what}"])
