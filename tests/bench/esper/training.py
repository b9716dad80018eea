"""Training with Sanctum attached beside training without: whole processes, interleaved."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.esper.recording import lines_of
from tests.bench.esper.table import Line
from tests.bench.esper.trainer import network

EPOCH_S = 0.65
"""How long an epoch of all environments took where the recording was made."""
EPOCHS, SPEEDS = 24, (1, 10)
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
            alone.append(_train(path, epochs, steps))
            attached.append(_train(path, epochs, steps, f"train-{speed}x-{pair}"))
        ratios = [b["took_s"] / a["took_s"] for a, b in zip(alone, attached, strict=True)]
        rate = statistics.median(one["events"] / one["took_s"] for one in attached)
        ratio = f"{statistics.median(ratios):.3f} x"
        spread = f" ({min(ratios):.3f}-{max(ratios):.3f})" if pairs > 1 else ""
        found.append(
            Line(f"training at {rate:,.0f} events/s, beside alone", ratio + spread, PANEL[speed])
        )
        shares = [
            100 * sum(one["cpu_s"].values()) / one["took_s"] for one in attached if one["cpu_s"]
        ]
        own = [100 * one["cpu_s"].get("sanctum-esper", 0) / one["took_s"] for one in attached]
        found.append(
            Line(
                f"CPU of our threads then, and of it the adapter's ({len(lines_of(path)):,} lines)",
                f"{statistics.median(shares):.1f} %, {statistics.median(own):.1f} % of a core",
                "50-57 % of a core" if speed == 1 else "-",
            )
        )
    return found


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
