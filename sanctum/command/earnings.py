"""What an environment earned: the reward now, that of its episode so far, and their components."""

from __future__ import annotations

from sanctum.command.advice import records
from sanctum.command.moment import Moment
from sanctum.command.readings import listed, percent, times
from sanctum.model.answers import Component, EnvAnswer, RewardsAnswer
from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, number, reading
from sanctum.view.numbers import cell
from sanctum.view.report import Column, Fact, Table

NAMED = 2
"""Components that a line has room for."""


def facts(moment: Moment, answer: EnvAnswer) -> list[Fact]:
    """The reward of the last step and of the episode, each with its largest components."""
    rewards = answer.rewards
    if rewards is None or not rewards.components:
        missing = f"components: not measured{records(moment, 'run.step(rewards=...)')}"
        episode = [] if rewards is None else _episode(rewards, "")
        return [Fact("reward", answer.row.reward, note=missing), *episode]
    whole = [one for one in rewards.components if one.inside is None]
    now = [(one.name, times(one.last, one.sign)) for one in whole]
    shares = _shares(rewards)
    largest = sorted(whole, key=lambda one: -_size(one.episode))
    parts = [f"{one.name} {percent(shares[one.name])}" for one in largest if _size(one.episode)]
    note = listed(parts, NAMED)
    return [Fact("reward", answer.row.reward, note=_now(now)), *_episode(rewards, note)]


def so_far(answer: EnvAnswer) -> str:
    """What the episode brought so far, in a few words; empty where nobody says."""
    total = NOT_MEASURED if answer.rewards is None else answer.rewards.total.episode
    return "" if total == NOT_MEASURED else f", {cell(total)} in this episode"


def _episode(rewards: RewardsAnswer, note: str) -> list[Fact]:
    total = rewards.total.episode
    return [] if total == NOT_MEASURED else [Fact("this episode", total, note=note)]


def _now(parts: list[tuple[str, Reading]]) -> str:
    parts = sorted(parts, key=lambda part: -_size(part[1]))
    made = [part for part in parts if number(part[1]) not in (None, 0.0)]
    return listed([f"{name} {cell(value, 3)}" for name, value in made or parts], NAMED)


def table(rewards: RewardsAnswer) -> Table:
    """Every component as it enters the reward: now, over the episode, and its share of that."""
    shares = _shares(rewards)
    rows = [*rewards.components, rewards.total]
    return Table(
        (
            Column("component", lambda c: c.name, priority=0),
            Column("last", lambda c: times(c.last, c.sign), unit="reward", priority=0),
            Column("episode", lambda c: times(c.episode, c.sign), unit="reward", priority=0),
            Column("share", lambda c: times(shares[c.name], 100), unit="percent", digits=1),
            Column("mean", lambda c: times(c.mean, c.sign), unit="reward", priority=2),
        ),
        rows,
        title="reward",
    )


def _shares(rewards: RewardsAnswer) -> dict[str, Reading]:
    """Each component's part of the sum of the absolute sums of the episode; inside others none."""
    whole = sum(_size(one.episode) for one in rewards.components if one.inside is None)

    def share(one: Component) -> Reading:
        if number(one.episode) is None:
            return one.episode
        return (
            MASKED if one.inside is not None or not whole else reading(_size(one.episode) / whole)
        )

    shares = {one.name: share(one) for one in rewards.components}
    return {**shares, rewards.total.name: reading(1.0) if whole else MASKED}


def _size(one: Reading) -> float:
    return abs(number(one) or 0.0)
