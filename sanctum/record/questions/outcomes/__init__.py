"""``outcomes.read``: what each op brought over a window, and what forbade it."""

from __future__ import annotations

import numpy as np

from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, reading
from sanctum.model.why import OutcomesAnswer
from sanctum.record.columns import mean, spread
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import head_of
from sanctum.record.questions.outcomes.calls import calls
from sanctum.record.questions.outcomes.denied import empty_slots, is_stage
from sanctum.record.questions.outcomes.missing import missing
from sanctum.record.questions.outcomes.ops import Ops, rival
from sanctum.record.questions.outcomes.seen import Flags, Floats, Seen
from sanctum.record.questions.outcomes.spans import MOST_DECISIONS, newest, telling
from sanctum.record.questions.rewards import PREFIX, component_names

ADVANTAGE = "advantage"
USUAL_STEPS = 512
"""The newest that are looked at where there are no ops to be told apart."""
LOOK_BACK_STEPS = 512
"""Steps before a named window that are read too, to know how its first episodes began."""


@np.errstate(all="ignore")
def outcomes_read(of: Scope, env: int | None, window: int | None) -> OutcomesAnswer:
    """The ops over the last `window` steps; by default the newest, and as far back as it takes."""
    if env is not None:
        of.check_env(env)
    if of.at.step is None:
        return OutcomesAnswer(of.at, env, None, None, 0, None, [])
    names = [ADVANTAGE, *(PREFIX + name for name in component_names(of))]
    names += [name for name in of.reader.column_names() if is_stage(name)]
    before = min(LOOK_BACK_STEPS, MOST_DECISIONS // of.header.envs)
    if window is None and head_of(of) is not None:
        spans = telling(of)
    else:
        spans = newest(of, before + (window or USUAL_STEPS))
    seen = Seen(of, spans, names)
    start = 0 if window is None else max(0, seen.steps.size - window)
    return _answer(of, seen, env, start)


def _answer(of: Scope, seen: Seen, env: int | None, start: int) -> OutcomesAnswer:
    """The answer for the rows from `start` on, of one environment or of all."""
    mine = seen.made.copy()
    mine[:start] = False
    pick = slice(None) if env is None else slice(env, env + 1)
    if env is not None:
        mine[:, :env] = mine[:, env + 1 :] = False
    forced, rewards = seen.forced(), seen.grid("reward")
    empty = empty_slots(of, seen)
    every = Ops(seen, mine, env, of.header.mask_rules, _components(of, seen), empty)
    silent, returns = every.signal()
    known = rewards is not None and ~np.isnan(rewards) & mine
    return OutcomesAnswer(
        of.at,
        env,
        int(seen.steps[start]) if seen.steps.size else None,
        int(seen.steps[-1]) if seen.steps.size else None,
        int(mine.sum()),
        None if forced is None else int((mine & forced[0]).sum()),
        [every.outcome(op) for op in range(len(seen.ops))],
        NOT_MEASURED if rewards is None else spread(rewards[known]),
        0 if forced is None else int((mine & forced[1]).sum()),
        silent,
        _mean_of(seen.grid("value"), mine),
        _entropy(seen, mine),
        seen.not_finite(slice(start, None), pick),
        calls(seen, mine),
        rival(seen),
        returns,
        *_leading(seen, mine),
        seen.steps.size - start,
        missing(of, seen.steps, start),
    )


def _components(of: Scope, seen: Seen) -> dict[str, Floats]:
    """The components that add up to the reward, as they enter it."""
    found = {}
    for name in component_names(of):
        grid = None if name in of.header.inside else seen.grid(PREFIX + name)
        if grid is not None:
            found[name] = grid * of.header.rewards.get(name, 1)
    return found


def _leading(seen: Seen, mine: Flags) -> tuple[int | None, Reading]:
    """The environment with the largest part of the squared advantages, and that part."""
    said = seen.grid(ADVANTAGE)
    if said is None:
        return None, NOT_MEASURED
    sums = np.nansum(np.where(mine & np.isfinite(said), said, 0.0) ** 2, axis=0)
    whole = float(sums.sum())
    return (int(sums.argmax()), reading(float(sums.max()) / whole)) if whole > 0 else (None, MASKED)


def _entropy(seen: Seen, mine: Flags) -> Reading:
    """The mean entropy of the unforced decisions, as it was said."""
    forced = seen.forced()
    free = mine if forced is None else mine & ~forced[0]
    own = seen.grid(f"entropy.{seen.head}")
    return _mean_of(seen.grid("entropy") if own is None else own, free)


def _mean_of(grid: Floats | None, where: Flags) -> Reading:
    if grid is None:
        return NOT_MEASURED
    values = grid[where]
    return mean(values[~np.isnan(values)])
