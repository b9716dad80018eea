"""A table of what was measured here beside what was published for the built-in panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """What was measured, how it came out here, and for the panel where that was published."""

    what: str
    here: str
    panel: str = "-"


def print_head(title: str) -> None:
    """The beginning of a Markdown table, as the README shows it."""
    print(f"\n{title}\n\n| what | here | panel |\n|---|---:|---:|", flush=True)


def print_lines(lines: Sequence[Line]) -> None:
    """Rows of it, as soon as they are known."""
    for line in lines:
        print(f"| {line.what} | {line.here} | {line.panel} |", flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
