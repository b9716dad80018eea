"""``sanctum demo``: the reference trainer in a process of its own, and the shell beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from sanctum.errors import NoDataYet, NoSuchRun, SanctumError
from sanctum.shell import open_shell
from sanctum.shell.dispatch import Dispatcher
from sanctum.shell.output import Output, standard
from sanctum.shell.script import run_lines
from sanctum.shell.session import ShellSession

TOUR = ("run", "overwatch", "envs", "brain", "seeds top", "rewards")
"""What is asked when there is nobody to ask: the answers one after another."""

START_WITHIN_S, UPDATE_WITHIN_S, END_WITHIN_S = 60.0, 300.0, 20.0
POLL_S = 0.1


@click.command("demo")
@click.option("--task", metavar="TASK", help="digits, or spirals")
@click.option("--updates", type=click.IntRange(1), metavar="N", help="how long to train")
@click.option("--run-id", metavar="NAME", help="the run's name; by default the next free demo-N")
@click.option("--plain", is_flag=True, help="no terminal escapes at all")
@click.option("--tour", is_flag=True, help="ask a few questions, print the answers, end")
def command(
    task: str | None, updates: int | None, run_id: str | None, plain: bool, tour: bool
) -> int:
    """Train a small run in the background and talk to it.

    The trainer ends with the shell; its record stays. Without a terminal, a short tour of the
    answers is printed once the policy has made its first update.
    """
    name = run_id or free_name()
    options = ["--run-id", name]
    options += ["--task", task] if task else []
    options += ["--updates", str(updates)] if updates else []
    trainer = [sys.executable, "-m", "sanctum", "train", "ppo", *options]
    output = standard()
    touring = tour or not (sys.stdin.isatty() and sys.stdout.isatty())
    output.say(f"starting a trainer as {name} ...")
    with training(trainer, output) as child:
        session = ShellSession(name, say=output.say)
        try:
            child.wait_for_update(session) if touring else child.wait_for_run(session)
            if touring:
                lines = [one for line in TOUR for one in (f"echo '{heading(line)}'", line)]
                return run_lines(Dispatcher(session, output), lines, "")
        finally:
            session.close()
        code = open_shell(name, plain=plain)
    output.say(f"its record stays: sanctum shell {name}")
    return code


def heading(line: str) -> str:
    """What stands before an answer of the tour: the line as it would be typed."""
    return f"sanctum> {line}"


def free_name() -> str:
    """The first of demo-1, demo-2, ... that no record has."""
    from sanctum.wire.places import runs

    taken = {one.run_id for one in runs()}
    number = 1
    while f"demo-{number}" in taken:
        number += 1
    return f"demo-{number}"


class Trainer:
    """The trainer's process, and the file that holds what it said."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    def wait_for_run(self, session: ShellSession) -> None:
        """Wait until the run can be found. Raises SanctumError when the trainer ends first."""
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            try:
                session.link()
                return
            except NoSuchRun:
                self._check(deadline, "its run was not found")
            time.sleep(POLL_S)

    def wait_for_update(self, session: ShellSession) -> None:
        """Wait until the policy has made an update. Raises SanctumError when it never does."""
        self.wait_for_run(session)
        deadline = time.monotonic() + UPDATE_WITHIN_S
        while True:
            with suppress(NoDataYet):  # its first message may be on the way
                if session.moment().run().last_update is not None:
                    return
            self._check(deadline, "no update was made")
            time.sleep(POLL_S)

    def end(self) -> int:
        """End it as Ctrl-C would, harder if it does not listen; gives its exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(END_WITHIN_S)
                except subprocess.TimeoutExpired:
                    continue
        return self.process.wait()

    def last_words(self) -> str:
        """The last line it said."""
        lines = self.log.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def _check(self, deadline: float, what: str) -> None:
        if self.process.poll() is not None:
            raise SanctumError(
                f"the trainer ended ({self.process.returncode}): {self.last_words()}",
                f"all it said is in {self.log}",
            )
        if time.monotonic() > deadline:
            raise SanctumError(f"{what} in time", f"what the trainer said is in {self.log}")


@contextmanager
def training(arguments: Sequence[str], output: Output) -> Iterator[Trainer]:
    """A trainer in a session of its own, so that no Ctrl-C of this terminal reaches it.

    It is ended when the block is left; its output goes to a log beside the records.
    """
    from sanctum.wire.places import home

    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "demo.log"
    heeded = signal.getsignal(signal.SIGINT)
    with log.open("wb") as said:
        if heeded is signal.SIG_IGN:  # a job of a script's: the child would ignore it as well
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            signal.signal(signal.SIGINT, heeded)
    trainer = Trainer(process, log)
    try:
        yield trainer
    finally:
        if process.poll() is None:
            output.say("ending the trainer ...")
        trainer.end()
