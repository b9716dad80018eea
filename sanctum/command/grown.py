"""How large an environment's network is: its host, what seeds added, and how much it has grown."""

from __future__ import annotations

from collections.abc import Sequence

from sanctum.command.columns import is_empty
from sanctum.model.answers import EnvAnswer, Header
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.view.numbers import cell
from sanctum.view.report import Fact

TOLD = "host_params"
"""Where a run's configuration says how large its hosts are."""


def host(answer: EnvAnswer, header: Header) -> Reading:
    """Parameters of the host alone: told, or what is left of all of them without the growth."""
    told = header.config.get(TOLD)
    if isinstance(told, int):
        return reading(told)
    every, growth = (number(answer.row.columns.get(name)) for name in ("parameters", "growth"))
    return reading(round(every / growth)) if every and growth else NOT_MEASURED


def added(answer: EnvAnswer) -> Reading:
    """Parameters of the seeds that are there, where all of them say."""
    seeds = [one for one in answer.seeds if not is_empty(one)]
    sizes = [number(one.parameters) for one in seeds]
    known = [one for one in sizes if one is not None]
    return reading(sum(known)) if seeds and len(known) == len(sizes) else NOT_MEASURED


def size(answer: EnvAnswer, header: Header, free: Sequence[str]) -> list[Fact]:
    """Growth with what it is made of, and the slots that are free; nothing where nobody says."""
    alone, seeds = host(answer, header), added(answer)
    words = [f"host {cell(alone, 0)}"] if number(alone) is not None else []
    words += [f"{cell(seeds, 0)} in seeds"] if number(seeds) is not None else []
    made = " + ".join(words)
    note = "; ".join(one for one in (made, f"free: {', '.join(free)}" if free else "") if one)
    growth = answer.row.columns.get("growth", NOT_MEASURED)
    if number(growth) is not None:
        return [Fact("growth", growth, note=note, digits=2)]
    if made:
        every = (number(alone) or 0) + (number(seeds) or 0)
        return [Fact("parameters", every, note=note, digits=0)]
    return [Fact("free slots", ", ".join(free))] if free else []
