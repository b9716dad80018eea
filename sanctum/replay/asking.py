"""A policy asked for its readings, in the record's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sanctum.model.jobs import Matrix, Rows
from sanctum.replay.refusals import Refused, said


class Asked:
    """One policy with the grounds of n decisions: observations (n, features) and what goes with.

    Raises Refused (``bad_job``) for matrices that are none or do not go together.
    """

    def __init__(self, policy: Any, rows: Rows) -> None:
        self.policy = policy
        self.observation = tensor("the observation", rows.observation)
        if self.observation.ndim != 2:
            raise Refused("bad_job", f"an observation of shape {tuple(self.observation.shape)}")
        self.masks = {head: tensor(head, one) > 0 for head, one in rows.masks.items()}
        self.actions = {head: tensor(head, one).long() for head, one in rows.actions.items()}
        self.recurrent = None if rows.recurrent is None else tensor("the state", rows.recurrent)
        given = {**{f"mask/{head}": one for head, one in self.masks.items()}}
        given |= {f"action/{head}": one for head, one in self.actions.items()}
        if self.recurrent is not None:
            given["the state"] = self.recurrent
        for name, one in given.items():
            if one.ndim < 1 or len(one) != len(self):
                raise Refused("bad_job", f"{name} is not of {len(self)} decisions")

    def __len__(self) -> int:
        return len(self.observation)

    @property
    def dtype(self) -> str:
        """In what it is computed."""
        return _dtype(self.policy)

    def readings(self, observation: Tensor) -> dict[str, Tensor]:
        """What the policy makes of `observation` (m, features), where m is n, or n is 1.

        Raises Refused (``policy``) when it fails or gives something else than tensors of m rows.
        """
        rows = torch.arange(len(self))
        if len(observation) != len(self):
            rows = torch.zeros(len(observation), dtype=torch.long)
        more = {} if self.recurrent is None else {"recurrent": self.recurrent[rows]}
        masks = {head: one[rows] for head, one in self.masks.items()}
        actions = {head: one[rows] for head, one in self.actions.items()}
        try:
            found = self.policy.readings(observation, masks, actions, **more)
        except (Exception, SystemExit) as error:
            raise Refused("policy", f"the policy failed: {said(error)}") from error
        return _checked(found, len(observation))

    def matrices(self) -> dict[str, Matrix]:
        """The readings of all rows as the record would hold them."""
        with torch.no_grad():
            found = self.readings(self.observation)
        return {name: matrix(one) for name, one in found.items()}


def tensor(what: str, given: Matrix) -> Tensor:
    """A copy as float32. Raises Refused (``bad_job``)."""
    try:
        array = np.frombuffer(given.data, "<f4").reshape(given.shape)
    except ValueError as error:
        raise Refused(
            "bad_job", f"{what}: {len(given.data)} bytes are no array of {given.shape}"
        ) from error
    return torch.tensor(array)


def matrix(one: Tensor) -> Matrix:
    """Float32, little-endian."""
    array = one.detach().float().cpu().contiguous().numpy().astype("<f4")
    return Matrix(tuple(array.shape), array.tobytes())


def _checked(found: Any, rows: int) -> dict[str, Tensor]:
    if not isinstance(found, Mapping):
        raise Refused("policy", f"the policy's readings are a {type(found).__name__}, no mapping")
    checked = {}
    for name, one in found.items():
        value = one if isinstance(one, Tensor) else torch.as_tensor(np.asarray(one))
        if value.ndim < 1 or len(value) != rows:
            raise Refused("policy", f"{name} is of shape {tuple(value.shape)} for {rows} decisions")
        checked[str(name)] = value
    return checked


def _dtype(policy: Any) -> str:
    module = policy if isinstance(policy, torch.nn.Module) else getattr(policy, "policy", None)
    if isinstance(module, torch.nn.Module):
        for one in module.parameters():
            if one.is_floating_point():
                return str(one.dtype).removeprefix("torch.")
    return "float32"
