"""What carried a choice: gradient x input, and integrated gradients of its log-probability.

Integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365, eq. 1) go along the straight line
from a baseline to the row; over any stretch of it they add up to the difference of the
log-probability between its ends. Stretches where they do not are halved, until the errors of all
stretches together are small.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sanctum.model.jobs import FindSaliency, SaliencyFound
from sanctum.replay.asking import Asked, tensor
from sanctum.replay.choices import MOST_NUMBERS
from sanctum.replay.refusals import Refused

Numbers = npt.NDArray[np.float64]

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(8)
"""Gauss-Legendre on -1 to 1, in each stretch: exact for polynomials of degree 15."""

STRETCHES = 4
MOST_POINTS = 4096
ENOUGH = 1e-3
"""The error that is good enough, as a share of the difference of log-probabilities."""

ENOUGH_NATS = 1e-6
"""The error that is good enough in any case."""


def saliency(job: FindSaliency, asked: Asked) -> SaliencyFound:
    """By feature, in nats. Mask, actions and recurrent state stay those of the row.

    Computed in float64 where the policy can, else in float32. Raises Refused.
    """
    if len(asked) != 1:
        raise Refused("bad_job", f"{len(asked)} rows, where one is questioned")
    baseline = tensor("the baseline", job.baseline).reshape(-1)
    if len(baseline) != asked.observation.shape[1]:
        raise Refused("bad_job", f"a baseline of {len(baseline)} features")
    legal = asked.masks.get(job.head)
    if legal is not None and 0 <= job.option < legal.shape[1] and not legal[0, job.option]:
        raise Refused("illegal", "the mask forbids it: its log-probability is minus infinity")
    line = _Line(asked, job.head, job.option, baseline)
    integrated, steps = line.integrated()
    _, gradient = line.at(np.ones(1))
    if not (np.isfinite(integrated).all() and np.isfinite(gradient).all()):
        raise Refused("policy", "the gradient of the log-probability is not finite everywhere")
    return SaliencyFound(
        (gradient[0] * line.row).tolist(),
        integrated.tolist(),
        line.ends[1],
        line.ends[0],
        steps,
    )


class _Line:
    """From the baseline (0) to the row (1); `ends` are the log-probabilities there."""

    def __init__(self, asked: Asked, head: str, option: int, baseline: Tensor) -> None:
        self._head, self._option = head, option
        self.row = asked.observation[0].double().numpy()
        self.from_ = baseline.double().numpy()
        try:
            self._asked = asked.doubled()
            first, last = self.at(np.array([0.0, 1.0]))[0]
        except Refused:
            self._asked = asked
            first, last = self.at(np.array([0.0, 1.0]))[0]
        for where, value in (("the baseline", first), ("the row", last)):
            if not np.isfinite(value):
                raise Refused(
                    "policy",
                    f"the log-probability is {value} at {where}: nothing adds up to that",
                    f"readings that hold logit/{head} too would tell how small it is"
                    if value == -np.inf
                    else None,
                )
        self.ends = float(first), float(last)

    def integrated(self) -> tuple[Numbers, int]:
        """Integrated gradients by feature, and at how many points the gradient was taken."""
        difference = abs(self.ends[1] - self.ends[0])
        enough = max(ENOUGH * difference, ENOUGH_NATS)
        edges = np.linspace(0, 1, STRETCHES + 1)
        parts, errors = self._stretches(edges[:-1], edges[1:])
        begins, finishes = edges[:-1], edges[1:]
        while errors.sum() > enough:
            wrong = errors > enough / len(errors)
            if (len(errors) + wrong.sum()) * len(POINTS) > MOST_POINTS:
                break
            middle = (begins[wrong] + finishes[wrong]) / 2
            new_begins = np.concatenate([begins[wrong], middle])
            new_finishes = np.concatenate([middle, finishes[wrong]])
            new_parts, new_errors = self._stretches(new_begins, new_finishes)
            begins = np.concatenate([begins[~wrong], new_begins])
            finishes = np.concatenate([finishes[~wrong], new_finishes])
            parts = np.concatenate([parts[~wrong], new_parts])
            errors = np.concatenate([errors[~wrong], new_errors])
        return parts.sum(0), len(errors) * len(POINTS)

    def at(self, shares: Numbers) -> tuple[Numbers, Numbers]:
        """Log-probabilities (m,) and their gradients (m, features) at `shares` of the way."""
        size = max(1, MOST_NUMBERS // len(self.row))
        found = [self._batch(shares[i : i + size]) for i in range(0, len(shares), size)]
        values, gradients = zip(*found, strict=True)
        return np.concatenate(values), np.concatenate(gradients)

    def _stretches(self, begins: Numbers, finishes: Numbers) -> tuple[Numbers, Numbers]:
        """Of each stretch its part (n, features) of the integral, and by how much it is wrong."""
        half = (finishes - begins) / 2
        inside = (begins + finishes)[:, None] / 2 + half[:, None] * POINTS
        _, gradients = self.at(inside.reshape(-1))
        mean = np.einsum("npf,p->nf", gradients.reshape(*inside.shape, -1), WEIGHTS)
        parts = mean * half[:, None] * (self.row - self.from_)
        ends, _ = self.at(np.concatenate([begins, finishes]))
        rises = ends[len(begins) :] - ends[: len(begins)]
        errors: Numbers = np.abs(parts.sum(1) - rises)
        return parts, np.nan_to_num(errors, nan=np.inf)

    def _batch(self, shares: Numbers) -> tuple[Numbers, Numbers]:
        points = self.from_ + shares[:, None] * (self.row - self.from_)
        given = torch.tensor(points, dtype=self._asked.observation.dtype, requires_grad=True)
        with torch.enable_grad():
            try:
                logs = self._asked.log_probability(given, self._head, self._option)
            except Refused as refused:
                if "requires grad" in str(refused.__cause__):
                    raise _no_gradient() from refused.__cause__
                raise
            if not logs.requires_grad:
                raise _no_gradient()
            (gradient,) = torch.autograd.grad(logs.sum(), given, allow_unused=True)
        if gradient is None:
            raise _no_gradient()
        return logs.detach().double().numpy(), gradient.double().numpy()


def _no_gradient() -> Refused:
    return Refused(
        "policy",
        "the policy's probabilities have no gradient to the observation: on the way it is detached,"
        " leaves torch, or is a number to look up",
        "flip and what-if work without gradients",
    )
