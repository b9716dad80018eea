"""A run that answers over a real socket, in a process of its own: ``stand_in.py RUN_ID``.

It is trainer and recorder in one. Lines on its stdin change it (``word stale``, ``warnings 3``,
``silent_s 1``, ``quit``); each is answered with ``ok``.
"""

import os
import selectors
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from shell_fakes import FakeRun

from sanctum.wire import places
from sanctum.wire.processes import boot_id, started
from sanctum.wire.server import Server


def main() -> None:
    run = FakeRun(sys.argv[1], pid=os.getpid())
    record = places.record_path(run.run_id)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_bytes(b"SQLite format 3\0")
    selector = selectors.DefaultSelector()
    server = Server(selector, places.socket_path(record), run)
    born = started(os.getpid()) or 0.0
    places.write_run_file(
        places.RunFile(
            run.run_id,
            str(record),
            "digits",
            run.envs,
            os.getpid(),
            born,
            os.getpid(),
            born,
            boot_id(),
            socket.gethostname(),
            str(server.path),
            time.time(),
            last_step=1200,
        )
    )
    selector.register(sys.stdin, selectors.EVENT_READ, lambda _: listen(run))
    print("ok", flush=True)
    try:
        while True:
            for key, events in selector.select():
                key.data(events)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    finally:
        server.close()


def listen(run: FakeRun) -> None:
    """Take one line that changes the run."""
    words = sys.stdin.readline().split()
    if not words or words == ["quit"]:
        raise SystemExit
    name, value = words
    kind = type(getattr(run, name))
    setattr(run, name, kind(value))
    print("ok", flush=True)


main()
