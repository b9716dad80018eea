"""``echo``: print a text, as a heading between the answers of a script."""

from __future__ import annotations

import click

from sanctum.command import Report, Session, inspect_command


@inspect_command("echo", group="drive", of="session", examples=("echo now the seeds",))
@click.argument("words", metavar="TEXT", nargs=-1)
def command(session: Session, words: tuple[str, ...]) -> Report:
    """Print a text."""
    return Report(" ".join(words))
