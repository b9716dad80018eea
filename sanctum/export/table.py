"""What an exported table is: a name, a schema, and its rows some at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol


class Table(Protocol):
    """One table of the export. `left_out` names columns of which some cells did not fit."""

    name: str
    schema: Any
    left_out: set[str]

    def batches(self) -> Iterator[Any]:
        """Its rows as Arrow tables of `schema`, as they come out of the record."""
