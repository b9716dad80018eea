"""The tensors of a safetensors file, those that are the same as another under all their names."""

from __future__ import annotations

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from sanctum.model.jobs import Policy
from sanctum.replay.refusals import Refused, said


def tensors(policy: Policy) -> dict[str, Tensor]:
    """By name, on the CPU, in the dtype they were saved in. Raises Refused (``unfit``)."""
    try:
        found: dict[str, Tensor] = safetensors.torch.load(policy.data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise Refused(
            "unfit", f"the weights of update {policy.update} cannot be read: {said(error)}"
        ) from error
    for name, same in policy.tied.items():
        if same not in found:
            raise Refused(
                "unfit",
                f"of the weights of update {policy.update}, {name} is said to be {same},"
                " which is not among them",
            )
        found[name] = found[same]
    return found
