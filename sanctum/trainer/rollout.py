"""What is kept of the steps between two updates, and what they were worth."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sanctum.trainer.actions import Actions, Legal


@dataclass
class Rollout:
    """Everything PPO needs of the steps it learns from. The leading axes are (steps, envs)."""

    first_step: int
    observation: list[Tensor]
    slots_legal: list[Tensor]
    op: list[Tensor]
    slot: list[Tensor]
    blueprint: list[Tensor]
    log_prob: list[Tensor]
    value: list[Tensor]
    reward: list[Tensor]
    ended: list[Tensor]

    @classmethod
    def starting(cls, first_step: int) -> "Rollout":
        """An empty one."""
        return cls(first_step, [], [], [], [], [], [], [], [], [])

    def add(
        self,
        observation: Tensor,
        legal: Legal,
        actions: Actions,
        log_prob: Tensor,
        value: Tensor,
        reward: Tensor,
        ended: Tensor,
    ) -> None:
        """One vector step: what was seen, what was done, and what followed."""
        self.observation.append(observation)
        self.slots_legal.append(legal.slots)
        self.op.append(actions.op)
        self.slot.append(actions.slot)
        self.blueprint.append(actions.blueprint)
        self.log_prob.append(log_prob)
        self.value.append(value)
        self.reward.append(reward)
        self.ended.append(ended)

    def batch(self, advantage: Tensor, returns: Tensor, device: torch.device) -> "Batch":
        """All steps of all environments as rows; `advantage` and `returns` are (steps, envs)."""
        rows = [
            torch.cat(kept)
            for kept in (self.observation, self.slots_legal, self.op, self.slot, self.blueprint)
        ]
        numbers = [torch.cat(self.log_prob), torch.cat(self.value)]
        return Batch(
            *(row.to(device) for row in (*rows, *numbers, advantage.flatten(), returns.flatten()))
        )


@dataclass(frozen=True)
class Batch:
    """Rows to learn from, in any order; the leading axis of all is (rows)."""

    observation: Tensor
    slots_legal: Tensor
    op: Tensor
    slot: Tensor
    blueprint: Tensor
    log_prob: Tensor
    value: Tensor
    advantage: Tensor
    returns: Tensor

    def __len__(self) -> int:
        return len(self.op)

    def rows(self, picked: Tensor) -> "Batch":
        """Some of the rows, (n,) int64."""
        return Batch(*(kept[picked] for kept in vars(self).values()))

    @property
    def legal(self) -> Legal:
        """What was legal."""
        return Legal(self.slots_legal)

    @property
    def actions(self) -> Actions:
        """What was done."""
        return Actions(self.op, self.slot, self.blueprint)


def advantages(
    rewards: Tensor, values: Tensor, ended: Tensor, *, gamma: float, lam: float
) -> Tensor:
    """How much better each action did than the critic expected, (steps, envs) float32.

    `rewards` and `ended` are (steps, envs); `values` has one row more, the bootstrap. `ended[t]`
    cuts the sum after step t. Generalised advantage estimation, arXiv:1506.02438, eq. 16.
    """
    found = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[0])
    for step in reversed(range(len(rewards))):
        goes_on = (~ended[step]).float()
        surprise = rewards[step] + gamma * goes_on * values[step + 1] - values[step]
        following = surprise + gamma * lam * goes_on * following
        found[step] = following
    return found
