"""A whole file of Esper's events becomes records: read, translated, written, or not at all."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from sanctum import __version__
from sanctum.adapters.jsonl import EXPECTED, Foreign, Line, Lines, read
from sanctum.adapters.recordings import run_name
from sanctum.adapters.translation import Translator
from sanctum.cli.importing import importing
from sanctum.errors import RecordError
from sanctum.recorder.offline import Made
from sanctum.wire.places import Origin
from sanctum.wire.writing import Process, writer_of

LOOK_LINES = 512
SHOWN = 5
"""Lines that could not be read and are quoted; the record keeps more of them."""

Tell = Callable[[int, int], None]


@dataclass
class Imported:
    """What one import read and made. `took_s` is how long it took; the lines count from 1."""

    origin: Origin | None
    made: list[Made] = field(default_factory=list)
    events: int = 0
    unknown: int = 0
    refused: int = 0
    quoted: list[str] = field(default_factory=list)
    version: str | None = None
    took_s: float = 0.0
    has_grown: bool = False
    writer: Process | None = None

    @property
    def runs(self) -> list[str]:
        """The ids of the runs that were made."""
        return [one.run_id for one in self.made]

    def warnings(self) -> list[str]:
        """What a person should know of the import, sentence by sentence."""
        found = [self.left_out()] if self.refused else []
        if self.version is not None:
            found.append(
                f"its events say {self.version}; those of Esper that are known here say none,"
                " so what they mean may have changed"
            )
        if self.writer is not None or self.has_grown:
            who = "somebody" if self.writer is None else f"process {self.writer.pid}"
            found.append(f"{who} is writing to it: sanctum import esper FILE --follow keeps up")
        return found

    def left_out(self) -> str:
        """What could not be read, in a sentence; empty when all could."""
        if not self.refused:
            return ""
        more = f"; and {self.refused - len(self.quoted):,} more" if self.refused > SHOWN else ""
        count = "1 line was" if self.refused == 1 else f"{self.refused:,} lines were"
        return f"{count} left out: {'; '.join(self.quoted)}{more}"


def import_events(
    path: Path | None, run_id: str | None, *, replace: bool = False, tell: Tell | None = None
) -> Imported:
    """Make records of the file at `path`, None: of stdin; nothing is left of one that fails.

    `tell` hears now and then how many events came and how many bytes of the file were read. Raises
    RecordError for a file that holds no run, UsageError for an id that is taken.
    """
    began = time.monotonic()
    with _opened(path) as file:
        origin = None if path is None else origin_of(path, file)
        found = Imported(origin)
        place = "stdin" if path is None else str(path.absolute())
        wanted = run_id or (None if path is None else run_name(path))
        with importing(replace=replace, origin=origin) as made:
            translator = Translator(made.open, wanted, place)
            lines, cut = Lines(), None
            for count, line in enumerate(read(file, lines), 1):
                cut = line.number if line.is_cut else None
                _take(translator, line, found)
                if count % LOOK_LINES == 1:
                    made.check()
                    if tell is not None:
                        tell(found.events, 0 if path is None else file.tell())
            where = translator.where
            why = f"its file is cut off at line {cut:,}, after {where}" if cut and where else None
            translator.close(None, why)
            made.check()
            found.version, found.unknown = lines.version, translator.unknown
            if not made.runs:
                raise _nothing(path, found)
            found.made = made.finish()
        if path is not None:
            found.has_grown = origin_of(path, file) != origin
            found.writer = writer_of(path)
    found.took_s = time.monotonic() - began
    return found


def origin_of(path: Path, file: FileIO | None = None) -> Origin:
    """The file at `path` as it is now. Raises RecordError when it is not there."""
    try:
        there = path.stat() if file is None else os.fstat(file.fileno())
    except OSError as error:
        raise _unreadable(path, error) from error
    return Origin(str(path.absolute()), there.st_size, there.st_mtime_ns, __version__)


def _take(translator: Translator, line: Line, found: Imported) -> None:
    """Hand a line over."""
    if line.event is None:
        found.refused += 1
        if len(found.quoted) < SHOWN:
            found.quoted.append(str(line))
        translator.refuse(str(line))
    else:
        found.events += 1
        translator.take(line.event)


def _nothing(path: Path | None, found: Imported) -> RecordError:
    """Why no run came of a file."""
    name = "stdin" if path is None else str(path)
    if found.events:
        what = f"{found.events:,} events, but none that begins a run (TRAINING_STARTED)"
        return RecordError(f"{name} holds {what}", found.left_out() or None)
    if found.refused:
        return RecordError(f"{name} holds no event of Esper's: {found.quoted[0]}", EXPECTED)
    return RecordError(f"{name} is empty: no event was written to it", EXPECTED)


@contextmanager
def _opened(path: Path | None) -> Iterator[FileIO]:
    """The file, or stdin; it can be told to end meanwhile, which leaves nothing behind."""
    before = signal.signal(signal.SIGTERM, _ended)
    try:
        if path is None:
            with FileIO(sys.stdin.fileno(), closefd=False) as file:
                yield file
        else:
            with _readable(path) as file:
                yield file
    except Foreign as foreign:
        name = "stdin" if path is None else path
        raise RecordError(f"{name} is {foreign}, not a file of events", EXPECTED) from foreign
    finally:
        signal.signal(signal.SIGTERM, before)


def _readable(path: Path) -> FileIO:
    """Without a buffer: what fills one from a pipe heeds no Ctrl-C until it is full."""
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RecordError:
    if isinstance(error, FileNotFoundError):
        return RecordError(f"no such file: {path}", EXPECTED)
    return RecordError(f"{path} cannot be read: {(error.strerror or '?').lower()}")


def _ended(number: int, frame: object) -> None:
    raise SystemExit(128 + number)
