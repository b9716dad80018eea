"""``sanctum exec``: lines from a file, from ``-c`` or from stdin, without a prompt."""

from __future__ import annotations

import os
import sys

import click

from sanctum.cli.foreign import opener
from sanctum.command.inspect import SignedCommand
from sanctum.errors import UsageError
from sanctum.shell.dispatch import Dispatcher
from sanctum.shell.interactive import typed_lines
from sanctum.shell.output import standard
from sanctum.shell.script import find_file, run_file, run_lines
from sanctum.shell.session import ShellSession, default_run
from sanctum.shell.settings import FORMATS, seconds
from sanctum.shell.waiting import until_there


@click.command("exec", cls=SignedCommand, context_settings={"allow_interspersed_args": True})
@click.argument("file", required=False)
@click.argument("arguments", metavar="[ARGS]...", nargs=-1)
@click.option("-c", "lines", metavar="LINE", multiple=True, help="a line to run; may be repeated")
@click.option("--run", metavar="RUN", help="a live or recorded run, or a record file")
@click.option("--at", metavar="WHEN", help="as of step 1200, -50, u41, -5m, 14:05:30")
@click.option("--format", type=click.Choice(FORMATS[1:]), help="how to show every answer")
@click.option("--timeout", metavar="S", help="seconds to wait for each answer")
@click.option("--wait", metavar="S", help="wait so long for the run and its data, as in 60s")
@click.option("--trace", is_flag=True, help="show where an error came from")
def command(
    file: str | None,
    arguments: tuple[str, ...],
    lines: tuple[str, ...],
    run: str | None,
    wait: str | None,
    trace: bool,
    **given: str | None,
) -> int:
    """Run lines from FILE (a path, the name of a command file, or - for stdin), -c or stdin.

    It stops at the first error unless the line begins with `-`. ARGS are $1, $2 ... in the lines.
    """
    output = standard()
    session = ShellSession(run or default_run(), opener=opener(output), say=output.say)
    for name, value in given.items():
        if value is not None:
            session.set(name, value)
    if trace or os.environ.get("SANCTUM_TRACE"):
        session.set("trace", "on")
    wait_s = seconds(wait) if wait else 0.0
    dispatcher = Dispatcher(session, output, wait_s=wait_s)
    try:
        if file is not None and file != "-" and not lines:
            find_file(dispatcher, file)
        if run is not None:  # before any line, even one that asks it nothing
            until_there(session.link, wait_s)
        if lines:
            before = () if file is None else (file,)
            name = "-c" if len(lines) > 1 else ""
            return run_lines(dispatcher, lines, name, (*before, *arguments))
        if file is not None and file != "-":
            return run_file(dispatcher, file, arguments)
        if file is None and sys.stdin.isatty():
            raise UsageError("nothing to run", "a FILE, -c LINE, or lines on stdin")
        return run_lines(dispatcher, typed_lines(sys.stdin), "stdin", arguments)
    finally:
        session.close()
