"""``help``: what can be typed, by group, or how one word is used."""

from __future__ import annotations

import click

from sanctum.command import GROUPS, Column, Report, SanctumError, Session, Table, inspect_command

COLUMNS = (
    Column("group", lambda row: row[0], priority=1),
    Column("word", lambda row: row[1], priority=0),
    Column("what it does", lambda row: row[2], priority=0, flex=True),
)


@inspect_command("help", group="drive", of="session", examples=("help", "help env"))
@click.argument("word", required=False)
def command(session: Session, word: str | None) -> Report:
    """List the words that can be typed, or show how one is used."""
    if word is not None:
        return session.usage(word)
    rows: list[tuple[str, str, str]] = []
    notes = []
    for name in session.words():
        try:
            made = session.words()[name]
        except SanctumError as error:  # one broken command must not take the list away
            notes.append(error.sentence)
            continue
        line = made.get_short_help_str(200).rstrip(".")
        rows.append((getattr(made, "group_name", "drive"), name, line))
    rows.sort(key=lambda row: GROUPS.index(row[0]))
    rows += [("file", name, line) for name, line in sorted(session.files().items())]
    return Report("words that can be typed", Table(COLUMNS, rows), notes=notes, next="help WORD")
