"""Round trips of questions while the trainer is busy, over one connection."""

from __future__ import annotations

import tempfile
import time

from sanctum.wire.client import open_run
from tests.bench.table import Row, compared, summary
from tests.bench.trainers import training

ROUNDS, QUESTIONS = 40, 10


def rows() -> list[Row]:
    """Ten questions a second, as a person or a script would; questions alternate."""
    times: dict[str, list[float]] = {name: [] for name in ("run.read", "env.read", "policy.read")}
    with tempfile.TemporaryDirectory() as home, training("latency", home):
        queries = open_run("latency").queries(10.0)
        ask = {
            "run.read": queries.run_read,
            "env.read": lambda: queries.env_read(7),
            "policy.read": queries.policy_read,
        }
        for _ in range(ROUNDS * QUESTIONS):
            for name, question in ask.items():
                start = time.perf_counter()
                question()
                times[name].append(time.perf_counter() - start)
                time.sleep(0.1 / len(ask))
    found = [summary(name, values, "ms", 1e3) for name, values in times.items()]
    return [found[0], *(compared(row, found[0]) for row in found[1:])]
