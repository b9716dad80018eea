"""``brain``: how the policy is: its health, losses and vitals, and what it does."""

from __future__ import annotations

from collections.abc import Sequence

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
from sanctum.command.advice import no_actions
from sanctum.command.readings import badness, counted, is_zero, measured, picked, worst
from sanctum.model.answers import PolicyAnswer, PolicyReading, Verdict
from sanctum.model.readings import NOT_MEASURED, Absent, Reading, number

CORE = (
    *("entropy", "clip_fraction", "approx_kl"),
    *("policy_loss", "value_loss", "entropy_loss"),
    *("grad_norm", "learning_rate", "explained_variance"),
)
STILL_KL, STILL_RATIO = 1e-4, 0.05
UNBORN = "no policy update yet; run.update(...) records one"

GROUPS = (
    *("health", "losses", "vitals", "heads", "advantages", "returns", "critic"),
    *("ratio", "q", "recurrent", "memory", "round", "other"),
)
"""The groups of the metric catalogue."""

OF_HEADS = (
    ("entropy", 2),
    ("choice_entropy", 0),
    ("grad_norm", 0),
    ("ratio_max", 1),
    ("learnable_fraction", 1),
    ("clip_fraction", 3),
    ("nan_latch", 4),
    ("inf_latch", 4),
)
"""What is said of a head, and how soon it gives way on a narrow screen."""

UNSAID = 9
"""How soon what nobody measured gives way."""

READINGS = (
    Column("name", lambda r: r.name, priority=0),
    Column("value", lambda r: r.value, priority=0, verdict=lambda r: r.verdict),
    Column("unit", lambda r: r.unit, priority=1),
    Column("previous", lambda r: r.previous, priority=2),
    Column("verdict", lambda r: r.verdict or "", priority=5),
    Column("age", lambda r: r.age_updates, unit="updates", priority=4, digits=0),
    Column("thresholds", lambda r: r.thresholds, priority=1, flex=True),
)


@inspect_command(
    "brain",
    group="look",
    examples=("brain", "brain heads", "brain critic", "brain --more", "brain --at u41"),
)
@click.argument("group", type=click.Choice(GROUPS), required=False)
@click.option("--more", is_flag=True, help="every reading and its previous value, by group")
def command(moment: Moment, group: str | None, more: bool) -> Report:
    """Show the policy: entropy, KL, losses, gradients, and its action distribution.

    Beside each reading: its verdict, how it moved since the update before, its thresholds. The
    actions are counted in four ways: share of all decisions, share of the unforced ones (more than
    one legal action), rate per time it was legal, mean probability the policy gave it. A group
    shows all of its readings: heads has a row for each action head, critic how good its estimates
    are, recurrent the state of an LSTM, q what the critic expects of each op.
    """
    answer = moment.policy()
    named = {one.name: one for one in answer.readings}
    learned = any(not isinstance(one.value, Absent) for one in answer.readings)
    core = picked(answer.readings, CORE)
    rest = [one for one in answer.readings if one not in core]
    if group is not None:
        blocks = _groups(answer, [group])
    elif more or (rest and not core):
        blocks = _groups(answer, GROUPS)
    elif learned and not any(measured(one) for one in core if one.name != "learning_rate"):
        blocks = [Facts(_fact(one) for one in [*core, *rest] if measured(one))]
    else:
        blocks = [Facts(map(_fact, core))] if core else []
    if group is None:
        empty = "" if answer.actions else no_actions(moment)
        blocks.append(Table(columns.shares(answer.actions), answer.actions, empty=empty))
    still = learned and _is_still(named)
    of_group = [one for one in answer.readings if group in (None, one.group)]
    judged = worst(one.verdict for one in of_group)
    hidden = [one for one in rest if badness(one.verdict) > 1]
    return Report(
        "brain" if group is None else f"brain, {group}",
        *blocks,
        headline=_headline(of_group, still and group is None) if learned else UNBORN,
        notes=_notes(answer),
        verdict="warn" if still and badness(judged) < badness("warn") else judged,
        at=answer.at,
        next=_next(answer, [] if more or group else hidden),
    )


def _groups(answer: PolicyAnswer, groups: Sequence[str]) -> list[Block]:
    """The readings of some groups, a table each; heads in rows of their own."""
    blocks: list[Block] = []
    for group in groups:
        of_heads = [one for one in answer.readings if _is_of_a_head(one)]
        rest = [one for one in answer.readings if one.group == group and one not in of_heads]
        if rest or (len(groups) == 1 and group != "heads"):
            empty = f"{group}: not measured"
            blocks.append(Table(READINGS, rest, title=group, empty=empty))
        if group == "heads":
            blocks.append(_heads(of_heads))
    return blocks


def _is_of_a_head(one: PolicyReading) -> bool:
    return one.group == "heads" and "." in one.name


def _heads(readings: list[PolicyReading]) -> Table:
    """One row a head, one column for each kind of reading."""
    by: dict[str, dict[str, PolicyReading]] = {}
    for one in readings:
        stem, _, head = one.name.partition(".")
        by.setdefault(head, {})[stem] = one
    said = {stem for row in by.values() for stem in row}
    others = sorted(said - {name for name, _ in OF_HEADS})
    shown = [_of_head(name, first if name in said else UNSAID) for name, first in OF_HEADS]
    return Table(
        (Column("head", lambda row: row[0], priority=0), *shown),
        list(by.items()),
        title="heads, one by one",
        empty="single heads: not measured",
        detail=[_of_head(name, UNSAID) for name in others],
    )


def _of_head(stem: str, priority: int) -> Column:
    def get(row: tuple[str, dict[str, PolicyReading]]) -> Reading:
        one = row[1].get(stem)
        return NOT_MEASURED if one is None else one.value

    def verdict(row: tuple[str, dict[str, PolicyReading]]) -> Verdict | None:
        one = row[1].get(stem)
        return None if one is None else one.verdict

    return Column(stem, get, priority=priority, verdict=verdict)


def _next(answer: PolicyAnswer, hidden: list[PolicyReading]) -> str:
    if not hidden:
        core = [one for one in answer.readings if one.name in CORE and number(one.value)]
        rest = len(answer.readings) > len(core) and not answer.actions
        return "actions" if answer.actions else "brain --more" if rest else "overwatch"
    groups = {one.group for one in hidden}
    return f"brain {groups.pop()}" if len(groups) == 1 else "brain --more"


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
    ratio = named.get("ratio_max")
    most = None if ratio is None else number(ratio.value)
    moved = moved_before or (most is not None and most > 1 + STILL_RATIO)
    return is_zero(kl.value, STILL_KL) and is_zero(clipped.value) and not moved


def _headline(readings: list[PolicyReading], still: bool) -> str:
    bad = [one for one in readings if badness(one.verdict) > 1]
    if still:
        kl = next(one.value for one in readings if one.name == "approx_kl")
        others = f"; {counted(len(bad), 'alarm')}" if bad else ""
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
    said = f": {', '.join(health)}" if health else ""
    return f"no alarm in {counted(len(judged), 'judged reading')}{said}"


def _notes(answer: PolicyAnswer) -> list[str]:
    notes = []
    if answer.update_step is not None:
        ago = "" if answer.update_age_s is None else f", {duration(answer.update_age_s)} ago"
        notes.append(f"update {answer.at.update} at step {answer.update_step:,}{ago}")
    if answer.actions and answer.first_step is not None and answer.last_step is not None:
        notes.append(f"actions of steps {answer.first_step:,}-{answer.last_step:,}")
    return ["; ".join(notes)] if notes else []
