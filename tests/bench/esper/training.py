"""Training with Sanctum attached beside training without: whole processes, interleaved."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.esper.table import Line
from tests.bench.esper.trainer import network

EPOCH_S = 0.65
"""How long an epoch of all environments took where the recording was made."""
EPOCHS, SPEEDS = 16, (1, 10)
PANEL = {1: "2.1-2.2 x wall time", 10: "-"}


def measured(path: Path, *, pairs: int) -> list[Line]:
    """Rows about the time that training takes, and the CPU that our threads take of it."""
    step_s = _step_s()
    found = []
    for speed in SPEEDS:
        epochs = EPOCHS if speed == 1 else 5 * EPOCHS
        steps = max(1, round(EPOCH_S / speed / step_s))
        alone, attached = [], []
        for pair in range(pairs):
            run = f"train-{speed}x-{pair}"
            if pair % 2:
                attached.append(_train(path, epochs, steps, run))
                alone.append(_train(path, epochs, steps))
            else:
                alone.append(_train(path, epochs, steps))
                attached.append(_train(path, epochs, steps, run))
        rate = statistics.median(one["events"] / one["took_s"] for one in attached)
        wall, own = _ratio(alone, attached, "took_s"), _ratio(alone, attached, "training_s")
        found.append(
            Line(
                f"training at {rate:,.0f} events/s, beside alone",
                f"{wall} x wall time, {own} x its thread's CPU",
                PANEL[speed],
            )
        )
        shares = [100 * sum(one["cpu_s"].values()) / one["took_s"] for one in attached]
        adapter = [100 * one["cpu_s"].get("sanctum-esper", 0) / one["took_s"] for one in attached]
        found.append(
            Line(
                "CPU of our threads then, and of it the adapter's",
                f"{statistics.median(shares):.1f} %, {statistics.median(adapter):.1f} % of a core",
                "50-57 % of a core" if speed == 1 else "-",
            )
        )
    return found


def _ratio(alone: list[dict[str, Any]], attached: list[dict[str, Any]], what: str) -> str:
    """The median of the pairs' ratios, with the least and the most of them."""
    ratios = [b[what] / a[what] for a, b in zip(alone, attached, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def _step_s() -> float:
    """How long a training step takes here."""
    step = network()
    began = time.perf_counter()
    for _ in range(200):
        step()
    return (time.perf_counter() - began) / 200


def _train(path: Path, epochs: int, steps: int, run: str | None = None) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.bench.esper.trainer", str(path)]
    words += ["--epochs", str(epochs), "--steps", str(steps)]
    done = subprocess.run(
        [*words, *(["--attach", run] if run else [])], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
