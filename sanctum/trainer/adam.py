"""Adam over rows: every row is a network of its own, with its own moments and its own age."""

import torch
from torch import Tensor


class RowAdam:
    """The optimiser's memory for `rows` x `columns` parameters. arXiv:1412.6980, algorithm 1."""

    def __init__(self, rows: int, columns: int, device: torch.device) -> None:
        self._mean = torch.zeros(rows, columns, device=device)
        self._square = torch.zeros(rows, columns, device=device)
        self._age = torch.zeros(rows, 1, device=device)

    def forget(self, rows: Tensor) -> None:
        """Start anew for these rows, (n,) int64, whose parameters have been made anew."""
        for memory in (self._mean, self._square, self._age):
            memory[rows] = 0.0

    def step(
        self,
        parameters: Tensor,
        rows: Tensor,
        gradient: Tensor,
        learning_rate: float,
        first: float = 0.9,
        second: float = 0.99,
    ) -> None:
        """Move `parameters[rows]`, in place, against their gradient, (n, columns) float32."""
        age, mean, square = (
            memory.index_select(0, rows) for memory in (self._age, self._mean, self._square)
        )
        age += 1
        mean.lerp_(gradient, 1 - first)
        square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        self._age.index_copy_(0, rows, age)
        self._mean.index_copy_(0, rows, mean)
        self._square.index_copy_(0, rows, square)
        spread = square.div_(1 - second**age).sqrt_().add_(1e-8)
        change = mean.mul_(-learning_rate / (1 - first**age)).div_(spread)
        parameters.index_add_(0, rows, change)
