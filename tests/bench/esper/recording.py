"""The recording through the adapter and the recorder: how fast, and how many bytes it becomes."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from pathlib import Path
from typing import Unpack

from sanctum.adapters.events import plain_event
from sanctum.adapters.translation import Translator
from sanctum.probe.direct import direct
from sanctum.probe.hello import About
from sanctum.probe.openings import Opens, attached
from sanctum.probe.run import Run
from sanctum.wire.places import record_path
from tests.adapters.stand_in import esper
from tests.bench.esper.table import Line


def lines_of(path: Path) -> list[bytes]:
    """The lines of a recording, plain or gzipped."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()


def measured(path: Path) -> list[Line]:
    """Rows about speed and size."""
    lines = lines_of(path)
    with esper() as (leyline, _):
        events = [leyline.event_of(line) for line in lines]
        adapter = _rate(events, _nowhere)
        whole = _rate(events, attached)
    raw, packed = sum(len(line) + 1 for line in lines), path.stat().st_size
    kept = record_path("rate").stat().st_size
    return [
        Line("events, raw and gzipped JSONL", f"{len(events):,}, {raw:,} B, {packed:,} B"),
        Line("adapter alone", f"{adapter:,.0f} events/s"),
        Line("adapter and recorder, until it is written", f"{whole:,.0f} events/s"),
        Line(
            "record on disk", f"{kept:,} B, {kept / raw:.2f} of raw, {kept / packed:.1f} of gzipped"
        ),
        Line("sanctum import esper, from start to exit", f"{_import(path):.1f} s"),
    ]


def _rate(events: list[object], opens: Opens) -> float:
    began = time.perf_counter()
    translator = Translator(opens, "rate", "live")
    for event in events:
        translator.take(plain_event(event))
    translator.close()
    return len(events) / (time.perf_counter() - began)


def _nowhere(run_id: str, time: float, **about: Unpack[About]) -> Run:
    return direct(run_id, lambda frame: None)


def _import(path: Path) -> float:
    began = time.perf_counter()
    words = [sys.executable, "-m", "sanctum", "import", "esper", str(path), "--run-id", "imported"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
