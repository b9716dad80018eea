"""``help``: what can be typed, by group, or how one word is used."""

from __future__ import annotations

import click

from sanctum.command import (
    GROUPS,
    Column,
    Fact,
    Facts,
    Report,
    SanctumError,
    Session,
    Table,
    inspect_command,
)

COLUMNS = (
    Column("group", lambda row: row[0], priority=1),
    Column("word", lambda row: row[1], priority=0),
    Column("what it does", lambda row: row[2], priority=0, flex=True),
)
FILES = "files"

Row = tuple[str, str, str]


@inspect_command("help", group="drive", of="session", examples=("help", "help env", "help --more"))
@click.argument("word", required=False)
@click.option("--more", is_flag=True, help="what each word does, in one line")
def command(session: Session, word: str | None, more: bool) -> Report:
    """List the words that can be typed, or show how one is used."""
    if word is not None:
        return session.usage(word)
    rows, broken = _words(session)
    if more:
        return Report("words that can be typed", Table(COLUMNS, rows), notes=broken)
    by_group: dict[str, list[str]] = {}
    for group, name, _ in rows:
        by_group.setdefault(group, []).append(name)
    facts = [Fact(group, "  ".join(names)) for group, names in by_group.items()]
    return Report(
        "words that can be typed",
        Facts(facts),
        headline="every word takes --format and --help; if it asks a run, --run, --at, --timeout",
        notes=(*broken, "| filters an answer, > writes it to a file, Ctrl-D leaves"),
        next="help --more",
    )


def _words(session: Session) -> tuple[list[Row], list[str]]:
    """Group, name and line of every word; a sentence for each that cannot be loaded."""
    rows: list[Row] = []
    broken = []
    for name in session.words():
        try:
            made = session.words()[name]
        except SanctumError as error:  # one broken command must not take the list away
            broken.append(error.sentence)
            continue
        line = made.get_short_help_str(200).rstrip(".")
        rows.append((getattr(made, "group_name", "drive"), name, line))
    rows.sort(key=lambda row: GROUPS.index(row[0]))
    return [*rows, *((FILES, name, line) for name, line in sorted(session.files().items()))], broken
