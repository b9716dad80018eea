"""``sanctum train ppo``: train the reference run, alone or with a shell or a summary beside it.

Torch is imported only once training begins, so that help and settings are there without it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from sanctum.errors import UsageError

if TYPE_CHECKING:
    from sanctum.trainer.settings import Settings
    from sanctum.trainer.train import Progress

INTERRUPTED = 130
KEEP_VARIABLE = "SANCTUM_KEEP_BYTES"
START_WITHIN_S, SENT_WITHIN_S = 60.0, 0.2


@click.group("train", invoke_without_command=True)
@click.option("--faults", is_flag=True, help="list the faults that --fault can give, and end")
@click.pass_context
def train(context: click.Context, faults: bool) -> int:
    """Train the reference run: Tamiyo, a policy that grows small networks seed by seed."""
    if faults:
        from sanctum.trainer.faults.known import faults_text

        click.echo(faults_text())
        context.exit(0)
    if context.invoked_subcommand is not None:
        return 0
    click.echo(context.get_help(), err=True)
    return UsageError.exit_code


@train.command("ppo")
@click.option("--envs", metavar="N", help="environments, each a host network in training")
@click.option("--episode-length", metavar="N", help="steps in an episode")
@click.option("--updates", metavar="N", help="policy updates in the run")
@click.option("--seed", metavar="N", help="everything random follows from it")
@click.option("--task", metavar="TASK", help="digits or spirals")
@click.option("--device", metavar="DEVICE", help="torch device: cpu, cuda, ...")
@click.option("--fault", metavar="NAME", help="make the trainer ill; train --faults lists how")
@click.option("--run-id", metavar="RUN", help="the run's name; by default task, date and time")
@click.option("--set", "pairs", metavar="KEY=VALUE", multiple=True, help="any setting; repeatable")
@click.option("--sanctum", "beside", is_flag=True, help="train in the background, open the shell")
@click.option("--overwatch", is_flag=True, help="print the operator's summary after every update")
@click.option("--keep-bytes", metavar="SIZE", help="what the record may hold: 500M, 2G")
@click.option("--no-record", is_flag=True, help="attach nothing")
@click.option("--list-settings", is_flag=True, help="print every setting and end")
def ppo(
    run_id: str | None,
    pairs: tuple[str, ...],
    beside: bool,
    overwatch: bool,
    keep_bytes: str | None,
    no_record: bool,
    list_settings: bool,
    **options: str | None,
) -> int:
    """Train with PPO. One line an update goes to stderr; Ctrl-C ends it cleanly."""
    from sanctum.trainer.settings import Settings

    if list_settings:
        click.echo(settings_text())
        return 0
    if beside and overwatch:
        raise UsageError("--sanctum and --overwatch exclude each other", "give one of them")
    if no_record and (beside or overwatch):
        raise UsageError(
            f"--no-record leaves {'--sanctum' if beside else '--overwatch'} nothing to show",
            "give one of them",
        )
    given = {name: value for name, value in options.items() if value is not None}
    settings = Settings().with_overrides({**_pairs(pairs), **given})
    _check_torch(settings.device)
    if keep_bytes is not None:
        os.environ[KEEP_VARIABLE] = _keep_bytes(keep_bytes)
    if beside:
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        arguments += [f"--set={pair}" for pair in pairs]
        return train_in_background(arguments, run_id)
    summaries = overwatch_after_updates if overwatch else None
    return train_here(settings, run_id, record=not no_record, on_update=summaries)


def train_here(
    settings: Settings,
    run_id: str | None,
    *,
    record: bool,
    on_update: Callable[[Progress], None] | None = None,
) -> int:
    """Train in this process; gives the exit code. Without `on_update`, progress goes to stderr."""
    from sanctum.trainer.train import print_progress
    from sanctum.trainer.train import train as trained

    summary = trained(settings, run_id=run_id, record=record, on_update=on_update or print_progress)
    if summary.interrupted:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    return 0


def overwatch_after_updates(progress: Progress) -> None:
    """Print the operator's summary of the run; called after every update."""
    from sanctum.shell import answer_line

    # The update was handed over just now; what is sent goes out twenty times a second.
    time.sleep(SENT_WITHIN_S)
    click.echo(answer_line(progress.run_id, "overwatch"), nl=False)


def train_in_background(arguments: list[str], run_id: str | None) -> int:
    """Train in a process of its own and open the shell; gives the shell's exit code."""
    from sanctum.cli.background import beside_a_shell

    named = [f"--run-id={run_id}"] if run_id else []
    return beside_a_shell(["train", "ppo", *named, *arguments], within_s=START_WITHIN_S)


def settings_text() -> str:
    """Every setting with its type, default and explanation, as lines."""
    from sanctum.trainer.settings import listing

    rows = [
        (f"{name}={'none' if default is None else default}", kind, text)
        for name, kind, default, text in listing()
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows)


def _pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise UsageError(f"--set takes KEY=VALUE, not {pair!r}", "as in --set gamma=0.98")
        found[key.strip()] = value
    return found


def _keep_bytes(text: str) -> str:
    """What ``attach`` will find in the environment. Raises UsageError."""
    from sanctum.telemetry.amounts import LEAST_BYTES, bytes_of, spelled

    try:
        found = bytes_of(text)
    except ValueError as error:
        raise UsageError(f"--keep-bytes: {error}") from None
    if found < LEAST_BYTES:
        raise UsageError(f"--keep-bytes: a record holds at least {spelled(LEAST_BYTES)}")
    return str(found)


def _check_torch(device: str) -> None:
    """Refuse clearly when torch is missing, or the device is."""
    try:
        import torch
    except ImportError:
        raise UsageError("training needs torch: python -m pip install 'sanctum[train]'") from None
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        # Torch goes on to list everything it could use instead.
        reason = str(error).split(". ")[0].splitlines()[0][:100]
        raise UsageError(f"torch cannot use the device {device!r}: {reason}") from None
