"""Which weights: those that acted then, the newest now, or those of a hall of fame entry."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sanctum.errors import NoDataYet, SanctumError, UsageError
from sanctum.model.jobs import Policy
from sanctum.record.hall.weights import LEFT_OUT
from sanctum.record.moments import Scope
from sanctum.record.questions.decision.missing import call
from sanctum.record.questions.grounds import Grounds
from sanctum.record.weights import KEEPS, Weights, acting, newest, of_update, saved, thinned

THEN, NOW = "then", "now"
_HALL = re.compile(r"hall:(\d{1,9})\Z")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Weights to evaluate with. `acted` says whether they decided then, None: it is not told.

    Raises SanctumError where nothing makes a policy of them.
    """

    which: str
    weights: Weights
    acted: bool | None
    note: str | None = None

    def __post_init__(self) -> None:
        about = self.weights.about
        if self.weights.factory is None:
            why, says = about.get("no_factory"), 'run.save_policy(..., factory="module:function")'
            raise SanctumError(
                f"nobody said what makes a policy of the weights of u{self.weights.update}"
                + (f": {why}" if why else ""),
                None if why else f"{says} says it",
            )

    @property
    def key(self) -> tuple[int, int]:
        """What tells these weights from others."""
        return id(self.weights.reader.db), self.weights.id

    def policy(self) -> Policy:
        """As a worker takes them, which may be large. Raises NoDataYet, RecordError."""
        found = self.weights
        assert found.factory is not None
        return Policy(found.update, found.factory, found.data, found.about, found.tied)


def rank_of(which: str) -> int | None:
    """The rank of ``hall:K``, None for the others. Raises UsageError for a word that is none."""
    if which in (THEN, NOW):
        return None
    found = _HALL.match(which)
    if found is None:
        raise UsageError(
            f"'{which}' names no weights", "then, now, or hall:K for an entry of the hall of fame"
        )
    return int(found[1])


def then(of: Scope, grounds: Grounds, row: int = -1) -> Chosen:
    """The weights that made a decision, or the nearest kept before them. Raises NoDataYet."""
    attempt, step = of.attempt.attempt, int(grounds.steps[row])
    kept = saved(of.reader, attempt)
    if not kept and of.at.hall is not None:
        raise _bare(of, of.at.hall)
    if not kept:
        raise _none(of)
    update, note = acting(kept, step, grounds.version(row))
    found = of_update(of.reader, attempt, update)
    if found is None:
        raise thinned(update)
    if of.at.hall is not None:
        found = found.loaded()
    version = grounds.version(row)
    return Chosen(THEN, found, None if version is None else version == update, note)


def now(newest_of: Scope, version: int | None, *, is_same_run: bool = True) -> Chosen:
    """The newest weights. `version` is the update that decided. Raises NoDataYet."""
    found = newest(newest_of.reader, newest_of.attempt.attempt)
    if found is None:
        raise _none(newest_of)
    acted = None if version is None else is_same_run and version == found.update
    return Chosen(NOW, found, acted)


def of_hall(entry: Scope, rank: int, asked: Scope, version: int | None) -> Chosen:
    """The weights that acted at the peak of an entry, whose ground there is `entry`.

    Raises NoDataYet where the entry holds none.
    """
    attempt = entry.attempt.attempt
    kept = saved(entry.reader, attempt)
    found = None if not kept else of_update(entry.reader, attempt, kept[-1][0])
    if found is None:
        raise _bare(entry, rank)
    is_same = (entry.header.run_id, entry.header.pid, entry.header.time) == (
        asked.header.run_id,
        asked.header.pid,
        asked.header.time,
    )
    acted = None if version is None else is_same and version == found.update
    return Chosen(f"hall:{rank}", found.loaded(), acted)


def _none(of: Scope) -> NoDataYet:
    """A run of which no weights are there."""
    return NoDataYet("no weights of the policy were kept", call(of, KEEPS) or None)


def _bare(entry: Scope, rank: int) -> NoDataYet:
    """Why there is nothing to evaluate with in an entry."""
    said = entry.reader.rows("SELECT value FROM meta WHERE key = ?", LEFT_OUT)
    return NoDataYet(
        f"entry {rank} of the hall of fame holds no weights" + (f": {said[0][0]}" if said else ""),
        None if said else "new entries do, of runs that save them: run.save_policy(...)",
    )
