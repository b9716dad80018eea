"""How a word is used, as a Report: usage, what it is for, examples, options."""

from __future__ import annotations

import inspect

import click

from sanctum.shell.words import Words
from sanctum.view import Report, Text

WIDTH = 79


def usage(words: Words, word: str) -> Report:
    """The help of one command or command file; examples come before options."""
    if word in words.files:
        lines = words.files[word].read_text(encoding="utf-8", errors="replace").splitlines()
        return Report(f"{word}: a command file", Text(lines), notes=(str(words.files[word]),))
    command = words[word]
    context = click.Context(command, info_name=word, terminal_width=WIDTH, max_content_width=WIDTH)
    said = inspect.cleandoc(command.help or "").split("\f")[0].splitlines()
    examples = [f"  {line}" for line in getattr(command, "examples", ())]
    return Report(
        f"help {word}",
        Text([synopsis(command, context), "", *said]),
        *([Text(examples, title="examples")] if examples else []),
        Text(_options(command, context), title="options"),
    )


def synopsis(command: click.Command, context: click.Context | None = None) -> str:
    """One line: the word and what may follow it."""
    context = context or click.Context(command, info_name=command.name)
    return " ".join(["usage:", command.name or "", *command.collect_usage_pieces(context)])


def _options(command: click.Command, context: click.Context) -> list[str]:
    rows = [row for one in command.params if (row := one.get_help_record(context)) is not None]
    formatter = context.make_formatter()
    formatter.indent()
    formatter.write_dl(rows or [("none", "")])
    return formatter.getvalue().rstrip("\n").split("\n")
