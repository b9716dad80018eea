"""``python -m sanctum.recorder``: started by the probe (--ingest-fd) or a shell (--read)."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path


def main() -> None:
    """Record a live run, or open a recorded one."""
    parser = argparse.ArgumentParser(prog="python -m sanctum.recorder", description=__doc__)
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--ingest-fd", type=int, help="socket to a trainer")
    ways.add_argument("--read", type=Path, help="record to answer questions about")
    parser.add_argument("--witness", help="the trainer's files of last words, as JSON")
    given = parser.parse_args()
    if given.read is not None:
        from sanctum.recorder.reading import read_recorded

        read_recorded(given.read)
    else:
        from sanctum.recorder.live import record_live
        from sanctum.recorder.witness import witness

        record_live(socket.socket(fileno=given.ingest_fd), witness(given.witness))


if __name__ == "__main__":
    main()
