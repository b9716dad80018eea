"""Blueprints: the kinds of seed that can be grown in a slot.

A seed maps activations to what is added to them. Its parameters are one flat row, so that seeds of
any kind are kept in the same tensor; a blueprint says how to read the row. All compute over a
leading axis of seeds at once. Each starts by adding nothing: its last layer is zero.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Blueprint:
    """One kind of seed."""

    name: str
    shapes: Callable[[int], tuple[Shape, ...]]
    """The shapes of its parameters for a host of the given width; the last ones start at zero."""
    apply: Callable[[list[Tensor], Tensor], Tensor]
    """Parameters, each (seeds, *shape), and activations (seeds, batch, width) to what is added."""
    zeros: int
    """How many of its last parameters start at zero."""

    def parameters(self, width: int) -> int:
        """The length of its row of parameters."""
        return sum(math.prod(shape) for shape in self.shapes(width))

    def initial(self, width: int, generator: torch.Generator) -> Tensor:
        """A fresh row of parameters, (parameters,) float32."""
        shapes = self.shapes(width)
        parts = [
            torch.zeros(math.prod(shape))
            if index >= len(shapes) - self.zeros or len(shape) == 1
            else torch.randn(math.prod(shape), generator=generator) / math.sqrt(shape[0])
            for index, shape in enumerate(shapes)
        ]
        return torch.cat(parts)

    def added(self, rows: Tensor, activations: Tensor) -> Tensor:
        """What seeds with these parameters, (seeds, parameters), add to their activations."""
        shapes = self.shapes(activations.shape[-1])
        return self.apply(unpacked(rows, shapes), activations)


def unpacked(rows: Tensor, shapes: tuple[Shape, ...]) -> list[Tensor]:
    """Rows of parameters as tensors (rows, *shape); a vector gets an axis for the batch."""
    parts = torch.split_with_sizes(rows, [math.prod(shape) for shape in shapes], 1)
    return [
        part.view(-1, *shape) if len(shape) > 1 else part.unsqueeze(1)
        for part, shape in zip(parts, shapes, strict=True)
    ]


def _adapter(parameters: list[Tensor], activations: Tensor) -> Tensor:
    down, up = parameters
    return torch.bmm(torch.bmm(activations, down), up)


def _perceptron(parameters: list[Tensor], activations: Tensor) -> Tensor:
    weight, bias, out_weight, out_bias = parameters
    inside = functional.gelu(torch.bmm(activations, weight) + bias)
    return torch.bmm(inside, out_weight) + out_bias


def _gated(parameters: list[Tensor], activations: Tensor) -> Tensor:
    gate_weight, gate_bias, weight, bias = parameters
    gate = torch.sigmoid(torch.bmm(activations, gate_weight) + gate_bias)
    return gate * (torch.bmm(activations, weight) + bias)


def _norm(parameters: list[Tensor], activations: Tensor) -> Tensor:
    (weight,) = parameters
    mean = activations.mean(2, keepdim=True)
    size = activations.square().mean(2, keepdim=True).sqrt()
    return torch.bmm(torch.cat([mean, size], dim=2), weight)


def _perceptron_shapes(inside: int) -> Callable[[int], tuple[Shape, ...]]:
    return lambda width: ((width, inside), (inside,), (inside, width), (width,))


BLUEPRINTS = (
    Blueprint("norm", lambda width: ((2, width),), _norm, zeros=1),
    Blueprint("adapter", lambda width: ((width, 2), (2, width)), _adapter, zeros=1),
    Blueprint(
        "gated",
        lambda width: ((width, width), (width,), (width, width), (width,)),
        _gated,
        zeros=2,
    ),
    Blueprint("bottleneck", _perceptron_shapes(8), _perceptron, zeros=2),
    Blueprint("wide", _perceptron_shapes(40), _perceptron, zeros=2),
)
"""What the activations' mean and size tell; a linear map of rank 2; a gated unit; two MLPs."""

NAMES = [blueprint.name for blueprint in BLUEPRINTS]
