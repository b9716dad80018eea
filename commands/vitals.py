"""``vitals``: the machine under the run, its throughput and its telemetry."""

from __future__ import annotations

from sanctum.command import Fact, Facts, Moment, Report, cell, inspect_command
from sanctum.command.readings import listed, times, worst
from sanctum.model.answers import Vital

MIB = 2**20


@inspect_command("vitals", group="look", examples=("vitals", "vitals --at -600"))
def command(moment: Moment) -> Report:
    """Show GPU, CPU, memory, throughput, and how fresh and complete the telemetry is.

    A machine without a GPU says so; a reading that could not be taken says why.
    """
    answer = moment.vitals()
    alarms = [one for one in answer.readings if one.verdict in ("warn", "crit")]
    alarms.sort(key=lambda one: one.verdict != "crit")
    if not answer.readings:
        headline = "nothing was measured of the machine or the telemetry"
    elif alarms:
        headline = listed([f"{one.name} is {one.verdict}: {_text(one)}" for one in alarms])
    else:
        judged = sum(one.verdict == "ok" for one in answer.readings)
        headline = f"no alarm in the {judged} readings that are judged"
    return Report(
        "vitals",
        Facts(map(_fact, answer.readings)),
        headline=headline,
        notes=answer.notes,
        verdict=worst(one.verdict for one in answer.readings),
        at=answer.at,
        next="run --sizes" if not alarms else "events --severity warn",
    )


def _fact(one: Vital) -> Fact:
    if one.unit in ("B", "bytes"):
        return Fact(one.name, times(one.value, 1 / MIB), "MiB", one.verdict, note=one.note)
    return Fact(one.name, one.value, one.unit, one.verdict, note=one.note)


def _text(one: Vital) -> str:
    fact = _fact(one)
    return f"{cell(fact.value)} {fact.unit}".rstrip()
