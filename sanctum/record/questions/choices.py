"""What the policy does over a window: each op in several readings, and each head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sanctum.model.answers import ActionShare, HeadShare
from sanctum.model.readings import DROPPED, MASKED, NOT_MEASURED, Measured, Reading
from sanctum.record.cells import GONE, VALUE
from sanctum.record.columns import mean
from sanctum.record.moments import Scope
from sanctum.record.reader import Window

WINDOW_STEPS = 128


@dataclass(frozen=True, slots=True)
class Choices:
    """The actions of a window; see `PolicyAnswer` for what each of these is."""

    shares: list[ActionShare] = field(default_factory=list)
    decisions: int = 0
    unforced: int | None = None
    first_step: int | None = None
    last_step: int | None = None
    told: int | None = None
    heads: list[HeadShare] = field(default_factory=list)


def head_of(of: Scope) -> str | None:
    """The head whose choice is *the* action: ``op``, or the first one."""
    heads = of.header.actions
    if not heads:
        return None
    return "op" if "op" in heads else next(iter(heads))


def choices(of: Scope, env: int | None, window: int | None, q: dict[str, Reading]) -> Choices:
    """The action distribution of the main head over the last steps; `q` by op."""
    head = head_of(of)
    if head is None or of.at.step is None:
        return Choices()
    attempt = of.attempt.attempt
    length = window or of.header.rollout_steps or WINDOW_STEPS
    first = of.reader.steps_back(attempt, of.step, length - 1)
    rows = of.reader.window(_names(of, head), attempt, first, of.step)
    if f"action/{head}" not in rows.cells:
        return Choices()
    seen = _Seen(of, rows, head, env)
    return Choices(
        [seen.share(name, index, q) for index, name in enumerate(of.header.actions[head])],
        int(seen.ops.size),
        None if seen.free is None else int(seen.free.sum()),
        int(rows.steps[0]) if rows.steps.size else None,
        int(rows.steps[-1]) if rows.steps.size else None,
        None if seen.told is None else int(seen.told.sum()),
        [one for name in of.header.actions if (one := seen.head(name)) is not None],
    )


def _names(of: Scope, head: str) -> list[str]:
    heads = of.header.actions
    single = [f"{kind}.{name}" for kind in ("forced", "entropy", "confidence") for name in heads]
    matrices = [f"probability/{head}", f"mask/{head}"]
    return [*(f"action/{name}" for name in heads), *matrices, *single, "executed", "success"]


class _Seen:
    """The decisions of a window: the op of each, and what else was said of it."""

    def __init__(self, of: Scope, rows: Window, head: str, env: int | None) -> None:
        self._rows = rows
        self._heads = of.header.actions
        self._pick = slice(None) if env is None else slice(env, env + 1)
        chosen = rows.cells[f"action/{head}"]
        self._made = chosen[1][:, self._pick] == VALUE
        self.ops = chosen[0][:, self._pick, 0][self._made].astype(np.int64)
        legal, self._legal_told = self._matrix(f"mask/{head}")
        all_told = self._legal_told is not None and bool(self._legal_told.all())
        self._legal = legal > 0.5 if all_told else None
        self._probable, self.told = self._matrix(f"probability/{head}")
        self.free = self._free(head)
        self._unsaid_mask = self._unsaid(f"mask/{head}")
        self._unsaid_chance = self._unsaid(f"probability/{head}")

    def share(self, name: str, index: int, q: dict[str, Reading]) -> ActionShare:
        """One op in its readings."""
        taken = self.ops == index
        count = int(taken.sum())
        free, legal = self.free, self._legal
        unforced = None if free is None else int((taken & free).sum())
        can = None if legal is None or index >= legal.shape[1] else legal[:, index]
        executed = self._column("executed")
        success = self._column("success")
        return ActionShare(
            name,
            count,
            _ratio(count, self.ops.size),
            unforced or 0,
            self._unsaid_mask if unforced is None else _ratio(unforced, int(free.sum())),
            0 if can is None else int(can.sum()),
            self._unsaid_mask if can is None else _ratio(count, int(can.sum())),
            self._chance(index, can),
            None if executed is None else int((executed == index).sum()),
            NOT_MEASURED if success is None else _mean_of(success[taken]),
            q.get(name, NOT_MEASURED),
        )

    def head(self, name: str) -> HeadShare | None:
        """One head over the decisions it had a part in; None when it had none."""
        chosen = self._rows.cells.get(f"action/{name}")
        if chosen is None:
            return None
        used = (chosen[1][:, self._pick] == VALUE)[self._made]
        if not used.any():
            return None
        found = [self._column(f"{kind}.{name}") for kind in ("forced", "entropy", "confidence")]
        means = [NOT_MEASURED if one is None else _mean_of(one[used]) for one in found]
        return HeadShare(name, int(used.sum()), *means)

    def _chance(self, index: int, can: Any) -> Reading:
        """The mean probability of an op where it was legal, over the decisions that say it."""
        if self._probable is None or index >= self._probable.shape[1]:
            return self._unsaid_chance
        where = self.told if can is None else self.told & can
        return mean(self._probable[where, index])

    def _free(self, head: str) -> Any:
        """At which decisions there was a choice; None when nobody said."""
        if self._legal is not None:
            return self._legal.sum(axis=1) > 1
        forced = self._column(f"forced.{head}")
        return None if forced is None or np.isnan(forced).any() else forced < 0.5

    def _column(self, name: str) -> Any:
        """A single-valued column at the decisions, nan where it was not measured; None: never."""
        cells = self._rows.cells.get(name)
        if cells is None:
            return None
        values = cells[0][:, self._pick, 0].astype(np.float64)
        there = cells[1][:, self._pick] == VALUE
        return np.where(there, values, np.nan)[self._made]

    def _matrix(self, name: str) -> tuple[Any, Any]:
        """A matrix at the decisions, (decisions, options), and where it was said; None: nowhere."""
        cells = self._rows.cells.get(name)
        if cells is None:
            return None, None
        states = cells[1][:, self._pick][self._made]
        there = states == VALUE
        if not there.any() or (states == GONE).any():
            return None, None
        return cells[0][:, self._pick][self._made].astype(np.float64), there

    def _unsaid(self, name: str) -> Reading:
        """Why a matrix that is absent is."""
        cells = self._rows.cells.get(name)
        gone = cells is not None and (cells[1][:, self._pick] == GONE).any()
        return DROPPED if gone else NOT_MEASURED


def _mean_of(values: Any) -> Reading:
    return mean(values[~np.isnan(values)])


def _ratio(part: int, whole: int) -> Reading:
    return Measured(part / whole) if whole else MASKED
