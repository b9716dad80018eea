"""Grounds: what a policy was given for decisions of one environment, and what it made of them then.

Rows as a replay worker takes them, and the recorded probabilities, values and choices to compare
with what it answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sanctum.errors import NoDataYet
from sanctum.model.jobs import Matrix, Rows
from sanctum.model.readings import NOT_MEASURED, Reading, reading
from sanctum.record.blocks import Steps
from sanctum.record.cells import GONE, VALUE, States, Values
from sanctum.record.columns import absent
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import head_of
from sanctum.record.questions.decision.missing import call
from sanctum.record.questions.decision.sight import OBSERVATION
from sanctum.record.questions.decisions import named

RECURRENT, VERSION = "recurrent", "policy_version"
LOOK_BACK = 512
"""Vector steps among which the newest decision of an environment is looked for."""

_KINDS = ("action", "mask", "probability")
_SINGLE = ("value", "log_prob", VERSION)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Decisions of one environment, oldest first: the cells of each step, (rows, ...) by column.

    `actions` are the heads with their options, the main one first.
    """

    env: int
    steps: Steps
    actions: dict[str, list[str]]
    cells: dict[str, tuple[Values, States]]

    @property
    def main(self) -> str | None:
        """The head whose choice is *the* action."""
        return next(iter(self.actions), None)

    @property
    def is_continuous(self) -> bool:
        """Whether actions are numbers, not options."""
        return self.main is None and any(name.startswith("action") for name in self.cells)

    @property
    def features(self) -> int:
        """How many numbers an observation has."""
        return int(self.cells[OBSERVATION][0].shape[1])

    def observation(self, row: int) -> npt.NDArray[np.float32]:
        """What the policy saw."""
        return np.asarray(self.cells[OBSERVATION][0][row], np.float32)

    def values(self, name: str, row: int) -> Values | None:
        """What was said of a column in a row; None where it is absent."""
        cells = self.cells.get(name)
        if cells is None or cells[1][row] != VALUE:
            return None
        found: Values = cells[0][row]
        return found

    def reading(self, name: str, row: int, place: int = 0) -> Reading:
        """One of the numbers of a column in a row."""
        cells = self.cells.get(name)
        if cells is None:
            return NOT_MEASURED
        if cells[1][row] != VALUE:
            return absent(int(cells[1][row]))
        return reading(float(cells[0][row, place])) if place < cells[0].shape[1] else NOT_MEASURED

    def option(self, head: str, row: int) -> int | None:
        """The index that a head chose; None where it had no part."""
        found = self.values(f"action/{head}", row)
        if found is None or found.size != 1 or not np.isfinite(found[0]) or found[0] < 0:
            return None
        return int(found[0])

    def action(self, row: int) -> str | None:
        """The name of what the main head chose."""
        if self.main is None:
            return None
        return named(self.reading(f"action/{self.main}", row), self.actions[self.main])

    def choice(self, row: int) -> str | None:
        """The option that the record holds as the most probable; None where it holds none."""
        chances = None if self.main is None else self.values(f"probability/{self.main}", row)
        if self.main is None or chances is None or np.isnan(chances).all():
            return None
        return option_name(self.actions[self.main], int(np.nanargmax(chances)))

    def legal(self, head: str, row: int) -> list[bool] | None:
        """Which options the mask allowed; None where nobody said."""
        found = self.values(f"mask/{head}", row)
        return None if found is None else [bool(one > 0.5) for one in found]

    def version(self, row: int) -> int | None:
        """The update whose weights decided; None where the trainer did not say."""
        found = self.values(VERSION, row)
        return None if found is None or not np.isfinite(found[0]) else int(found[0])

    def rows(self, which: Sequence[int]) -> Rows:
        """Those rows as a worker takes them; all have to have the same masks (see `told`)."""
        at = list(which)
        masks, actions = {}, {}
        for head in self.actions:
            if at and self.values(f"mask/{head}", at[0]) is not None:
                masks[head] = matrix(self.cells[f"mask/{head}"][0][at])
            if f"action/{head}" in self.cells:
                chosen = [self.option(head, row) for row in at]
                actions[head] = matrix(np.array([-1 if one is None else one for one in chosen]))
        state = self.cells.get(RECURRENT)
        return Rows(
            matrix(self.cells[OBSERVATION][0][at]),
            masks,
            actions,
            None if state is None else matrix(state[0][at]),
        )

    def told(self, row: int) -> tuple[str, ...]:
        """The heads whose mask was said in a row."""
        return tuple(head for head in self.actions if self.values(f"mask/{head}", row) is not None)


def option_name(options: Sequence[str], place: int) -> str:
    """An option's name; its number where it has none."""
    return options[place] if place < len(options) else f"#{place}"


def matrix(values: npt.NDArray[np.generic]) -> Matrix:
    """Numbers as float32 of a worker's message."""
    found = np.ascontiguousarray(values, "<f4")
    return Matrix(found.shape, found.tobytes())


def decision(of: Scope, env: int) -> Grounds:
    """The newest decision of an environment by then. Raises NoDataYet, UsageError."""
    of.check_env(env)
    found, back = _grounds(of, env, of.step, of.step), of.step
    if not found.steps.size:
        back = of.reader.steps_back(of.attempt.attempt, of.step, LOOK_BACK)
        found = _grounds(of, env, back, of.step)
    if not found.steps.size:
        raise _unseen(of, env, back, of.step)
    _check_state(of, found, found.steps.size - 1)
    return _part(found, slice(found.steps.size - 1, found.steps.size))


def decisions(of: Scope, env: int, first: int, last: int, most: int) -> tuple[Grounds, int]:
    """Decisions from step `first` to `last`, the first `most` of them; and how many there are."""
    of.check_env(env)
    found = _grounds(of, env, first, last)
    if not found.steps.size:
        raise _unseen(of, env, first, last)
    kept = _part(found, slice(0, most))
    for row in range(kept.steps.size):
        _check_state(of, kept, row)
    return kept, int(found.steps.size)


def _grounds(of: Scope, env: int, first: int, last: int) -> Grounds:
    """The rows at which an environment saw something and acted upon it."""
    main = head_of(of)
    heads = of.header.actions
    order = [] if main is None else [main, *(head for head in heads if head != main)]
    # Whole: what was said late of a decision is what it was compared with all the same.
    rows = of.reader.whole.window(_names(of, order), of.attempt.attempt, first, last)
    cells = {
        name: (values[:, env], states[:, env]) for name, (values, states) in rows.cells.items()
    }
    is_row = np.zeros(rows.steps.size, bool)
    if OBSERVATION in cells:
        is_row = cells[OBSERVATION][1] == VALUE
    if main is not None and f"action/{main}" in cells:
        is_row &= cells[f"action/{main}"][1] == VALUE
    found = {name: (values[is_row], states[is_row]) for name, (values, states) in cells.items()}
    return Grounds(env, rows.steps[is_row], {head: list(heads[head]) for head in order}, found)


def _names(of: Scope, heads: Sequence[str]) -> list[str]:
    names = [f"{kind}/{head}" for kind in _KINDS for head in heads]
    names += [f"confidence.{head}" for head in heads]
    more = [name for name in of.reader.column_names() if name.startswith(("action_", "action."))]
    return [OBSERVATION, RECURRENT, *_SINGLE, *names, *more]


def _part(of: Grounds, rows: slice) -> Grounds:
    cells = {name: (values[rows], states[rows]) for name, (values, states) in of.cells.items()}
    return Grounds(of.env, of.steps[rows], of.actions, cells)


def _unseen(of: Scope, env: int, first: int, last: int) -> NoDataYet:
    """Why there is nothing to evaluate: it gave way, or was never recorded."""
    attempt = of.attempt.attempt
    cells = of.reader.window([OBSERVATION], attempt, first, last).cells.get(OBSERVATION)
    if cells is not None and (cells[1][:, env] == GONE).any():
        return NoDataYet(
            f"what the policy saw in steps {first:,} to {last:,} gave way to newer data",
            "attach(keep_bytes=...) lets a record hold more; run says what it dropped",
        )
    where = f"at step {last:,}" if first == last else f"in steps {first:,} to {last:,}"
    return NoDataYet(
        f"no observation of environment {env} was recorded {where}",
        call(of, "run.step(observation=...) at every step records what the policy saw") or None,
    )


def _check_state(of: Scope, found: Grounds, row: int) -> None:
    """Refuse a decision whose recurrent state the run said at other steps only."""
    state = found.cells.get(RECURRENT)
    if state is not None and state[1][row] != VALUE:
        raise NoDataYet(
            f"the recurrent state of environment {found.env} at step {found.steps[row]:,}"
            " was not recorded",
            call(of, "run.step(recurrent=...) at every step records it") or None,
        )
