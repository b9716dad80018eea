"""What is said to a run: the row of a step first, then all that happened in it, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.row import Row
from sanctum.adapters.translation.values import exact, told
from sanctum.probe.run import Run


class Telling:
    """Holds back what belongs to the current step until its row is written.

    `time` is that of the event which is being translated, in seconds since the epoch.
    """

    def __init__(self, run: Run, envs: int) -> None:
        self.run = run
        self.row: Row | None = None
        self.time = 0.0
        self._envs = envs
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def begin(self, step: int) -> Row:
        """The row of a new step; what waits is said first."""
        self.flush()
        self.row = Row(step, self._envs)
        return self.row

    def say(self, call: Callable[[], None]) -> None:
        """Do `call` once the row is written, at the time of now."""
        self._waiting.append((self.time, call))

    def message(
        self,
        text: str,
        type: str,
        *,
        severity: str = "info",
        env: int | None = None,
        slot: str | None = None,
        step: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """A line for the timeline, of the current step unless `step` says another."""
        if step is None and self.row is not None:
            step = self.row.step

        def call() -> None:
            self.run.message(
                text, severity=severity, type=type, env=env, slot=slot, step=step, data=data
            )

        self.say(call)

    def of(
        self,
        event: Event,
        text: str,
        type: str,
        *,
        env: int | None = None,
        step: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """A line for the timeline about an event, with all that it says unless `data` is given."""
        about = told(event.data) if data is None else dict(data)
        if "rng_seed" in about:
            about["rng_seed"] = exact(about["rng_seed"])
        self.message(
            text,
            type,
            severity=event.severity,
            env=env,
            slot=event.slot,
            step=step,
            data=about,
        )

    def flush(self) -> None:
        """Write the row as far as it is known, and say what waits."""
        row, run = self.row, self.run
        if row is not None:
            run.at_time(row.time or self.time)
            row.write(run)
        waiting, self._waiting = self._waiting, []
        for time, call in waiting:
            run.at_time(time)
            call()
