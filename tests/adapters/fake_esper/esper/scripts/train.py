"""``python -m esper.scripts.train ppo ...``: sends a recorded run through the hub, trains nothing.

Options that Esper does not have: ``--events FILE`` is what is sent, ``--pace SECONDS`` the rest
after each epoch of all environments, ``--hold N`` waits after N events until a line comes on stdin,
``--fail N`` raises then, ``--worker`` starts a process that imports this script once more.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from esper.leyline import TelemetryEvent, event_of
from esper.nissa import ConsoleOutput, get_hub


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description="Train agents")
    words = made.add_subparsers(dest="algorithm", required=True)
    ppo = words.add_parser("ppo")
    ppo.add_argument("--task", choices=["cifar_baseline", "cifar_scale"])
    ppo.add_argument("--telemetry-level", choices=["off", "minimal", "normal", "debug"])
    ppo.add_argument("--sanctum", action="store_true")
    ppo.add_argument("--events", type=Path, required=True)
    ppo.add_argument("--pace", type=float, default=0.0)
    ppo.add_argument("--hold", type=int, default=-1)
    ppo.add_argument("--fail", type=int, default=-1)
    ppo.add_argument("--worker", action="store_true")
    return made


def events(path: Path) -> Iterator[TelemetryEvent]:
    """What is sent, as if it happened now."""
    with gzip.open(path, "rb") as file:
        for line in file:
            event = event_of(line)
            event.timestamp = datetime.now(UTC)
            yield event


def work() -> None:
    """What a data loader's worker does here."""
    print("worker of", os.getppid(), flush=True)


def train(options: argparse.Namespace) -> None:
    """Emit event after event."""
    hub = get_hub()
    if options.worker:
        child = multiprocessing.Process(target=work)
        child.start()
        child.join()
    for number, event in enumerate(events(options.events)):
        if number == options.fail:
            raise FloatingPointError("the loss is not finite")
        if number == options.hold:
            hub.flush()
            print("holding", flush=True)
            sys.stdin.readline()
        hub.emit(event)
        if event.event_type.name == "PHASE_PROFILE_COMPLETED":
            time.sleep(options.pace)


def main() -> None:
    """Parse, wire the hub, train, close the hub."""
    options = parser().parse_args()
    if options.sanctum:
        sys.exit("the built-in panel was asked for")
    hub = get_hub()
    hub.add_backend(ConsoleOutput())
    try:
        train(options)
    finally:
        hub.close()


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
