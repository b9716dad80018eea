"""Gaps: what a command's answers span is compared with the telemetry that did not arrive.

Said here once, for every command, so that no answer looks whole that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sanctum.model.answers import At, Lost, RunAnswer


class Heard:
    """The questions, with a memory of what was answered."""

    def __init__(self, queries: Any) -> None:
        self._asked = queries
        self.answers: list[Any] = []

    def __getattr__(self, method: str) -> Callable[..., Any]:
        ask = getattr(self._asked, method)

        def remember(*args: Any, **named: Any) -> Any:
            answer = ask(*args, **named)
            self.answers.append(answer)
            return answer

        return remember


def notes(answers: list[Any]) -> tuple[str, ...]:
    """What is missing from stretches of steps that `answers` speak of, as one note or none.

    The answer about the run as a whole tells of its gaps itself.
    """
    found: dict[tuple[str, int | None, int | None], Lost] = {}
    for answer in answers:
        at = getattr(answer, "at", None)
        if isinstance(at, At) and at.gaps and not isinstance(answer, RunAnswer):
            first, last = _span(answer, at)
            found |= {
                (gap.what, gap.first_step, gap.last_step): gap
                for gap in at.gaps
                if (gap.first_step or 0) <= last + 1
                and (gap.last_step is None or gap.last_step >= first)
            }
    if not found:
        return ()
    newest = list(found.values())[-1]
    if len(found) == 1:
        return (f"missing here: {said(newest)}",)
    return (f"missing here, in {len(found)} gaps (run --more): the last, {said(newest)}",)


def said(gap: Lost) -> str:
    """A gap in words: ``everything of steps 121 to 140: the recorder died``."""
    what = gap.what
    if gap.first_step is not None and gap.first_step == gap.last_step:
        steps = f"step {gap.first_step:,}"
    elif gap.last_step is None:
        steps = "the start on" if gap.first_step is None else f"steps from {gap.first_step:,} on"
    else:
        first = "the start" if gap.first_step is None else f"{gap.first_step:,}"
        steps = f"steps {first} to {gap.last_step:,}"
    return f"{what} of {steps}: {gap.reason}" if gap.count else f"at {steps}: {gap.reason}"


def _span(answer: Any, at: At) -> tuple[int, int]:
    """The first and the last step that an answer speaks of."""
    last = -1 if at.step is None else at.step
    return min([last, *_steps(answer, at.attempt)]), last


def _steps(answer: Any, attempt: int, depth: int = 2) -> Iterator[int]:
    """Steps named in an answer and in the curves, windows and rows it holds."""
    if getattr(answer, "attempt", attempt) != attempt:
        return
    for name in ("step", "first_step"):
        step = getattr(answer, name, None)
        if isinstance(step, int):
            yield step
    steps = getattr(answer, "steps", None)
    if isinstance(steps, list) and steps:
        yield steps[0]
    if depth:
        for name in getattr(answer, "__struct_fields__", ()):
            part = getattr(answer, name)
            if name != "at" and hasattr(part, "__struct_fields__"):
                yield from _steps(part, attempt, depth - 1)
            elif isinstance(part, list) and part and hasattr(part[0], "__struct_fields__"):
                for one in part:
                    yield from _steps(one, attempt, 0)
