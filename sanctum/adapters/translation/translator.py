"""`Translator`: one event after another, each to the run of its group."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sanctum.adapters.translation.clock import round_in
from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.group import Group
from sanctum.adapters.translation.rows import Backwards
from sanctum.adapters.translation.shape import Shape, announced, inferred
from sanctum.adapters.translation.source import Origin
from sanctum.probe.openings import Opens
from sanctum.probe.run import Run

REMEMBERED = 5_000
"""How many events are known by their ids, so that one that comes again is left out."""

WAITING_EVENTS = 20_000
"""How many events may wait for what tells the shape of their run: a round or more."""

DEFAULT_GROUP = "default"
LONGEST_GROUP = 20
"""So many letters of a group's name are in that of its run."""

_WITHOUT_GROUP = frozenset({"GOVERNOR_ROLLBACK", "TAMIYO_INITIATED", "REWARD_HACKING_SUSPECTED"})
"""Types that always say the default group, whatever group their environment is of."""

_BEFORE_THE_START = frozenset(
    {
        "CHECKPOINT_LOADED",
        "ANALYTICS_SNAPSHOT/heuristic_config",
        "ANALYTICS_SNAPSHOT/heuristic_warning",
    }
)
"""Kinds that come before the TRAINING_STARTED which they belong to."""


class Translator:
    """Esper's events, in order, to one run per group.

    `place` is the file they come from, or ``live``. `run_id` is asked for, None: Esper's own label.
    Nothing here raises because of what an event holds: that is counted, and said once.
    """

    def __init__(self, opens: Opens, run_id: str | None, place: str) -> None:
        self._opens = opens
        self._run_id = run_id
        self._origin = Origin(place)
        self._groups: dict[str, Group] = {}
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._waiting: dict[str, list[Event]] = {}
        self._group_of_env: dict[int, str] = {}
        self._names: dict[str, str] = {}
        self._newest = DEFAULT_GROUP
        self._unsaid: list[str] = []
        self._taken = 0
        self._ids: dict[str, None] = {}
        self._is_closed = False
        self.runs: list[Run] = []

    @property
    def counts(self) -> Counter[str]:
        """How many events came, by type; of snapshots with what they are of."""
        return self._origin.counts

    @property
    def unknown(self) -> int:
        """How many of them were of a type that nobody knows."""
        return self._origin.unknown

    @property
    def is_finished(self) -> bool:
        """Whether all that was planned has come, of every group that began."""
        groups = self._groups.values()
        return bool(groups) and all(one.is_finished for one in groups)

    @property
    def where(self) -> str:
        """How far the newest run has come, as a sentence would say it; empty before the first."""
        group = self._groups.get(self._newest)
        return "" if group is None else group.where

    def take(self, event: Mapping[str, Any]) -> None:
        """One event, in the shape of a line of Esper's JSONL."""
        self._taken += 1
        kind = "an event"
        try:
            found = Event(event)
            kind = found.kind
            if self._is_repeated(event.get("event_id")):
                self._odd("repeat", f"{kind} (event {self._taken:,}) came before, and is left out")
            else:
                self._take(found)
        except Exception as error:
            self._senseless(kind, error)

    def refuse(self, text: str) -> None:
        """A line or an event could not be read at all; `text` is a sentence that says which."""
        if self._origin.refuse(text):
            self._complain(text)

    def drop(self, count: int) -> None:
        """The sender says that it has dropped `count` events so far."""
        before = self._origin.dropped or 0
        self._origin.dropped = max(count, before)
        group = self._groups.get(self._newest)
        if count > before and group is not None:
            what = "an event" if count - before == 1 else f"{count - before:,} events"
            group.lost(count - before, f"Esper dropped {what} before they were sent")

    def idle(self) -> None:
        """Nothing more has come for a moment: write what is complete."""
        for name, group in self._groups.items():
            try:
                group.idle()
            except Exception as error:
                self._senseless(f"what was said of group {name}", error)

    def close(self, how: str | None = None, why: str | None = None) -> None:
        """Write all that waits and end the runs; `how` None: as the events tell."""
        if self._is_closed:
            return
        self._is_closed = True
        for name in list(self._waiting):
            try:
                self._infer(name)
            except Exception as error:
                self._odd(name, f"the events of group {name} make no sense: {error}")
        for name, group in self._groups.items():
            try:
                group.close(how, why)
            except Exception as error:
                self._senseless(f"the end of group {name}", error)
                group.run.close("ended", f"its last events make no sense: {error}")

    def _is_repeated(self, id: Any) -> bool:
        """Whether an event of a file came before: of files that were put together, say."""
        if not isinstance(id, str) or self._origin.is_live:
            return False
        if id in self._ids:
            return True
        self._ids[id] = None
        if len(self._ids) > REMEMBERED:
            del self._ids[next(iter(self._ids))]
        return False

    def _take(self, event: Event) -> None:
        if event.type == "TRAINING_STARTED":
            self._count(event, event.group or DEFAULT_GROUP)
            self._start(event)
            return
        name = self._route(event)
        self._count(event, name)
        group = self._groups.get(name)
        if group is None or event.kind in _BEFORE_THE_START:
            self._wait(name, event)
            return
        self._newest = name
        if name in self._waiting:
            for earlier in self._waiting.pop(name):
                self._pass(name, earlier)
        self._pass(name, event)

    def _pass(self, name: str, event: Event) -> None:
        """An event to its group, or to another attempt of it when the steps go back."""
        group = self._groups[name]
        try:
            group.take(event)
        except Backwards:
            first = round_in(event.data, event.env, group.shape.envs) or 0
            group.close("ended", "the steps go back: another run began, and nothing announced it")
            shape = replace(group.shape, first_round=first, is_known=False)
            self._open(name, shape, event).take(event)
        except Exception as error:
            self._senseless(event.kind, error)

    def _route(self, event: Event) -> str:
        """The group of an event; for those that do not say it, that of their environment."""
        env = event.env
        if event.group and event.type not in _WITHOUT_GROUP:
            if env is not None:
                self._group_of_env[env] = event.group
            return event.group
        if env is not None and env in self._group_of_env:
            return self._group_of_env[env]
        return self._newest

    def _count(self, event: Event, name: str) -> None:
        self._origin.counts[event.kind] += 1
        self._counts[name][event.kind] += 1

    def _start(self, event: Event) -> None:
        """TRAINING_STARTED: a run begins, its next attempt, or a heuristic run's next episode."""
        name = event.group or DEFAULT_GROUP
        shape = announced(event)
        group = self._groups.get(name)
        if group is not None and group.shape.is_heuristic and shape.is_heuristic:
            group.started()
            return
        waiting = self._waiting.get(name, [])
        if group is None and any(one.kind not in _BEFORE_THE_START for one in waiting):
            self._waiting[name] = [one for one in waiting if one.kind not in _BEFORE_THE_START]
            before = [one for one in waiting if one.kind in _BEFORE_THE_START]
            self._infer(name)
        else:
            before = self._waiting.pop(name, [])
        for other, earlier in self._groups.items():
            if other == name or earlier.is_finished:
                earlier.close(None, None)
        opened = self._open(name, shape, event)
        self._newest = name
        for one in before:
            self._pass(name, one)
        opened.idle()

    def _wait(self, name: str, event: Event) -> None:
        """Keep an event until the shape of its run is known."""
        waiting = self._waiting.setdefault(name, [])
        waiting.append(event)
        is_told = event.type == "BATCH_EPOCH_COMPLETED" and name not in self._groups
        if is_told or len(waiting) >= WAITING_EVENTS:
            self._infer(name)

    def _infer(self, name: str) -> None:
        """Begin a run whose start was not heard of, by what its events show."""
        waiting = self._waiting.pop(name, [])
        if name not in self._groups:
            shape = inferred(waiting)
            if shape is None:
                for one in waiting:
                    self._odd(one.kind, f"{one.kind} is of no run: there is no TRAINING_STARTED")
                return
            self._open(name, replace(shape, first_round=_first_round(waiting, shape)), waiting[0])
        self._newest = name
        for earlier in waiting:
            self._pass(name, earlier)

    def _open(self, name: str, shape: Shape, event: Event) -> Group:
        """Begin a run, or its next attempt."""
        at = event.time or 0.0
        run = self._opens(self._named(name, shape, at), at, **shape.about())
        self.runs = [one for one in self.runs if one.run_id != run.run_id] + [run]
        group = self._groups[name] = Group(run, shape, self._origin, self._counts[name])
        if not shape.is_known:
            group.complain(
                "there is no TRAINING_STARTED: environments, slots and rounds are taken from what"
                " came, settings are not known"
            )
        unsaid, self._unsaid = self._unsaid, []
        for text in unsaid:
            group.complain(text)
        return group

    def _named(self, name: str, shape: Shape, at: float) -> str:
        """The run id of a group."""
        stem = self._run_id or shape.label
        if not stem:
            stem = f"esper-{time.strftime('%Y-%m-%d', time.gmtime(at or time.time()))}"
        self._run_id = stem
        if name == DEFAULT_GROUP:
            return stem
        if name not in self._names:
            word = re.sub(r"[^0-9A-Za-z_.-]+", "", name)[:LONGEST_GROUP]
            if not word or word in self._names.values():
                word += f"group{len(self._names) + 1}"
            self._names[name] = word
        return f"{stem}-{self._names[name]}"

    def _senseless(self, kind: str, error: Exception) -> None:
        """Something could not be translated; an error that nobody meant is named by its type."""
        why = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        self._odd(kind, f"{kind} (event {self._taken:,}) makes no sense: {why}")

    def _odd(self, kind: str, text: str) -> None:
        if self._origin.odd(kind, text):
            self._complain(text)

    def _complain(self, text: str) -> None:
        group = self._groups.get(self._newest)
        if group is None:
            self._unsaid.append(text)
        else:
            group.complain(text)


def _first_round(events: list[Event], shape: Shape) -> int:
    """The round of the first event that tells its episode."""
    for event in events:
        round = round_in(event.data, event.env, shape.envs)
        if round is not None:
            return round
    return 0
