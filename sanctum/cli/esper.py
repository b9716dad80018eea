"""``sanctum esper -- ppo ...``: Esper's own training script in this process, with Sanctum attached.

Esper is not changed: the back end joins its telemetry hub before the script begins.
"""

from __future__ import annotations

import importlib
import importlib.util
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from sanctum.errors import SanctumError, UsageError

SCRIPT, HUB = "esper.scripts.train", "esper.nissa"
PANEL, LEVEL = "--sanctum", "--telemetry-level"
QUIET_LEVELS = ("off", "minimal")
EXAMPLE = "as in: sanctum esper -- ppo --task cifar_baseline"
INSTALL = "python -m pip install -e PATH/esper-lite  (or PYTHONPATH=PATH/esper-lite/src)"


@click.command("esper", context_settings={"allow_interspersed_args": False})
@click.option("--run-id", metavar="RUN", help="the run's name; by default Esper's own label")
@click.option("--sanctum", "beside", is_flag=True, help="train in the background, open the shell")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="-- ppo [ESPER'S OPTIONS]")
def command(run_id: str | None, beside: bool, options: tuple[str, ...]) -> int:
    """Train with Esper (esper.scripts.train), Sanctum attached; its exit code is ours.

    --sanctum among Esper's options means the same as before them: this shell, not Esper's panel.
    """
    if not options:
        raise UsageError("what Esper is to train is missing", EXAMPLE)
    check_esper()
    theirs = [one for one in options if one != PANEL]
    if (beside or PANEL in options) and sys.stdin.isatty() and sys.stdout.isatty():
        from sanctum.cli.background import beside_a_shell

        click.echo("Esper trains in the background; the shell opens when training begins ...")
        named = [f"--run-id={run_id}"] if run_id else []
        return beside_a_shell(["esper", *named, "--", *theirs], within_s=None)
    click.echo(f"sanctum: {what_is_sent(theirs)}", err=True)
    return train_here(theirs, run_id)


def check_esper() -> None:
    """Refuse clearly when Esper is not there, or is another package of that name."""
    try:
        found = importlib.util.find_spec(SCRIPT)
    except ImportError as error:
        if not (error.name or "").startswith("esper"):
            raise UsageError(f"Esper does not load: {error}", INSTALL) from None
        found = None
    if found is not None:
        return
    other = importlib.util.find_spec("esper")
    if other is not None:
        where = other.origin or next(iter(other.submodule_search_locations or ()), "somewhere")
        raise UsageError(f"the package esper in {where} is not esper-lite: no {SCRIPT}", INSTALL)
    beneath = Path("src/esper").is_dir()
    hint = "PYTHONPATH=src sanctum esper ..." if beneath else INSTALL
    raise UsageError("Esper cannot be imported: there is no package esper here", hint)


def what_is_sent(options: Sequence[str]) -> str:
    """A sentence about the telemetry level, which decides what there is to ask about."""
    level = "normal"
    for index, option in enumerate(options):
        name, sign, value = option.partition("=")
        if name == LEVEL:
            level = value if sign else "".join(options[index + 1 : index + 2])
            break
    else:
        return f"telemetry level normal; {LEVEL} debug adds gradients by layer, and costs more"
    if level in QUIET_LEVELS:
        return f"at {LEVEL} {level} Esper sends no epochs, decisions or seeds; normal sends them"
    return f"telemetry level {level}"


def train_here(options: Sequence[str], run_id: str | None) -> int:
    """Run Esper's script as ``python -m`` would, with a back end of ours; gives its exit code.

    An exception that it lets out is printed as Python would print it.
    """
    from sanctum.adapters.esper import SanctumBackend

    hub = _hub()
    backend = SanctumBackend(run_id)
    hub.add_backend(backend)
    sys.argv[1:] = options
    try:
        try:
            runpy.run_module(SCRIPT, run_name="__main__", alter_sys=True)
        finally:  # Esper's script has done so, unless it did not get that far
            hub.close()
            backend.close()
    except SystemExit as left:
        return _exit_code(left.code)
    except Exception as error:
        error.__traceback__ = _theirs(error.__traceback__)
        sys.__excepthook__(type(error), error, error.__traceback__)
        return 1
    return 0


def _hub() -> Any:
    """Esper's hub. Raises SanctumError when its package does not load."""
    try:
        return importlib.import_module(HUB).get_hub()
    except ImportError as error:
        raise SanctumError(f"Esper does not load: {error}", "its own requirements first") from error


def _exit_code(code: object) -> int:
    """What ``sys.exit(code)`` ends a process with; a text is said."""
    if code is None or isinstance(code, int):
        return code or 0
    click.echo(code, err=True)
    return 1


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from Esper's first frame on."""
    while trace is not None and trace.tb_frame.f_globals.get("__name__") in (__name__, "runpy"):
        trace = trace.tb_next
    return trace
