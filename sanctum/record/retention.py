"""Retention as it is said: what a record holds at most, and the sentence for what gave way.

What goes first, and what never goes, is in `sanctum.record.dropping`.
"""

from __future__ import annotations

from sanctum.model.answers import Dropped
from sanctum.record.blocks import DROPPED, UNWRITTEN
from sanctum.record.reader import Reader

KEEP_BYTES = 2 * 1024**3
"""What a record holds at most, its WAL included, unless the trainer says otherwise."""


def dropped(reader: Reader, attempt: int) -> list[Dropped]:
    """What gave way in an attempt, the most bytes first."""
    if not reader.has_table("dropped"):
        return []
    rows = reader.rows(
        "SELECT what, first_step, last_step, bytes, rule FROM dropped WHERE attempt = ?"
        " ORDER BY bytes DESC",
        attempt,
    )
    return [
        Dropped(str(what), int(first), int(last), int(used), str(rule))
        for what, first, last, used, rule in rows
    ]


def dropped_at(reader: Reader, attempt: int, step: int) -> str | None:
    """Why the rows of `step` are not there any more, in a sentence; None when they were kept."""
    return _sentence(reader, attempt, f"step {step:,}", "first_step <= ? AND last_step >= ?", step)


def dropped_at_time(reader: Reader, attempt: int, moment: float, spoken: str) -> str | None:
    """The same for a wall time, which a person spelled `spoken`."""
    return _sentence(reader, attempt, spoken, "first_time <= ? AND last_time >= ?", moment)


def dropped_within(reader: Reader, attempt: int, first: int, last: int) -> tuple[int, int] | None:
    """The first and last dropped step between two steps; None when all were kept."""
    ((low, high),) = reader.rows(
        "SELECT min(first_step), max(last_step) FROM blocks WHERE attempt = ?"
        f" AND sealed IN ({DROPPED}, {UNWRITTEN}) AND first_step <= ? AND last_step >= ?",
        attempt,
        last,
        first,
    )
    return None if low is None else (max(int(low), first), min(int(high), last))


def _sentence(
    reader: Reader, attempt: int, spoken: str, where: str, place: float | int
) -> str | None:
    found = reader.rows(
        f"SELECT sealed, first_step, last_step FROM blocks WHERE attempt = ? AND {where}"
        f" AND sealed IN ({DROPPED}, {UNWRITTEN}) LIMIT 1",
        attempt,
        place,
        place,
    )
    if not found:
        return None
    how, first, last = found[0]
    if how == UNWRITTEN:
        return (
            f"{spoken} was not kept: the disk was full, and memory had no room for steps"
            f" {first:,} to {last:,}"
        )
    keep = reader.header(attempt).keep_bytes or KEEP_BYTES
    return (
        f"{spoken} was dropped: the record is held to {spelled(keep)} (keep_bytes), and steps"
        f" {first:,} to {last:,} gave way"
    )


def spelled(count: int) -> str:
    """Bytes as a person says them: ``2.0 GiB``."""
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
