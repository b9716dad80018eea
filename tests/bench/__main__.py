"""All benches, or those named: ``python -m tests.bench [step] [throughput] [latency] [startup]``;
or ``python -m tests.bench record [--steps N]``, which takes some minutes.

Ratios are of interleaved runs on this machine; absolute times are an illustration. Never run by the
tests, never a pass or a fail.
"""

from __future__ import annotations

import sys

from tests.bench import latency, record, startup, step, throughput
from tests.bench.table import print_table

BENCHES = {
    "step": step.rows,
    "throughput": throughput.rows,
    "latency": latency.rows,
    "startup": startup.rows,
}


def main() -> int:
    """Run the benches named on the command line, or all."""
    if sys.argv[1:2] == ["record"]:
        record.main(sys.argv[2:])
        return 0
    wanted = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        print(f"no bench {unknown[0]}; there are {', '.join(BENCHES)}, record", file=sys.stderr)
        return 2
    for name in wanted:
        print_table(name, BENCHES[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
