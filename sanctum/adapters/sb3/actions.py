"""The action space as heads: what each can choose, and where in the policy's output it stands."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sanctum.adapters.sb3.library import VecEnv, spaces

Numbers = npt.NDArray[Any]
MOST_HEADS = 32
"""Heads, or dimensions of a continuous action, that are recorded; of more, none."""

BITS = ["off", "on"]


@dataclass(frozen=True)
class Heads:
    """`options` are the names a head chooses from; `dimensions` the columns of a continuous action.

    `why_none` says why neither is recorded.
    """

    options: dict[str, list[str]] = field(default_factory=dict)
    dimensions: list[str] = field(default_factory=list)
    why_none: str = ""

    @classmethod
    def of(cls, space: spaces.Space[Any], meanings: list[str] | None = None) -> Heads:
        """The heads of a space. `meanings` are what the environment calls its actions."""
        match space:
            case spaces.Discrete():
                count = int(space.n)
                named = meanings is not None and len(meanings) == count
                return cls({"op": list(meanings or []) if named else _numbered(count)})
            case spaces.MultiDiscrete() if len(space.nvec.shape) == 1:
                sizes = [int(size) for size in space.nvec]
                return cls._bounded(
                    {f"d{index}": _numbered(size) for index, size in enumerate(sizes)}
                )
            case spaces.MultiBinary() if isinstance(space.n, int):
                return cls._bounded({f"bit{index}": BITS for index in range(space.n)})
            case spaces.Box():
                count = int(np.prod(space.shape))
                if count > MOST_HEADS:
                    return cls(why_none=f"an action has {count} dimensions; {MOST_HEADS} is most")
                return cls(dimensions=[f"action.{index}" for index in range(count)])
        return cls(why_none=f"actions are {space}")

    @classmethod
    def _bounded(cls, options: dict[str, list[str]]) -> Heads:
        if len(options) > MOST_HEADS:
            return cls(why_none=f"an action has {len(options)} parts; {MOST_HEADS} is the most")
        return cls(options)

    def chosen(self, actions: Numbers) -> dict[str, Numbers]:
        """The index that each head chose, of actions (E,) or (E, heads)."""
        columns = actions.reshape(len(actions), -1)
        return {head: columns[:, index] for index, head in enumerate(self.options)}

    def legal(self, masks: Numbers) -> dict[str, Numbers]:
        """The legal options (E, n) of each head, of masks (E, all options)."""
        sizes = [len(options) for options in self.options.values()]
        flat = np.asarray(masks, bool).reshape(-1, sum(sizes))
        ends = list(itertools.accumulate(sizes))
        parts = zip(self.options, sizes, ends, strict=True)
        return {head: flat[:, end - size : end] for head, size, end in parts}

    def all_legal(self, envs: int) -> dict[str, Numbers]:
        """The same where nothing is masked."""
        return {head: np.ones((envs, len(each)), bool) for head, each in self.options.items()}

    def columns(self, actions: Numbers, prefix: str = "action") -> dict[str, Numbers]:
        """The dimensions of a continuous action as columns (E,)."""
        columns = actions.reshape(len(actions), -1)
        return {
            name.replace("action", prefix, 1): columns[:, index]
            for index, name in enumerate(self.dimensions)
        }


def meanings(env: VecEnv) -> list[str] | None:
    """What the environment calls its actions; None where it does not say.

    A worker process that is asked for what it lacks would end, so it is asked whether it has it.
    """
    has = getattr(env, "has_attr", None)
    if has is None or not has("get_action_meanings"):
        return None
    return [str(one) for one in env.env_method("get_action_meanings", indices=[0])[0]]


def _numbered(count: int) -> list[str]:
    return [f"a{index}" for index in range(count)]
