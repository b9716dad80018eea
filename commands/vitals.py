"""``vitals``: the machine under the run, its throughput and its telemetry."""

from __future__ import annotations

from sanctum.command import Fact, Facts, Moment, Report, cell, inspect_command, size
from sanctum.command.readings import counted, listed, worst
from sanctum.model.answers import Vital
from sanctum.model.readings import NOT_MEASURED, number

UNITS = {"percent": "%", "count": ""}
NOW = "steps now"
"""The speed of the moment, which ``run`` knows of a live run alone too."""


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
        headline = (
            f"no alarm in {counted(judged, 'judged reading')}"
            if judged
            else "nothing is judged yet"
        )
    return Report(
        "vitals",
        Facts(_fact(one, answer.at.live) for one in answer.readings),
        headline=headline,
        notes=answer.notes,
        verdict=worst(one.verdict for one in answer.readings),
        at=answer.at,
        next="run --sizes" if not alarms else "events --severity warn",
    )


def _fact(one: Vital, live: bool) -> Fact:
    if one.name == NOW and not live:
        return Fact(one.name, NOT_MEASURED, one.unit, note="only while the run goes on")
    return Fact(one.name, one.value, one.unit, one.verdict, note=one.note)


def _text(one: Vital) -> str:
    value = number(one.value)
    if one.unit == "bytes" and value is not None:
        return size(value)
    return f"{cell(one.value)} {UNITS.get(one.unit, one.unit)}".rstrip()
