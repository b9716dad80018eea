"""One round: a policy update, and what is said of the round as a whole, joined under its number."""

from __future__ import annotations

from typing import Any

from sanctum.adapters.translation import updates
from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.telling import Telling
from sanctum.adapters.translation.values import flag, mapping, number, whole

_OF_BATCH = ("avg_accuracy", "avg_reward", "rolling_accuracy")
_OF_STATS = (
    "seeds_created",
    "seeds_fossilized",
    "rollback_attempt_count",
    "rollback_unattributed_count",
)

_FROM_0 = frozenset({"ALLOCATOR_STATS", "PHASE_PROFILE_COMPLETED"})
"""Types that count rounds from 0; all others count from 1."""


class Round:
    """Gathers the scalars of round `number` (from 1), whose vector steps are `steps`."""

    def __init__(self, telling: Telling, number: int, steps: tuple[int, int]) -> None:
        self.number = number
        self.has_update = False
        self.is_skipped = False
        self.is_over = False
        self.is_counted = False
        self._telling = telling
        self.steps = steps
        self._scalars: updates.Scalars = {}
        self._time: float | None = None
        self._is_new = False

    def updated(self, event: Event, *, is_on_cpu: bool) -> bool:
        """PPO_UPDATE_COMPLETED. Whether its ratios are 1 by construction."""
        if updates.is_skipped(event.data):
            self.is_skipped = True
            return False
        self.has_update = True
        found = updates.scalars(event.data, is_on_cpu=is_on_cpu)
        self._add(found)
        self._time = self._telling.time
        self._gradients(event, found)
        raw = {name: number(event.data.get(name)) for name in ("ratio_min", "ratio_max")}
        return updates.ratios_are_one(raw)

    def stats(self, event: Event) -> None:
        """``batch_stats``: its copies of the update's readings are left to the update."""
        data = event.data
        self._add({name: number(data.get(name)) for name in _OF_STATS})
        for name, copy in (("rolling_accuracy", "accuracy"), ("avg_accuracy", "host_accuracy")):
            if self._scalars.get(name) is None:
                self._add({name: number(data.get(copy))})
        if flag(data.get("skipped_update")):
            self.is_skipped = True
            text = f"update {self.number} was skipped: its readings are absent"
            self._telling.message(
                text, "update_skipped", severity="warn", data={"update": self.number}
            )

    def batch(self, event: Event) -> None:
        """BATCH_EPOCH_COMPLETED: the round is over."""
        self._add({name: number(event.data.get(name)) for name in _OF_BATCH})
        self.is_over = True

    def counted(self, event: Event) -> None:
        """``action_distribution``: how often each op was executed."""
        counts = mapping(event.data.get("action_counts"))
        self._add({f"action_count.{op}": number(count) for op, count in counts.items()})
        self.is_counted = True

    def flush(self) -> None:
        """Say the update with all that is known by now, if something of it is new."""
        if not self._is_new:
            return
        self._is_new = False
        run, said, steps = self._telling.run, dict(self._scalars), self.steps
        number = self.number
        now, self._telling.time = self._telling.time, self._time or self._telling.time
        self._telling.say(lambda: run.update(number, steps=steps, **said))
        self._telling.time = now

    def _add(self, found: dict[str, Any]) -> None:
        self._scalars.update({name: value for name, value in found.items() if value is not None})
        for name, value in found.items():
            self._scalars.setdefault(name, value)
        self._is_new = True

    def _gradients(self, event: Event, found: updates.Scalars) -> None:
        """An event with what of the gradients is no number."""
        about = updates.gradients(event.data)
        states = about.get("states", {})
        bad = [head for head, state in states.items() if state not in ("finite", "not_learnable")]
        dead = [name for name, health in about.get("layers", {}).items() if health == 0.0]
        parts = []
        if bad or about.get("nan") or about.get("inf"):
            ill = dict.fromkeys([*bad, *about.get("nan", []), *about.get("inf", [])])
            parts.append(f"not finite or missing in {', '.join(ill)}")
        if dead:
            stems = dict.fromkeys(name.split(".", 1)[0] for name in dead)
            parts.append(f"{len(dead)} dead layers, in {', '.join(stems)}")
        if about:
            text = (
                f"gradients of update {self.number}: {'; '.join(parts) or 'finite in every head'}"
            )
            severity = "warn" if bad or about.get("nan") or about.get("inf") else "debug"
            self._telling.message(
                text, "gradients", severity=severity, data={"update": self.number, **about}
            )


def round_of(event: Event) -> int | None:
    """The round (from 0) that an event of a whole round names; None where it names none."""
    data = event.data
    found = whole(data.get("batch"))
    if found is None:
        found = whole(data.get("batch_idx"))
    first = 0 if event.type in _FROM_0 else 1
    return None if found is None or found < first else found - first
