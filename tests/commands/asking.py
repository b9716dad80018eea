"""Type a line at a command, as the shell would."""

from __future__ import annotations

import importlib
import shlex

import click

from sanctum.command import Answer, Report
from tests.commands.fake_run import FakeQueries, FakeSession


def answer(line: str, queries: FakeQueries) -> Answer:
    word, *rest = shlex.split(line)
    command: click.Command = importlib.import_module(
        f"sanctum.commands.{word.replace('-', '_')}"
    ).command
    with command.make_context(word, rest, obj=FakeSession(queries)) as context:
        found = command.invoke(context)
    assert isinstance(found, Answer)
    return found


def ask(line: str, queries: FakeQueries | None = None) -> Report:
    return answer(line, queries or FakeQueries()).report
