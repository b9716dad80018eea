"""What is exported: one record as of one moment, block by block and row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sanctum.errors import RecordError, SanctumError
from sanctum.record.blocks import SEALED, Block
from sanctum.record.cells import LATE, MASKED_CELL, unpack_states
from sanctum.record.reader import AttemptRow, Reader
from sanctum.record.schema import open_read_only
from sanctum.record.sizes import class_of

PAGE_ROWS = 4096
MATRICES = frozenset({"matrices", "observations", "recurrent"})


class Source:
    """A record that is read within one transaction: what is recorded meanwhile is left out.

    `run` is the name that its rows bear. Raises RecordError for a file that cannot be read.
    """

    def __init__(self, path: Path, run: str | None = None) -> None:
        self.path = path
        self._db = open_read_only(path)
        try:
            with damage_of(path):
                self._db.execute("BEGIN")
                self.reader = Reader(self._db)
                self.attempts: dict[int, AttemptRow] = {
                    one.attempt: one for one in self.reader.attempts()
                }
            if not self.attempts:
                raise RecordError(f"{path} is empty: no trainer has said hello")
        except BaseException:
            self._db.close()
            raise
        self.run = run or next(iter(self.attempts.values())).header.run_id

    @property
    def identity(self) -> str:
        """What tells this run from another of the same name: whose it was, and when it began."""
        first = next(iter(self.attempts.values()))
        return f"{first.header.host} {first.pid} {first.started:.6f}"

    def slots(self) -> dict[str, list[str]]:
        """The slots that were spoken of, each with its fields: the columns ``seed/SLOT/FIELD``."""
        seeds = [name for name in self.reader.column_names() if class_of(name) == "seeds"]
        slots = [
            name.removeprefix("seed/").removesuffix("/stage")
            for name in seeds
            if name.count("/") > 1 and name.endswith("/stage")
        ]
        return {
            slot: [
                name.removeprefix(f"seed/{slot}/")
                for name in seeds
                if name.startswith(f"seed/{slot}/")
            ]
            for slot in slots
        }

    def own(self) -> tuple[list[str], list[str]]:
        """The environments' columns: those of one value a cell, and matrices; no seed's."""
        wide = {str(name) for (name,) in self.reader.rows("SELECT name FROM columns WHERE width>1")}
        block = self.reader.open
        for name, buffer in block.buffers.items() if block is not None else ():
            if buffer.values.shape[2] > 1:
                wide.add(name)
        seeds = {f"seed/{slot}/{field}" for slot, by in self.slots().items() for field in by}
        names = [name for name in self.reader.column_names() if name not in seeds]
        matrices = [name for name in names if name in wide or class_of(name) in MATRICES]
        return [name for name in names if name not in matrices], matrices

    def dtypes(self) -> dict[str, set[str]]:
        """Every dtype that each column has anywhere in the record."""
        found: dict[str, set[str]] = {}
        for name, dtype in self.reader.rows(
            "SELECT DISTINCT n.name, c.dtype FROM chunks c JOIN columns n ON n.id = c.column"
        ):
            found.setdefault(str(name), set()).add(str(dtype))
        block = self.reader.open
        for name, buffer in block.buffers.items() if block is not None else ():
            found.setdefault(name, set()).add(buffer.values.dtype.str)
        return found

    def unexplained(self, names: Iterable[str]) -> list[str]:
        """Those columns that are masked, late or dropped anywhere: their nulls need a word."""
        dropped = {
            str(name)
            for (name,) in self.reader.rows(
                "SELECT DISTINCT n.name FROM chunks c JOIN columns n ON n.id = c.column"
                " WHERE length(c.data) = 0"
            )
        }
        return [name for name in names if name in dropped or self._is_masked_or_late(name)]

    def gone(self, block: Block) -> frozenset[str]:
        """The columns that gave way in a block, to hold the record to its size."""
        rows = self.reader.rows(
            "SELECT DISTINCT n.name FROM chunks c JOIN columns n ON n.id = c.column"
            " WHERE c.block = ? AND length(c.data) = 0",
            block.id,
        )
        return frozenset(str(name) for (name,) in rows)

    def blocks(self) -> Iterator[Block]:
        """Every stretch of steps, oldest first; only a few of them are held at a time."""
        last = -1
        while ids := self.reader.rows(
            f"SELECT id FROM blocks WHERE sealed = {SEALED} AND id > ? ORDER BY id LIMIT ?",
            last,
            PAGE_ROWS,
        ):
            for (id,) in ids:
                last = int(id)
                yield self.reader.sealed(last)
        block = self.reader.open
        if block is not None and block.rows:
            yield block

    def pages(self, table: str, columns: str) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a table with an id, in its order, some at a time."""
        last = -1
        while rows := self.reader.rows(
            f"SELECT id, {columns} FROM {table} WHERE id > ? ORDER BY id LIMIT ?", last, PAGE_ROWS
        ):
            last = int(rows[-1][0])
            yield [row[1:] for row in rows]

    def _is_masked_or_late(self, name: str) -> bool:
        block = self.reader.open
        buffer = None if block is None else block.buffers.get(name)
        if buffer is not None and np.isin(buffer.states, (MASKED_CELL, LATE)).any():
            return True
        packed = self.reader.rows(
            "SELECT c.states, c.envs, b.rows FROM chunks c JOIN blocks b ON b.id = c.block"
            " WHERE c.column = (SELECT id FROM columns WHERE name = ?) AND c.states IS NOT NULL",
            name,
        )
        return any(
            np.isin(unpack_states(states, (envs, rows)), (MASKED_CELL, LATE)).any()
            for states, envs, rows in packed
        )

    def close(self) -> None:
        """Let go of the record; a live one's log can be folded again."""
        self._db.close()


@contextmanager
def damage_of(path: Path) -> Iterator[None]:
    """Say of whatever fails while a record is read that the record is damaged."""
    try:
        yield
    except (SanctumError, MemoryError):
        raise
    except Exception as error:
        if type(error).__module__.startswith("pyarrow"):
            raise
        why = str(error).partition("\n")[0] or type(error).__name__
        raise RecordError(f"{path} is damaged: {why}") from error
