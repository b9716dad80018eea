"""Retention as it is said: what a record holds at most, and the sentence for what gave way.

What goes first, and what never goes, is in `sanctum.record.dropping`.
"""

from __future__ import annotations

from sanctum.model.answers import Dropped
from sanctum.record.blocks import DROPPED, UNWRITTEN
from sanctum.record.reader import Reader
from sanctum.telemetry.amounts import KEEP_BYTES, THINNED, spelled


def keep_bytes(reader: Reader) -> int | None:
    """What the record is held to, as its newest trainer said; None: to nothing."""
    last = reader.last_attempt()
    return None if last is None else last.header.keep_bytes


def dropped(reader: Reader, attempt: int) -> list[Dropped]:
    """What gave way up to an attempt, of that one first, the most bytes first."""
    if not reader.has_table("dropped"):
        return []
    rows = reader.rows(
        "SELECT attempt, what, first_step, last_step, bytes, rule FROM dropped WHERE attempt <= ?"
        " ORDER BY attempt DESC, bytes DESC",
        attempt,
    )
    return [
        Dropped(
            str(what) if of == attempt else f"{what} of attempt {of}",
            int(first),
            int(last),
            int(used),
            str(rule),
            rule == THINNED,
        )
        for of, what, first, last, used, rule in rows
    ]


def dropped_at(reader: Reader, attempt: int, step: int) -> str | None:
    """Why the rows of `step` are not there any more, in a sentence; None when they were kept."""
    if reader.block_at(attempt, step) is not None:
        return None
    found = reader.rows(
        "SELECT sealed, first_step, last_step FROM blocks WHERE attempt = ? AND first_step <= ?"
        f" AND sealed IN ({DROPPED}, {UNWRITTEN}) ORDER BY first_step DESC LIMIT 1",
        attempt,
        step,
    )
    if not found:
        return None
    how, first, last = found[0]
    if how == UNWRITTEN:
        return (
            f"step {step:,} was not kept: the disk was full, and memory had no room for steps"
            f" {first:,} to {last:,}"
        )
    return (
        f"step {step:,} was dropped: the record is held to"
        f" {spelled(keep_bytes(reader) or KEEP_BYTES)} (keep_bytes), and steps {first:,} to"
        f" {last:,} gave way"
    )


def left_out(reader: Reader, attempt: int, first: int, last: int) -> str | None:
    """Which steps between two steps are not there any more, in words; None when all are."""
    gone = dropped_within(reader, attempt, first, last)
    if gone is None:
        return None
    steps = f"step {gone[0]:,}" if gone[0] == gone[1] else f"steps {gone[0]:,} to {gone[1]:,}"
    return f"{steps} gave way: run says by which rule"


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
