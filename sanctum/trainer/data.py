"""What the hosts learn: handwritten digits, or arms of a spiral.

Every environment holds out validation samples of its own, so that no two of them are the same task.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

SPIRAL_ARMS = 6
SPIRAL_SAMPLES = 1800


@dataclass(frozen=True)
class Data:
    """Samples shared by all environments, and who trains and validates on which."""

    inputs: Tensor
    """(samples, inputs) float32, each input with mean 0 and variance 1."""
    labels: Tensor
    """(samples,) int64."""
    training: Tensor
    """(envs, n) int64: the rows of `inputs` an environment trains on."""
    validation: Tensor
    """(envs, m) int64: the rows it is judged by; disjoint from its training rows."""

    @property
    def classes(self) -> int:
        """How many labels there are."""
        return int(self.labels.max()) + 1

    def batch(self, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random training samples of every environment: (envs, size, inputs) and (envs, size)."""
        envs, count = self.training.shape
        picks = torch.randint(count, (envs, size), generator=generator)
        rows = self.training.gather(1, picks.to(self.training.device))
        inputs = self.inputs.index_select(0, rows.flatten()).view(envs, size, -1)
        return inputs, self.labels.index_select(0, rows.flatten()).view(envs, size)


def load(task: str, envs: int, validation_size: int, generator: torch.Generator) -> Data:
    """The task's data, split anew for each of `envs` environments. The generator is a CPU one."""
    inputs, labels = _digits() if task == "digits" else _spirals(generator)
    inputs = (inputs - inputs.mean(0)) / inputs.std(0).clamp(min=1e-3)
    held_out = min(validation_size, len(labels) // 2)
    orders = torch.stack([torch.randperm(len(labels), generator=generator) for _ in range(envs)])
    return Data(inputs, labels, orders[:, held_out:], orders[:, :held_out])


def _digits() -> tuple[Tensor, Tensor]:
    """1,797 handwritten digits of 8 x 8 pixels, bundled with scikit-learn."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    inputs = torch.as_tensor(bunch.data, dtype=torch.float32)
    return inputs, torch.as_tensor(bunch.target, dtype=torch.int64)


def _spirals(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Points in the plane on interleaved spiral arms; the label is the arm."""
    labels = torch.arange(SPIRAL_SAMPLES) % SPIRAL_ARMS
    radius = torch.rand(SPIRAL_SAMPLES, generator=generator).sqrt()
    noise = 0.12 * torch.randn(SPIRAL_SAMPLES, generator=generator)
    angle = labels * (2 * math.pi / SPIRAL_ARMS) + 2.5 * radius + noise
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), labels
