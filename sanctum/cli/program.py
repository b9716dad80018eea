"""The program's own words: each is a click command in a module of this folder."""

from __future__ import annotations

import importlib
import keyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

PROGRAM = {
    "shell": "talk to a run in this terminal",
    "exec": "run lines from a file, from -c or from stdin",
    "demo": "train a small run and talk to it",
    "train": "train the reference run",
    "esper": "train with Esper, Sanctum attached",
    "import": "make a record of what another program recorded",
    "export": "write a run as Parquet tables or TensorBoard files",
    "completions": "print the completion file for bash, zsh or fish",
}


def command_of(word: str) -> click.Command:
    """The click command of one of the program's own words."""
    name = f"{word}_" if keyword.iskeyword(word) else word
    module = importlib.import_module(f"sanctum.cli.{name}")
    found: click.Command = getattr(module, "train" if word == "train" else "command")
    return found


def run_program(word: str, arguments: list[str]) -> int:
    """Run one of the program's own words; errors become sentences. Gives the exit code."""
    import click

    from sanctum.errors import SanctumError
    from sanctum.shell.dispatch import sentence
    from sanctum.shell.output import standard

    try:
        code = command_of(word).main(arguments, prog_name=f"sanctum {word}", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except (SanctumError, click.ClickException) as error:
        return standard().complain(sentence(error))
    return code if isinstance(code, int) else 0
