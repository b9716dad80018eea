"""The policy's weights in a record: whole safetensors files, and which of them are kept for long.

Kept are the last `LAST` saves; of older ones ever fewer, the further back the fewer: every second,
every fourth, every eighth, about ten for each doubling of the age; and what is pinned. What goes so
is counted under `dropped`. Beyond `keep_bytes` the oldest go too, as with other classes of data.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field, replace
from typing import Any

from sanctum.errors import NoDataYet, RecordError
from sanctum.record.cells import DAMAGE
from sanctum.record.dropping import note_dropped
from sanctum.record.reader import Reader
from sanctum.record.sizes import ROW_BYTES, Sizes
from sanctum.telemetry.amounts import THINNED

LAST = 20
KEEPS = 'run.save_policy(update, policy, factory="module:function") after each update keeps them'
MOST_BYTES = 512 * 1024 * 1024
"""The most that one file may have; SQLite takes no value of twice as much."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One saved policy, row `id` of the record of `reader`; its `data` is read when asked for.

    `step` is the last vector step before it acted, None: it acted from the first. `factory`
    (``module:function``) makes it again from its tensors and `about`; None where there is none,
    for the reason in ``about["no_factory"]``, if any. `tied` names tensors that are the same as
    another -> the one that is in the file.
    """

    attempt: int
    update: int
    step: int | None
    factory: str | None
    about: dict[str, Any]
    tied: dict[str, str]
    reader: Reader = field(repr=False)
    id: int
    held: bytes | None = field(default=None, repr=False)

    @property
    def data(self) -> bytes:
        """Its safetensors file, as the trainer wrote it. Raises NoDataYet, RecordError."""
        if self.held is not None:
            return self.held
        if not self.reader.rows("SELECT 1 FROM weights WHERE id = ?", self.id):
            raise thinned(self.update)
        try:
            return _read(self.reader, self.id)
        except DAMAGE as error:
            raise _damaged(self.update, error) from error

    def loaded(self) -> Weights:
        """The same with its data in memory: for a record that may be closed meanwhile."""
        return replace(self, held=self.data)


def of_update(reader: Reader, attempt: int, update: int) -> Weights | None:
    """The policy that an update made; None where it is not kept. Raises RecordError."""
    return _one(reader, "attempt = ? AND number = ? ORDER BY id DESC", attempt, update)


def newest(reader: Reader, attempt: int) -> Weights | None:
    """The policy as it was saved last; None where none was. Raises RecordError."""
    return _one(reader, "attempt = ? ORDER BY id DESC", attempt)


def saved(reader: Reader, attempt: int) -> list[tuple[int, int | None]]:
    """Update and step of every policy that is kept, oldest first."""
    rows = reader.rows("SELECT number, step FROM weights WHERE attempt = ? ORDER BY id", attempt)
    return [(int(number), step) for number, step in rows]


def acting(
    kept: list[tuple[int, int | None]], step: int, version: int | None
) -> tuple[int, str | None]:
    """The update whose weights stand for those that acted at a step, and what is to be said of it.

    `kept` are those of `saved`; `version` is the update that acted, where the trainer says that.
    Raises NoDataYet where nothing earlier was kept.
    """
    if version is not None and any(update == version for update, _ in kept):
        return version, None
    before = [update for update, last in kept if (-1 if last is None else last) < step]
    if not kept:
        raise NoDataYet("no weights of the policy were kept")
    if not before:
        raise NoDataYet(
            f"no weights were kept that acted by step {step:,}; the first are those of"
            f" u{kept[0][0]}",
            "of older saves ever fewer are kept; an entry of the hall holds those of its peak",
        )
    nearest = before[-1]
    if version is None:
        return nearest, None
    return nearest, f"the weights of u{version} are not kept: u{nearest} is the nearest before"


def _one(reader: Reader, where: str, *values: object) -> Weights | None:
    """What is said of a save, without its tensors: those may be large."""
    rows = reader.rows(
        f"SELECT id, attempt, number, step, factory FROM weights WHERE {where} LIMIT 1", *values
    )
    if not rows:
        return None
    id, attempt, number, step, factory = rows[0]
    try:
        size = int.from_bytes(_read(reader, id, 8), "little")
        said = header(_read(reader, id, 8 + size))
        about, tied = json.loads(said.get("about", "{}")), json.loads(said.get("tied", "{}"))
    except (ValueError, *DAMAGE) as error:
        raise _damaged(number, error) from error
    return Weights(attempt, number, step, factory, about, tied, reader, id)


def _read(reader: Reader, id: int, count: int | None = None) -> bytes:
    """A file, or its first bytes: piece by piece, since a column is always read whole."""
    with reader.db.blobopen("weights", "data", id, readonly=True) as blob:
        return blob.read(len(blob) if count is None else min(count, len(blob)))


def thinned(update: int) -> NoDataYet:
    """Weights that were there a moment ago."""
    return NoDataYet(f"the weights of u{update} have just been thinned out", "ask again")


def _damaged(update: int, error: Exception) -> RecordError:
    return RecordError(f"the weights of update {update} are damaged: {error}")


def header(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file, or its beginning. Raises ValueError for what is none."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise ValueError("they are no safetensors file")
    found = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    return {str(key): str(value) for key, value in found.items()}


def stays(age: int, id: int) -> bool:
    """Whether a save is kept, `age` saves before the newest; what has gone would go again."""
    return age < LAST or id % (1 << (age // LAST).bit_length()) == 0


def thin(db: sqlite3.Connection, sizes: Sizes) -> int:
    """Let go of saves that have become too many; how many went. Outside of a transaction.

    Raises sqlite3.Error, and then nothing has gone.
    """
    rows = db.execute(
        "SELECT id, attempt, coalesce(step, 0), length(data), pinned FROM weights ORDER BY id"
    ).fetchall()
    if not rows:
        return 0
    newest = rows[-1][0]
    gone = [row for row in rows if not row[4] and not stays(newest - row[0], row[0])]
    if not gone:
        return 0
    before = sizes.copy()
    db.execute("BEGIN IMMEDIATE")
    try:
        for id, attempt, step, used, _ in gone:
            db.execute("DELETE FROM weights WHERE id = ?", (id,))
            sizes.drop_rows("weights", attempt, 1, used + ROW_BYTES)
            note_dropped(db, "weights", attempt, step, step, used + ROW_BYTES, THINNED, 1)
        sizes.store()
        db.execute("COMMIT")
        sizes.stored()
    except BaseException:
        sizes.take(before)
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return len(gone)
