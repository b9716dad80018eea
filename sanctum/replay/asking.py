"""A policy asked for its readings, in the record's terms."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
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
        for name, one in self._named():
            if one.ndim < 1 or len(one) != len(self):
                raise Refused("bad_job", f"{name} is not of {len(self)} decisions")
        self._check_state()

    def __len__(self) -> int:
        return len(self.observation)

    @property
    def dtype(self) -> str:
        """In what it is computed."""
        return str(_dtype(self.policy)).removeprefix("torch.")

    def doubled(self) -> Asked:
        """The same, in float64. Raises Refused (``policy``) where that cannot be had."""
        if not isinstance(self.policy, torch.nn.Module):
            raise Refused("policy", "the policy is no module, whose numbers could be doubled")
        made = copy.copy(self)
        try:
            made.policy = copy.deepcopy(self.policy).double()
        except Exception as error:
            raise Refused("policy", f"the policy cannot be copied: {said(error)}") from error
        made.observation = self.observation.double()
        made.recurrent = None if self.recurrent is None else self.recurrent.double()
        return made

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
            raise Refused("policy", f"the policy failed: {self._told(error)}") from error
        return _checked(found, len(observation))

    def probabilities(self, observation: Tensor, head: str) -> Tensor:
        """(m, options) of one head. Raises Refused (``policy``)."""
        return _of_head(self.readings(observation), head)

    def log_probability(self, observation: Tensor, head: str, option: int) -> Tensor:
        """(m,) of one option, in nats; from the logits where the policy gives them.

        They lose less. Raises Refused (``policy``; ``bad_job`` for an option that is none).
        """
        found = self.readings(observation)
        chances = _of_head(found, head)
        if not 0 <= option < chances.shape[1]:
            raise Refused("bad_job", f"{head} has no option {option}")
        if (logits := found.get(f"logit/{head}")) is None or logits.shape != chances.shape:
            # The one column first: the gradient of log 0, though multiplied by 0, is none.
            return chances[:, option].log()
        if head in self.masks:
            logits = logits.masked_fill(~self.masks[head], -torch.inf)
        return logits.log_softmax(1)[:, option]

    def matrices(self) -> dict[str, Matrix]:
        """The readings of all rows as the record would hold them."""
        with torch.no_grad():
            found = self.readings(self.observation)
        return {name: matrix(one) for name, one in found.items()}

    def _named(self) -> Iterator[tuple[str, Tensor]]:
        yield from ((f"mask/{head}", one) for head, one in self.masks.items())
        yield from ((f"action/{head}", one) for head, one in self.actions.items())
        if self.recurrent is not None:
            yield "the recurrent state", self.recurrent

    def _check_state(self) -> None:
        """A policy takes the recurrent state exactly where the record has it. Raises Refused."""
        try:
            takes = signature(self.policy.readings).parameters
        except (TypeError, ValueError):
            return
        wants = "recurrent" in takes and takes["recurrent"].default is Parameter.empty
        if self.recurrent is None and wants:
            raise Refused(
                "policy",
                "the policy is recurrent, and the record has no state of it",
                "run.step(recurrent=...) records it",
            )
        any_name = any(one.kind is Parameter.VAR_KEYWORD for one in takes.values())
        if self.recurrent is not None and "recurrent" not in takes and not any_name:
            raise Refused(
                "policy",
                "the record has a recurrent state, and the policy's readings takes none",
                "readings(observation, masks, actions, recurrent=None) would",
            )

    def _told(self, error: BaseException) -> str:
        """What went wrong; a mask or an action that the record lacks, in plainer words."""
        if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
            name = error.args[0]
            if name not in self.masks or name not in self.actions:
                return f"it wants the mask or action of {name}, which the record does not have"
        return said(error)


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


def _of_head(found: Mapping[str, Tensor], head: str) -> Tensor:
    if (one := found.get(f"probability/{head}")) is None or one.ndim != 2:
        named = [name.partition("/")[2] for name in found if name.startswith("probability/")]
        raise Refused(
            "policy",
            f"the policy gives no probabilities of {head}",
            f"it gives those of: {', '.join(named)}" if named else None,
        )
    return one


def _checked(found: Any, rows: int) -> dict[str, Tensor]:
    if not isinstance(found, Mapping):
        raise Refused("policy", f"the policy's readings are a {type(found).__name__}, no mapping")
    checked = {}
    for name, one in found.items():
        try:
            value = one if isinstance(one, Tensor) else torch.as_tensor(np.asarray(one))
        except (TypeError, ValueError) as error:
            kind = type(one).__name__
            raise Refused("policy", f"{name} is of type {kind}, no tensor or array") from error
        if value.ndim < 1 or len(value) != rows:
            raise Refused("policy", f"{name} is of shape {tuple(value.shape)} for {rows} decisions")
        checked[str(name)] = value
    return checked


def _dtype(policy: Any) -> torch.dtype:
    module = policy if isinstance(policy, torch.nn.Module) else getattr(policy, "policy", None)
    if isinstance(module, torch.nn.Module):
        for one in module.parameters():
            if one.is_floating_point():
                return one.dtype
    return torch.float32
