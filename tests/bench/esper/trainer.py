"""A process that computes as a trainer does and emits a recording at a pace of its own::

    python -m tests.bench.esper.trainer RECORDING --epochs N --steps N [--rest S] [--attach RUN]

Each epoch emits the recording's events of one epoch in a burst and takes `steps` training steps of
a small network, or rests. The last line it prints is what that took, as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from sanctum.adapters.esper import SanctumBackend
from tests.adapters.stand_in import esper
from tests.bench.esper.recording import lines_of

OURS = ("sanctum-esper", "sanctum-probe")
BEGIN_S = 3.0
"""So long the run has to begin, recorder and all, before the clock runs."""


def epochs_of(events: list[Any]) -> Iterator[list[Any]]:
    """Events up to each profile of an epoch's phases."""
    epoch: list[Any] = []
    for event in events:
        epoch.append(event)
        if event.event_type.name == "PHASE_PROFILE_COMPLETED":
            yield epoch
            epoch = []
    if epoch:
        yield epoch


def network() -> Callable[[], None]:
    """One training step of a small convolutional network, on one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    inputs, labels = torch.randn(32, 3, 16, 16), torch.randint(0, 10, (32,))

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()

    for _ in range(20):
        step()
    return step


def threads_cpu_s() -> dict[str, float]:
    """CPU seconds of our threads, as the system counts them."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for thread in threading.enumerate():
        if thread.name in OURS:
            stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
            fields = stat.rpartition(")")[2].split()
            found[thread.name] = (int(fields[11]) + int(fields[12])) / ticks
    return found


def main() -> None:
    """Train, and say what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recording", type=Path)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--rest", type=float, default=0.0)
    parser.add_argument("--attach", metavar="RUN")
    given = parser.parse_args()
    step = network() if given.steps else None
    with esper() as (leyline, output):
        events = [leyline.event_of(line) for line in lines_of(given.recording)]
        hub = output.get_hub()
        hub.add_backend(output.ConsoleOutput())
        if given.attach:
            hub.add_backend(SanctumBackend(given.attach))
        hub.emit(events[0])
        time.sleep(BEGIN_S)
        emitted, before = 0, threads_cpu_s()
        began, computed = time.perf_counter(), time.thread_time()
        for epoch in list(epochs_of(events[1:]))[: given.epochs]:
            for event in epoch:
                hub.emit(event)
            emitted += len(epoch)
            for _ in range(given.steps):
                assert step is not None
                step()
            time.sleep(given.rest)
        took, training = time.perf_counter() - began, time.thread_time() - computed
        ours = {name: spent - before[name] for name, spent in threads_cpu_s().items()}
        hub.close()
    said = {"took_s": took, "training_s": training, "events": emitted, "cpu_s": ours}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
