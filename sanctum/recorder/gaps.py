"""Gaps that a recorder leaves when it dies: which steps they span, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass

EVERYTHING = "everything"
_WHY = "the recorder died and was started again"


@dataclass(frozen=True, slots=True)
class Missing:
    """Steps `first` to `last` are missing, `count` of them if each was a step.

    `last` is None when the trainer said no step afterwards. With a `count` of 0 the steps before
    and after follow one another: only what was said beside them can be missing.
    """

    first: int | None
    last: int | None
    count: int
    why: str

    @property
    def text(self) -> str:
        """The line on the timeline."""
        if self.last is None:
            since = "from the start" if self.first is None else f"from step {self.first} on"
            return f"what was said {since} is missing: {_WHY}"
        if not self.count:
            return f"{_WHY}; no step is missing, but updates or events may be"
        if self.first == self.last:
            return f"step {self.first} is missing: {_WHY}"
        return f"steps {self.first} to {self.last} are missing: {_WHY}"


def missing(before: int | None, after: int | None) -> Missing:
    """What is missing between the last step of the record and the first that came afterwards.

    `before` is None where the record has no step, `after` where none came.
    """
    first = None if before is None else before + 1
    if after is None:
        return Missing(first, None, 0, _WHY)
    start = 0 if first is None else first
    count = max(0, after - start)
    if not count:
        return Missing(before, after, 0, f"{_WHY}; no step is missing")
    return Missing(start, after - 1, count, _WHY)
