"""What ``emit`` costs its caller, and what is lost when a thousand events come at once."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from sanctum.adapters.esper import SanctumBackend
from tests.adapters.stand_in import esper
from tests.bench.esper.recording import lines_of
from tests.bench.esper.table import Line, percentile

BURSTS = (200, 1000)
SETTLE_S = 30.0


class Counting:
    """A back end that only counts, as light as can be."""

    def __init__(self) -> None:
        self.count = 0

    def start(self) -> None:
        """Nothing to begin."""

    def emit(self, event: object) -> None:
        """One more."""
        self.count += 1

    def close(self) -> None:
        """Nothing to end."""


def measured(path: Path, *, passes: int) -> list[Line]:
    """Rows about `emit`, in a loop without rest, and about bursts through a hub."""
    with esper() as (leyline, output):
        events = [leyline.event_of(line) for line in lines_of(path)]
        found = [_cost(events, passes)]
        for size in BURSTS:
            ours, plain = _lost(output, events, size)
            found.append(
                Line(
                    f"lost of {size:,} events in one burst",
                    f"{ours} ({plain} by a back end with the hub's own queue)",
                    f"{size - 100}",
                )
            )
    return found


def _cost(events: list[Any], passes: int) -> Line:
    took: list[int] = []
    for one in range(passes):
        backend = SanctumBackend(f"emit-{one}")
        backend.start()
        for event in events:
            began = time.perf_counter_ns()
            backend.emit(event)
            took.append(time.perf_counter_ns() - began)
        backend.close()
    median, p99, most = statistics.median(took), percentile(took, 0.99), max(took)
    return Line(
        "emit in its caller: median, p99, max",
        f"{median / 1e3:.2f}, {p99 / 1e3:.2f}, {most / 1e3:,.0f} us",
        "8.4-9.0, 25-31, 600-45,000 us",
    )


def _lost(output: Any, events: list[Any], size: int) -> tuple[int, int]:
    """Events of a burst that did not arrive: by our back end, and by one that only counts."""
    hub = output.NissaHub()
    output._global_hub = hub
    ours, plain = SanctumBackend(f"burst-{size}"), Counting()
    hub.add_backend(ours)
    hub.add_backend(plain)
    hub.emit(events[0])
    deadline = time.monotonic() + SETTLE_S
    while not ours.runs and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    burst = (events[1:] * (1 + size // len(events)))[:size]
    for event in burst:
        hub.emit(event)
    hub.close()
    stats = hub.get_backend_stats()
    lost = int(stats["SanctumBackend"]["dropped_events"]) + ours.lost
    return lost + hub._dropped, size + 1 - plain.count
