"""What ops brought, beside what others brought where all else was alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.model.why import Gain
from sanctum.record.questions.outcomes.seen import Alike, Flags, Floats, Ints

LEAST_OTHERS = 2
"""Others that a decision needs among those alike to be compared."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The decisions that took an op, and others it is compared with.

    `cells` (rows, envs) are both; the other arrays are of those, one after another.
    """

    cells: Flags
    took: Flags
    other: Flags
    stratum: Ints
    cluster: Ints


def sides(took: Flags, other: Flags, alike: Alike) -> Sides:
    """The two sides of one op, from grids; decisions of neither are left out."""
    every = took | other
    return Sides(every, took[every], other[every], alike.stratum[every], alike.cluster[every])


def gain(steps: int, values: Floats, cluster: Ints) -> Gain:
    """The mean of what is known of `values`, and its standard error over clusters."""
    known = ~np.isnan(values)
    values, cluster = values[known], cluster[known]
    if not values.size:
        return Gain(steps, NOT_MEASURED, NOT_MEASURED, 0)
    mean = float(values.mean())
    return Gain(
        steps, reading(mean), _error((values - mean) / values.size, cluster), int(values.size)
    )


def edge(steps: int, values: Floats, of: Sides) -> Gain:
    """By how much those that took it did better than the others alike, on average.

    Each decision is compared with the mean of the others of its stratum; strata without such are
    left out. The error is that of a difference of weighted means over clusters; it is widened where
    few of them speak, so that three errors are as rare as they are of many.
    """
    known = ~np.isnan(values)
    took, other = of.took & known, of.other & known
    count = int(of.stratum.max(initial=-1)) + 1
    others = np.bincount(of.stratum[other], minlength=count)
    sums = np.bincount(of.stratum[other], values[other], count)
    usable = others >= LEAST_OTHERS
    took &= usable[of.stratum]
    size = int(took.sum())
    if not size:
        return Gain(steps, NOT_MEASURED, NOT_MEASURED, 0)
    means = np.where(usable, sums / np.maximum(others, 1), 0.0)
    apart = values[took] - means[of.stratum[took]]
    difference = float(apart.mean())
    weights = np.bincount(of.stratum[took], minlength=count) / size
    other &= weights[of.stratum] > 0
    where = of.stratum[other]
    counts = weights[where] / others[where]
    parts = np.concatenate([(apart - difference) / size, -(values[other] - means[where]) * counts])
    clusters = np.concatenate([of.cluster[took], of.cluster[other]])
    freedom = min(
        _freedom(np.full(size, 1 / size), of.cluster[took]), _freedom(counts, of.cluster[other])
    )
    error = number(_error(parts, clusters))
    if error is None or freedom < 1:
        return Gain(steps, reading(difference), NOT_MEASURED, size)
    return Gain(steps, reading(difference), reading(error * _widened(freedom)), size)


def _freedom(weights: Floats, cluster: Ints) -> float:
    """How many clusters there are in effect, by weights that add up to 1, less one."""
    return 1 / float((np.bincount(cluster, weights) ** 2).sum()) - 1


def _widened(freedom: float) -> float:
    """What an error of so few is multiplied by: three of Student's t over three of the normal.

    The first terms of the Cornish-Fisher expansion, Abramowitz and Stegun, 26.7.5.
    """
    return 1 + 2.5 / freedom + 5.75 / freedom**2


def _error(parts: Floats, cluster: Ints) -> Reading:
    """The standard error of a sum of parts that hang together within clusters.

    Not measured of a single cluster.
    """
    count = int((np.bincount(cluster) > 0).sum())
    if count < 2:
        return NOT_MEASURED
    sums = np.bincount(cluster, parts)
    return reading(math.sqrt(float((sums**2).sum()) * count / (count - 1)))
