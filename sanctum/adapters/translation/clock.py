"""Esper's clocks as vector steps: episodes, rounds and inner epochs of every environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanctum.adapters.translation.event import Action, Event
from sanctum.adapters.translation.shape import Shape
from sanctum.adapters.translation.values import whole

MOST_EPISODES = 2**40


def episode_of(data: Mapping[str, Any]) -> int | None:
    """The episode that an event names, counted over all environments; None where it names none."""
    episode = whole(data.get("episode_idx"))
    return episode if episode is not None and 0 <= episode < MOST_EPISODES else None


def round_in(data: Mapping[str, Any], env: int | None, envs: int) -> int | None:
    """The round (from 0) of the episode that an event of an environment names, of `envs` at a time.

    Episodes are counted from the first of a round by environment; a run that was resumed need not
    begin with a multiple of `envs`.
    """
    episode = episode_of(data)
    return None if episode is None else max(0, episode - (env or 0)) // envs


class Clock:
    """Where each environment is. Rounds count from 0, inner epochs from 1.

    A heuristic run does not number its episodes: each of its starts is one.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._at: dict[int, tuple[int, int]] = {}
        self._started = 0

    def started(self) -> None:
        """A heuristic run begins its next episode."""
        self._started += 1

    def at(self, env: int) -> tuple[int, int] | None:
        """Round and inner epoch that an environment has told of last."""
        return self._at.get(env)

    def enter(self, env: int, round: int, epoch: int) -> bool:
        """An environment tells of an epoch; whether it is the first of its round."""
        is_new = self._at.get(env, (-1, 0))[0] != round
        self._at[env] = round, epoch
        return is_new

    def is_of_last_epoch(self, env: int, data: Mapping[str, Any]) -> bool:
        """Whether an environment is at the end of the episode that `data` names."""
        at, round = self._at.get(env), self._round(data, env)
        return at is not None and at == (round, self.shape.epochs)

    def round_of(self, data: Mapping[str, Any], env: int, epoch: int) -> int:
        """The round of an environment's epoch."""
        if self.shape.is_heuristic:
            return self._started
        round = self._round(data, env)
        if round is not None:
            return round
        last, before = self._at.get(env, (self.shape.first_round, 0))
        return last if epoch > before else last + 1

    def episode_of(self, data: Mapping[str, Any], env: int, round: int) -> int:
        """The number of an environment's episode, over all environments."""
        episode = None if self.shape.is_heuristic else episode_of(data)
        return round * self.shape.envs + env if episode is None else episode

    def step_of(self, event: Event, env: int, epoch: int | None = None) -> int | None:
        """The step that an event of an environment belongs to; None: nothing tells.

        Its last epoch's. An epoch that the event names, or the id of the action behind it, moves it
        on when that epoch's own event did not come; never back, for what was scheduled happens
        later.
        """
        at, data = self._at.get(env), event.data
        step = None if at is None else self.shape.step(*at)
        named = self._named(data, env, at, epoch)
        if named is None or step is None:
            return step if named is None else named
        return max(step, named)

    def _named(
        self, data: Mapping[str, Any], env: int, at: tuple[int, int] | None, epoch: int | None
    ) -> int | None:
        if epoch is not None:
            round = None if self.shape.is_heuristic else self._round(data, env)
            if round is None:
                round = at[0] if at is not None else self.shape.first_round
            return self.shape.step(round, epoch)
        action = Action(data.get("action_id") or data.get("morphology_mutation_id"))
        if action.round is None or action.epoch is None:
            return None
        return self.shape.step(action.round, action.epoch)

    def _round(self, data: Mapping[str, Any], env: int) -> int | None:
        return round_in(data, env, self.shape.envs)
