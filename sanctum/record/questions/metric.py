"""``metric.read``: what a metric is, when it is worth a warning, and what it is now."""

from __future__ import annotations

import msgspec

from sanctum.errors import UsageError, did_you_mean
from sanctum.model.explained import MetricAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, number
from sanctum.record.moments import Scope
from sanctum.record.questions.metric_names import Found, Names
from sanctum.record.questions.metric_now import (
    Now,
    of_environments,
    of_episodes,
    of_identity,
    of_seeds,
    of_trainer,
    of_updates,
)
from sanctum.record.questions.rewards import PREFIX as COMPONENT
from sanctum.record.questions.rewards import rewards_read
from sanctum.record.questions.units import unit
from sanctum.telemetry.metrics import ALIASES, CATALOGUE, Metric, metric
from sanctum.telemetry.metrics.about import ANSWERS, about, spelled
from sanctum.telemetry.metrics.said import call

_WORSE_HIGH = ("loss", "val_loss", "growth")
"""Of these the greatest is the one to look at; of others the least."""


def metric_read(of: Scope, name: str) -> MetricAnswer:
    """Answer it as of the moment. Raises UsageError for what nobody calls anything."""
    names = Names(of)
    found = names.find(name.strip())
    if found is None:
        known = names.every()
        raise UsageError(
            f"nothing is called '{name}' in {of.header.run_id}, nor in the catalogue",
            did_you_mean(name, known) or "explain alone lists what this run says",
        )
    if found.name in ANSWERS:
        return _worked_out(of, found)
    one = metric(found.name)
    text = about(found.name)
    now = _now(of, found, one)
    answer = MetricAnswer(
        of.at,
        found.name,
        _meaning(found.name, one),
        unit(of, found.name),
        text.formula,
        text.healthy,
        one.thresholds(),
        spelled(one.source),
        text.when_off,
        _other_names(found.name),
        found.per,
        measured_by=call(found.name, found.per),
        try_next=_next(of, found, text.next, now),
        also=names.alike(found),
    )
    answer = _with(answer, now)
    if found.per == "update" and number(now.value) is not None and now.verdict is None:
        answer = _unjudged(answer, names)
    return _as_component(of, answer) if found.column.startswith(COMPONENT) else answer


def _worked_out(of: Scope, found: Found) -> MetricAnswer:
    """A reading that Sanctum works out; its value where it is a single one."""
    one = ANSWERS[found.name]
    like = Metric(found.name, one.meaning, one.unit)
    now = Now()
    if found.per == "episode":
        now = of_episodes(of, like)
    elif found.name == "residual":
        now = of_identity(of, like)
    answer = MetricAnswer(
        of.at,
        found.name,
        one.meaning,
        one.unit,
        one.about.formula,
        one.about.healthy,
        when_off=one.about.when_off,
        per=found.per,
        try_next=_next(of, found, one.about.next, now),
    )
    return _with(answer, now)


def _now(of: Scope, found: Found, one: Metric) -> Now:
    if found.per == "update":
        return of_updates(of, found.name)
    if found.per == "seed":
        return of_seeds(of, one)
    if found.per == "run":
        return of_trainer(of, one, found.column)
    return of_environments(of, one, found.column)


def _with(answer: MetricAnswer, now: Now) -> MetricAnswer:
    return msgspec.structs.replace(answer, **msgspec.structs.asdict(now))


def _unjudged(answer: MetricAnswer, names: Names) -> MetricAnswer:
    """Without the limits that `brain` does not hold it to either: another reading has them."""
    judged = f"choice_{answer.name}"
    also = [*answer.also, *([judged] if judged in names.updates else [])]
    return msgspec.structs.replace(answer, thresholds="", source="", also=also)


def _as_component(of: Scope, answer: MetricAnswer) -> MetricAnswer:
    """How a component enters the reward, and how much of it there is."""
    name = answer.name.removeprefix(COMPONENT)
    share: Reading = NOT_MEASURED
    if of.at.step is not None:
        rows = rewards_read(of, by_action=False).components
        share = next((one.share for one in rows if one.name == name), NOT_MEASURED)
    return msgspec.structs.replace(
        answer,
        sign=of.header.rewards.get(name, 1),
        share=share,
        inside=of.header.inside.get(name),
    )


def _meaning(name: str, one: Metric) -> str:
    if name.startswith(COMPONENT):
        return "component of the reward" if name not in CATALOGUE else one.meaning
    stem, dot, part = name.partition(".")
    if dot and one.meaning and name not in CATALOGUE:
        what = "op" if stem == "q" else "head"
        return f"of {what} {part}: {one.meaning}"
    return one.meaning


def _other_names(name: str) -> list[str]:
    return [alias for alias, ours in ALIASES.items() if ours == name]


def _next(of: Scope, found: Found, line: str, now: Now) -> str:
    """The line to type, with the environment in it that is worth a look."""
    if not line:
        return f"history {found.column or found.name}" if found.per != "seed" else "seeds --more"
    look = now.greatest if found.name in _WORSE_HIGH else now.least
    where = next(iter(now.broken), look.where if look is not None else str(of.envs[0]))
    return line.format(env=where.partition(".")[0])
