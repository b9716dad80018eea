"""What a recurrent policy (sb3-contrib's RecurrentPPO) remembers: flat for the record, and back.

Of one environment: hidden and cell state of the actor's LSTM, then those of the critic's where it
has one of its own; each layer after layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sanctum.adapters.sb3.library import BaseAlgorithm

MOST_NUMBERS = 8192
"""Numbers of one environment's state that are recorded; a larger one is not."""

Pair = tuple[torch.Tensor, torch.Tensor]


def size(policy: Any) -> int:
    """How many numbers it remembers for one environment; 0: it is not recurrent."""
    lstm = getattr(policy, "lstm_actor", None)
    if lstm is None:
        return 0
    return int(lstm.num_layers * lstm.hidden_size * 2 * (2 if _critic_has_one(policy) else 1))


def is_recorded(model: BaseAlgorithm) -> bool:
    """Whether `remembered` can be asked: it is recurrent, as RecurrentPPO is, and not too large."""
    return hasattr(model, "_last_lstm_states") and 0 < size(model.policy) <= MOST_NUMBERS


def remembered(model: BaseAlgorithm) -> npt.NDArray[np.float32]:
    """(E, numbers): what the policy acts on besides the observation, before it does.

    Of an environment whose episode begins it is 0, as the policy takes it.
    """
    held: Any = model._last_lstm_states  # type: ignore[attr-defined]
    parts = [*held.pi, *(held.vf if _critic_has_one(model.policy) else ())]
    # (layers, E, hidden) each. By now the trainer has fetched the actions: no device is waited for.
    each = [one.detach().cpu().numpy().swapaxes(0, 1) for one in parts]
    flat: npt.NDArray[np.float32] = np.concatenate([one.reshape(len(one), -1) for one in each], 1)
    flat[np.asarray(model._last_episode_starts, bool)] = 0
    return flat


def states(policy: Any, flat: torch.Tensor) -> tuple[Pair, Pair]:
    """What `remembered` gave, (N, numbers), as the actor and the critic take it.

    Raises ValueError where it is not the size of this policy's.
    """
    if flat.shape != (len(flat), size(policy)):
        raise ValueError(
            f"a recurrent state of {flat[:1].numel()} numbers was recorded;"
            f" the policy's has {size(policy)}"
        )
    lstm = policy.lstm_actor
    shaped = flat.reshape(len(flat), -1, lstm.num_layers, lstm.hidden_size)
    parts = shaped.permute(1, 2, 0, 3).contiguous().unbind()
    return (parts[0], parts[1]), (parts[-2], parts[-1])


def arguments(policy: Any) -> dict[str, Any]:
    """What a recurrent policy was made with, which it does not say among its parameters."""
    if not size(policy):
        return {}
    return {
        "lstm_hidden_size": policy.lstm_actor.hidden_size,
        "n_lstm_layers": policy.lstm_actor.num_layers,
        "shared_lstm": policy.shared_lstm,
        "enable_critic_lstm": policy.enable_critic_lstm,
        "lstm_kwargs": policy.lstm_kwargs,
    }


def _critic_has_one(policy: Any) -> bool:
    return policy.lstm_critic is not None
