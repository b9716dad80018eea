"""Torch tensors: the one file of the probe that knows torch, loaded when one is handed over."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt


def on_host(tensor: Any) -> npt.NDArray[Any]:
    """A view of a CPU tensor as a numpy array; half precisions numpy lacks become float32.

    A tensor on a device is copied, which waits for that device: trainers that keep their columns
    there should hand over one stacked CPU copy a step.
    """
    import torch

    given = tensor.detach()
    if given.dtype is torch.bfloat16:
        given = given.float()
    if given.device.type != "cpu":
        given = given.cpu()
    array: npt.NDArray[Any] = given.numpy()
    return array
