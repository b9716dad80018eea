"""Policy weights: from the files that the trainer writes into the record, which then go.

A file goes once its row is on the disk, so that a recorder that dies in between loses nothing; what
a trainer wrote and could not speak of any more is taken when its run ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from pathlib import Path

from sanctum.record.reader import Reader
from sanctum.record.weights import MOST_BYTES, header, thin
from sanctum.record.writer import Writer
from sanctum.telemetry import PolicySaved, RunStarted
from sanctum.telemetry.amounts import spelled
from sanctum.telemetry.weights import PART, is_weights, writer_of

log = logging.getLogger(__name__)


class Policies:
    """Takes weights into one record."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader
        self._taken: list[Path] = []

    def take(self, attempt: int, frame: PolicySaved) -> None:
        """Queue what a file holds; `tidy` removes it.

        Raises ValueError for a file that is none of weights, is not whole or is too large; it is
        removed then, unless it is no file of ours.
        """
        path = Path(frame.path)
        if not is_weights(path.name) or path.name.endswith(PART):
            raise ValueError(f"{frame.path} is no file of policy weights")
        try:
            data = self._read(path)
        except ValueError:
            path.unlink(missing_ok=True)
            raise
        said = header(data)
        step = int(said["step"]) if "step" in said else None
        number, factory = int(said.get("update", frame.update)), said.get("factory")
        if factory is None and "no_factory" not in said.get("about", ""):
            factory = self._reader.header(attempt).policy
        before = self._reader.rows(
            "SELECT id FROM weights WHERE attempt = ? AND number = ?", attempt, number
        )
        if before:
            self._writer.insert(
                "UPDATE weights SET step = ?, factory = ?, bytes = ?, data = ? WHERE id = ?",
                *(step, factory, len(data), data, before[0][0]),
                minor=True,
            )
            self._writer.sizes.recount()
        else:
            self._writer.insert(
                "INSERT INTO weights (attempt, number, step, factory, bytes, data)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                *(attempt, number, step, factory, len(data), data),
                minor=True,
            )
        self._taken.append(path)

    def take_left(self, attempt: int, trainer: RunStarted) -> None:
        """Take the files that a trainer left beside the record.

        What is not whole, or of an earlier process of the run, is removed.
        """
        taken = {path.name for path in self._taken}
        for path in sorted(self._writer.path.parent.glob(".*.policy.safetensors*")):
            pid = writer_of(path.name, trainer.run_id)
            if pid is None or not trainer.pid or path.name in taken:
                continue
            if path.name.endswith(PART) or pid != trainer.pid:
                path.unlink(missing_ok=True)
                continue
            try:
                self.take(attempt, PolicySaved(0, str(path)))
            except (ValueError, OSError) as error:
                log.warning("policy weights that were left behind are not kept: %s", error)

    def tidy(self) -> None:
        """After a flush: remove files whose rows are on the disk, and thin out what is kept."""
        if not self._taken or self._writer.stopped is not None:
            return
        for path in self._taken:
            with contextlib.suppress(OSError):
                path.unlink()
        self._taken.clear()
        try:
            thin(self._writer.db, self._writer.sizes)
        except sqlite3.Error as error:
            log.warning("policy weights could not be thinned: %s", error)

    def _read(self, path: Path) -> bytes:
        """A whole safetensors file. Raises ValueError for anything else."""
        # Imported here, since few recorders are given weights.
        from safetensors import SafetensorError, safe_open

        try:
            with open(path, "rb", opener=_itself) as file:
                size = os.fstat(file.fileno()).st_size
                if size > MOST_BYTES:
                    raise ValueError(
                        f"policy weights of {spelled(size)}; {spelled(MOST_BYTES)} is the limit"
                    )
                data = file.read()
            with safe_open(path, framework="numpy"):
                pass
        except (OSError, SafetensorError) as error:
            raise ValueError(f"policy weights cannot be read: {error}") from error
        return data


def _itself(path: str, flags: int) -> int:
    """Open that very file, never what a link points to."""
    return os.open(path, flags | os.O_NOFOLLOW)
