"""All benches, or those named: ``python -m tests.bench [step] [throughput] [latency] [startup]``;
or ``python -m tests.bench record [--steps N]``, or ``python -m tests.bench esper [RECORDING]``,
each of which takes some minutes.

Ratios are of interleaved runs on this machine; absolute times are an illustration. Never run by the
tests, never a pass or a fail.
"""

from __future__ import annotations

import sys

from tests.bench import esper, latency, record, startup, step, throughput
from tests.bench.table import print_table

APART = {"record": record.main, "esper": esper.main}
BENCHES = {
    "step": step.rows,
    "throughput": throughput.rows,
    "latency": latency.rows,
    "startup": startup.rows,
}


def main() -> int:
    """Run the benches named on the command line, or all."""
    if sys.argv[1:2] and sys.argv[1] in APART:
        APART[sys.argv[1]](sys.argv[2:])
        return 0
    wanted = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        known = ", ".join([*BENCHES, *APART])
        print(f"no bench {unknown[0]}; there are {known}", file=sys.stderr)
        return 2
    for name in wanted:
        print_table(name, BENCHES[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
