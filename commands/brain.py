"""``brain``: how the policy is: its health, losses and vitals, and what it does."""

from __future__ import annotations

from collections.abc import Iterable

import click

from sanctum.command import Column, Moment, Report, Table, cell, columns, duration, inspect_command
from sanctum.command.readings import badness, is_zero, listed, worst
from sanctum.model.answers import PolicyAnswer, PolicyReading
from sanctum.model.readings import Absent

GROUPS = ("health", "losses", "vitals")
STILL_KL = 1e-4

READINGS = (
    Column("name", lambda r: r.name, priority=0),
    Column("value", lambda r: r.value, priority=0),
    Column("unit", lambda r: r.unit or None, priority=3),
    Column("verdict", lambda r: r.verdict, priority=0, verdict=lambda r: r.verdict),
    Column("previous", lambda r: r.previous, priority=2),
    Column("age", lambda r: r.age_updates, unit="updates", priority=1, digits=0),
    Column("thresholds", lambda r: r.thresholds or None, priority=1, flex=True),
)


@inspect_command("brain", group="look", examples=("brain", "brain --more", "brain --at u41"))
@click.option("--more", is_flag=True, help="every reading, those of single heads too")
def command(moment: Moment, more: bool) -> Report:
    """Show the policy: entropy, KL, losses, gradients, and its action distribution.

    Thresholds stand beside each verdict. `previous` is the value one update earlier. The actions
    are counted in four ways: share of all decisions, share of the unforced ones, rate per time it
    was legal, and the mean probability the policy gave it.
    """
    answer = moment.policy()
    core = [one for one in _grouped(answer.readings) if _is_core(one)]
    empty = "no policy update yet: run.update(...) records them"
    blocks = [Table(READINGS, core, empty=empty)]
    if more:
        rest = [one for one in _grouped(answer.readings) if not _is_core(one)]
        blocks.append(Table(READINGS, rest, empty="no other reading was sent"))
    empty = "actions: not measured; run.step(actions=...) records them"
    blocks.append(Table(columns.SHARES, answer.actions, empty=empty))
    still = _is_still(answer.readings)
    judged = worst(one.verdict for one in answer.readings)
    return Report(
        "brain",
        *blocks,
        headline=_headline(answer.readings, still),
        notes=_notes(answer),
        verdict="warn" if still and badness(judged) < badness("warn") else judged,
        at=answer.at,
        next="brain --more" if judged in ("warn", "crit") and not more else "actions",
    )


def _is_core(one: PolicyReading) -> bool:
    return one.group in GROUPS and "." not in one.name


def _grouped(readings: Iterable[PolicyReading]) -> list[PolicyReading]:
    def place(one: PolicyReading) -> tuple[bool, int, str]:
        known = one.group in GROUPS
        return "." in one.name, GROUPS.index(one.group) if known else 99, "" if known else one.group

    return sorted(readings, key=place)


def _is_still(readings: Iterable[PolicyReading]) -> bool:
    """Whether the update left the policy as it was: no KL to speak of and nothing clipped."""
    named = {one.name: one.value for one in readings}
    kl, clipped = named.get("approx_kl"), named.get("clip_fraction")
    return kl is not None and clipped is not None and is_zero(kl, STILL_KL) and is_zero(clipped)


def _headline(readings: list[PolicyReading], still: bool) -> str:
    bad = [one for one in readings if badness(one.verdict) > 1]
    bad.sort(key=lambda one: -badness(one.verdict))
    said = []
    if still:
        kl = next(one.value for one in readings if one.name == "approx_kl")
        said.append(f"the update changes nothing (approx_kl {cell(kl)}, clip_fraction 0)")
    for one in bad:
        limit = f" ({one.thresholds})" if one is bad[0] and one.thresholds else ""
        said.append(f"{one.name} {cell(one.value)} is {one.verdict}{limit}")
    if said:
        return listed(said)
    judged = [one for one in readings if one.verdict == "ok"]
    if not judged:
        return "no reading is judged yet" if readings else ""
    core = [f"{one.name} {cell(one.value)}" for one in judged if one.group == "health"]
    return f"no alarm in {len(judged)} judged readings: {', '.join(core)}"


def _notes(answer: PolicyAnswer) -> list[str]:
    notes = []
    if answer.update_step is not None:
        ago = "" if answer.update_age_s is None else f", {duration(answer.update_age_s)} ago"
        notes.append(f"update {answer.at.update} at step {answer.update_step:,}{ago}")
    if answer.actions and answer.first_step is not None and answer.last_step is not None:
        notes.append(
            f"actions: {answer.decisions:,} decisions of steps "
            f"{answer.first_step:,}-{answer.last_step:,}"
        )
    masked = [r.name for r in answer.readings if isinstance(r.value, Absent)]
    if masked and len(masked) == len(answer.readings):
        notes.append("no reading of this update was sent")
    return ["; ".join(notes)] if notes else []
