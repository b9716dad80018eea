"""``source``: run a command file."""

from __future__ import annotations

import click

from sanctum.command import Report, Session, inspect_command


@inspect_command("source", group="drive", of="session", examples=("source checks.sanctum 7",))
@click.argument("file", metavar="FILE")
@click.argument("arguments", metavar="ARGS", nargs=-1)
def command(session: Session, file: str, arguments: tuple[str, ...]) -> Report:
    """Run the lines of a file; its answers come as they are made.

    FILE is a path or the name of a command file. `$1`, `${2:-default}`, `$@` and `$#` in it are the
    arguments. It stops at the first error unless that line begins with `-`.
    """
    return Report("", exit_code=session.source(file, arguments))
