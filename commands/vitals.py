"""``vitals``: the machine under the run, its throughput and telemetry, and the trainer's own."""

from __future__ import annotations

from dataclasses import dataclass

import click

from sanctum.command import Block, Column, Fact, Facts, Moment, Report, Table, cell, inspect_command
from sanctum.command import size as sized
from sanctum.command.readings import badness, counted, listed, times, worst
from sanctum.model.answers import Vital
from sanctum.model.readings import NOT_MEASURED, Reading, number

UNITS = {"percent": "%", "count": ""}
NOW = "steps now"
"""The speed of the moment, which ``run`` knows of a live run alone too."""

PHASE = "phase"
WALL, CPU = "_ms", "_cpu"


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of the trainer's round: its wall time, the share of it that Python computed."""

    name: str
    wall: Reading = NOT_MEASURED
    cpu: Reading = NOT_MEASURED


PHASES = (
    Column("phase", lambda p: p.name, priority=0),
    Column("wall", lambda p: p.wall, unit="ms", priority=0),
    Column("cpu", lambda p: times(p.cpu, 100), unit="percent", priority=0, digits=0),
    Column("age", lambda p: getattr(p.wall, "age_steps", None), unit="steps", digits=0),
)


@inspect_command("vitals", group="look", examples=("vitals", "vitals --more", "vitals --at -600"))
@click.option("--more", is_flag=True, help="everything the trainer says of itself")
def command(moment: Moment, more: bool) -> Report:
    """Show GPU, CPU, memory, throughput, and how fresh and complete the telemetry is.

    A machine without a GPU says so; a reading that could not be taken says why. Phases are those of
    the trainer's loop: cpu near 100 % means that Python itself computes, near 0 that it waits. Its
    other readings (observations, CUDA) are shown where one is not well, and with --more.
    """
    answer = moment.vitals()
    alarms = [one for one in answer.readings if one.verdict in ("warn", "crit")]
    alarms.sort(key=lambda one: one.verdict != "crit")
    if not answer.readings:
        headline = "nothing was measured of the machine or the telemetry"
    elif alarms:
        headline = listed([f"{_name(one)} is {one.verdict}: {_text(one)}" for one in alarms])
    else:
        judged = sum(one.verdict == "ok" for one in answer.readings)
        headline = (
            f"no alarm in {counted(judged, 'judged reading')}"
            if judged
            else "nothing is judged yet"
        )
    blocks: list[Block] = [
        Facts(_fact(one, answer.at.live) for one in answer.readings if not one.group)
    ]
    blocks += _own(answer.readings, more)
    return Report(
        "vitals",
        *blocks,
        headline=headline,
        notes=[*answer.notes, *([] if more else _quiet(answer.readings))],
        verdict=worst(one.verdict for one in answer.readings),
        at=answer.at,
        next="run --sizes" if not alarms else "events --severity warn",
    )


def _own(readings: list[Vital], more: bool) -> list[Block]:
    """What the trainer says of itself: its phases, then the alarms of the rest, or all of it."""
    phases = _phases([one for one in readings if one.group == PHASE])
    blocks: list[Block] = [Table(PHASES, phases)] if phases else []
    for group in dict.fromkeys(one.group for one in readings if one.group not in ("", PHASE)):
        own = [one for one in readings if one.group == group]
        shown = own if more else [one for one in own if badness(one.verdict) > 1]
        if shown:
            blocks.append(Facts((_fact(one, True) for one in shown), group))
    return blocks


def _quiet(readings: list[Vital]) -> list[str]:
    """What of the trainer's own readings is well, and not shown."""
    own = [one for one in readings if one.group not in ("", PHASE) and badness(one.verdict) < 2]
    judged = sum(one.verdict is not None for one in own)
    if not own:
        return []
    groups = ", ".join(dict.fromkeys(one.group for one in own))
    return [
        f"not shown (--more): {counted(len(own), 'reading')} of {groups}, {judged} judged, all ok"
    ]


def _phases(readings: list[Vital]) -> list[Phase]:
    """The phases, the longest first."""
    found: dict[str, dict[str, Reading]] = {}
    for one in readings:
        for ending in (WALL, CPU):
            if one.name.endswith(ending):
                found.setdefault(one.name.removesuffix(ending), {})[ending] = one.value
    phases = [
        Phase(name, said.get(WALL, NOT_MEASURED), said.get(CPU, NOT_MEASURED))
        for name, said in found.items()
    ]
    return sorted(phases, key=lambda one: -(number(one.wall) or 0.0))


def _fact(one: Vital, live: bool) -> Fact:
    if one.name == NOW and not live:
        return Fact(one.name, NOT_MEASURED, one.unit, note="only while the run goes on")
    note = "" if one.group and badness(one.verdict) == 1 else one.note
    return Fact(one.name, one.value, one.unit, one.verdict, note=note)


def _name(one: Vital) -> str:
    return f"{one.group} {one.name}".lstrip()


def _text(one: Vital) -> str:
    value = number(one.value)
    if one.unit == "bytes" and value is not None:
        return sized(value)
    return f"{cell(one.value)} {UNITS.get(one.unit, one.unit)}".rstrip()
