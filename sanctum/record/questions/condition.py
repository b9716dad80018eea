"""``condition.check``: a condition over the run, its policy or one environment, as of a moment."""

from __future__ import annotations

import numpy as np

from sanctum.errors import ConditionError, did_you_mean
from sanctum.model.answers import ConditionAnswer
from sanctum.model.conditions import Term, UnknownName, names, parse, reach, truth
from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, number, reading
from sanctum.record.moments import Past, Scope
from sanctum.record.pulse import Pulse
from sanctum.record.questions.envs import EnvTerms
from sanctum.record.questions.events import as_of
from sanctum.record.questions.run import RATE_WINDOW_S, lost_count, rate
from sanctum.record.questions.series import scalars, update_rows
from sanctum.record.questions.state import state
from sanctum.telemetry import SEVERITIES
from sanctum.telemetry.metrics import CATALOGUE, canonical

RUN_NAMES = ("state", "step", "update", "lost", "steps_per_s", "silent_s", "warnings", "errors")


def condition_check(
    of: Scope, pulse: Pulse, condition: str, env: int | None = None
) -> ConditionAnswer:
    """Whether `condition` holds; ``for N`` counts updates for policy metrics, steps for columns."""
    node = parse(condition)
    if env is not None:
        of.check_env(env)
    ground = Ground(of, pulse, env, reach(node))
    try:
        holds = truth(node, ground.term)
    except UnknownName as unknown:
        name = str(unknown.args[0])
        known = ground.sayable()
        raise ConditionError(
            f"nothing is called '{name}' in {of.header.run_id}",
            did_you_mean(name, known) or f"there are {', '.join(known[:12])}, ...",
        ) from unknown
    values = {}
    for name in names(node):
        one = ground.reading(name)
        if one is not None:
            values[name] = one
    missing = [name for name, one in values.items() if number(one) is None]
    why = ""
    if holds is None:
        why = f"{', '.join(missing) or condition} is not known (yet)"
    return ConditionAnswer(of.at, condition, holds, values, why)


class Ground:
    """Looks names up: the run's own, then the environment's, policy scalars, means of columns."""

    def __init__(self, of: Scope, pulse: Pulse, env: int | None, back: int) -> None:
        self._of = of
        self._pulse = pulse
        self._env = env
        self._past = Past(of)
        self._env_term = EnvTerms(self._past)
        self._updates = [scalars(row[3]) for row in update_rows(of, back)]

    def sayable(self) -> list[str]:
        """Every name that means something here."""
        said = {name for values, masked in self._updates[:1] for name in (*values, *masked)}
        own = {"health", "action", "target", "seeds"} if self._env is not None else set()
        return [*RUN_NAMES, *sorted({*said, *self._of.columns.names, *own})]

    def knows(self, name: str) -> bool:
        """Whether a name means something here."""
        try:
            self.term(name, 0)
        except UnknownName:
            return False
        return True

    def term(self, name: str, back: int) -> Term:
        """The value of a name, `back` updates or steps ago; None when it is absent.

        A metric of the catalogue that was never said is absent. Raises UnknownName for others.
        """
        if name in RUN_NAMES:
            return self._run(name)
        name = canonical(name)
        if self._env is not None and self._of.at.step is not None:
            try:
                return self._env_term(self._env, name, back)
            except UnknownName:
                pass
        if any(name in values or name in masked for values, masked in self._updates):
            if back >= len(self._updates):
                return None
            return self._updates[back][0].get(name)
        for column in (name, name.replace(".", "/")):
            if self._of.columns.cells(column)[0]:
                return None if self._env is not None else self._mean(column, back)
        if name in CATALOGUE:
            return None
        raise UnknownName(name)

    def reading(self, name: str) -> Reading | None:
        """What a name was, for the answer; None for words."""
        try:
            value = self.term(name, 0)
        except UnknownName:
            return None
        if isinstance(value, str):
            return None
        if value is None:
            masked = self._updates and canonical(name) in self._updates[0][1]
            return MASKED if masked else NOT_MEASURED
        return reading(float(value))

    def _run(self, name: str) -> Term:
        of = self._of
        if name == "state":
            return state(of, self._pulse).word
        if name == "step":
            return of.at.step
        if name == "update":
            return of.at.update
        if name == "lost":
            return float(lost_count(of, self._pulse))
        if name == "silent_s":
            return state(of, self._pulse).since_s
        if name == "steps_per_s":
            return number(rate(of, RATE_WINDOW_S))
        sql, values = as_of(of)
        ((count,),) = of.reader.rows(
            f"SELECT count(*) FROM events WHERE {sql} AND attempt = ? AND severity >= ?",
            *values,
            of.attempt.attempt,
            SEVERITIES.index("warn" if name == "warnings" else "error"),
        )
        return float(count)

    def _mean(self, column: str, back: int) -> float | None:
        of = self._past(back)
        every = [number(of.columns.reading(column, env)) for env in of.envs]
        values = [value for value in every if value is not None]
        with np.errstate(all="ignore"):
            return float(np.mean(values)) if values else None
