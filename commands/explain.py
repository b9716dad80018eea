"""``explain METRIC``: what a metric is, when it is worth a warning, and what it is now."""

from __future__ import annotations

import click

from sanctum.command import (
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
from sanctum.command.advice import makes_calls
from sanctum.command.readings import counted, listed, percent, said
from sanctum.model.answers import RunAnswer
from sanctum.model.explained import MetricAnswer
from sanctum.model.readings import NOT_MEASURED, Absent, number

OTHER_NAMES = 5
UNITS = {"": "", "0-1": "", "percent": " %"}
MANY = {"environment": "environments", "seed": "live seeds", "episode": "episodes, the last"}
"""What a value may be the mean of."""

ELSEWHERE = {
    "op": "one for each op: actions",
    "environment": "one for each environment: envs",
    "seed": "one for each seed: seeds",
    "blueprint": "one for each blueprint: blueprints",
    "run": "of the run as a whole: run, vitals",
}
"""Where a reading stands that Sanctum works out and that is no single number."""

MATRICES = ("observation", "recurrent", "action", "probability", "mask", "logit", "mask_rule")
SLOT_WORDS = ("/blueprint", "/born", "/since")
"""Columns that are no metrics."""

GROUPS = (
    Column("group", lambda row: row[0], priority=0),
    Column("count", lambda row: len(row[1]), digits=0),
    Column("names", lambda row: _short(row[1]), priority=0, flex=True),
)
ALL_NAMES = (Column("all names", lambda row: ", ".join(row[1])),)
MEANINGS = (
    Column("name", lambda one: one.name, priority=0),
    Column("value", lambda one: one.value, priority=0, verdict=lambda one: one.verdict),
    Column("unit", lambda one: one.unit, priority=1),
    Column("meaning", lambda one: one.meaning, priority=0, flex=True),
)


@inspect_command(
    "explain",
    group="explain",
    examples=("explain approx_kl", "explain entropy.op", "explain train/clip_fraction", "explain"),
)
@click.argument("metric", metavar="METRIC", required=False)
@click.option("--more", is_flag=True, help="without METRIC: each with its meaning")
def command(moment: Moment, metric: str | None, more: bool) -> Report:
    """Explain a metric: what it is, how it comes about, its healthy range, what it is now.

    Any name that this run says, a head's (entropy.op), a component of the reward, a reading of
    seeds, or another library's name (train/approx_kl). Of environments and seeds: their mean, with
    the least and the greatest. The verdict is that of the worst. Without METRIC: the names that
    this run says.
    """
    if metric is None:
        return _names(moment, more)
    answer = moment.metric(metric)
    run = moment.run()
    return Report(
        f"explain {answer.name}",
        Facts(_facts(answer, run)),
        headline=_headline(answer),
        notes=_notes(answer, metric),
        verdict=answer.verdict,
        at=answer.at,
        next="explain" if answer.value == NOT_MEASURED and answer.measured_by else answer.try_next,
    )


def _headline(one: MetricAnswer) -> str:
    value = number(one.value)
    if value is None and not one.measured_by:
        return f"{one.name}: worked out by Sanctum, {ELSEWHERE.get(one.per, one.per)}"
    if isinstance(one.value, Absent):
        return f"{one.name}: {one.value.why}"
    unit = UNITS.get(one.unit, "" if one.unit == one.name else f" {one.unit}")
    now = f"{cell(one.value)}{unit}"
    if one.count > 1:
        bad = [f"{one.judged[word]} {word}" for word in ("crit", "warn") if one.judged.get(word)]
        bad += [f"{len(one.broken)} not finite"] if one.broken else []
        if bad:
            return f"{one.name}: {', '.join(bad)} of {_many(one)}; mean {now}"
        return f"{one.name} {now}, mean of {_many(one)}"
    judged = f" ({one.thresholds})" if one.verdict in ("warn", "crit") and one.thresholds else ""
    return f"{one.name} {now}{judged or (': ok' if one.verdict == 'ok' else '')}"


def _many(one: MetricAnswer) -> str:
    return f"{one.count:,} {MANY.get(one.per, 'readings')}"


def _facts(one: MetricAnswer, run: RunAnswer) -> list[Fact]:
    """Each in a line or two; what there is nothing to say of is left out."""
    facts = [
        Fact("meaning", one.meaning or f"known by this run alone, one for each {one.per}"),
        Fact("formula", one.formula),
        Fact("healthy", "; ".join(filter(None, (one.healthy, one.thresholds)))),
        Fact("limits from", one.source),
        *_now(one, run),
        Fact("when off", one.when_off),
        Fact("elsewhere", listed(one.other_names, OTHER_NAMES)),
    ]
    return [fact for fact in facts if fact.value != ""]


def _now(one: MetricAnswer, run: RunAnswer) -> list[Fact]:
    if number(one.value) is None:
        call = one.measured_by if one.value == NOT_MEASURED and makes_calls(run) else ""
        return [Fact("measured by", call)]
    note = f"mean of {_many(one)}" if one.count > 1 else ""
    facts = [
        Fact("now", one.value, one.unit, one.verdict, note=note),
        Fact("before", one.previous, one.unit, note=_before(one)),
    ]
    if number(one.previous) is None:
        facts.pop()
    if one.count > 1 and one.least is not None and one.greatest is not None:
        what = "seed" if one.per == "seed" else "env"
        for name, end in (("least", one.least), ("greatest", one.greatest)):
            facts.append(Fact(name, end.value, one.unit, note=f"in {what} {end.where}"))
    if one.broken:
        what = "seeds" if one.per == "seed" else "envs"
        facts.append(Fact("not finite", f"in {what} {listed(one.broken, 8)}", verdict="crit"))
    if one.sign is not None:
        part = f"part of {one.inside}, so it adds nothing more" if one.inside else ""
        enters = part or ("added" if one.sign > 0 else "subtracted")
        share = "" if number(one.share) is None else f"; {percent(one.share)} of all components"
        facts.append(Fact("in the reward", f"{enters}{share}"))
    return facts


def _before(one: MetricAnswer) -> str:
    return "one update earlier" if one.per == "update" else "one step earlier"


def _notes(one: MetricAnswer, typed: str) -> list[str]:
    notes = []
    if one.also:
        notes.append(f"of like name: {', '.join(one.also)}")
    if typed in one.other_names:
        notes.append(f"{typed} is another library's name of it")
    return notes


def _names(moment: Moment, more: bool) -> Report:
    """What this run says, by where it is said."""
    run = moment.run()
    groups = _groups(moment, run)
    count = sum(map(len, groups.values()))
    if more:
        found = {
            group: [one for name in names if (one := _meant(moment, name)) is not None]
            for group, names in groups.items()
        }
        tables = [Table(MEANINGS, rows, title=group) for group, rows in found.items()]
        return Report("metrics", *tables, headline=_count(count), at=run.at, next="explain entropy")
    return Report(
        "metrics",
        Table(GROUPS, list(groups.items()), empty="this run says nothing yet", detail=ALL_NAMES),
        headline=_count(count),
        notes=["other names of the catalogue are explained too, said or not"],
        at=run.at,
        next="explain --more",
    )


def _short(names: list[str]) -> str:
    """Names in a line, those of heads under their stem: ``entropy.op .slot .blueprint``."""
    stems: dict[str, list[str]] = {}
    for name in names:
        stem, _, part = name.partition(".")
        stems.setdefault(stem, []).append(part)
    return ", ".join(
        " ".join(f"{'' if place else stem}.{part}" if part else stem for place, part in parts)
        for stem, parts in ((stem, list(enumerate(found))) for stem, found in stems.items())
    )


def _count(count: int) -> str:
    return f"{counted(count, 'name')} that this run says" if count else "this run says nothing yet"


def _meant(moment: Moment, name: str) -> MetricAnswer | None:
    return said(lambda: moment.metric(name), UsageError)


def _groups(moment: Moment, run: RunAnswer) -> dict[str, list[str]]:
    """Names by group: those of updates, columns of environments, components, seeds, the trainer."""
    groups: dict[str, list[str]] = {}
    policy = said(moment.policy)
    for one in [] if policy is None else policy.readings:
        if one.value != NOT_MEASURED:
            groups.setdefault(one.group, []).append(one.name)
    for name in run.columns:
        kind, slash, rest = name.partition("/")
        if kind in MATRICES or name.endswith(SLOT_WORDS):
            continue
        if kind == "seed":
            group, known = "seeds", rest.partition("/")[2]
            if "/" in known:
                continue  # an input of a gate
        else:
            known = name
            group = {"reward": "reward", "vital": "trainer", "context": "context"}.get(
                kind if slash else "", "environments"
            )
        if known not in groups.setdefault(group, []):
            groups[group].append(known)
    return groups
