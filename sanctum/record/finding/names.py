"""What the names of a condition mean over the past, found in the order a single moment looks.

Of one environment: its own columns, then what its row says (``action``, ``seeds``, ``health``),
then the policy's scalars. Of the policy: its scalars, then means of columns. A name may mean
nothing until it is first said; a metric of the catalogue is absent until then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sanctum.errors import ConditionError
from sanctum.model.conditions import Binary, Held, Is, Name, Node, Unary, Word
from sanctum.record.finding.health import Ages, Healths
from sanctum.record.finding.moments import Moments, Patience
from sanctum.record.finding.sources import (
    Absent,
    Cell,
    Coded,
    Mean,
    OfMoment,
    Scalar,
    Seeds,
    Source,
    Step,
)
from sanctum.record.finding.vectors import Vector, Words, numbers
from sanctum.record.finding.walk import COMPARISONS, OPEN, YES
from sanctum.record.moments import Scope
from sanctum.record.questions.condition import RUN_NAMES
from sanctum.record.questions.envs import READINGS
from sanctum.record.questions.events import END, NOTE
from sanctum.record.questions.seeds import slots_of
from sanctum.record.stages import is_coded
from sanctum.record.track import Track
from sanctum.telemetry import SEVERITIES
from sanctum.telemetry.metrics import CATALOGUE, canonical

OVER_TIME = ("step", "update", "warnings", "errors")
"""Names of the run that mean something at any moment of the past."""
_NOBODY = -1
_Found = tuple[Source, npt.NDArray[np.bool_]]
"""A source, and the moments at which it counts."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What names mean at the moments of `where` (None: at all of them); None: nobody knows it."""

    sources: dict[str, Source | None]
    where: npt.NDArray[np.bool_] | None


class Names:
    """Finds the sources of names; `reach` is how many moments the condition looks at."""

    def __init__(
        self,
        of: Scope,
        env: int | None,
        moments: Moments,
        reach: int,
        words: Words,
        patience: Patience,
    ) -> None:
        self._of = of
        self._env = env
        self._moments = moments
        self._reach = reach
        self._words = words
        self._patience = patience

    def meanings(self, names: list[str]) -> Iterator[Meaning]:
        """What the names mean, by the moments at which they mean it; the last moment's last."""
        found = {name: self._choices(name) for name in names}
        changing = [name for name in names if found[name][1] is not None]
        if not changing:
            yield Meaning({name: self._chosen(found[name][0], 0) for name in names}, None)
            return
        key = np.zeros(self._moments.count, np.int64)
        for name in changing:
            sources, chosen = found[name]
            key = key * (len(sources) + 1) + (0 if chosen is None else chosen + 1)
        begins = np.flatnonzero(np.diff(key, prepend=-1))
        distinct, firsts = np.unique(key[begins], return_index=True)
        order = sorted(range(distinct.size), key=lambda one: distinct[one] == key[-1])
        for one in order:
            at = int(begins[firsts[one]])
            sources_then = {
                name: self._chosen(sources, 0 if chosen is None else int(chosen[at]))
                for name, (sources, chosen) in found.items()
            }
            yield Meaning(sources_then, key == distinct[one])

    def _chosen(self, sources: list[Source], which: int) -> Source | None:
        return sources[which] if 0 <= which < len(sources) else None

    def _choices(self, name: str) -> tuple[list[Source], npt.NDArray[np.int64] | None]:
        """The sources of a name, best first, and which of them counts at each moment."""
        if name in RUN_NAMES:
            return [self._run(name)], None
        name = canonical(name)
        count = self._moments.count
        chosen = np.full(count, _NOBODY, np.int64)
        sources: list[Source] = []
        for look in self._looks():
            if sources and (chosen != _NOBODY).all():
                break
            found = look(name)
            if found is not None:
                source, since = found
                chosen[(chosen == _NOBODY) & since] = len(sources)
                sources.append(source)
        if name in CATALOGUE and (chosen == _NOBODY).any():
            chosen[chosen == _NOBODY] = len(sources)
            sources.append(Absent(self._moments, self._patience))
        if not sources:
            return [], None
        return sources, None if (chosen == 0).all() else chosen

    def _looks(self) -> list[Callable[[str], _Found | None]]:
        """Where a name is looked for, in order."""
        if self._env is not None and self._moments.rows.count > 0:
            return [self._own, self._scalar]
        return [self._scalar, self._mean]

    def _own(self, name: str) -> _Found | None:
        """An environment's own name, and the moments at which it means that."""
        assert self._env is not None
        moments = self._moments
        for spelled in dict.fromkeys((name, name.replace(".", "/"))):
            track = self._track(spelled, self._env)
            first = track.first_row()
            if first is None:
                continue
            source: Source = Cell(moments, self._patience, track)
            if is_coded(spelled):
                table = self._of.reader.words()
                source = self._coded(track, functools.partial(_word, table))
            always = name in (*READINGS, "seeds")
            if name == "active_seeds":
                source = self._seeds(track, said_since=first)
            return source, np.ones(moments.count, np.bool_) if always else moments.row >= first
        special = self._special(name)
        return None if special is None else (special, np.ones(moments.count, np.bool_))

    def _special(self, name: str) -> Source | None:
        """What an environment's row says, where no column has that name."""
        of, env, moments = self._of, self._env, self._moments
        assert env is not None
        if name in ("seeds", "active_seeds"):
            return self._seeds(self._track("active_seeds", env), said_since=None)
        if name in READINGS:
            return Absent(moments, self._patience)
        if name == "env":
            return OfMoment(moments, lambda _: numbers(np.full(1, float(env))))
        if name in ("action", "target"):
            heads = of.header.actions
            first = "op" if "op" in heads else next(iter(heads), None)
            head = first if name == "action" else "slot" if "slot" in heads else None
            if head is None or (name == "target" and first == "slot"):
                return Absent(moments, self._patience)
            options = heads[head]
            track = self._track(f"action/{head}", env)
            return self._coded(track, functools.partial(_option, options))
        if name in ("health", "age_steps"):
            own = [one for one in of.column_names if not one.startswith("seed/")]
            ages = Ages(moments, self._patience, env, own)
            return ages if name == "age_steps" else self._health(ages)
        return None

    def _health(self, ages: Ages) -> Source:
        return Healths(self._moments, self._patience, ages, self._words)

    def _seeds(self, track: Track, *, said_since: int | None) -> Source:
        of, env = self._of, self._env
        stages = [self._track(f"seed/{slot}/stage", env) for slot in slots_of(of)]
        firsts = [first for one in stages if (first := one.first_row()) is not None]
        since = 0 if of.header.slots else min(firsts, default=None)
        return Seeds(
            self._moments,
            self._patience,
            track,
            stages,
            of.reader.words(),
            since=since,
            said_since=said_since,
        )

    def _coded(self, track: Track, named: Callable[[float], str | None]) -> Source:
        return Coded(self._moments, self._patience, track, named, self._words)

    def _scalar(self, name: str) -> _Found | None:
        """A scalar of the updates, and the moments whose last few updates spoke of it."""
        moments = self._moments
        if name not in moments.updates.names:
            return None
        values, state, spoken = moments.updates.scalar(name)
        place = np.arange(spoken.size)
        last = np.maximum.accumulate(np.where(spoken, place, -self._reach))
        lately = place - last < self._reach
        newest = moments.update
        return Scalar(moments, values, state), (newest >= 0) & lately[np.maximum(newest, 0)]

    def _mean(self, name: str) -> _Found | None:
        """The mean of a column, and the moments by which it had been said."""
        for spelled in dict.fromkeys((name, name.replace(".", "/"))):
            track = self._track(spelled, None)
            first = track.first_row()
            if first is not None:
                moments = self._moments
                return Mean(moments, self._patience, track), moments.row >= first
        return None

    def _track(self, name: str, env: int | None) -> Track:
        return Track(self._moments.rows, name, env)

    def _run(self, name: str) -> Source:
        """A name of the run as a whole. Raises ConditionError for what is known only now."""
        moments = self._moments
        if name == "step":
            return Step(moments) if moments.clock == "step" else OfMoment(moments, _steps)
        if name == "update":
            return OfMoment(moments, _updates)
        if name in OVER_TIME:
            return OfMoment(moments, functools.partial(self._events, name))
        raise ConditionError(
            f"'{name}' is known only now: a search goes over the past",
            f"of the run as a whole {', '.join(OVER_TIME)} can be searched",
        )

    def _events(self, name: str, moments: Moments) -> Vector:
        """How many warnings or errors there had been by each moment."""
        found = self._of.reader.rows(
            "SELECT CASE WHEN type = ? THEN coalesce(step, -1) WHEN type = ?"
            f" THEN max(coalesce(step + 1, -1), {self._of.reader.said('events')})"
            f" ELSE {self._of.reader.said('events')} END"
            " FROM events WHERE attempt = ? AND severity >= ?",
            NOTE,
            END,
            self._of.attempt.attempt,
            SEVERITIES.index("warn" if name == "warnings" else "error"),
        )
        at = np.sort(np.array([step for (step,) in found], np.int64))
        return numbers(np.searchsorted(at, moments.steps, "right").astype(np.float64))


def unnamed(node: Node, sources: dict[str, Source | None]) -> list[str]:
    """The names in a condition that nobody knows and that cannot be texts beside a word."""
    if isinstance(node, Name):
        return [node.name] if sources[node.name] is None else []
    if isinstance(node, Unary | Held | Is):
        return unnamed(node.operand, sources)
    if not isinstance(node, Binary):
        return []
    if node.operator in COMPARISONS:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(side, Name) and sources[side.name] is None and _is_word(other, sources):
                return []
    return [*unnamed(node.left, sources), *unnamed(node.right, sources)]


def _is_word(node: Node, sources: dict[str, Source | None]) -> bool:
    if isinstance(node, Name):
        source = sources[node.name]
        return source is not None and source.kind == "word"
    return isinstance(node, Word)


def _word(table: Mapping[int, str], code: float) -> str | None:
    return table.get(int(code))


def _option(options: list[str], index: float) -> str:
    return options[int(index)] if 0 <= index < len(options) else f"#{int(index)}"


def _steps(moments: Moments) -> Vector:
    return numbers(moments.steps.astype(np.float64))


def _updates(moments: Moments) -> Vector:
    found = moments.update
    known = np.append(moments.updates.numbers(), 0.0)
    return numbers(known[found], np.where(found >= 0, np.int8(YES), np.int8(OPEN)))
