"""Opening a recorded run: the same questions on a file, read-only; leaves after the last shell."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

from sanctum.errors import SanctumError
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.recorder.loop import Lifetime, Loop
from sanctum.wire.places import socket_path
from sanctum.wire.server import Server

LINGER_S = 60.0
log = logging.getLogger(__name__)


def read_recorded(path: Path) -> None:
    """Answer questions about the record at `path`; says on stdout where, as one JSON line."""
    try:
        record = Record(Reader(open_read_only(path)), path)
        record.run_read()
        loop = Loop()
        server = Server(loop.selector, socket_path(path, reading=True), record)
    except SanctumError as error:
        print(json.dumps({"error": error.sentence, "hint": error.hint}), flush=True)
        return
    print(json.dumps({"socket": str(server.path)}), flush=True)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    Lifetime(loop, server, float(os.environ.get("SANCTUM_LINGER_S", LINGER_S)), lambda: False)
    try:
        loop.run()
    finally:
        server.close()
