"""What environments say: epochs, decisions, seeds, matrices, episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sanctum.adapters.translation.clock import Clock, round_in
from sanctum.adapters.translation.decisions import Decisions
from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.lifecycle import AGGREGATE, Lifecycle
from sanctum.adapters.translation.matrices import Matrix
from sanctum.adapters.translation.missing import named
from sanctum.adapters.translation.morphology import Morphology
from sanctum.adapters.translation.notices import NOTICES
from sanctum.adapters.translation.row import Row
from sanctum.adapters.translation.rows import Rows
from sanctum.adapters.translation.shape import Shape
from sanctum.adapters.translation.telling import Telling
from sanctum.adapters.translation.values import mapping, number, others, whole, word

_OF_OUTCOME = (
    "param_ratio",
    "num_fossilized",
    "num_contributing_fossilized",
    "stability_score",
    "germinate_count",
    "prune_count",
    "fossilize_count",
)
SHAPLEY = "ANALYTICS_SNAPSHOT/shapley_computed"
_OF_EPOCH = frozenset(
    {
        "env_id",
        "val_accuracy",
        "val_loss",
        "inner_epoch",
        "episode_idx",
        "train_loss",
        "train_accuracy",
        "host_grad_norm",
        "seeds",
        "observation_stats",
    }
)


class Environments:
    """Translates events of single environments; `version` gives the update whose policy acts.

    `handlers` are by kind of event; they raise ValueError for one that makes no sense.
    """

    def __init__(
        self,
        telling: Telling,
        rows: Rows,
        clock: Clock,
        version: Callable[[], int],
        odd: Callable[[str, str], None],
    ) -> None:
        self._telling = telling
        self._rows = rows
        self._clock = clock
        self._shape: Shape = clock.shape
        self._version = version
        self._odd = odd
        self._life = Lifecycle(telling)
        self._log = Morphology(telling)
        self._decisions = Decisions(self._shape.slots, self._shape.reward_mode, odd)
        self._held: dict[int, list[Event]] = {}
        self._best: dict[int, float] = {}
        self._ended: dict[int, int] = {}
        self.handlers: dict[str, Callable[[Event], None]] = {
            "EPOCH_COMPLETED": self._epoch,
            "COUNTERFACTUAL_MATRIX_COMPUTED": self._hold,
            SHAPLEY: self._hold,
            "ANALYTICS_SNAPSHOT/last_action": self._decision,
            "SEED_GERMINATED": self._germinated,
            "SEED_STAGE_CHANGED": self._changed,
            "SEED_GATE_EVALUATED": self._gate,
            "SEED_FOSSILIZED": self._fossilized,
            "SEED_PRUNED": self._pruned,
            "MORPHOLOGY_CAUSAL_LOG": self._morphology,
            "EPISODE_OUTCOME": self._outcome,
            "GOVERNOR_ROLLBACK": self._rollback,
            "ANALYTICS_SNAPSHOT/heuristic_episode": self._heuristic_episode,
        }

    def step_ends(self) -> None:
        """Nothing more of the step will come."""
        self._log.flush()
        self._life.step_over()

    def round_ends(self) -> None:
        """Nothing more of the round will come: what episodes are over and were not told of."""
        row, shape = self._rows.newest, self._shape
        if row is None or not self._ended:
            return
        round = row.step // shape.epochs
        over = [env for env in range(shape.envs) if self._clock.at(env) == (round, shape.epochs)]
        untold = [env for env in over if self._ended.get(env) != round]
        if untold:
            run, last = self._telling.run, shape.step(round, shape.epochs)
            reason = f"no EPISODE_OUTCOME of {named(untold)}"
            self._telling.say(lambda: run.gap("episodes", last, last, len(untold), reason))

    def close(self) -> None:
        """Nothing more will come: say what was held back."""
        self._log.flush()
        for env in list(self._held):
            self._release(env)

    def _epoch(self, event: Event) -> None:
        """EPOCH_COMPLETED: the end of an epoch, before its action. What was held is of it."""
        data, env = event.data, _env(event)
        epoch = whole(data.get("inner_epoch"))
        if epoch is None or not 1 <= epoch <= self._shape.epochs:
            raise ValueError(f"inner epoch {epoch}; there are 1 to {self._shape.epochs}")
        round = self._clock.round_of(data, env, epoch)
        row = self._rows.of(self._shape.step(round, epoch))
        if env in row.heard:
            raise ValueError(f"environment {env} has told of epoch {epoch} already")
        row.heard.add(env)
        row.time = self._telling.time
        if self._clock.enter(env, round, epoch):
            self._life.rebuilt(env, row.step)
            self._best.pop(env, None)
        self._columns(row, env, data, round, epoch)
        held = self._held.pop(env, [])
        matrices = [self._matrix(one, env, row.step) for one in held if one.kind != SHAPLEY]
        self._life.epoch(env, row.step, data, next(filter(None, reversed(matrices)), None))
        for one in held:
            if one.kind == SHAPLEY:
                self._shapley(one, env, row.step)

    def _columns(self, row: Row, env: int, data: Mapping[str, Any], round: int, epoch: int) -> None:
        accuracy = number(data.get("val_accuracy"))
        row.put("accuracy", env, accuracy)
        row.put("val_loss", env, number(data.get("val_loss")))
        row.put("loss", env, number(data.get("train_loss")))
        row.put("train_accuracy", env, number(data.get("train_accuracy")))
        row.put("host_grad_norm", env, number(data.get("host_grad_norm")))
        row.put("env_step", env, epoch)
        row.put("episode", env, self._clock.episode_of(data, env, round))
        row.put("policy_version", env, None if self._shape.is_heuristic else self._version())
        row.put("done", env, int(epoch == self._shape.epochs))
        if accuracy is not None and (epoch == 1 or env in self._best):
            best = self._best[env] = max(accuracy, self._best.get(env, accuracy))
            row.put("best_accuracy", env, best)
        for name, value in mapping(mapping(data.get("seeds")).get(AGGREGATE)).items():
            row.put(f"seeds_{name}", env, number(value))
        for name, value in mapping(data.get("observation_stats")).items():
            row.put_all(f"vital/observation_{name}", number(value))
        for name, value in others(data, _OF_EPOCH).items():
            row.put(f"context/{name}", env, value)

    def _decision(self, event: Event) -> None:
        """``last_action``: what the policy chose, and the reward it got."""
        data, env = event.data, _env(event)
        row = self._rows.of(self._clock.step_of(event, env, whole(data.get("inner_epoch"))))
        row.decided.add(env)
        row.time = row.time or self._telling.time
        self._decisions.put(row, env, data)
        row.put("rollback", env, 0)
        self._log.decided(env, data)
        self._life.decided(env, row.step, data)
        parts, slot = mapping(data.get("reward_components")), word(data.get("slot_id"))
        if slot is not None:
            points = number(parts.get("seed_contribution"))
            self._life.contributes(env, slot, row.step, points)

    def _rollback(self, event: Event) -> None:
        """GOVERNOR_ROLLBACK: no decision of this step will come."""
        env, step = self._place(event)
        row = self._rows.of(step)
        row.rolled_back.add(env)
        row.put("rollback", env, 1)
        notice = NOTICES[event.kind]
        self._telling.of(event, notice.text(event.data), notice.type, env=env, step=row.step)

    def _hold(self, event: Event) -> None:
        """A matrix or Shapley values, which come before the epoch that they belong to."""
        env = _env(event)
        self._held.setdefault(env, []).append(event)
        if self._clock.is_of_last_epoch(env, event.data):
            self._release(env)

    def _release(self, env: int) -> None:
        """Say what was held back: no further epoch of it is to come."""
        for event in self._held.pop(env, []):
            step = self._rows.of(None).step
            if event.kind == SHAPLEY:
                self._shapley(event, env, step)
            else:
                self._matrix(event, env, step)

    def _matrix(self, event: Event, env: int, step: int) -> Matrix | None:
        try:
            matrix = Matrix(event.data)
        except (ValueError, AttributeError) as error:
            self._odd("matrix", f"a counterfactual matrix of environment {env}: {error}")
            return None
        about = matrix.data()
        self._telling.of(event, matrix.text(), "counterfactual", env=env, step=step, data=about)
        return matrix

    def _shapley(self, event: Event, env: int, step: int) -> None:
        given = mapping(event.data.get("shapley_values"))
        values = {
            slot: {name: number(value) for name, value in mapping(one).items()}
            for slot, one in given.items()
        }
        self._life.shapley(env, step, values)
        parts = ", ".join(f"{slot} {_points(one.get('mean'))}" for slot, one in values.items())
        text = f"Shapley values: {parts or 'none'}"
        self._telling.of(event, text, "shapley", env=env, step=step, data={"values": values})

    def _germinated(self, event: Event) -> None:
        self._life.germinated(event, *self._place(event))

    def _changed(self, event: Event) -> None:
        self._life.changed(event, *self._place(event))

    def _gate(self, event: Event) -> None:
        self._life.gate(event, *self._place(event))

    def _fossilized(self, event: Event) -> None:
        self._life.fossilized(event, *self._place(event))

    def _pruned(self, event: Event) -> None:
        self._life.pruned(event, *self._place(event))

    def _morphology(self, event: Event) -> None:
        self._log.take(event, *self._place(event))

    def _place(self, event: Event) -> tuple[int, int]:
        """Environment and step of an event; the row of the step is there.

        What is said in an epoch is of that epoch, even if the environment's own end of it is lost.
        """
        env, newest = _env(event), self._rows.newest
        step = self._clock.step_of(event, env)
        if step is not None and newest is not None:
            step = max(step, newest.step)
        return env, self._rows.of(step).step

    def _outcome(self, event: Event) -> None:
        """EPISODE_OUTCOME."""
        data = event.data
        env, step = self._place(event)
        if self._clock.at(env) is None:
            step = self._rows.of(max(step, self._end_of(data, env, step))).step
        self._ended[env] = step // self._shape.epochs
        mode = word(data.get("reward_mode"))
        if self._decisions.rewarded_as(env, mode):
            text = f"environment {env} is rewarded as {mode}, unlike the run"
            about = {"mode": mode, "of_run": self._shape.reward_mode}
            self._telling.of(event, text, "reward_mode", env=env, step=step, data=about)
        self._episode(
            env,
            self._clock.episode_of(data, env, step // self._shape.epochs),
            step,
            final_accuracy=number(data.get("final_accuracy")),
            episode_return=number(data.get("episode_reward")),
            length=whole(data.get("episode_length")),
            outcome=word(data.get("outcome_type")),
            **{name: number(data.get(name)) for name in _OF_OUTCOME},
        )

    def _end_of(self, data: Mapping[str, Any], env: int, step: int) -> int:
        """The step at which an episode ended; at low levels of telemetry no epoch tells it."""
        round, length = round_in(data, env, self._shape.envs), whole(data.get("episode_length"))
        if round is None or length is None or not 1 <= length <= self._shape.epochs:
            return step
        return self._shape.step(round, length)

    def _heuristic_episode(self, event: Event) -> None:
        data, step = event.data, self._rows.of(None).step
        self._episode(
            0,
            step // self._shape.epochs,
            step,
            final_accuracy=number(data.get("final_accuracy")),
            episode_return=number(data.get("total_reward")),
            length=self._shape.epochs,
        )
        notice = NOTICES[event.kind]
        self._telling.of(event, notice.text(data), notice.type, env=0, step=step)

    def _episode(self, env: int, episode: int, step: int, **said: Any) -> None:
        run, best = self._telling.run, self._best.get(env)
        self._telling.say(lambda: run.episode(env, episode, step=step, best_accuracy=best, **said))


def _env(event: Event) -> int:
    if event.env is None:
        raise ValueError("it names no environment")
    return event.env


def _points(value: float | None) -> str:
    return "not measured" if value is None else f"{value:+.2f} points"
