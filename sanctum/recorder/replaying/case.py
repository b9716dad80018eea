"""A case: the decisions that are replayed, of which run, and whose weights may be tried on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sanctum.record.hall import Hall
from sanctum.record.moments import Scope
from sanctum.record.questions.grounds import Grounds
from sanctum.recorder.replaying import trust, which
from sanctum.recorder.replaying.features import Features, listed
from sanctum.recorder.replaying.place import Place, place_of
from sanctum.recorder.replaying.which import NOW, THEN, Chosen


@dataclass(frozen=True, slots=True)
class Source:
    """A record to replay from: `scope` gives the ground of a moment, `path` is its file.

    `hall` is the hall of fame of its task; None where there is none.
    """

    scope: Callable[[str | None], Scope]
    path: Path
    hall: Hall | None


@dataclass(frozen=True, slots=True)
class Case:
    """Decisions of one environment, the ground they stand on, and the record they are from.

    With `trusted` the code that a foreign record names is run too. `count` is how many decisions
    there are, when not all of them are in `grounds`.
    """

    source: Source
    of: Scope
    grounds: Grounds
    trusted: bool
    count: int = 1

    @property
    def features(self) -> Features:
        """The names of what was seen."""
        return Features(self.of.header.features, self.grounds.features)

    @property
    def place(self) -> Place:
        """Where the policy of this run is made again."""
        return place_of(self.of.header)

    def choose(self, name: str, row: int = -1) -> Chosen:
        """The weights of that name for a decision.

        Raises NoDataYet where there are none, UsageError for a name that is none, SanctumError
        where the record they are in may not be this user's.
        """
        rank, version = which.rank_of(name), self.grounds.version(row)
        if rank is not None:
            entry = self.source.scope(f"hall:{rank}")
            found = which.of_hall(entry, rank, self.of, version)
            self.check(entry, found)
            return found
        if name == THEN:
            found = which.then(self.of, self.grounds, row)
            self.check(self.of, found)
            return found
        assert name == NOW
        newest = self._newest()
        is_same = newest.reader.only_env is None and self.of.at.hall is None
        found = which.now(newest, version, is_same_run=is_same)
        self.check(newest, found)
        return found

    def check(self, of: Scope, chosen: Chosen) -> None:
        """Refuse weights of a record that may not be this user's. Raises SanctumError."""
        if self.trusted:
            return
        hall = self.source.hall
        is_entry = of.at.hall is not None and hall is not None
        path = hall.path if is_entry and hall else self.source.path
        trust.check(path, of.header, chosen.weights.factory or "")

    def notes(self, *chosen: Chosen) -> list[str]:
        """What has to be said of an evaluation with these weights, beside its numbers."""
        said = [*self.place.notes, *(one.note for one in chosen if one.note is not None)]
        odd = self.features.odd(self.grounds.observation(-1))
        if odd:
            said.append(f"not finite in the observation: {listed(odd)}")
        return list(dict.fromkeys(said))

    def _newest(self) -> Scope:
        """Where the newest weights are: of the run that is asked, also about its hall of fame."""
        if self.of.at.hall is None:
            return self.of
        now = self.source.scope(None)
        return self.of if now.at.hall is not None else now
