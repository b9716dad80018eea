"""What a policy makes of one observation: its main head's options, or its distribution."""

from __future__ import annotations

from dataclasses import dataclass

from sanctum.errors import SanctumError, UsageError, did_you_mean
from sanctum.model.readings import NOT_MEASURED, Reading, reading
from sanctum.model.replayed import DISTRIBUTION
from sanctum.record.questions.grounds import Grounds, option_name
from sanctum.recorder.replaying.evaluation import Readings, best_of, numbers_of, one_of


@dataclass(frozen=True, slots=True)
class Outlook:
    """Options by name with their probability, whether each is legal, and the best of them.

    Of continuous actions `head` is `DISTRIBUTION`, and the options are its numbers.
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
    if head is None and not grounds.is_continuous:
        head = head_of_choice(grounds)
    if head is None:
        names = numbers_of(again, place)
        chances = [one_of(again, name, place) for name in names]
        return Outlook(DISTRIBUTION, names, [None] * len(names), chances, None, value)
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
    """The head that chooses among options. Raises SanctumError for continuous actions, or none."""
    if grounds.main is None and not grounds.is_continuous:
        raise SanctumError(
            "this run names no actions: there is no choice among options",
            "attach(actions=...) names them, run.step(actions=...) records what was chosen",
        )
    if grounds.main is None:
        raise SanctumError(
            "this run's actions are continuous: there is no choice among options",
            "what-if shows how their distribution moves",
        )
    return grounds.main
