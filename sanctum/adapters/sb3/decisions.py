"""What the policy decided from: the distribution that it computed to act, without asking again."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sanctum.adapters.sb3.actions import Heads

Numbers = npt.NDArray[Any]
SAME = 1e-4
"""How far apart two log-probabilities of the same action may be, in nats."""


class Seen:
    """A forward hook of the policy: the distribution of its newest batch of actions.

    Others ask the policy too (an evaluation between two steps), but not by calling it. It holds no
    more than that, so that a copy of the policy copies nothing else.
    """

    def __init__(self) -> None:
        self.distribution: Any = None

    def __call__(self, policy: torch.nn.Module, given: Any, acted: Any) -> None:
        """The policy was called."""
        self.distribution = torch_distribution(policy)

    def __deepcopy__(self, memo: Any) -> Seen:
        return Seen()

    def __reduce__(self) -> Any:
        return Seen, ()

    def take(self) -> Any:
        """The distribution, once; None where the policy was not called since."""
        found, self.distribution = self.distribution, None
        return found


def torch_distribution(policy: Any) -> Any:
    """Torch's own distribution (or one a head) of what a policy computed last; None: it has none.

    Each computation makes a new one, so that it stays what it is.
    """
    wrapped = getattr(policy, "action_dist", None)
    found = getattr(wrapped, "distribution", None)
    return found if found is not None else getattr(wrapped, "distributions", None)


def log_probabilities(distribution: Any, heads: Heads) -> dict[str, Any]:
    """Log-probabilities (E, n) of each head's options, as tensors; none if continuous."""
    if isinstance(distribution, torch.distributions.Bernoulli):
        chance = torch.nn.functional.logsigmoid
        pairs = torch.stack([chance(-distribution.logits), chance(distribution.logits)], dim=-1)
        return {head: pairs[:, index] for index, head in enumerate(heads.options)}
    each = distribution if isinstance(distribution, list | tuple) else [distribution]
    if not all(isinstance(one, torch.distributions.Categorical) for one in each):
        return {}
    return {head: one.logits for head, one in zip(heads.options, each, strict=True)}


class Decisions:
    """Readings of one vector step's decisions, from the distribution they were drawn from.

    `all_legal` are the masks (E, n) by head where nothing is masked.
    """

    def __init__(self, heads: Heads, envs: int) -> None:
        self._heads = heads
        self.all_legal = heads.all_legal(envs)
        self._most = _most(self.all_legal)

    def readings(self, distribution: Any, masks: dict[str, Numbers]) -> tuple[Any, Any]:
        """Probabilities (E, n) by head, and columns (E,): how undecided the policy was.

        ``entropy`` is 1 for uniform over what is legal, *masked* where there is no choice; of a
        continuous action it is ``entropy_nats`` instead, and has a mean and a spread.
        """
        logs = {
            # By now the trainer has fetched the actions, so a device is waited for by nobody.
            head: one.detach().cpu().numpy()
            for head, one in log_probabilities(distribution, self._heads).items()
        }
        if not logs:
            return {}, self._continuous(distribution)
        chances = {head: np.exp(one) for head, one in logs.items()}
        nats = {
            head: -np.multiply(one, logs[head], where=one != 0, out=np.zeros_like(one)).sum(1)
            for head, one in chances.items()
        }
        most = self._most if masks is self.all_legal else _most(masks)
        columns = {"entropy": _share(sum(nats.values()), sum(most.values()))}
        if len(nats) > 1:
            columns |= {f"entropy.{head}": _share(one, most[head]) for head, one in nats.items()}
        return chances, columns

    def _continuous(self, distribution: Any) -> dict[str, Numbers]:
        if not self._heads.dimensions or not isinstance(distribution, torch.distributions.Normal):
            return {}
        mean = distribution.mean.detach().cpu().numpy()
        spread = distribution.stddev.detach().cpu().numpy()
        nats = (0.5 * np.log(2 * np.pi * np.e) + np.log(spread)).sum(1)
        return {
            "entropy_nats": nats,
            **self._heads.columns(mean, "action_mean"),
            **self._heads.columns(spread, "action_std"),
        }

    def is_of(self, distribution: Any, actions: Numbers, log_prob: Numbers) -> bool:
        """Whether these actions were drawn from it: their log-probabilities are the same."""
        logs = log_probabilities(distribution, self._heads)
        chosen = self._heads.chosen(actions)
        if not logs or any(len(one) != len(actions) for one in logs.values()):
            return False
        rows = np.arange(len(actions))
        total = sum(
            one.detach().cpu().numpy()[rows, chosen[head].astype(int)] for head, one in logs.items()
        )
        return bool(np.allclose(total, log_prob, atol=SAME))


def _most(masks: dict[str, Numbers]) -> dict[str, Numbers]:
    """The largest entropy (E,) that each head can have, in nats."""
    return {head: np.log(one.sum(1)) for head, one in masks.items()}


def _share(nats: Any, most: Any) -> Numbers:
    """Entropy as a share of the most there could be, masked where there is no choice."""
    none = most <= 0
    if not none.any():
        return np.asarray(nats / most)
    return np.ma.MaskedArray(nats / np.where(none, 1, most), mask=none)
