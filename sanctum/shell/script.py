"""Command files: lines with ``#`` comments and ``$1`` arguments, stopping at the first error.

A line that begins with ``-`` may fail: its error is said and the next line runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sanctum.command import FORMATS
from sanctum.command.inspect import SignedCommand
from sanctum.errors import UsageError, nearest
from sanctum.shell.words import SUFFIX

if TYPE_CHECKING:
    from sanctum.shell.dispatch import Dispatcher


def run_file(dispatcher: Dispatcher, name: str, arguments: Sequence[str]) -> int:
    """Run a command file by path or by name. Raises UsageError when there is none."""
    path = find_file(dispatcher, name)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    with dispatcher.in_source(str(path)):
        return run_lines(dispatcher, lines, path.name, arguments)


def typed_file(name: str) -> click.Command:
    """What may follow the name of a command file: its arguments, and options of every word."""
    return SignedCommand(
        name,
        params=[
            click.Argument(["arguments"], nargs=-1, metavar="ARGS"),
            click.Option(["--run"], metavar="RUN"),
            click.Option(["--at"], metavar="WHEN"),
            click.Option(["--format"], type=click.Choice(FORMATS)),
            click.Option(["--timeout"], metavar="S"),
        ],
        callback=lambda **given: given,
    )


def run_typed(dispatcher: Dispatcher, name: str, words: Sequence[str]) -> int:
    """Run a command file by its name with the words behind it; options hold while it runs."""
    command = typed_file(name)
    with command.make_context(name, list(words)) as context:
        given = command.invoke(context)
    arguments, run = given.pop("arguments"), given.pop("run")
    with dispatcher.session.scope(run, given):
        return run_file(dispatcher, name, arguments)


def find_file(dispatcher: Dispatcher, name: str) -> Path:
    """The command file at a path, or one of that name."""
    files = dispatcher.session.registry.files
    given = Path(name).expanduser()
    if given.is_file():
        return given
    known = files.get(name.removesuffix(SUFFIX))
    if known is not None:
        return known
    if given.is_dir():
        raise UsageError(f"{name} is a folder, not a command file")
    near = nearest(name, files)
    hint = f"did you mean {' or '.join(near)}?" if near else None
    if name in dispatcher.session.registry.modules:
        hint = f"'{name}' is a command: sanctum {name}, or sanctum exec -c '{name}'"
    raise UsageError(f"there is no command file {name}", hint)


def run_lines(
    dispatcher: Dispatcher, lines: Iterable[str], name: str, arguments: Sequence[str] = ()
) -> int:
    """Run lines as they come; 0, or the exit code of the line it stopped at.

    `name` and the line's number stand before an error; an empty name leaves them out.
    """
    for number, line in enumerate(lines, 1):
        text = line.strip()
        may_fail = text.startswith("-")
        place = f"{name}:{number}" if name else ""
        code = dispatcher.line(text[1:] if may_fail else text, arguments, place)
        if code == 130 or (code and not may_fail):
            return code
        if dispatcher.session.leaving:
            break
    return 0
