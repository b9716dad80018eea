"""A decision evaluated again, beside what the record says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sanctum.errors import SanctumError
from sanctum.model.jobs import Matrix
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.model.replayed import (
    DISTRIBUTION,
    TOLERANCE,
    Evaluation,
    HeadAgain,
    OptionAgain,
)
from sanctum.record.questions.grounds import Grounds, option_name
from sanctum.recorder.replaying.which import Chosen

VALUE_TOLERANCE = 1e-5
"""The largest difference of a value at which it is the same one, as a share of values above 1."""

Readings = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much two makings of a decision differ: `largest`, of what; and of the value."""

    compared: str
    largest: Reading
    value: Reading
    reproduced: bool | None


def readings_of(grounds: Grounds, found: dict[str, Matrix]) -> Readings:
    """What a worker answered, as arrays of (rows, ...). Raises ValueError.

    Raises SanctumError when it is of other options than those of the run.
    """
    again = {name: np.frombuffer(one.data, "<f4").reshape(one.shape) for name, one in found.items()}
    for head in grounds.actions:
        name = f"probability/{head}"
        cells = grounds.cells.get(name) or grounds.cells.get(f"mask/{head}")
        if name not in again or cells is None:
            continue
        said, recorded = again[name][0].size, cells[0].shape[1]
        if said != recorded:
            raise SanctumError(
                f"the policy that was made again has {said} options of {head}, the run {recorded}"
            )
    return again


def evaluation(
    grounds: Grounds, row: int, chosen: Chosen, again: Readings, place: int, dtype: str, device: str
) -> Evaluation:
    """Row `row` of `grounds` beside row `place` of what came out."""
    differs = difference(grounds, row, again, place)
    return Evaluation(
        chosen.which,
        chosen.weights.update,
        chosen.acted,
        differs.reproduced,
        differs.largest,
        differs.compared,
        choice_of(grounds, again, place),
        one_of(again, "value", place),
        grounds.reading("value", row),
        _distribution(grounds, row, again, place)
        if grounds.is_continuous
        else [_head(grounds, head, row, again, place) for head in _heads(grounds, row, again)],
        dtype,
        device,
        value_difference=differs.value,
    )


def choice_of(grounds: Grounds, again: Readings, place: int) -> str | None:
    """The most probable option of the main head; None where it has no probabilities."""
    if grounds.main is None or f"probability/{grounds.main}" not in again:
        return None
    best = best_of(again[f"probability/{grounds.main}"][place])
    return None if best is None else option_name(grounds.actions[grounds.main], best)


def best_of(chances: npt.NDArray[np.generic]) -> int | None:
    """The place of the largest; None where none is a number."""
    values = np.asarray(chances, np.float64)
    return None if np.isnan(values).all() else int(np.nanargmax(values))


def one_of(again: Readings, name: str, place: int) -> Reading:
    """A single reading that came out."""
    found = again.get(name)
    return NOT_MEASURED if found is None else reading(float(found[place].reshape(-1)[0]))


def numbers_of(again: Readings, place: int) -> list[str]:
    """The numbers of a distribution of continuous actions, by name."""
    return sorted(name for name in again if name != "value" and again[name][place].size == 1)


def difference(grounds: Grounds, row: int, again: Readings, place: int) -> Difference:
    """By how much what came out differs from what was recorded, of the best that was recorded."""
    compared, pairs = _compared(grounds, row, again, place)
    largest = _largest(pairs)
    of_value, value = _of_value(grounds, row, again, place)
    if compared == "value":
        return Difference(compared, value, value, of_value)
    reproduced = None if not compared else _is_small(largest, TOLERANCE) and of_value is not False
    return Difference(compared, largest, value, reproduced)


def _compared(
    grounds: Grounds, row: int, again: Readings, place: int
) -> tuple[str, list[tuple[float, float]]]:
    """What can be compared, the most telling first, and the pairs of numbers."""
    for what, found in (
        ("probabilities", _probabilities(grounds, row, again, place)),
        ("confidence", _confidences(grounds, row, again, place)),
        ("log-probability", _log_probabilities(grounds, row, again, place)),
        (
            "distribution",
            _columns(grounds, row, again, place, [one for one in again if "action_" in one]),
        ),
    ):
        pairs = list(found)
        if pairs:
            return what, pairs
    is_value = "value" in again and grounds.values("value", row) is not None
    return ("value" if is_value else "", [])


def _probabilities(
    grounds: Grounds, row: int, again: Readings, place: int
) -> Iterator[tuple[float, float]]:
    for head in grounds.actions:
        name = f"probability/{head}"
        recorded, found = grounds.values(name, row), again.get(name)
        if recorded is None or found is None or found[place].size != recorded.size:
            continue
        legal = grounds.legal(head, row) or [True] * recorded.size
        pairs = zip(recorded.tolist(), found[place].reshape(-1).tolist(), legal, strict=False)
        # Of an option that is not legal some say nan, others 0.
        yield from ((was, now) for was, now, may in pairs if may or was == was)


def _confidences(
    grounds: Grounds, row: int, again: Readings, place: int
) -> Iterator[tuple[float, float]]:
    """Of what was chosen, where that is all that was said."""
    for head in grounds.actions:
        found, chosen = again.get(f"probability/{head}"), grounds.option(head, row)
        recorded = grounds.values(f"confidence.{head}", row)
        if recorded is None or found is None or chosen is None or chosen >= found[place].size:
            continue
        yield float(recorded[0]), float(found[place].reshape(-1)[chosen])


def _log_probabilities(
    grounds: Grounds, row: int, again: Readings, place: int
) -> Iterator[tuple[float, float]]:
    """Of what was done; of a single head it is the logarithm of its probability."""
    recorded, main = grounds.values("log_prob", row), grounds.main
    if "log_prob" in again or recorded is None or main is None or len(grounds.actions) > 1:
        yield from _columns(grounds, row, again, place, ("log_prob",))
        return
    found, chosen = again.get(f"probability/{main}"), grounds.option(main, row)
    if found is not None and chosen is not None and chosen < found[place].size:
        with np.errstate(divide="ignore"):
            yield float(recorded[0]), float(np.log(found[place].reshape(-1)[chosen]))


def _columns(
    grounds: Grounds, row: int, again: Readings, place: int, names: tuple[str, ...] | list[str]
) -> Iterator[tuple[float, float]]:
    for name in names:
        recorded, found = grounds.values(name, row), again.get(name)
        if recorded is not None and found is not None and found[place].size == recorded.size == 1:
            yield float(recorded[0]), float(found[place].reshape(-1)[0])


def _largest(pairs: list[tuple[float, float]]) -> Reading:
    """The largest difference; two that are not finite in the same way do not differ."""
    if not pairs:
        return NOT_MEASURED
    recorded, found = np.array(pairs, np.float64).T
    with np.errstate(invalid="ignore"):
        apart = np.abs(recorded - found)
    apart[(recorded == found) | (np.isnan(recorded) & np.isnan(found))] = 0.0
    return reading(float(apart.max()))


def _of_value(
    grounds: Grounds, row: int, again: Readings, place: int
) -> tuple[bool | None, Reading]:
    """Whether the value is the same one, and by how much it differs."""
    pairs = list(_columns(grounds, row, again, place, ("value",)))
    apart = _largest(pairs)
    if not pairs:
        return None, apart
    scale = max(1.0, abs(pairs[0][0])) if np.isfinite(pairs[0][0]) else 1.0
    return _is_small(apart, VALUE_TOLERANCE * scale), apart


def _is_small(apart: Reading, tolerance: float) -> bool:
    value = number(apart)
    return value is not None and value < tolerance


def _heads(grounds: Grounds, row: int, again: Readings) -> list[str]:
    """Those that came out and had a part in the decision."""
    return [
        head
        for head in grounds.actions
        if f"probability/{head}" in again
        and (f"action/{head}" not in grounds.cells or grounds.option(head, row) is not None)
    ]


def _distribution(grounds: Grounds, row: int, again: Readings, place: int) -> list[HeadAgain]:
    """The numbers of continuous actions, as one head."""
    options = [
        OptionAgain(name, None, grounds.reading(name, row), one_of(again, name, place))
        for name in numbers_of(again, place)
    ]
    return [HeadAgain(DISTRIBUTION, options)] if options else []


def _head(grounds: Grounds, head: str, row: int, again: Readings, place: int) -> HeadAgain:
    found = again[f"probability/{head}"][place].reshape(-1)
    legal = grounds.legal(head, row)
    return HeadAgain(
        head,
        [
            OptionAgain(
                option_name(grounds.actions[head], index),
                legal[index] if legal is not None and index < len(legal) else None,
                grounds.reading(f"probability/{head}", row, index),
                reading(float(chance)),
            )
            for index, chance in enumerate(found)
        ],
    )
