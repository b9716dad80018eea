"""One-shot commands beside a bare Python interpreter: whole processes, interleaved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import sanctum
from tests.bench.table import Row, compared, summary

ROUNDS = 25


def rows() -> list[Row]:
    """A run that is live but idle answers; each command is timed from start to exit."""
    program = shutil.which("sanctum", path=str(Path(sys.executable).parent))
    assert program is not None, "the package is not installed beside this interpreter"
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "sanctum brain": [program, "brain", "--format", "table", "--run", "startup"],
        "sanctum brain --format json": [program, "brain", "--format", "json", "--run", "startup"],
        "sanctum --help": [program, "--help"],
        "sanctum runs": [program, "runs"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(SANCTUM_HOME=home, SANCTUM_LINGER_S="1")
        run = sanctum.attach("startup", envs=16, actions={"op": ["WAIT", "GERMINATE"]})
        for step in range(200):
            run.step(step, accuracy=np.zeros(16), actions={"op": np.zeros(16, np.int64)})
        run.update(1, entropy=0.5, approx_kl=0.01, clip_fraction=0.1, value_loss=0.2)
        time.sleep(0.5)
        for _ in range(ROUNDS):
            for name, words in commands.items():
                start = time.perf_counter()
                subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
                times[name].append(time.perf_counter() - start)
        run.close()
    found = [summary(name, values, "ms", 1e3) for name, values in times.items()]
    return [found[0], *(compared(row, found[0]) for row in found[1:])]
