"""What a policy makes of one observation: its main head's options, or its distribution."""

from __future__ import annotations

from dataclasses import dataclass

from sanctum.errors import SanctumError, UsageError, did_you_mean
from sanctum.model.readings import NOT_MEASURED, Reading, reading
from sanctum.record.questions.grounds import Grounds, option_name
from sanctum.recorder.replaying.evaluation import Readings, best_of, one_of

CONTINUOUS = "distribution"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Options by name with their probability, whether each is legal, and the best of them.

    Of continuous actions `head` is ``distribution``, and the options are its numbers.
    """

    head: str
    names: list[str]
    legal: list[bool | None]
    chances: list[Reading]
    choice: str | None
    value: Reading = NOT_MEASURED


def outlook(grounds: Grounds, again: Readings, place: int) -> Outlook:
    """Row `place` of what came out for the first row of `grounds`.

    Raises SanctumError where the policy says nothing of its main head.
    """
    head, value = grounds.main, one_of(again, "value", place)
    if head is None:
        names = sorted(name for name in again if name != "value" and again[name][place].size == 1)
        chances = [one_of(again, name, place) for name in names]
        return Outlook(CONTINUOUS, names, [None] * len(names), chances, None, value)
    found = again.get(f"probability/{head}")
    if found is None:
        raise SanctumError(
            f"the policy that was made again says no probability/{head}",
            f"it says {', '.join(sorted(again)) or 'nothing'}",
        )
    row = found[place].reshape(-1)
    names = [option_name(grounds.actions[head], at) for at in range(row.size)]
    may = grounds.legal(head, 0) or []
    legal = [may[at] if at < len(may) else None for at in range(row.size)]
    best = best_of(row)
    choice = None if best is None else names[best]
    return Outlook(head, names, legal, [reading(float(one)) for one in row], choice, value)


def option_of(grounds: Grounds, action: str) -> int:
    """Which option of the main head is called so. Raises UsageError."""
    head = head_of_choice(grounds)
    options = grounds.actions[head]
    lowered = [one.lower() for one in options]
    if action.lower() not in lowered:
        hint = did_you_mean(action, options) or f"there are {', '.join(options)}"
        raise UsageError(f"'{action}' is no option of {head}", hint)
    place = options.index(action) if action in options else lowered.index(action.lower())
    legal = grounds.legal(head, 0)
    if legal is not None and place < len(legal) and not legal[place]:
        allowed = [name for name, may in zip(options, legal, strict=False) if may]
        raise UsageError(
            f"{options[place]} was not legal at step {grounds.steps[0]:,}",
            f"legal were {', '.join(allowed) or 'none'}",
        )
    return place


def head_of_choice(grounds: Grounds) -> str:
    """The head that chooses among options. Raises SanctumError for continuous actions."""
    if grounds.main is None:
        raise SanctumError(
            "this run's actions are continuous: there is no choice among options",
            "what-if shows how their distribution moves",
        )
    return grounds.main
