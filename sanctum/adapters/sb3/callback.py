"""`SanctumCallback`: what a model of Stable-Baselines3 does and learns, told to Sanctum.

A vector step is recorded once the environments have made it; the observation, the value and the
distribution are those that the policy acted on. An update is said when it has been learned: at the
start of the next rollout, or at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec

import numpy as np

from sanctum.adapters.sb3 import policies, recurrent
from sanctum.adapters.sb3.about import described, is_on_policy, normalises_reward, task_of
from sanctum.adapters.sb3.actions import Heads, meanings
from sanctum.adapters.sb3.decisions import Decisions, Seen, torch_distribution
from sanctum.adapters.sb3.episodes import Episodes
from sanctum.adapters.sb3.library import BaseCallback
from sanctum.adapters.sb3.observations import Features
from sanctum.adapters.sb3.scalars import Scalars
from sanctum.probe.attach import attach
from sanctum.probe.openings import Opens
from sanctum.probe.run import Run, introduce, say

P = ParamSpec("P")


def harmless(call: Callable[P, None]) -> Callable[P, None]:
    """Keep what fails inside a method of the callback from the training it watches."""

    @wraps(call)
    def kept(*given: P.args, **named: P.kwargs) -> None:
        try:
            call(*given, **named)
        except Exception as error:
            callback = given[0]
            assert isinstance(callback, SanctumCallback)
            callback.failed(call.__name__.strip("_"), error)

    return kept


class SanctumCallback(BaseCallback):
    """Attaches Sanctum for as long as `model.learn` runs.

    `run_id` and `task` are as in `sanctum.attach`; the task is the environment's id, where that
    can be had. `weights` keeps the policy after every update; `keep_bytes` bounds the record.
    ``learn(reset_num_timesteps=False)`` and use as a context manager leave the run open for the
    next call of ``learn``, until `close`; else each call is an attempt of its own in the record.
    `run` is the run, None before the first call; `failures` counts what went wrong in here.
    `opens` begins the run in place of `sanctum.attach`.
    """

    def __init__(
        self,
        run_id: str | None = None,
        task: str | None = None,
        *,
        weights: bool = True,
        keep_bytes: int | str | None = None,
        verbose: int = 0,
        opens: Opens | None = None,
    ) -> None:
        super().__init__(verbose)
        self.run: Run | None = None
        self.failures = 0
        self._run_id, self._task, self._keep_bytes = run_id, task, keep_bytes
        self._saves_weights, self._opens = weights, opens
        self._stays_open = False
        self._is_managed = False
        self._of: Any = None
        self._updates = 0
        self._first_step = 0
        self._entropy: dict[str, list[Any]] = {}
        self._has_learned = False

    def __enter__(self) -> SanctumCallback:
        self._is_managed = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_managed = False
        if self.run is not None:
            self.run.__exit__(kind, value, trace)

    def close(self) -> None:
        """The run is over; harmless when it is."""
        if self.run is not None:
            self.run.close()

    def failed(self, where: str, error: Exception) -> None:
        """Count what went wrong in here, and say it once."""
        self.failures += 1
        if self.failures > 1:
            return
        text = f"the callback failed in {where}: {type(error).__name__}: {error}"
        say(f"sanctum: {text}; training goes on, more of these are counted")
        if self.run is not None:
            self.run.message(text, severity="warn", type="sb3")

    def _on_training_start(self) -> None:
        self._start()

    def _on_rollout_start(self) -> None:
        self._learned()

    def _on_step(self) -> bool:
        self._step()
        return True

    def _on_rollout_end(self) -> None:
        self._rollout_over()

    def _on_training_end(self) -> None:
        self._end()

    @harmless
    def _start(self) -> None:
        """Attach, unless the run of an earlier call is still open."""
        env, goes_on = self.training_env, not self.locals.get("reset_num_timesteps", True)
        is_same = self.run is not None and self.run.recording and self._of is self.model
        self._stays_open = goes_on
        self._heads = Heads.of(self.model.action_space, meanings(env))
        self._features = Features.of(self.model.observation_space)
        self._decisions = Decisions(self._heads, env.num_envs)
        self._is_on_policy = is_on_policy(self.model)
        self._rewards_differ = normalises_reward(self.model)
        self._has_learned = False
        self._entropy = {}
        self._remembers = recurrent.is_recorded(self.model)
        if not is_same:
            self._attach()
        if not (is_same and goes_on):
            self._episodes = Episodes(np.array(self.model._last_episode_starts, bool))
            self._updates = self._updates_before()
        self._first_step = self.model.num_timesteps // env.num_envs
        self._listen()
        if not is_same:
            self._keep_policy(self._first_step - 1)

    def _attach(self) -> None:
        env = self.training_env
        self._of = self.model
        about = described(self.model, env, self._heads, self._features, self._task)
        if self._opens is None:
            self.run = attach(self._run_id, keep_bytes=self._keep_bytes, **about)
            introduce(self.run)
        else:
            self.run = self._opens(self._run_id or "", 0.0, **about)
        self._run_id = self.run.run_id
        for text in self._remarks():
            self.run.message(text, type="sb3")
        if self._task is None and task_of(env) is None:
            say("sanctum: the environment does not say its name; SanctumCallback(task=...) does")

    def _remarks(self) -> list[str]:
        """What is recorded otherwise than one would think, in sentences."""
        kind = type(self.model).__name__
        found = []
        if not self._is_on_policy:
            found.append(
                f"{kind} learns from a replay buffer: rewards, episodes, actions, observations and"
                " what it logs are recorded; values, probabilities, advantages and weights are not"
            )
        if self._rewards_differ:
            found.append(
                f"reward is the environment's own; {kind} learns from reward_normalised, and its"
                " values and advantages are of that"
            )
        if self._heads.why_none:
            found.append(f"no action is recorded: {self._heads.why_none}")
        if self._features.summaries:
            what = ", ".join(self._features.summaries)
            found.append(f"{what}: too large, recorded by mean, std, min and max")
        if count := recurrent.size(self.model.policy):
            found.append(_of_memory(count, is_recorded=self._remembers))
        return found

    def _updates_before(self) -> int:
        """Updates that the model has made in its life, as far as its steps tell."""
        if not self._is_on_policy:
            return 0
        model: Any = self.model
        return int(model.num_timesteps // (model.n_steps * model.n_envs))

    def _listen(self) -> None:
        """Look at what the policy computes and at what the logger is given."""
        self._deafen()
        self._scalars = Scalars(lambda: None if self._is_on_policy else self._dumped())
        self.logger.output_formats.append(self._scalars)
        self._logger_used = self.logger
        self._seen = Seen()
        self._hook: Any = self.model.policy.register_forward_hook(self._seen)

    def _deafen(self) -> None:
        if getattr(self, "_hook", None) is None:
            return
        self._hook.remove()
        self._hook = None
        if self._scalars in self._logger_used.output_formats:
            self._logger_used.output_formats.remove(self._scalars)

    @harmless
    def _step(self) -> None:
        """One vector step, made from the observation before it."""
        run, said, model = self.run, self.locals, self.model
        if run is None or not run.recording:
            return
        env = self.training_env
        step = model.num_timesteps // env.num_envs - 1
        done = np.asarray(said["dones"], bool)
        reward = learned_from = np.asarray(said["rewards"])
        columns: dict[str, Any] = {}
        normaliser = model.get_vec_normalize_env()
        if self._rewards_differ and normaliser is not None:
            reward = normaliser.old_reward
            columns["reward_normalised"] = learned_from
        actions = np.asarray(said["actions"])
        given = said.get("action_masks")
        masks = self._decisions.all_legal if given is None else self._heads.legal(given)
        probabilities: dict[str, Any] = {}
        if self._is_on_policy:
            columns["value"] = said["values"].reshape(-1)
            columns["log_prob"] = said["log_probs"]
            columns["policy_version"] = np.full(env.num_envs, self._updates)
            distribution = self._distribution(actions)
            if distribution is not None:
                probabilities, more = self._decisions.readings(distribution, masks)
                columns |= more
                for name in (one for one in more if one.startswith("entropy")):
                    self._entropy.setdefault(name, []).append(more[name])
        if self._heads.dimensions:
            columns |= self._heads.columns(actions)
            cut = said.get("clipped_actions")
            if cut is not None and self._is_on_policy:
                different = (cut != actions).reshape(len(actions), -1)
                columns["clipped"] = different.any(axis=1)
        run.step(
            step,
            actions=self._heads.chosen(actions),
            probabilities=probabilities,
            masks=masks if self._is_on_policy else None,
            observation=self._features.values(model._last_obs),
            recurrent=recurrent.remembered(model) if self._remembers else None,
            reward=reward,
            done=done,
            env_step=self._episodes.env_step,
            episode=self._episodes.episode,
            **columns,
        )
        for ended in self._episodes.step(reward, done, said["infos"]):
            about = {} if ended.success is None else {"success": ended.success}
            run.episode(
                ended.env,
                ended.episode,
                step=step,
                episode_return=ended.episode_return,
                length=ended.length,
                outcome=ended.outcome,
                terminated=ended.terminated,
                truncated=ended.truncated,
                **about,
            )

    def _distribution(self, actions: Any) -> Any:
        """What the newest actions were drawn from; None where that cannot be told."""
        found = self._seen.take()
        if found is not None:
            return found
        last = torch_distribution(self.model.policy)
        log_prob = self.locals["log_probs"].detach().cpu().numpy()
        if last is not None and self._decisions.is_of(last, actions, log_prob):
            return last
        return None

    @harmless
    def _rollout_over(self) -> None:
        """Advantages and returns of the rollout are known; it will be learned from."""
        if not self._is_on_policy or self.run is None:
            return
        buffer: Any = self.model.rollout_buffer  # type: ignore[attr-defined]
        self.run.backfill(self._first_step, advantage=buffer.advantages, returns=buffer.returns)
        self._of_rollout = {
            f"{name}_{how}": float(getattr(values, how)())
            for name, values in (
                ("advantage", buffer.advantages),
                ("return", buffer.returns),
                ("value", buffer.values),
            )
            for how in ("mean", "std")
        }
        for name, said in self._entropy.items():
            mean = np.ma.mean(np.ma.stack(said))
            if mean is not np.ma.masked:
                self._of_rollout[name] = float(mean)
        self._entropy = {}
        self._has_learned = True

    @harmless
    def _learned(self, *, is_last: bool = False) -> None:
        """The update after the last whole rollout is over: say it, and keep the policy."""
        if not self._has_learned or self.run is None:
            return
        self._has_learned = False
        self._updates += 1
        held = self.logger.name_to_value
        scalars: dict[str, Any] = {
            **self._of_rollout,
            **self._scalars.take(held, all_of_them=is_last),
        }
        last = self.model.num_timesteps // self.training_env.num_envs - 1
        self.run.update(self._updates, steps=(self._first_step, last), **scalars)
        self._first_step = last + 1
        self._keep_policy(last)

    def _dumped(self) -> None:
        """What a model without rollouts logged: one update a time it does."""
        self._say_logged({})

    @harmless
    def _say_logged(self, held: dict[str, Any]) -> None:
        scalars: dict[str, Any] = {**self._scalars.take(held, all_of_them=True)}
        last = self.model.num_timesteps // self.training_env.num_envs - 1
        if self.run is None or not scalars or last < self._first_step:
            return
        self._updates += 1
        self.run.update(self._updates, steps=(self._first_step, last), **scalars)
        self._first_step = last + 1

    def _keep_policy(self, step: int) -> None:
        if not (self._saves_weights and self._is_on_policy) or self.run is None:
            return
        said = policies.about(self.model)
        factory = None if "no_factory" in said else policies.FACTORY
        tensors = policies.weights(self.model)
        self.run.save_policy(self._updates, tensors, factory=factory, step=step, **said)

    @harmless
    def _end(self) -> None:
        """`learn` is over, as it should be."""
        if self._is_on_policy:
            self._learned(is_last=True)
        else:
            self._say_logged(dict(self.logger.name_to_value))
        self._deafen()
        if not (self._stays_open or self._is_managed):
            self.close()


def _of_memory(count: int, *, is_recorded: bool) -> str:
    """What is recorded of a recurrent state of so many numbers, and what it takes."""
    of = f"the recurrent state of {count:,} numbers"
    if not is_recorded:
        return f"{of} is not recorded, too large or unknown: no decision can be replayed"
    return f"{of}, {count * 4 / 1024:.3g} KiB a decision, is recorded for replay"
