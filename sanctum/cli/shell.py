"""``sanctum shell``: the prompt."""

from __future__ import annotations

import click

from sanctum.cli.foreign import opener
from sanctum.errors import UsageError
from sanctum.shell import open_shell
from sanctum.shell.output import standard
from sanctum.shell.settings import seconds


@click.command("shell")
@click.argument("run", required=False)
@click.option("--run", "named", metavar="RUN", help="the same as the argument")
@click.option("--plain", is_flag=True, help="no terminal escapes at all")
@click.option("--wait", metavar="S", help="wait so long for the run to be there, as in 60s")
def command(run: str | None, named: str | None, plain: bool, wait: str | None) -> int:
    """Talk to a run: live or recorded, by its id or by the path of its record.

    Without RUN, the newest live run. A file of Esper's events, or the folder of one, is imported
    first, once for as long as it does not change.
    """
    if run is not None and named is not None and run != named:
        raise UsageError(f"two runs are named: {run} and {named}")
    wait_s = seconds(wait) if wait else 0.0
    return open_shell(run or named, wait_s=wait_s, plain=plain, opener=opener(standard()))
