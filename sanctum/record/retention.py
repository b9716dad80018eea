"""Retention: what gives way when a record has grown to what it may hold, and how that is said."""

from __future__ import annotations

from sanctum.record.reader import Reader

KEEP_BYTES = 2 * 1024**3


def dropped_at(reader: Reader, attempt: int, step: int) -> str | None:
    """Why the rows of `step` are not there any more, in a sentence; None when they were kept."""
    return None
