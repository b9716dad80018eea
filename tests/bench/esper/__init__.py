"""Sanctum attached to Esper, measured with a recording of a real run of it, and printed beside what
Esper's built-in panel took for the same work.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.bench.esper import emitting, recording, terminal, training
from tests.bench.esper.table import print_head, print_lines

TRIMMED = Path(__file__).parents[2] / "adapters" / "data" / "esper_short.jsonl.gz"
CAVEAT = """
"panel": figures published for Esper's own full-screen view at commit 2016337e, 8 and 12
environments, 160x50, measured on another day on two virtual cores (Xeon), without a GPU. Compare
orders of magnitude, not digits. The hub here is a stand-in with queues of its sizes."""


def main(arguments: list[str]) -> None:
    """Measure and print; three minutes on an idle machine, with ``--short`` one."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench esper")
    parser.add_argument("recording", nargs="?", type=Path, default=TRIMMED)
    parser.add_argument("--short", action="store_true", help="fewer and shorter rounds")
    given = parser.parse_args(arguments)
    path = given.recording.resolve()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ.update(SANCTUM_HOME=home, SANCTUM_LINGER_S="1")
        print_head(f"esper, {path.name}, load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")
        print_lines(recording.measured(path))
        print_lines(emitting.measured(path, passes=1 if given.short else 3))
        print_lines(training.measured(path, pairs=1 if given.short else 3))
        print_lines(terminal.measured(path, seconds=12 if given.short else 30))
    print(CAVEAT)
