"""One group of Esper's: its rounds, epochs and environments, told to one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sanctum.adapters.translation.decisions import Decisions
from sanctum.adapters.translation.event import Action, Event
from sanctum.adapters.translation.lifecycle import AGGREGATE, Lifecycle
from sanctum.adapters.translation.matrices import Matrix
from sanctum.adapters.translation.missing import Missing
from sanctum.adapters.translation.morphology import Morphology
from sanctum.adapters.translation.notices import NOTICES, type_of
from sanctum.adapters.translation.rounds import Round, round_of
from sanctum.adapters.translation.row import Row
from sanctum.adapters.translation.shape import Shape
from sanctum.adapters.translation.source import Origin
from sanctum.adapters.translation.telling import Telling
from sanctum.adapters.translation.values import exact, mapping, number, told, whole, word
from sanctum.adapters.translation.words import OPS
from sanctum.probe.run import Run


class Backwards(Exception):
    """The steps go back: another attempt has begun, and nothing announced it."""


class Group:
    """Translates one attempt of one group. Raises ValueError for an event that makes no sense."""

    def __init__(self, run: Run, shape: Shape, origin: Origin, counts: Counter[str]) -> None:
        self.run = run
        self.shape = shape
        self._origin = origin
        self._counts = counts
        self._telling = Telling(run, shape.envs)
        self._life = Lifecycle(self._telling)
        self._log = Morphology(self._telling)
        self._missing = Missing(self._telling)
        self._decisions = Decisions(shape.slots, shape.reward_mode, self.odd)
        self._held: dict[int, list[Event]] = {}
        self._at: dict[int, tuple[int, int]] = {}
        self._best: dict[int, float] = {}
        self._round: Round | None = None
        self._episodes = 0
        self._planned: int | None = None
        self._version = shape.first_round
        self._heuristic_round = 0
        self._was_idle = False
        self._said: set[str] = set()
        self._handlers: dict[str, Callable[[Event], None]] = {
            "EPOCH_COMPLETED": self._epoch,
            "COUNTERFACTUAL_MATRIX_COMPUTED": self._hold,
            "ANALYTICS_SNAPSHOT/shapley_computed": self._hold,
            "ANALYTICS_SNAPSHOT/last_action": self._decision,
            "ANALYTICS_SNAPSHOT/batch_stats": lambda event: self._in_round(event).stats(event),
            "ANALYTICS_SNAPSHOT/action_distribution": self._distribution,
            "ANALYTICS_SNAPSHOT/heuristic_episode": self._heuristic_episode,
            "SEED_GERMINATED": self._seed,
            "SEED_STAGE_CHANGED": self._seed,
            "SEED_GATE_EVALUATED": self._seed,
            "SEED_FOSSILIZED": self._seed,
            "SEED_PRUNED": self._seed,
            "MORPHOLOGY_CAUSAL_LOG": self._morphology,
            "PHASE_PROFILE_COMPLETED": self._phases,
            "EPISODE_OUTCOME": self._outcome,
            "PPO_UPDATE_COMPLETED": self._update,
            "BATCH_EPOCH_COMPLETED": self._batch,
            "ALLOCATOR_STATS": self._allocator,
            "GOVERNOR_ROLLBACK": self._rollback,
        }

    @property
    def where(self) -> str:
        """How far the run has come, as a sentence would say it."""
        if self.shape.is_heuristic:
            whole_ = f" of {self.shape.rounds}" if self.shape.rounds else ""
            return f"{self._episodes}{whole_} episodes"
        done = self._episodes // self.shape.envs
        whole_ = f" of {self.shape.rounds}" if self.shape.rounds else ""
        text = f"{done}{whole_} rounds"
        row = self._telling.row
        if row is not None and row.step // self.shape.epochs >= done:
            text += f", in epoch {row.step % self.shape.epochs + 1} of {self.shape.epochs}"
        return text

    @property
    def is_finished(self) -> bool:
        """Whether all episodes that were planned are done."""
        planned = self._planned
        if planned is None and self.shape.rounds is not None:
            planned = self.shape.rounds * self.shape.envs
        return planned is not None and 0 < planned <= self._episodes

    def take(self, event: Event) -> None:
        """One event of this group."""
        self._was_idle = False
        if event.time is not None:
            self._telling.time = event.time
        if event.env is not None and event.env >= self.shape.envs:
            if event.kind not in NOTICES or NOTICES[event.kind].of_env:
                count = self.shape.envs
                raise ValueError(f"environment {event.env}; there are 0 to {count - 1}")
        handler = self._handlers.get(event.kind)
        if handler is not None:
            handler(event)
        elif event.kind in NOTICES:
            self._notice(event)
        else:
            self._origin.unknown += 1
            text = f"{event.kind}, which is not known here"
            self._say(event, text, "esper", data=dict(event.raw))

    def odd(self, kind: str, text: str) -> None:
        """Something made no sense: counted, said once a kind."""
        if self._origin.odd(kind, text):
            self._telling.message(text, "import", severity="warn")

    def complain(self, text: str) -> None:
        """Put a warning of the import on the timeline."""
        self._telling.message(text, "import", severity="warn")

    def lost(self, count: int, what: str) -> None:
        """`count` events were dropped on their way here."""
        row, run = self._telling.row, self.run
        step = 0 if row is None else row.step
        self._telling.say(lambda: run.gap("events", step, step, count, what))

    def again(self) -> None:
        """A heuristic run begins its next episode."""
        self._heuristic_round += 1

    def idle(self) -> None:
        """Write what there is; a round whose last words may still come waits for a second call."""
        round = self._round
        if round is not None and round.is_over and (round.is_counted or self._was_idle):
            round.flush()
        self._was_idle = True
        self._telling.flush()
        self._origin.say(self.run, self._counts)

    def close(self, how: str | None, why: str | None) -> None:
        """Write everything and end the run."""
        self._log.flush()
        for held in list(self._held):
            self._release(held)
        row = self._telling.row
        if row is not None and self.is_finished:
            self._missing.ended(row)
        self._missing.close()
        self._end_round()
        self._telling.flush()
        self._origin.say(self.run, self._counts)
        if how is None:
            how = "finished" if self.is_finished else "ended"
            what = "telemetry" if self._origin.is_live else "recording"
            if how == "ended":
                why = why or f"the {what} stops after {self.where}"
        self.run.at_time(self._telling.time)
        self.run.close(how, why)

    # What environments say

    def _epoch(self, event: Event) -> None:
        """EPOCH_COMPLETED: an environment at the end of an epoch, before its action."""
        data, env = event.data, _env(event)
        epoch = whole(data.get("inner_epoch"))
        if epoch is None or not 1 <= epoch <= self.shape.epochs:
            raise ValueError(f"inner epoch {epoch}; there are 1 to {self.shape.epochs}")
        round = self._round_of_env(event, env, epoch)
        row = self._row(self.shape.step(round, epoch))
        if env in row.heard:
            raise ValueError(f"environment {env} has told of epoch {epoch} already")
        row.heard.add(env)
        row.time = self._telling.time
        is_new = self._at.get(env, (-1, 0))[0] != round
        if is_new:
            self._life.rebuilt(env, row.step)
            self._best.pop(env, None)
        self._at[env] = round, epoch
        self._columns(row, env, data, round, epoch)
        held = self._held.pop(env, [])
        matrix = next((m for one in held if (m := self._matrix(one, env, row.step))), None)
        self._life.epoch(env, row.step, data, matrix)
        for one in held:
            if one.kind.endswith("shapley_computed"):
                self._shapley(one, env, row.step)

    def _columns(self, row: Row, env: int, data: Mapping[str, Any], round: int, epoch: int) -> None:
        accuracy = number(data.get("val_accuracy"))
        row.put("accuracy", env, accuracy)
        row.put("val_loss", env, number(data.get("val_loss")))
        row.put("loss", env, number(data.get("train_loss")))
        row.put("train_accuracy", env, number(data.get("train_accuracy")))
        row.put("host_grad_norm", env, number(data.get("host_grad_norm")))
        row.put("env_step", env, epoch)
        row.put("episode", env, self._episode(data, env, round))
        row.put("policy_version", env, None if self.shape.is_heuristic else self._version)
        row.put("done", env, int(epoch == self.shape.epochs))
        if accuracy is not None and (epoch == 1 or env in self._best):
            best = self._best[env] = max(accuracy, self._best.get(env, accuracy))
            row.put("best_accuracy", env, best)
        for name, value in mapping(mapping(data.get("seeds")).get(AGGREGATE)).items():
            row.put(f"seeds_{name}", env, number(value))
        for name, value in mapping(data.get("observation_stats")).items():
            row.put_all(f"vital/observation_{name}", number(value))

    def _decision(self, event: Event) -> None:
        """``last_action``: what the policy chose, and the reward it got."""
        data, env = event.data, _env(event)
        step = self._step_of(event, env, whole(data.get("inner_epoch")))
        row = self._row(step)
        row.decided.add(env)
        row.time = row.time or self._telling.time
        self._decisions.put(row, env, data)
        row.put("rollback", env, 0)
        self._log.decided(env, data)
        self._life.decided(env, step, data)
        parts, slot = mapping(data.get("reward_components")), word(data.get("slot_id"))
        points = number(parts.get("seed_contribution"))
        if slot is not None and points is not None:
            self._life.contributes(env, slot, step, points)

    def _hold(self, event: Event) -> None:
        """A matrix or Shapley values, which come before the epoch that they belong to."""
        env = _env(event)
        at, episode = self._at.get(env), whole(event.data.get("episode_idx"))
        same = at is not None and episode is not None and episode // self.shape.envs == at[0]
        self._held.setdefault(env, []).append(event)
        if same and at is not None and at[1] == self.shape.epochs:
            self._release(env)

    def _release(self, env: int) -> None:
        """Say what was held back: no further epoch of it is to come."""
        row = self._telling.row
        for event in self._held.pop(env, []):
            step = 0 if row is None else row.step
            if event.kind.endswith("shapley_computed"):
                self._shapley(event, env, step)
            else:
                self._matrix(event, env, step)

    def _matrix(self, event: Event, env: int, step: int) -> Matrix | None:
        if event.type != "COUNTERFACTUAL_MATRIX_COMPUTED":
            return None
        try:
            matrix = Matrix(event.data)
        except (ValueError, AttributeError) as error:
            self.odd("matrix", f"a counterfactual matrix of environment {env}: {error}")
            return None
        self._say(event, matrix.text(), "counterfactual", env=env, step=step, data=matrix.data())
        return matrix

    def _shapley(self, event: Event, env: int, step: int) -> None:
        values = mapping(event.data.get("shapley_values"))
        self._life.shapley(env, step, values)
        parts = ", ".join(f"{s} {number(mapping(v).get('mean'))}" for s, v in values.items())
        self._say(event, f"Shapley values: {parts} points", "shapley", env=env, step=step)

    def _seed(self, event: Event) -> None:
        env = _env(event)
        step = self._step_of(event, env)
        tell = {
            "SEED_GERMINATED": self._life.germinated,
            "SEED_STAGE_CHANGED": self._life.changed,
            "SEED_GATE_EVALUATED": self._life.gate,
            "SEED_FOSSILIZED": self._life.fossilized,
            "SEED_PRUNED": self._life.pruned,
        }[event.type]
        self._row(step)
        tell(event, env, step)

    def _morphology(self, event: Event) -> None:
        env = _env(event)
        step = self._step_of(event, env)
        self._row(step)
        self._log.take(event, env, step)

    def _rollback(self, event: Event) -> None:
        env = _env(event)
        row = self._row(self._step_of(event, env))
        row.rolled_back.add(env)
        row.put("rollback", env, 1)
        self._notice(event)

    def _outcome(self, event: Event) -> None:
        """EPISODE_OUTCOME."""
        data, env = event.data, _env(event)
        step = self._step_of(event, env)
        run, best = self.run, self._best.get(env)
        mode = word(data.get("reward_mode"))
        if self._decisions.rewarded_as(env, mode):
            was = self.shape.reward_mode or "shaped"
            text = f"environment {env} is rewarded as {mode}, not {was}"
            self._say(event, text, "reward_mode", env=env, step=step, data={"mode": mode})
        episode = whole(data.get("episode_idx"))
        self._telling.say(
            lambda: run.episode(
                env,
                self._episode(data, env, step // self.shape.epochs) if episode is None else episode,
                step=step,
                final_accuracy=number(data.get("final_accuracy")),
                best_accuracy=best,
                episode_return=number(data.get("episode_reward")),
                length=whole(data.get("episode_length")),
                outcome=word(data.get("outcome_type")),
                **{name: number(data.get(name)) for name in _OF_OUTCOME},
            )
        )

    # What is said of rounds

    def _update(self, event: Event) -> None:
        round = self._in_round(event)
        if round.updated(event, is_on_cpu=self.shape.is_on_cpu):
            self._once(
                "ratio",
                "the importance ratios are 1: one inner PPO epoch learns from what has just acted,"
                " so that KL, clip fraction and ratios say nothing (masked)",
            )
        if round.has_update:
            self._version = round.number

    def _batch(self, event: Event) -> None:
        self._in_round(event).batch(event)
        self._episodes = whole(event.data.get("episodes_completed")) or self._episodes
        self._planned = whole(event.data.get("total_episodes")) or self._planned
        envs = whole(event.data.get("n_envs"))
        if envs is not None and envs != self.shape.envs:
            self.odd("n_envs", f"a round of {envs} environments; there are {self.shape.envs}")

    def _distribution(self, event: Event) -> None:
        if self._round is not None:
            self._round.counted(event)
            return
        counts = mapping(event.data.get("action_counts"))
        text = ", ".join(f"{op} {counts[op]}" for op in OPS if op in counts)
        self._say(event, text, "action_distribution")

    def _phases(self, event: Event) -> None:
        """PHASE_PROFILE_COMPLETED: where the time of an epoch, or of an update, went."""
        data = event.data
        phases, epoch, round = (
            mapping(data.get("phases")),
            whole(data.get("epoch")),
            round_of(event),
        )
        row = self._telling.row
        if epoch is None or round is None:
            raise ValueError("it names no epoch")
        if row is None or row.step != self.shape.step(round, epoch):
            if row is not None and row.step > self.shape.step(round, epoch):
                raise ValueError(f"epoch {epoch} of round {round + 1} is over")
            row = self._row(self.shape.step(round, epoch))
        for name, one in phases.items():
            said = mapping(one)
            row.put_all(f"vital/phase_{name}_ms", number(said.get("wall_ms")))
            row.put_all(f"vital/phase_{name}_cpu", number(said.get("python_cpu_ratio")))
        row.time = row.time or self._telling.time
        self._telling.flush()

    def _allocator(self, event: Event) -> None:
        device = (word(event.data.get("device")) or "cuda").replace(":", "")
        device = "cuda" if device == "cuda0" else device
        row = self._telling.row
        if row is not None:
            for name in _OF_ALLOCATOR:
                row.put_all(f"vital/{device}_{name}", number(event.data.get(name)))
        self._notice(event)

    def _heuristic_episode(self, event: Event) -> None:
        data, run, row = event.data, self.run, self._telling.row
        self._episodes = whole(data.get("episode")) or self._episodes + 1
        self._planned = whole(data.get("episodes_total")) or self._planned
        step, best, episode = (
            (0 if row is None else row.step),
            self._best.get(0),
            self._episodes - 1,
        )
        self._telling.say(
            lambda: run.episode(
                0,
                episode,
                step=step,
                final_accuracy=number(data.get("final_accuracy")),
                best_accuracy=best,
                episode_return=number(data.get("total_reward")),
                length=self.shape.epochs,
            )
        )
        self._notice(event)

    def _notice(self, event: Event) -> None:
        """A line of the timeline, with all that the event says."""
        notice = NOTICES[event.kind]
        env = event.env if notice.of_env else None
        step = None
        if env is not None and env in self._at:
            step = self._step_of(event, env, whole(event.data.get("epoch")))
        self._say(event, notice.text(event.data), type_of(event), env=env, step=step)

    # Clocks

    def _round_of_env(self, event: Event, env: int, epoch: int) -> int:
        """The round (from 0) of an environment's epoch."""
        if self.shape.is_heuristic:
            return self._heuristic_round
        episode = whole(event.data.get("episode_idx"))
        if episode is not None:
            return episode // self.shape.envs
        round, before = self._at.get(env, (self.shape.first_round, 0))
        return round if epoch > before else round + 1

    def _episode(self, data: Mapping[str, Any], env: int, round: int) -> int:
        episode = None if self.shape.is_heuristic else whole(data.get("episode_idx"))
        return round * self.shape.envs + env if episode is None else episode

    def _step_of(self, event: Event, env: int, epoch: int | None = None) -> int:
        """The step that an event of an environment belongs to.

        Its last epoch's; the id of the action behind it, or an epoch that it names itself, moves it
        on when the epoch did not come, never back: what was scheduled happens later.
        """
        data = event.data
        row = self._telling.row
        at = self._at.get(env)
        step = None if at is None else self.shape.step(*at)
        found = Action(data.get("action_id") or data.get("morphology_mutation_id"))
        named = None
        if epoch is not None:
            episode = whole(data.get("episode_idx"))
            round = at[0] if at else self.shape.first_round
            if episode is not None and not self.shape.is_heuristic:
                round = episode // self.shape.envs
            named = self.shape.step(round, epoch)
        elif found.round is not None and found.epoch is not None:
            named = self.shape.step(found.round, found.epoch)
        if named is not None:
            step = named if step is None else max(step, named)
        if step is None:
            step = self.shape.step(self.shape.first_round, 1) if row is None else row.step
        return step

    def _row(self, step: int) -> Row:
        """The row of a step; a later one ends the row before. Raises Backwards, ValueError."""
        row = self._telling.row
        if row is not None and row.step == step:
            return row
        if row is not None and step < row.step:
            if step // self.shape.epochs < row.step // self.shape.epochs:
                raise Backwards
            raise ValueError(f"its epoch {step % self.shape.epochs + 1} is over")
        self._next(row, step)
        return self._telling.begin(step)

    def _next(self, row: Row | None, step: int) -> None:
        """A row ends, and another step begins."""
        self._log.flush()
        self._life.step_over()
        first = self.shape.step(self.shape.first_round, 1)
        if row is not None:
            self._missing.ended(row)
            first = row.step + 1
        if step > first and (row is not None or self.shape.is_known):
            self._missing.skipped(first, step - 1, self.shape.envs)
        if row is not None and step // self.shape.epochs > row.step // self.shape.epochs:
            self._missing.close()
            self._end_round()
            self._origin.say(self.run, self._counts)

    def _in_round(self, event: Event) -> Round:
        """The round that an event of the whole round belongs to."""
        number = round_of(event)
        if number is None:
            row = self._telling.row
            number = self.shape.first_round if row is None else row.step // self.shape.epochs
        if self._round is None or self._round.number != number + 1:
            self._end_round()
            steps = self.shape.step(number, 1), self.shape.step(number, self.shape.epochs)
            self._round = Round(self._telling, number + 1, steps)
        return self._round

    def _end_round(self) -> None:
        round, self._round = self._round, None
        if round is None:
            return
        round.flush()
        if round.is_over and not round.has_update and not round.is_skipped:
            run, steps = self.run, round.steps
            reason = f"no PPO_UPDATE_COMPLETED of round {round.number} came"
            self._telling.say(lambda: run.gap("updates", *steps, 1, reason))

    def _once(self, kind: str, text: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            self._telling.message(text, "import")

    def _say(
        self,
        event: Event,
        text: str,
        type: str,
        *,
        env: int | None = None,
        step: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        if data is None:
            data = told(event.data)
            if "rng_seed" in data:
                data = {**data, "rng_seed": exact(data["rng_seed"])}
        self._telling.message(
            text,
            type,
            severity=event.severity,
            env=env,
            slot=event.slot,
            step=step,
            data=data,
        )


_OF_OUTCOME = (
    "param_ratio",
    "num_fossilized",
    "num_contributing_fossilized",
    "stability_score",
    "germinate_count",
    "prune_count",
    "fossilize_count",
)
_OF_ALLOCATOR = (
    "allocated_bytes",
    "reserved_bytes",
    "fragmentation_bytes",
    "num_alloc_retries",
    "num_ooms",
)


def _env(event: Event) -> int:
    if event.env is None:
        raise ValueError("it names no environment")
    return event.env
