"""Files that are there whole or not at all: written aside, renamed when all are done."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sanctum.errors import UsageError
from sanctum.export.places import AS_HINT
from sanctum.export.table import Table

GROUP_ROWS = 122_880
GROUP_BYTES = 64 * 1024 * 1024
IDENTITY = b"sanctum.run"


class Sink:
    """One table's file, in row groups of a size that engines like."""

    def __init__(self, table: Table, path: Path, identity: str) -> None:
        self.path = path
        self.aside = path.with_name(f".{path.name}.{os.getpid()}")
        self.rows = 0
        schema = table.schema.with_metadata({IDENTITY: identity.encode()})
        self._writer = pq.ParquetWriter(
            self.aside, schema, compression="zstd", use_dictionary=_repeating(schema)
        )
        self._held: list[Any] = []
        self._held_rows = self._held_bytes = 0

    def add(self, part: Any) -> None:
        """Take some rows."""
        self._held.append(part)
        self._held_rows += part.num_rows
        self._held_bytes += part.nbytes
        if self._held_rows >= GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
            self._write()

    def finish(self) -> None:
        """Everything to the disk, still aside."""
        self._write()
        self._writer.close()
        descriptor = os.open(self.aside, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def publish(self) -> int:
        """Give the file its name; gives its bytes."""
        self.aside.replace(self.path)
        return self.path.stat().st_size

    def drop(self) -> None:
        """Leave nothing behind; harmless after `publish`."""
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()
        self.aside.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._held_rows:
            together = pa.concat_tables(self._held)
            self._held = []
            self._writer.write_table(together, row_group_size=self._held_rows)
            self.rows += self._held_rows
            self._held_rows = self._held_bytes = 0


def _repeating(schema: Any) -> list[str]:
    """The columns worth a dictionary: all but measured numbers, which it makes larger."""
    found = []
    for field in schema:
        is_list = pa.types.is_list(field.type)
        if not pa.types.is_floating(field.type.value_type if is_list else field.type):
            found.append(f"{field.name}.list.element" if is_list else field.name)
    return found


def check_replaceable(path: Path, run: str, identity: str) -> None:
    """Refuse to replace the tables of another run that bears the same name. Raises UsageError."""
    if not path.exists():
        return
    try:
        found = (pq.read_schema(path).metadata or {}).get(IDENTITY)
    except (OSError, pa.ArrowException):
        found = None
    if found is None:
        raise UsageError(f"{path} is there already, and none of ours", AS_HINT)
    if found.decode() != identity:
        raise UsageError(f"{path} holds another run that is called {run}", AS_HINT)
