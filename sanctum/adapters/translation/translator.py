"""`Translator`: one event after another, each to the run of its group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sanctum.probe.openings import Opens
from sanctum.probe.run import Run


class Translator:
    """Esper's events, in order, to one run per group.

    `place` is the file they come from, or ``live``. `run_id` is asked for, None: Esper's own label.
    Nothing here raises because of what an event holds: that is counted, and said once.
    """

    def __init__(self, opens: Opens, run_id: str | None, place: str) -> None:
        self._opens = opens
        self._run_id = run_id
        self._place = place
        self.runs: list[Run] = []
        self.counts: Counter[str] = Counter()
        self.unknown = 0

    def take(self, event: Mapping[str, Any]) -> None:
        """One event, in the shape of a line of Esper's JSONL."""

    def refuse(self, text: str) -> None:
        """A line or an event could not be read at all; `text` is a sentence that says which."""

    def drop(self, count: int) -> None:
        """The sender says that it has dropped `count` events so far."""

    def idle(self) -> None:
        """Nothing more has come for a moment: write what is complete."""

    def close(self, how: str | None = None, why: str | None = None) -> None:
        """Write all that waits and end the runs; `how` None: as the events tell."""
