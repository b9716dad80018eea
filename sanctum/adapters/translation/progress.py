"""What is said of rounds and of the trainer: updates, ends of rounds, where the time went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.notices import NOTICES
from sanctum.adapters.translation.rounds import Round, round_of
from sanctum.adapters.translation.rows import Rows
from sanctum.adapters.translation.shape import Shape
from sanctum.adapters.translation.telling import Telling
from sanctum.adapters.translation.values import mapping, number, whole, word

_OF_ALLOCATOR = (
    "allocated_bytes",
    "reserved_bytes",
    "fragmentation_bytes",
    "num_alloc_retries",
    "num_ooms",
)


class Progress:
    """Translates events of whole rounds, and knows how far the run has come.

    `version` is the update whose policy acts. `handlers` are by kind of event.
    """

    def __init__(
        self, telling: Telling, rows: Rows, shape: Shape, odd: Callable[[str, str], None]
    ) -> None:
        self._telling = telling
        self._rows = rows
        self._shape = shape
        self._odd = odd
        self._round: Round | None = None
        self._episodes = shape.first_round * shape.envs
        self._planned = None if shape.rounds is None else shape.rounds * shape.envs
        self._has_said_ratios = False
        self.version = shape.first_round
        self.handlers: dict[str, Callable[[Event], None]] = {
            "PPO_UPDATE_COMPLETED": self._update,
            "ANALYTICS_SNAPSHOT/batch_stats": self._stats,
            "ANALYTICS_SNAPSHOT/action_distribution": self._counts,
            "BATCH_EPOCH_COMPLETED": self._batch,
            "PHASE_PROFILE_COMPLETED": self._phases,
            "ALLOCATOR_STATS": self._allocator,
        }

    @property
    def is_finished(self) -> bool:
        """Whether all episodes that were planned are done."""
        return self._planned is not None and 0 < self._planned <= self._episodes

    @property
    def text(self) -> str:
        """How far the run has come, to go on a sentence."""
        shape, row = self._shape, self._rows.newest
        done = self._episodes // shape.envs
        if row is not None:
            done = max(done, row.step // shape.epochs)
        planned = "" if not self._planned else f" of {self._planned // shape.envs}"
        text = f"{done}{planned} {'episodes' if shape.is_heuristic else 'rounds'}"
        if row is not None and row.step // shape.epochs == done:
            text += f", in epoch {row.step % shape.epochs + 1} of {shape.epochs} of the next"
        return text

    def heuristic_episode(self, data: Mapping[str, Any]) -> None:
        """An episode of a heuristic run is over."""
        self._episodes = whole(data.get("episode")) or self._episodes + 1
        self._planned = whole(data.get("episodes_total")) or self._planned

    def idle(self, *, for_long: bool) -> None:
        """Say the update of a round that is over, once its last words were heard or waited for."""
        round = self._round
        if round is not None and round.is_over and (round.is_counted or for_long):
            round.flush()

    def end_round(self) -> None:
        """No more of the round will come."""
        round, self._round = self._round, None
        if round is None:
            return
        round.flush()
        if round.is_over and not round.has_update and not round.is_skipped:
            run, steps = self._telling.run, round.steps
            reason = f"no PPO_UPDATE_COMPLETED of round {round.number} came"
            self._telling.say(lambda: run.gap("updates", *steps, 1, reason))

    def _of(self, event: Event) -> Round:
        """The round that an event belongs to."""
        round = round_of(event)
        if round is None:
            row, first = self._rows.newest, self._shape.first_round
            round = first if row is None else row.step // self._shape.epochs
        if self._round is None or self._round.number != round + 1:
            self.end_round()
            steps = self._shape.step(round, 1), self._shape.step(round, self._shape.epochs)
            self._round = Round(self._telling, round + 1, steps)
        return self._round

    def _update(self, event: Event) -> None:
        round = self._of(event)
        says_nothing = round.updated(event, is_on_cpu=self._shape.is_on_cpu)
        if round.has_update:
            self.version = round.number
        if says_nothing and not self._has_said_ratios:
            self._has_said_ratios = True
            self._telling.message(
                "the importance ratios are 1: with one inner PPO epoch what learns is what acted,"
                " so that KL, clip fractions and ratios have no meaning",
                "import",
            )

    def _stats(self, event: Event) -> None:
        self._of(event).stats(event)

    def _counts(self, event: Event) -> None:
        self._of(event).counted(event)

    def _batch(self, event: Event) -> None:
        data = event.data
        self._of(event).batch(event)
        self._episodes = whole(data.get("episodes_completed")) or self._episodes
        self._planned = whole(data.get("total_episodes")) or self._planned
        envs = whole(data.get("n_envs"))
        if envs is not None and envs != self._shape.envs:
            self._odd("n_envs", f"a round of {envs} environments; there are {self._shape.envs}")

    def _phases(self, event: Event) -> None:
        """PHASE_PROFILE_COMPLETED: where the time of an epoch, or of an update, went."""
        epoch, round = whole(event.data.get("epoch")), round_of(event)
        if epoch is None or round is None:
            raise ValueError("it names no epoch")
        step, newest = self._shape.step(round, epoch), self._rows.newest
        if newest is not None and step < newest.step:
            raise ValueError(f"epoch {epoch} of round {round + 1} is over")
        row = self._rows.of(step)
        row.time = row.time or self._telling.time
        for name, one in mapping(event.data.get("phases")).items():
            said = mapping(one)
            row.put_all(f"vital/phase_{name}_ms", number(said.get("wall_ms")))
            row.put_all(f"vital/phase_{name}_cpu", number(said.get("python_cpu_ratio")))
        self._telling.flush()

    def _allocator(self, event: Event) -> None:
        """ALLOCATOR_STATS, of one device; the first one is plain ``cuda``."""
        device = (word(event.data.get("device")) or "cuda").replace(":", "")
        row = self._rows.of(None)
        for name in _OF_ALLOCATOR:
            of = "cuda" if device == "cuda0" else device
            row.put_all(f"vital/{of}_{name}", number(event.data.get(name)))
        notice = NOTICES[event.kind]
        self._telling.of(event, notice.text(event.data), notice.type)
