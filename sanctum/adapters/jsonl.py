"""Reading Esper's event files: one JSON object a line, plain or gzipped, whatever is wrong in them.

What cannot be read is a `Line` with its number and the reason; what follows it is read all the
same. NaN and Infinity are taken as Python's json takes them; of a key that stands twice in an
object the last one counts, as for every reader of JSON. Nothing here knows what events mean.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

READ_BYTES = 1 << 18
MAX_LINE_BYTES = 16 << 20
"""Longer lines are skipped without being held; Esper's longest are below 10 kB."""

EXPECTED = "Esper's events were expected: one JSON object a line, plain or gzipped (.jsonl, .gz)"
VERSION_KEYS = ("schema_version", "schema", "version")
"""Where a future Esper might say the version of its events; today's say none."""

ENOUGH_BYTES = 16
"""So many of the first bytes tell what a file is."""

GZIP = b"\x1f\x8b"
_MAGIC = {
    b"SQLite format 3\0": "an SQLite file",
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive; zstd -d unpacks it",
    b"\xfd7zXZ\0": "an xz archive; xz -d unpacks it",
    b"BZh": "a bzip2 archive; bzip2 -d unpacks it",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text, not UTF-8",
    b"\xfe\xff": "UTF-16 text, not UTF-8",
}
_KINDS = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
_CUT = "the file is cut off in the middle of it"


class Readable(Protocol):
    """An open file of bytes."""

    def read(self, count: int, /) -> bytes | None:
        """At most so many bytes; none at the end."""


class Line(NamedTuple):
    """A line by its number, from 1: an event, or None and the reason why it is none.

    `is_cut` says that the file ends with it, before it should.
    """

    number: int
    event: dict[str, Any] | None
    why: str = ""
    is_cut: bool = False

    def __str__(self) -> str:
        return f"line {self.number:,}: {self.why}" if self.why else f"line {self.number:,}"


class Foreign(Exception):
    """It is no text at all, but for example ``a zip archive``."""


class Cut(Exception):
    """A compressed file ends too early or is damaged; what came before was given."""


class Lines:
    """Makes lines of bytes as they come; a last line without an end waits for the rest of it.

    `number` is how many lines have come; `version` the first schema version that an event named.
    """

    def __init__(self) -> None:
        self.number = 0
        self.version: str | None = None
        self._held = b""
        self._too_long = False

    def feed(self, data: bytes) -> Iterator[Line]:
        """The lines that `data` ends; blank ones are counted and left out."""
        *whole, rest = data.split(b"\n")
        for part in whole:
            line, self._held = self._held + part, b""
            yield from self._line(line)
        self._held += rest
        if len(self._held) > MAX_LINE_BYTES:
            self._held, self._too_long = b"", True

    def end(self) -> Iterator[Line]:
        """The file has ended: the last line, if it has no end of its own."""
        line, self._held = self._held, b""
        for one in self._line(line) if line or self._too_long else ():
            yield one if one.event is not None else Line(one.number, None, _CUT, True)

    def _line(self, data: bytes) -> Iterator[Line]:
        self.number += 1
        too_long, self._too_long = self._too_long, False
        if too_long or len(data) > MAX_LINE_BYTES:
            yield Line(self.number, None, f"longer than {MAX_LINE_BYTES >> 20} MiB, skipped")
        elif data.strip():
            event, why = parsed(data)
            if event is not None and self.version is None:
                self.version = _version(event)
            yield Line(self.number, event, why)


def parsed(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """The event that stands in a line; or None and why there is none."""
    try:
        found = json.loads(
            line.decode("utf-8-sig" if line.startswith(b"\xef\xbb\xbf") else "utf-8")
        )
    except UnicodeDecodeError as error:
        return None, f"not UTF-8: byte 0x{line[error.start]:02x} at {error.start + 1:,}"
    except json.JSONDecodeError as error:
        return None, f"broken JSON at character {error.pos + 1:,}"
    except RecursionError:
        return None, "nested too deeply"
    except ValueError:
        return None, "a number of thousands of digits"
    if type(found) is not dict:
        return None, f"{_KINDS.get(type(found), 'a number')}, not an object"
    if type(found.get("event_type")) is not str:
        keys = ", ".join(list(found)[:4]) or "none"
        return None, f"an object without an event_type; its keys: {keys[:60]}"
    if type(found.get("data", found)) not in (dict, type(None)):
        return None, f"its data are {_KINDS.get(type(found['data']), 'a number')}, not an object"
    return found, ""


def read(file: Readable, lines: Lines | None = None) -> Iterator[Line]:
    """All lines of a file, to its end. A `Cut` file ends with a line that says so.

    Raises Foreign for a file that is binary, OSError.
    """
    lines = Lines() if lines is None else lines
    try:
        for data in chunks(file):
            yield from lines.feed(data)
    except Cut as cut:
        yield Line(lines.number + 1, None, str(cut), True)
    else:
        yield from lines.end()


def chunks(file: Readable) -> Iterator[bytes]:
    """The bytes of a file, unpacked if they are gzipped. Raises Foreign, Cut, OSError."""
    data = file.read(READ_BYTES) or b""
    while 0 < len(data) < ENOUGH_BYTES and (more := file.read(READ_BYTES)):  # a pipe gives little
        data += more
    whole = _unpacked(file, data) if data.startswith(GZIP) else _plain(file, data)
    is_first = True
    for part in whole:
        if is_first:
            check(part)
            is_first = False
        yield part


def check(start: bytes) -> None:
    """Refuse a file that begins with these bytes and cannot be text. Raises Foreign."""
    what = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)
    if what is None and b"\0" in start[:4096]:
        what = "a binary file"
    if what is not None:
        raise Foreign(what)


def _plain(file: Readable, data: bytes) -> Iterator[bytes]:
    while data:
        yield data
        data = file.read(READ_BYTES) or b""


def _unpacked(file: Readable, data: bytes) -> Iterator[bytes]:
    """Several gzip members in a row are one file, as for gzip itself."""
    unpacker = zlib.decompressobj(wbits=31)
    while data:
        try:
            found = unpacker.decompress(data)
        except zlib.error as error:
            raise Cut("the gzip stream is damaged here: what follows cannot be read") from error
        if found:
            yield found
        data = unpacker.unused_data.lstrip(b"\0") or file.read(READ_BYTES) or b""
        if unpacker.eof and data:
            unpacker = zlib.decompressobj(wbits=31)
    if not unpacker.eof:
        raise Cut("the gzip stream ends here, before its end")


def _version(event: dict[str, Any]) -> str | None:
    """The schema version that an event names, as ``schema_version 2``."""
    found = next((key for key in VERSION_KEYS if key in event), None)
    return None if found is None else f"{found} {str(event[found])[:40]}"
