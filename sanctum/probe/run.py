"""`Run`: what a trainer holds. Its methods copy a few arrays, append them to a deque and return.

Nothing here blocks the training thread or raises into it: a call that cannot be understood is
counted, said once on stderr, and left in the record as an event.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

from sanctum.probe import endings
from sanctum.probe.backlog import WEIGHTS, Backlog
from sanctum.probe.copies import gather, prefixed
from sanctum.probe.plain import MAX_INT, import_path, plain, scalar, setting
from sanctum.probe.plain import text as as_text
from sanctum.probe.saves import Saves
from sanctum.probe.sender import Sender
from sanctum.probe.witness import Witness
from sanctum.telemetry import (
    SEVERITIES,
    Array,
    Backfill,
    EpisodeEnded,
    Frame,
    Gap,
    Masked,
    Message,
    PolicySaved,
    RunEnded,
    SeedState,
    Settings,
    Source,
    Step,
    Update,
)

CLOSE_WITHIN_S = 5.0
Scalars = Mapping[str, Any]


class Run:
    """A run under observation; made by `sanctum.attach`.

    A context manager: leaving it by an exception records the exception. `close()` may be called
    twice. Methods may be called from any thread. `recording` is False when no recorder listens.
    """

    def __init__(self, run_id: str, backlog: Backlog, say: Callable[[str], None]) -> None:
        self.run_id = run_id
        self.record: str | None = None
        self._backlog = backlog
        self._sender: Sender | None = None
        self._witness: Witness | None = None
        self._saves = Saves(self._put, self._not_kept, self._say_skipped)
        self._say = say
        self._closed = False
        self._closing = threading.Lock()
        self._pid = os.getpid()
        self._last_step: int | None = None
        self._time = 0.0
        self._names: dict[str, dict[str, str]] = {
            kind: {}
            for kind in (
                "reward",
                "action",
                "probability",
                "mask",
                "logit",
                "mask_rule",
                "vital",
            )
        }
        self._before_end: list[Callable[[], None]] = []
        self._updated = -1
        self.refused = 0

    @property
    def recording(self) -> bool:
        """Whether a recorder listens."""
        return not self._closed and self._sender is not None and self._sender.alive

    @property
    def lost(self) -> int:
        """Readings that were left out: the queue was full, or nobody listens any more."""
        return self._backlog.lost

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait to be sent; who reads faster than a recorder writes should wait."""
        return self._backlog.queued_bytes

    def at_time(self, time: float) -> None:
        """What is said from here on happened at `time`, in seconds since the epoch; 0: now.

        For importers and followers, which speak of what happened before.
        """
        self._time = time

    def step(
        self,
        step: int,
        /,
        *,
        rewards: Mapping[str, Any] | None = None,
        actions: Mapping[str, Any] | None = None,
        probabilities: Mapping[str, Any] | None = None,
        masks: Mapping[str, Any] | None = None,
        logits: Mapping[str, Any] | None = None,
        mask_rules: Mapping[str, Any] | None = None,
        observation: Any = None,
        recurrent: Any = None,
        vitals: Mapping[str, Any] | None = None,
        envs: Sequence[int] | None = None,
        **columns: Any,
    ) -> None:
        """One vector step: every environment's row in one call; what is said again is added.

        `columns` are (E,) arrays by name: accuracy (percent), loss, reward, value, log_prob,
        entropy, done, env_step, episode, ... `rewards` are the components of ``reward``, `actions`
        the index chosen by each head (negative: the head was not used), `probabilities`, `masks`
        and `logits` (E, n) per head, `mask_rules` (E, n) the index of the rule of `attach` that
        forbids each option (negative: it is legal; of a head whose options depend on the op, all
        of them: (E, ops, n)), `observation` (E, F), `recurrent` (E, ...), before the step. With
        `envs` the arrays are for that subset. A numpy masked array marks cells that had no meaning.
        `vitals` are arrays (E,) that say the same of every environment, since they are of the
        trainer: ``phase_train``.
        """
        if not self.recording:
            self._unheard()
            return
        try:
            flat: dict[str, Array] = {}
            matrices: dict[str, Array] = {}
            missed: list[str] = []
            used = 64 + gather(columns, flat, missed)
            for kind, given, into in (
                ("reward", rewards, flat),
                ("action", actions, flat),
                ("probability", probabilities, matrices),
                ("mask", masks, matrices),
                ("logit", logits, matrices),
                ("mask_rule", mask_rules, matrices),
                ("vital", vitals, flat),
            ):
                if given:
                    used += gather(prefixed(kind, self._names[kind], given), into, missed)
            if observation is not None or recurrent is not None:
                used += gather(
                    {"observation": observation, "recurrent": recurrent}, matrices, missed
                )
            if missed:
                self._backlog.miss(int(step), len(missed))
            subset = None if envs is None else [int(env) for env in envs]
            self._last_step = _counted(step)
            said = Step(self._last_step, flat, matrices, subset, monotonic(), self._time)
            self._backlog.put(said, used)
        except Exception as error:
            self._refuse("step", error)

    def update(
        self,
        update: int,
        /,
        *,
        steps: tuple[int, int] | None = None,
        heads: Mapping[str, Scalars] | None = None,
        **scalars: Any,
    ) -> None:
        """One policy update, under the names of the metric catalogue or another library's.

        `steps` are the first and last vector step it learned from; `heads` scalars per head. What
        is said again of the newest update is added to it.
        None is *not measured*, `sanctum.MASKED` had no meaning; tensors of one element will do.
        """
        try:
            flat = dict(scalars)
            for head, readings in (heads or {}).items():
                flat.update({f"{name}.{head}": value for name, value in readings.items()})
            masked = [name for name, value in flat.items() if isinstance(value, Masked)]
            values = {
                name: None if value is None else float(value)
                for name, value in flat.items()
                if not isinstance(value, Masked)
            }
            first, last = steps if steps is not None else (None, None)
            self._updated = int(update)
            self._put(
                Update(
                    int(update),
                    values,
                    masked,
                    None if first is None else int(first),
                    None if last is None else int(last),
                    self._last_step,
                    self._time,
                ),
                64 * len(values),
            )
        except Exception as error:
            self._refuse("update", error)

    def seed(
        self,
        env: int,
        slot: str,
        stage: str,
        /,
        *,
        step: int | None = None,
        blueprint: str | None = None,
        gate: str | None = None,
        gate_inputs: Mapping[str, tuple[float | None, float | None]] | None = None,
        cause: str | None = None,
        **numbers: Any,
    ) -> None:
        """The state of the seed in one slot: at every change of stage, and now and then between.

        `numbers`: alpha, alpha_target, age_steps, stage_steps, parameters, contribution and
        improvement (points), gradient_health, ...; None is *not measured*. `gate_inputs` is name ->
        (value, needed) of the next gate. `cause` says who or what changed the stage; a gate that it
        names (``gate blend``, ``FOSSILIZE``) is the one that let the seed through, or that refused
        where the stage is as it was.
        """
        try:
            inputs = {
                name: (scalar(value), scalar(needed))
                for name, (value, needed) in (gate_inputs or {}).items()
            }
            self._put(
                SeedState(
                    int(env),
                    as_text(slot),
                    as_text(stage),
                    self._step(step),
                    None if blueprint is None else as_text(blueprint),
                    {name: scalar(value) for name, value in numbers.items()},
                    gate,
                    inputs,
                    cause,
                    self._time,
                ),
                256,
            )
        except Exception as error:
            self._refuse("seed", error)

    def episode(
        self,
        env: int,
        episode: int,
        /,
        *,
        step: int | None = None,
        final_accuracy: float | None = None,
        best_accuracy: float | None = None,
        episode_return: float | None = None,
        length: int | None = None,
        outcome: str | None = None,
        terminated: bool = False,
        truncated: bool = False,
        **numbers: Any,
    ) -> None:
        """One environment finished an episode. Accuracies in percent."""
        try:
            self._put(
                EpisodeEnded(
                    int(env),
                    int(episode),
                    self._step(step),
                    scalar(final_accuracy),
                    scalar(best_accuracy),
                    scalar(episode_return),
                    None if length is None else int(length),
                    outcome,
                    bool(terminated),
                    bool(truncated),
                    {name: scalar(value) for name, value in numbers.items()},
                    self._time,
                ),
                256,
            )
        except Exception as error:
            self._refuse("episode", error)

    def message(
        self,
        text: str,
        /,
        *,
        severity: str = "info",
        type: str = "message",
        env: int | None = None,
        slot: str | None = None,
        step: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """A line for the timeline. Severities: debug, info, warn, error, critical."""
        try:
            if severity not in SEVERITIES:
                raise ValueError(f"no severity {severity!r}; there are {', '.join(SEVERITIES)}")
            about = plain(data or {})
            self._put(
                Message(
                    as_text(text),
                    severity,
                    as_text(type),
                    self._last_step if step is None else int(step),
                    None if env is None else int(env),
                    None if slot is None else as_text(slot),
                    about,
                    self._time,
                ),
                256 + len(str(text)),
            )
        except Exception as error:
            self._refuse("message", error)

    def backfill(self, first_step: int, /, **columns: Any) -> None:
        """Columns (T, E) for the T steps from `first_step` on: advantages, returns."""
        try:
            flat: dict[str, Array] = {}
            used = gather(columns, flat, [])
            self._put(Backfill(int(first_step), flat), used)
        except Exception as error:
            self._refuse("backfill", error)

    def save_policy(
        self,
        update: int,
        weights: Any,
        /,
        *,
        factory: str | Callable[..., Any] | None = None,
        step: int | None = None,
        **about: Any,
    ) -> None:
        """Keep the policy's weights, so that decisions can be looked at again.

        `weights` are a module or a mapping of tensors or arrays: copied here, on their device, and
        written to a file beside the record by a thread of its own. `update` is the one that made
        them (0: none yet), `step` the last vector step before they act, the newest unless given.
        `factory` (a function or its ``"module:function"``, else that of `attach`) makes the policy
        again from the tensors by name and a dict of what is given in `about`. What it makes has
        ``readings(observation, masks, actions)``: tensors (N, F), (N, n) and (N,) by head, as the
        record has them, to tensors by the record's names, ``probability/HEAD`` and ``value``.

        Call it after every update: of weights so large that saving them all would cost more than
        1 % of the time, some updates' are left out, which is said; the first never, the last only
        when the run ends in the middle of the next.
        """
        if not self.recording:
            self._unheard()
            return
        try:
            last = self._last_step if step is None else int(step)
            frame = PolicySaved(int(update), "", import_path(factory), step=last)
            self._saves.save(frame, weights, about, self.run_id, self._folder)
        except Exception as error:
            self._refuse("save_policy", error)

    def gap(self, what: str, first_step: int, last_step: int, count: int, reason: str, /) -> None:
        """Say that `count` readings of these steps did not arrive here; every answer will say so.

        `what` is matrices, weights, columns or whatever else was lost.
        """
        try:
            first, last = _counted(first_step), _counted(last_step)
            self._put(Gap(as_text(what), first, last, int(count), as_text(reason)), 256)
        except Exception as error:
            self._refuse("gap", error)

    def source(
        self,
        kind: str,
        place: str,
        /,
        *,
        counts: Mapping[str, int] | None = None,
        unknown: int = 0,
        refused: Sequence[str] = (),
        refused_count: int = 0,
        dropped: int | None = None,
        version: str | None = None,
    ) -> None:
        """Where the telemetry comes from, and what came; for adapters. The newest one counts.

        See `sanctum.telemetry.Source` for what each of these is.
        """
        try:
            said = Source(
                as_text(kind),
                as_text(place),
                {as_text(name): int(count) for name, count in (counts or {}).items()},
                int(unknown),
                [as_text(line) for line in refused],
                int(refused_count),
                None if dropped is None else int(dropped),
                None if version is None else as_text(version),
            )
            self._put(said, 256 + 64 * len(said.counts))
        except Exception as error:
            self._refuse("source", error)

    def configure(self, config: Mapping[str, Any], *, planned_steps: int | None = None) -> None:
        """Settings that are known only now; they join the `config` that `attach` was given."""
        try:
            said = {as_text(key): setting(value) for key, value in config.items()}
            planned = None if planned_steps is None else _counted(planned_steps)
            self._put(Settings(said, planned), 256 + 64 * len(said))
        except Exception as error:
            self._refuse("configure", error)

    def before_end(self, last_words: Callable[[], None]) -> None:
        """Call `last_words` when the run ends, however it ends, while it can still be spoken to.

        For adapters that hold readings back until they are complete.
        """
        self._before_end.append(last_words)

    def close(self, how: str = "finished", why: str | None = None) -> None:
        """The run is over. Sends what waits, for at most a few seconds.

        `how` is finished, interrupted or ended; `why` a sentence where there is something to say.
        """
        self._end(how, why=why)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(*endings.how_it_failed(kind, value, trace))

    def _listen(self, sender: Sender, record: str, witness: Witness | None = None) -> None:
        self._sender, self.record, self._witness = sender, record, witness
        sender.start()

    @property
    def _folder(self) -> Path:
        """Where files for the recorder are put: beside its record."""
        return Path(tempfile.gettempdir()) if self.record is None else Path(self.record).parent

    def _say_skipped(self, text: str) -> None:
        """Weights are left out by plan."""
        self._put(Message(text, "info", WEIGHTS, self._last_step), 256)

    def _not_kept(self, frame: PolicySaved, error: Exception) -> None:
        """Weights were not written, and why."""
        step = 0 if frame.step is None else frame.step
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        self._backlog.lost += 1
        self._put(Gap(WEIGHTS, step, step, 1, f"those of update {frame.update}: {why}"), 256)

    def _step(self, step: int | None) -> int:
        if step is not None:
            return _counted(step)
        return 0 if self._last_step is None else self._last_step

    def _put(self, frame: Frame, used_bytes: int = 0) -> None:
        if self.recording:
            self._backlog.put(frame, used_bytes)
        else:
            self._unheard()

    def _unheard(self) -> None:
        """Something was said that nobody records."""
        if not self._closed:
            self._backlog.lost += 1

    def _refuse(self, call: str, error: Exception) -> None:
        self.refused += 1
        if self.refused > 1:
            return
        text = f"run.{call}(...) was not understood and left out: {type(error).__name__}: {error}"
        self._say(f"sanctum: {text}; more of these are counted, not said")
        self._put(Message(text, "warn", "probe", self._last_step), 256)

    def _end(
        self,
        how: str,
        exception: str | None = None,
        trace: str | None = None,
        why: str | None = None,
    ) -> None:
        self._say_last_words()
        with self._closing:
            if self._closed or self._pid != os.getpid():
                return
            if self.refused > 1:
                text = f"{self.refused} calls of the trainer were not understood and left out"
                self._put(Message(text, "warn", "probe", self._last_step), 256)
            self._save_last()
            self._saves.finish(CLOSE_WITHIN_S)
            self._put(RunEnded(how, exception, trace, self._last_step, why, self._time), 256)
            self._closed = True
        endings.forget(self)
        sender = self._sender
        if sender is not None and not sender.finish(CLOSE_WITHIN_S) and sender.alive:
            self._say("sanctum: the recorder did not confirm the end of the run; it may lack it")
        if self._witness is not None:
            self._witness.close()

    def _save_last(self) -> None:
        """Make up for the newest weights, if they were left out and are as they were."""
        try:
            if self.recording:
                last = self._saves.left_out_at(self._updated, self._last_step)
                if last is not None:
                    self._saves.make_up(last, self.run_id, self._folder)
        except Exception as error:
            self._refuse("save_policy", error)

    def _say_last_words(self) -> None:
        if self._pid != os.getpid():
            return
        waiting, self._before_end = self._before_end, []
        for last_words in waiting:
            try:
                last_words()
            except Exception as error:
                self._refuse("before_end", error)

    def _turn_off_in_child(self) -> None:
        """A forked child inherits neither our thread nor our place on the socket."""
        sender, self._sender, self._closed = self._sender, None, True
        self._backlog = Backlog()
        self._saves = Saves(self._put, self._not_kept, self._say_skipped)
        self._closing = threading.Lock()
        if sender is not None:
            sender.let_go()
        if self._witness is not None:
            self._witness.turn_off_in_child()


def _counted(step: Any) -> int:
    number = int(step)
    if not 0 <= number < MAX_INT:
        raise ValueError(f"step {number}: a step is a number from 0 on")
    return number


def say(text: str) -> None:
    """A line on the trainer's stderr."""
    print(text, file=sys.stderr, flush=True)


def introduce(run: Run) -> None:
    """Say how to ask a run, on the trainer's stderr; for adapters, whose users call no `attach`."""
    if run.recording:
        say(f"sanctum: this run is {run.run_id}; to ask it: sanctum shell {run.run_id}")
