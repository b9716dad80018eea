"""``set``: show the settings of this session, or change one."""

from __future__ import annotations

import click

from sanctum.command import Column, Report, Session, Table, UsageError, inspect_command

COLUMNS = (
    Column("setting", lambda row: row[0], priority=0),
    Column("value", lambda row: row[1], priority=0),
    Column("meaning", lambda row: row[2], flex=True),
)


@inspect_command(
    "set", group="drive", of="session", examples=("set", "set format json", "set timeout 10")
)
@click.argument("name", required=False)
@click.argument("value", required=False)
def command(session: Session, name: str | None, value: str | None) -> Report:
    """Show the settings of this session, or change one until it ends."""
    if name is not None and value is not None:
        session.set(name, value)
        return Report("")
    meanings = session.meanings()
    if name is not None and name not in meanings:
        raise UsageError(f"there is no setting '{name}'", f"there are {', '.join(meanings)}")
    rows = [
        (one, session.settings[one], meaning)
        for one, meaning in meanings.items()
        if name in (None, one)
    ]
    return Report("settings", Table(COLUMNS, rows))
