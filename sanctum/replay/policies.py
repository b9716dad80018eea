"""Policies made again from their weights; the last few are kept for the next question."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import msgspec
import torch

from sanctum.model.jobs import Policy
from sanctum.replay.factories import factory
from sanctum.replay.refusals import Refused, said
from sanctum.replay.unfit import explained
from sanctum.replay.weights import tensors

MOST = 4
"""Policies that are kept: then, now, one of the hall, and one more."""


class Policies:
    """Makes policies, and remembers those it made last."""

    def __init__(self) -> None:
        self._made: OrderedDict[bytes, Any] = OrderedDict()
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True, warn_only=True)

    def get(self, policy: Policy) -> Any:
        """What the run's factory makes of these weights. Raises Refused."""
        key = hashlib.sha256(msgspec.msgpack.encode(policy)).digest()
        if key not in self._made:
            self._made[key] = _made(policy)
        self._made.move_to_end(key)
        while len(self._made) > MOST:
            self._made.popitem(last=False)
        return self._made[key]

    def forget(self) -> None:
        """Make them all again when they are asked for."""
        self._made.clear()


def _made(policy: Policy) -> Any:
    make = factory(policy.factory)
    weights = tensors(policy)
    try:
        found = make(weights, policy.about)
    except (Exception, SystemExit) as error:
        unfit = explained(error)
        if unfit is not None:
            raise Refused(
                "unfit", f"the weights of update {policy.update} do not fit the policy: {unfit}"
            ) from error
        raise Refused("no_factory", f"{policy.factory} failed: {said(error)}") from error
    if not callable(getattr(found, "readings", None)):
        raise Refused(
            "no_factory",
            f"what {policy.factory} made, of type {type(found).__name__}, has no method"
            " readings(observation, masks, actions)",
            "it gives what the record holds of decisions, by name: probability/HEAD, value, ...",
        )
    # What has the method may be no module, and hold one.
    for one in (found, *getattr(found, "__dict__", {}).values()):
        if isinstance(one, torch.nn.Module):
            one.eval()
    return found
