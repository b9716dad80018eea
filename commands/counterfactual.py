"""``counterfactual N``: an environment's accuracy with and without its seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from sanctum.command import (
    ENV,
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    UsageError,
    cell,
    inspect_command,
)
from sanctum.command.readings import counted, said
from sanctum.model.answers import EnvAnswer, Event, Verdict
from sanctum.model.readings import number

MATRIX, SHAPLEY = "counterfactual", "shapley"
NOTABLE = 0.5
"""Points from which seeds are said to help, or to hinder, each other."""

CERTAIN = 1.96
"""Standard errors that a value is away from zero to be told from it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: which seeds were on, the accuracy in percent, the gain in points.

    `expected` is what the gains of the seeds alone would add up to, `synergy` what is beyond it.
    """

    what: str
    slots: tuple[str, ...]
    accuracy: float | None
    gain: float | None
    expected: float | None = None
    synergy: float | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """The Shapley value of a seed in points, and its spread over the orders tried."""

    slot: str
    mean: float | None
    spread: float | None
    samples: float | None

    @property
    def error(self) -> float | None:
        """The standard error of the mean."""
        if self.spread is None or not self.samples or self.samples < 2:
            return None
        return float(self.spread / self.samples**0.5)

    @property
    def is_certain(self) -> bool | None:
        """Whether it is told from zero at 95 %; None where that is not known."""
        if self.error is None or self.mean is None:
            return None
        return abs(self.mean) > CERTAIN * self.error


def harms(row: Row) -> Verdict | None:
    """A gain below zero takes accuracy away."""
    return None if row.gain is None else "ok" if row.gain >= 0 else "warn"


def works(row: Row) -> Verdict | None:
    """Seeds that hinder each other."""
    return None if row.synergy is None else "warn" if row.synergy < -NOTABLE else "ok"


COLUMNS = (
    Column("seeds on", lambda r: r.what, priority=0),
    Column("accuracy", lambda r: r.accuracy, unit="percent", priority=0, digits=2),
    Column("gain", lambda r: r.gain, unit="points", priority=0, digits=2, verdict=harms),
    Column("expected", lambda r: r.expected, unit="points", priority=1, digits=2),
    Column("synergy", lambda r: r.synergy, unit="points", priority=0, digits=2, verdict=works),
)
VALUES = (
    Column("slot", lambda v: v.slot, priority=0),
    Column("shapley", lambda v: v.mean, unit="points", priority=0, digits=2),
    Column("spread", lambda v: v.spread, unit="points", priority=1, digits=2),
    Column("samples", lambda v: v.samples, priority=1, digits=0),
    Column("standard_error", lambda v: v.error, unit="points", priority=2, digits=2),
    Column("not zero", lambda v: v.is_certain, priority=1),
)


@inspect_command(
    "counterfactual", group="look", examples=("counterfactual 7", "counterfactual 7 --at -50")
)
@click.argument("env", type=ENV, metavar="N")
def command(moment: Moment, env: int) -> Report:
    """Show accuracy with and without an environment's seeds.

    The newest matrix by now: all off, each seed alone, pairs, all on. gain: over all off. expected:
    the gains of its seeds alone, added up; synergy: what is beyond that, above 0 they help each
    other. Below it the newest Shapley values: a seed's part over all orders of switching on, spread
    over the orders tried; not zero: told from zero at 95 %, by the standard error of the mean.
    """
    answer = moment.env(env)
    matrix, shapley = _newest(moment, MATRIX, env), _newest(moment, SHAPLEY, env)
    rows = [] if matrix is None else list(_rows(matrix.data))
    blocks: list[Block] = [Table(COLUMNS, rows, empty="no matrix")]
    if matrix is not None:
        blocks.append(Facts(_facts(matrix)))
    if shapley is not None:
        blocks.append(Table(VALUES, list(_values(shapley.data)), title="Shapley values"))
    return Report(
        f"counterfactual of env {env}",
        *blocks,
        headline=_headline(matrix, shapley, rows),
        notes=_notes(matrix, shapley, answer),
        at=answer.at,
        next="seeds top" if matrix is None and shapley is None else f"env {env}",
    )


def _newest(moment: Moment, type: str, env: int) -> Event | None:
    """The newest event of a type in an environment; None where there is none, or no such type."""
    found = said(lambda: moment.events(type=type, env=env, limit=1), UsageError)
    return found.rows[-1] if found is not None and found.rows else None


def _rows(data: dict[str, Any]) -> Iterator[Row]:
    configs = [_config(one) for one in data.get("configs") or ()]
    none = next((accuracy for on, accuracy in configs if not on), None)
    gains = {on: _less(accuracy, none) for on, accuracy in configs}
    every = tuple(str(one) for one in data.get("slots") or ())
    for on, accuracy in sorted(configs, key=lambda one: len(one[0])):
        alone = [one for slot in on if (one := gains.get((slot,))) is not None]
        expected = sum(alone) if len(on) > 1 and len(alone) == len(on) else None
        whole = on == every and len(on) > 1
        what = "none" if not on else f"all {len(on)}" if whole else " ".join(on)
        yield Row(what, on, accuracy, gains[on], expected, _less(gains[on], expected))


def _config(one: dict[str, Any]) -> tuple[tuple[str, ...], Any]:
    return tuple(str(slot) for slot in one.get("on") or ()), one.get("accuracy")


def _less(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def _values(data: dict[str, Any]) -> Iterator[Value]:
    for slot, one in (data.get("values") or {}).items():
        yield Value(str(slot), one.get("mean"), one.get("std"), one.get("n_samples"))


def _facts(matrix: Event) -> list[Fact]:
    data = matrix.data
    return [
        Fact("strategy", data.get("strategy")),
        Fact("slots", " ".join(map(str, data.get("slots") or ())) or None),
        Fact("synergy of all", data.get("synergy"), "points", digits=2, note=_interaction(data)),
    ]


def _interaction(data: dict[str, Any]) -> str:
    synergy = data.get("synergy")
    if synergy is None:
        few = len(data.get("slots") or ()) < 2
        return "one seed has nobody to interact with" if few else "not all of it was measured"
    if abs(synergy) <= NOTABLE:
        return "they hardly interact"
    return "they help each other" if synergy > 0 else "they hinder each other"


def _headline(matrix: Event | None, shapley: Event | None, rows: list[Row]) -> str:
    if matrix is None and shapley is None:
        return "no counterfactual was measured here so far: no seed was blended in, or nobody says"
    if matrix is None:
        return "Shapley values, but no matrix"
    seeds = counted(len(matrix.data.get("slots") or ()), "seed")
    none, whole = matrix.data.get("none"), matrix.data.get("all")
    words = f"{cell(none, 1)} % without seeds, {cell(whole, 1)} % with {seeds}"
    gains = [row for row in rows if row.gain is not None and len(row.slots) == 1]
    best = max(gains, default=None, key=_gain) if len(gains) > 1 else None
    return words if best is None else f"{words}; most adds {best.what}, {cell(best.gain, 2)} points"


def _gain(row: Row) -> float:
    return row.gain or 0.0


def _notes(matrix: Event | None, shapley: Event | None, answer: EnvAnswer) -> list[str]:
    notes = [
        f"{what} of step {one.step:,}{_age(one.step, answer)}"
        for what, one in (("the matrix", matrix), ("the Shapley values", shapley))
        if one is not None and one.step is not None
    ]
    return ["; ".join(notes)] if notes else []


def _age(step: int, answer: EnvAnswer) -> str:
    """How long ago a step was, and whether that was in an earlier episode."""
    now, within = answer.at.step, number(answer.row.env_step)
    if now is None or step >= now:
        return ""
    earlier = within is not None and now - step > within
    return f", {counted(now - step, 'step')} ago" + (", in an earlier episode" if earlier else "")
