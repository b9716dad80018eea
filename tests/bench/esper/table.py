"""A table of what was measured here beside what was published for the built-in panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """What was measured, how it came out here, and for the panel where that was published."""

    what: str
    here: str
    panel: str = "-"


def print_lines(lines: Sequence[Line]) -> None:
    """A Markdown table, as the README shows it."""
    print("| what | here | panel |")
    print("|---|---:|---:|")
    for line in lines:
        print(f"| {line.what} | {line.here} | {line.panel} |")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
