"""``brain``: how the policy is: its health, losses and vitals, and what it does."""

from __future__ import annotations

import click

from sanctum.command import (
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    cell,
    columns,
    duration,
    inspect_command,
)
from sanctum.command.readings import badness, counted, is_zero, worst
from sanctum.model.answers import PolicyAnswer, PolicyReading
from sanctum.model.readings import Absent, number

CORE = (
    *("entropy", "clip_fraction", "approx_kl"),
    *("policy_loss", "value_loss", "entropy_loss"),
    *("grad_norm", "learning_rate", "explained_variance"),
)
STILL_KL = 1e-4

READINGS = (
    Column("name", lambda r: r.name, priority=0),
    Column("value", lambda r: r.value, priority=0, digits=4, verdict=lambda r: r.verdict),
    Column("previous", lambda r: r.previous, priority=2, digits=4),
    Column("unit", lambda r: r.unit, priority=3),
    Column("verdict", lambda r: r.verdict or "", priority=4),
    Column("age", lambda r: r.age_updates, unit="updates", priority=1, digits=0),
    Column("thresholds", lambda r: r.thresholds, priority=1, flex=True),
)


@inspect_command("brain", group="look", examples=("brain", "brain --more", "brain --at u41"))
@click.option("--more", is_flag=True, help="every reading and its previous value, single heads too")
def command(moment: Moment, more: bool) -> Report:
    """Show the policy: entropy, KL, losses, gradients, and its action distribution.

    Beside each reading: its verdict, how it moved since the update before, its thresholds. The
    actions are counted in four ways: share of all decisions, share of the unforced ones (more than
    one legal action), rate per time it was legal, mean probability the policy gave it.
    """
    answer = moment.policy()
    named = {one.name: one for one in answer.readings}
    core = [named[name] for name in CORE if name in named]
    rest = [one for one in answer.readings if one not in core]
    blocks: list[Block] = [Facts(map(_fact, core))] if core and not more else []
    if more or (rest and not core):
        rest.sort(key=lambda one: "." in one.name)
        blocks.append(Table(READINGS, [*core, *rest], empty="readings: not measured"))
    empty = "actions: not measured; run.step(actions=...) records them"
    blocks.append(Table(columns.SHARES, answer.actions, empty=empty))
    still = _is_still(named)
    judged = worst(one.verdict for one in answer.readings)
    hidden = any(badness(one.verdict) > 1 for one in rest) and not more
    return Report(
        "brain",
        *blocks,
        headline=_headline(answer.readings, still),
        notes=_notes(answer),
        verdict="warn" if still and badness(judged) < badness("warn") else judged,
        at=answer.at,
        next="brain --more" if hidden else "actions" if answer.actions else "overwatch",
    )


def _fact(one: PolicyReading) -> Fact:
    notes = [_move(one), one.thresholds]
    if one.age_updates:
        notes.insert(0, f"{counted(one.age_updates, 'update')} old")
    note = "; ".join(part for part in notes if part)
    return Fact(one.name, one.value, one.unit, one.verdict, note=note)


def _move(one: PolicyReading) -> str:
    now, before = number(one.value), number(one.previous)
    if now is None or before is None or now != now or before != before:
        return ""
    return "up" if now > before else "down" if now < before else "same"


def _is_still(named: dict[str, PolicyReading]) -> bool:
    """Whether the last two updates left the policy as it was: KL near zero, nothing clipped."""
    kl, clipped = named.get("approx_kl"), named.get("clip_fraction")
    if kl is None or clipped is None:
        return False
    moved_before = number(kl.previous) is not None and not is_zero(kl.previous, STILL_KL)
    return is_zero(kl.value, STILL_KL) and is_zero(clipped.value) and not moved_before


def _headline(readings: list[PolicyReading], still: bool) -> str:
    if all(isinstance(one.value, Absent) for one in readings):
        return "no policy update yet; run.update(...) records one"
    bad = [one for one in readings if badness(one.verdict) > 1]
    if still:
        kl = next(one.value for one in readings if one.name == "approx_kl")
        others = f"; {len(bad)} alarms" if bad else ""
        return f"the update changes nothing: approx_kl {cell(kl)}, clip_fraction 0{others}"
    if bad:
        first = max(bad, key=lambda one: (badness(one.verdict), one.name in CORE))
        limit = f" ({first.thresholds})" if first.thresholds else ""
        others = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
        return f"{first.name} {cell(first.value)} is {first.verdict}{limit}{others}"
    judged = [one for one in readings if one.verdict == "ok"]
    if not judged:
        return "no reading could be judged"
    health = [f"{one.name} {cell(one.value)}" for one in judged if one.name in CORE[:3]]
    return f"no alarm in {counted(len(judged), 'judged reading')}: {', '.join(health)}"


def _notes(answer: PolicyAnswer) -> list[str]:
    notes = []
    if answer.update_step is not None:
        ago = "" if answer.update_age_s is None else f", {duration(answer.update_age_s)} ago"
        notes.append(f"update {answer.at.update} at step {answer.update_step:,}{ago}")
    if answer.actions and answer.first_step is not None and answer.last_step is not None:
        notes.append(f"actions of steps {answer.first_step:,}-{answer.last_step:,}")
    return ["; ".join(notes)] if notes else []
