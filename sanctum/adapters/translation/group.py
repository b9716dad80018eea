"""One group of Esper's, one attempt of it: each event to what translates it, all to one run."""

from __future__ import annotations

from collections import Counter

from sanctum.adapters.translation.clock import Clock
from sanctum.adapters.translation.environments import Environments
from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.notices import NOTICES, type_of
from sanctum.adapters.translation.progress import Progress
from sanctum.adapters.translation.rows import Rows
from sanctum.adapters.translation.shape import Shape
from sanctum.adapters.translation.source import Origin
from sanctum.adapters.translation.telling import Telling
from sanctum.adapters.translation.values import whole
from sanctum.probe.run import Run


class Group:
    """Translates the events of one group; `counts` are of these by kind."""

    def __init__(self, run: Run, shape: Shape, origin: Origin, counts: Counter[str]) -> None:
        self.run = run
        self.shape = shape
        self._origin = origin
        self._counts = counts
        self._telling = Telling(run, shape.envs)
        self._clock = Clock(shape)
        self._rows = Rows(self._telling, shape, self._step_ends, self._round_ends)
        self._progress = Progress(self._telling, self._rows, shape, self._odd)
        self._environments = Environments(
            self._telling, self._rows, self._clock, lambda: self._progress.version, self._odd
        )
        self._handlers = {**self._environments.handlers, **self._progress.handlers}
        self._was_idle = self._is_over = False
        self._told: tuple[int | None, ...] = ()
        run.before_end(self._last_words)

    @property
    def is_finished(self) -> bool:
        """Whether all episodes that were planned are done."""
        return self._progress.is_finished

    @property
    def where(self) -> str:
        """How far the run has come, as a sentence would say it."""
        return self._progress.text

    def take(self, event: Event) -> None:
        """One event. Raises ValueError for one that makes no sense, Backwards for one of a run that
        begins again.
        """
        self._was_idle = False
        if event.time is not None:
            self._telling.time = event.time
        self._check(event)
        handler = self._handlers.get(event.kind)
        if handler is not None:
            handler(event)
        elif event.kind in NOTICES:
            self._notice(event)
        else:
            self._origin.unknown += 1
            text = f"{event.kind}, which is not known here"
            self._telling.of(event, text, "esper", data=event.raw)
        if event.kind == "ANALYTICS_SNAPSHOT/heuristic_episode":
            self._progress.heuristic_episode(event.data)

    def started(self) -> None:
        """A heuristic run begins its next episode."""
        self._clock.started()

    def complain(self, text: str) -> None:
        """Put a warning of the import on the timeline."""
        self._telling.message(text, "import", severity="warn")

    def lost(self, count: int, reason: str) -> None:
        """`count` events were dropped on their way here."""
        row, run = self._telling.row, self.run
        step = 0 if row is None else row.step
        self._telling.say(lambda: run.gap("events", step, step, count, reason))

    def idle(self) -> None:
        """Write what there is; a round whose last words may still come waits for a second call."""
        self._progress.idle(for_long=self._was_idle)
        self._was_idle = True
        self._telling.flush()
        self._tell_source()

    def close(self, how: str | None, why: str | None) -> None:
        """Write everything and end the run; `how` None: finished where all that was planned is.

        A second call says nothing more.
        """
        is_finished = self._progress.is_finished
        self._last_words()
        if how is None:
            how = "finished" if is_finished else "ended"
            if not is_finished and why is None:
                what = "telemetry" if self._origin.is_live else "recording"
                why = f"the {what} stops after {self._progress.text}"
        self.run.close(how, why)

    def _last_words(self) -> None:
        """Write everything, once; a run that fails ends without `close`."""
        if self._is_over:
            return
        self._is_over = True
        self._environments.close()
        if self._progress.is_finished:
            self._environments.round_ends()
        self._rows.close(is_finished=self._progress.is_finished)
        self._progress.end_round()
        self._telling.flush()
        self._tell_source()
        self.run.at_time(0.0 if self._origin.is_live else self._telling.time)

    def _check(self, event: Event) -> None:
        count = self.shape.envs
        if event.env is None or event.env < count:
            return
        if event.kind not in NOTICES or NOTICES[event.kind].of_env:
            raise ValueError(f"environment {event.env}; there are 0 to {count - 1}")

    def _notice(self, event: Event) -> None:
        """A line of the timeline, with all that the event says."""
        notice = NOTICES[event.kind]
        env = event.env if notice.of_env else None
        step = None
        if env is not None and self._clock.at(env) is not None:
            step = self._clock.step_of(event, env, whole(event.data.get("epoch")))
        self._telling.of(event, notice.text(event.data), type_of(event), env=env, step=step)

    def _step_ends(self) -> None:
        self._environments.step_ends()

    def _round_ends(self) -> None:
        self._environments.round_ends()
        self._progress.end_round()
        self._tell_source()

    def _tell_source(self) -> None:
        """Where the events come from and how many came, when that is news."""
        origin = self._origin
        told = self._counts.total(), origin.refused_count, origin.unknown, origin.dropped
        if told != self._told:
            self._told = told
            origin.say(self.run, self._counts)

    def _odd(self, kind: str, text: str) -> None:
        if self._origin.odd(kind, text):
            self.complain(text)
