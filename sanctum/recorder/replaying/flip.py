"""``replay.flip``: the smallest change of one feature after which the policy chooses otherwise."""

from __future__ import annotations

import numpy as np

from sanctum.errors import UsageError
from sanctum.model.jobs import Done, FindFlips, FlipsFound
from sanctum.model.readings import reading
from sanctum.model.replayed import Flip, FlipAnswer
from sanctum.record.questions.grounds import option_name
from sanctum.recorder.replaying.case import Case
from sanctum.recorder.replaying.features import listed
from sanctum.recorder.replaying.likeness import Likeness
from sanctum.recorder.replaying.outlook import head_of_choice, option_of
from sanctum.recorder.replaying.plan import Plan, flips_of

REACH = 10.0
"""Standard deviations either way within which a change is looked for."""


def replay_flip(case: Case, action: str | None, which: str) -> Plan:
    """What flips the choice to `action`, None: to anything else. Raises UsageError, NoDataYet."""
    head = head_of_choice(case.grounds)
    wanted = None if action is None else option_of(case.grounds, action)
    chosen, likeness = case.choose(which), Likeness(case)
    row = case.grounds.rows([0])
    spread = likeness.spread.tolist()
    notes = [*case.notes(chosen), *_unsearched(case, likeness)]
    options, legal = case.grounds.actions[head], case.grounds.legal(head, 0)

    def finish(done: list[Done]) -> FlipAnswer:
        found = flips_of(done[0])
        if wanted is not None and found.choice == wanted:
            raise UsageError(
                f"{options[wanted]} is what the policy chooses already, with"
                f" {found.probability:.2f}",
                "name another action, or none: whatever else it may choose",
            )
        return FlipAnswer(
            case.of.at,
            case.grounds.env,
            int(case.grounds.steps[0]),
            which,
            chosen.weights.update,
            head,
            option_name(options, found.choice),
            found.probability,
            None if wanted is None else options[wanted],
            _flips(case, likeness, found, options),
            likeness.moving,
            REACH,
            notes,
            forced=None if legal is None else sum(legal) == 1,
        )

    def job() -> FindFlips:
        return FindFlips(chosen.policy(), row, head, spread, REACH, wanted)

    return Plan(case.place, [job], finish)


def _flips(case: Case, likeness: Likeness, found: FlipsFound, options: list[str]) -> list[Flip]:
    """The changes, the smallest first."""
    before = case.grounds.observation(0)
    flips = [
        Flip(
            case.features.names[one.feature],
            float(before[one.feature]),
            one.value,
            (one.value - float(before[one.feature])) / float(likeness.spread[one.feature]),
            option_name(options, one.choice),
            one.probability,
            reading(float(likeness.least[one.feature])),
            reading(float(likeness.greatest[one.feature])),
        )
        for one in found.found
    ]
    return sorted(flips, key=lambda one: abs(one.distance))


def _unsearched(case: Case, likeness: Likeness) -> list[str]:
    """Which features have no size of change."""
    if likeness.steps is None:
        return ["nothing was seen before this decision: no change has a size to search by"]
    still = np.flatnonzero(~(likeness.spread > 0))
    if not still.size:
        return []
    names = listed([case.features.names[at] for at in still])
    return [f"not searched, since they never moved in {likeness.steps}: {names}"]
