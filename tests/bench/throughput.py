"""Training throughput attached, with a shell asking ten questions a second, beside alone."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
import time

from sanctum.errors import SanctumError
from sanctum.wire.client import open_run
from tests.bench.table import Row, compared, summary
from tests.bench.trainers import command

ROUNDS, UPDATES = 5, 10
_RATE = re.compile(r"([\d.,]+) env steps/s")


def rows() -> list[Row]:
    """Whole runs of the reference trainer, alternating; environment steps a second of each."""
    found: dict[str, list[float]] = {"alone": [], "attached, asked 10 times a second": []}
    with tempfile.TemporaryDirectory() as home:
        os.environ["SANCTUM_HOME"] = home
        for turn in range(ROUNDS):
            for name, rates in found.items():
                rates.append(_rate(f"t{turn}", name != "alone"))
    table = [summary(name, rates, "steps/s") for name, rates in found.items()]
    return [table[0], compared(table[1], table[0])]


def _rate(run_id: str, attached: bool) -> float:
    """Environment steps a second, from the trainer's own progress lines, the first left out."""
    stop = threading.Event()
    asker = threading.Thread(target=_ask, args=(run_id, stop))
    if attached:
        asker.start()
    try:
        done = subprocess.run(
            command(run_id, UPDATES, attached=attached),
            stderr=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, "SANCTUM_LINGER_S": "0"},
        )
    finally:
        stop.set()
        if attached:
            asker.join()
    rates = [float(one.replace(",", "")) for one in _RATE.findall(done.stderr)][1:]
    return len(rates) / sum(1 / rate for rate in rates)


def _ask(run_id: str, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            queries = open_run(run_id, live_only=True).queries()
            while not stop.is_set():
                queries.env_read(7)
                time.sleep(0.1)
        except SanctumError:
            time.sleep(0.1)
