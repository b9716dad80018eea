"""Rows of measurements and how they are printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement: what, its median and 99th percentile, and how it compares with what."""

    what: str
    median: float
    p99: float
    unit: str
    ratio: float | None = None
    beside: str = ""


def summary(what: str, values: Sequence[float], unit: str, scale: float = 1.0) -> Row:
    """A row of many measurements."""
    ordered = sorted(values)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return Row(what, statistics.median(ordered) * scale, p99 * scale, unit)


def compared(row: Row, beside: Row) -> Row:
    """`row` with its median as a multiple of another's."""
    return Row(row.what, row.median, row.p99, row.unit, row.median / beside.median, beside.what)


def print_table(title: str, rows: Sequence[Row]) -> None:
    """A Markdown table, as the README shows it."""
    print(f"\n{title}\n")
    print("| what | median | p99 | ratio |")
    print("|---|---:|---:|---|")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3g} x {row.beside}"
        print(
            f"| {row.what} | {row.median:,.3g} {row.unit} | {row.p99:,.3g} {row.unit} | {ratio} |"
        )
