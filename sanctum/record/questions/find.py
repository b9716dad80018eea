"""``condition.find``: when a condition became true and stopped, over steps or updates.

Of one environment, or of the means over all, every vector step is a moment; of the policy every
update. Each is judged as `condition_check` would judge it then.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sanctum.errors import ConditionError, did_you_mean
from sanctum.model.answers import FindAnswer, Stretch
from sanctum.model.conditions import Node, names, parse, reach
from sanctum.model.readings import Reading
from sanctum.record.finding.moments import Clock, Moments, Patience, Updates
from sanctum.record.finding.names import OVER_TIME, Meaning, Names, unnamed
from sanctum.record.finding.sweep import Sweep
from sanctum.record.finding.vectors import Words
from sanctum.record.finding.walk import NO, OPEN, UNNAMED, YES
from sanctum.record.moments import Scope, moved
from sanctum.record.pulse import Pulse
from sanctum.record.questions.condition import RUN_NAMES, Ground
from sanctum.record.retention import left_out
from sanctum.record.rows import AllRows
from sanctum.record.track import Flags
from sanctum.telemetry.metrics import CATALOGUE, canonical


def condition_find(
    of: Scope,
    condition: str,
    env: int | None = None,
    newest: bool = False,
    limit: int | None = 20,
) -> FindAnswer:
    """The stretches over which `condition` held, up to the moment: the oldest, or the `newest`.

    A moment at which it cannot be known ends a stretch and is counted. Raises ConditionError for
    names that mean nothing over the past, UsageError for a search that takes too long.
    """
    node = parse(condition)
    if env is not None:
        of.check_env(env)
    patience, words = Patience(), Words()
    moments = _moments(of, node, env)
    used = names(node)
    meanings = list(Names(of, env, moments, reach(node), words, patience).meanings(used))
    _check(of, node, env, meanings)
    codes = np.full(moments.count, NO, np.int8)
    for meaning in meanings:
        places = None if meaning.where is None else np.flatnonzero(meaning.where)
        since, until = (0, moments.count) if places is None else (places[0], places[-1] + 1)
        sweep = Sweep(moments, meaning.sources, words, patience, int(since), int(until))
        found = sweep.codes(node)
        codes = found if meaning.where is None else np.where(meaning.where, found, codes)
    codes = np.where(codes == UNNAMED, np.int8(OPEN), codes)
    held = codes == YES
    edges = _edges(held, moments)
    shown = edges if limit is None else edges[-limit:] if newest else edges[:limit]
    ground = _Told(of, moments, node, env)
    return FindAnswer(
        of.at,
        condition,
        env,
        moments.clock,
        [ground.stretch(int(start), int(stop)) for start, stop in shown],
        len(shown),
        len(edges),
        int(held.sum()),
        int((codes == OPEN).sum()),
        moments.count,
        None if moments.clock == "update" else left_out(of.reader, of.attempt.attempt, 0, of.step),
    )


def _moments(of: Scope, node: Node, env: int | None) -> Moments:
    """What is searched: updates when the policy's scalars are asked for, else vector steps."""
    updates = Updates(of)
    clock: Clock = "step"
    if env is None and any(canonical(one) in updates.names for one in names(node)):
        clock = "update"
    last = of.step if clock == "step" else of.at.step
    rows = AllRows(of.reader, of.attempt.attempt, -1 if last is None else last)
    return Moments(clock, rows, updates)


def _check(of: Scope, node: Node, env: int | None, meanings: list[Meaning]) -> None:
    """Raise ConditionError for a name that nobody knows at any moment of the search."""
    never = [unnamed(node, one.sources) for one in meanings]
    ground = Ground(of, Pulse(), env, reach(node))
    unknown = [
        name
        for name in never[-1]
        if canonical(name) not in CATALOGUE
        and all(name in one for one in never)
        and not ground.knows(name)
    ]
    if not unknown:
        return
    known = [*OVER_TIME, *(one for one in ground.sayable() if one not in RUN_NAMES)]
    raise ConditionError(
        f"nothing is called '{unknown[0]}' in {of.header.run_id}",
        did_you_mean(unknown[0], known) or f"there are {', '.join(known[:12])}, ...",
    )


def _edges(held: Flags, moments: Moments) -> npt.NDArray[np.int64]:
    """First moment and the one after the last of each stretch; what was dropped ends one."""
    before, after = np.zeros_like(held), np.zeros_like(held)
    before[1:], after[:-1] = held[:-1], held[1:]
    if moments.clock == "step":
        before[moments.rows.breaks] = False
        after[moments.rows.breaks - 1] = False
    starts, lasts = np.flatnonzero(held & ~before), np.flatnonzero(held & ~after)
    return np.stack([starts, lasts + 1], axis=1)


class _Told:
    """Tells stretches: their moments, their steps, and what the names were at their beginning."""

    def __init__(self, of: Scope, moments: Moments, node: Node, env: int | None) -> None:
        self._of = of
        self._moments = moments
        self._node = node
        self._env = env

    def stretch(self, start: int, stop: int) -> Stretch:
        """The moments from `start` to `stop`, which is not included."""
        is_over = stop < self._moments.count
        first, first_step, time = self._place(start)
        last, last_step, _ = self._place(stop - 1)
        return Stretch(
            first,
            last if is_over else None,
            first_step,
            last_step if is_over else None,
            stop - start,
            time,
            self._values(start, first_step),
        )

    def _place(self, moment: int) -> tuple[int, int, float]:
        """A moment by the search's clock, its step and its time."""
        moments = self._moments
        if moments.clock == "step":
            step = moments.rows.step(moment)
            return step, step, moments.rows.time(moment)
        update = moments.updates.rows[moment]
        step = moments.rows.step(int(moments.row[moment])) if moments.rows.count else 0
        return update.number, step, update.time

    def _values(self, moment: int, step: int) -> dict[str, Reading]:
        id = self._moments.updates.rows[moment].id if self._moments.clock == "update" else None
        ground = Ground(moved(self._of, step, id), Pulse(), self._env, reach(self._node))
        found = {name: ground.reading(name) for name in names(self._node)}
        return {name: one for name, one in found.items() if one is not None}
