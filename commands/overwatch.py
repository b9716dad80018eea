"""``overwatch``: the operator's summary: how good are we doing?"""

from __future__ import annotations

from collections import Counter

from sanctum.command import Fact, Facts, Moment, Report, UsageError, cell, inspect_command
from sanctum.command.readings import (
    badness,
    counted,
    mean,
    measured,
    percent,
    picked,
    said,
    worst,
)
from sanctum.model.answers import (
    EnvRow,
    PolicyAnswer,
    PolicyReading,
    RunAnswer,
    SeedsAnswer,
    Verdict,
)
from sanctum.model.readings import NOT_MEASURED, number

WATCHED = ("entropy", "approx_kl", "explained_variance")
KEPT = "FOSSILIZED"
EPISODES = 100
"""Episodes whose mean return is told."""
LOGGED = "episode_return_mean"
"""What libraries log of the returns, for a run that tells no single episode."""
ASIDE = (KEPT, "DORMANT", "EMPTY", "PRUNED", "CULLED", "EMBARGOED", "RESETTING", "COOLDOWN")
"""Stages of slots whose seed does not grow: kept, gone, or not there."""
STATES: dict[str, Verdict] = {
    "stale": "warn",
    "silent": "crit",
    "interrupted": "warn",
    "ended": "warn",
    "failed": "crit",
    "killed": "crit",
    "died": "crit",
}


@inspect_command("overwatch", group="look", examples=("overwatch", "overwatch --at -500"))
def command(moment: Moment) -> Report:
    """Sum the run up: accuracy, reward, seeds, policy, speed, alarms.

    Means are over the environments at the moment. The worst environment is the one in the worst
    health, among those the one of lowest accuracy.
    """
    run = moment.run()
    envs = said(moment.envs)
    policy = said(moment.policy)
    seeds = said(lambda: moment.seeds(limit=1))
    alarms = said(lambda: _events(moment, run.at.attempt))
    rows = envs.rows if envs else []
    readings = policy.readings if policy else []
    watched = picked(readings, WATCHED)
    lost = [Fact("telemetry lost", run.lost_count, verdict="warn")] if run.lost_count else []
    hidden = sum(one.verdict == "crit" and one not in watched for one in readings)
    events = Fact("events >= warn", 0) if alarms is None else alarms
    returns = _returns(moment) if rows and not any(number(row.accuracy) for row in rows) else []
    facts = [
        *returns,
        *_envs(rows, accurate=not returns),
        *_seeds(seeds),
        *_policy(watched, run.at.update is not None),
        *_chosen(policy),
        _speed(run),
        events,
        *lost,
    ]
    crit: list[Verdict] = ["crit"] if hidden else []
    return Report(
        "overwatch",
        Facts(facts),
        headline=_headline(run, rows, watched, hidden, returns),
        verdict=worst([STATES.get(run.state.word, "ok"), *(fact.verdict for fact in facts), *crit]),
        at=run.at,
        run=run.header.run_id,
        next=_next(run, rows, watched, hidden),
    )


def _headline(
    run: RunAnswer,
    rows: list[EnvRow],
    watched: list[PolicyReading],
    hidden: int,
    returns: list[Fact],
) -> str:
    """The state, the accuracy (or return), and all that the facts warn of: the worst first."""
    past = run.state.word == "live" and not run.at.live
    how = "as it was then" if past else run.state.word
    now = mean(row.accuracy for row in rows)
    accuracy = "accuracy not measured" if now == NOT_MEASURED else f"accuracy {cell(now, 1)} %"
    if returns:
        accuracy = f"{returns[0].name} {cell(returns[0].value, 2)}"
    sick = sum(badness(row.health.verdict) > 1 for row in rows)
    trouble = [f"{sick} of {counted(len(rows), 'env')} not well"] if sick else []
    bad = [one for one in watched if badness(one.verdict) > 1]
    bad.sort(key=lambda one: -badness(one.verdict))
    trouble += [f"{one.name} {one.verdict}" for one in bad]
    trouble += [f"brain: {hidden} {'more ' if bad else ''}crit"] if hidden else []
    trouble += [f"telemetry lost {run.lost_count:,}"] if run.lost_count else []
    judged = [row.health.verdict for row in rows] + [one.verdict for one in watched]
    if not trouble and run.state.word not in STATES:
        trouble = ["no alarm" if any(judged) else "nothing is judged yet"]
    if not rows:
        accuracy = "no environment has been heard of yet"
        trouble = trouble if any(judged) or run.lost_count or hidden else []
    return f"{how}: {'; '.join(part for part in (accuracy, ', '.join(trouble)) if part)}"


def _returns(moment: Moment) -> list[Fact]:
    """The mean return of the last episodes: how well a run does that has no accuracy."""
    ended = said(lambda: moment.episodes(limit=EPISODES))
    rows = [] if ended is None else ended.rows
    average = mean(row.episode_return for row in rows)
    note = f"of the last {counted(len(rows), 'episode')}"
    if average == NOT_MEASURED:
        logged = said(lambda: moment.series(LOGGED, last=2), UsageError)
        average = NOT_MEASURED if logged is None else mean(logged.values[-1:])
        note = f"{LOGGED}, as it was logged last"
    if average == NOT_MEASURED:
        return []
    return [Fact("mean return", average, "reward", note=note)]


def _envs(rows: list[EnvRow], accurate: bool) -> list[Fact]:
    if not rows:
        return []
    ranked = [(value, row.env) for row in rows if (value := number(row.accuracy)) is not None]
    span = ""
    if ranked:
        (low, last), (high, first) = min(ranked), max(ranked)
        span = f"{cell(low, 1)} (env {last}) to {cell(high, 1)} (env {first})"
    sick = Counter(row.health.word for row in rows if badness(row.health.verdict) > 1)
    well = sum(row.health.verdict == "ok" for row in rows)
    words = [f"{well} well", *(f"{n} {word}" for word, n in sick.most_common())]
    if stalled := sick.get("stalled"):
        share = f"{100 * stalled / len(rows):.0f} %"
        words[words.index(f"{stalled} stalled")] += f" ({share})"
    if unknown := len(rows) - well - sick.total():
        words.append(f"{unknown} not judged")
    bad = _sickest(rows)
    reason = f", {bad.health.word}: {bad.health.reason}" if bad.health.reason else ""
    is_judged = any(row.health.verdict for row in rows)
    accuracy = mean(row.accuracy for row in rows)
    reward = mean(row.reward for row in rows)
    paid = Fact("mean reward", reward, note="of the last step")
    return [
        *([Fact("mean accuracy", accuracy, "percent", note=span, digits=1)] if accurate else []),
        *([] if reward == NOT_MEASURED and not accurate else [paid]),
        Fact(
            "environments",
            ", ".join(words),
            verdict=worst(row.health.verdict for row in rows),
        ),
        *([Fact("worst", f"env {bad.env}{reason}")] if is_judged else []),
    ]


def _sickest(rows: list[EnvRow]) -> EnvRow:
    def order(row: EnvRow) -> tuple[int, float]:
        accuracy = number(row.accuracy)
        return -badness(row.health.verdict), 0.0 if accuracy is None else accuracy

    return min(rows, key=order)


def _seeds(seeds: SeedsAnswer | None) -> list[Fact]:
    if seeds is None or not seeds.stages:
        return []
    kept = sum(n for stage, n in seeds.stages.items() if stage.upper() == KEPT)
    growing = {stage: n for stage, n in seeds.stages.items() if stage.upper() not in ASIDE}
    stages = [f"{kept} {KEPT}", *(f"{n} {stage}" for stage, n in growing.items())]
    return [Fact("seeds alive", seeds.total, note=", ".join(stages))]


def _policy(watched: list[PolicyReading], updated: bool) -> list[Fact]:
    if not watched:
        return [Fact("policy", "no update yet")]
    if updated and not any(map(measured, watched)):
        return [Fact("policy", "not judged", note="no entropy, KL or explained variance: brain")]
    return [
        Fact(one.name, one.value, one.unit, one.verdict, note=one.thresholds) for one in watched
    ]


def _chosen(policy: PolicyAnswer | None) -> list[Fact]:
    """The op that is chosen most, and how much of that was forced."""
    if policy is None or not policy.actions or not policy.decisions:
        return []
    top = max(policy.actions, key=lambda one: one.count)
    said = f"{percent(top.share)} of {counted(policy.decisions, 'decision')}"
    if policy.unforced is not None:
        said += f", {percent(top.unforced_share)} of the unforced"
    return [Fact("most chosen", top.action, note=said)]


def _speed(run: RunAnswer) -> Fact:
    over = f"{cell(run.steps_per_s_run)} over the run"
    at, began = run.at, run.header.started
    if at.update and at.time is not None and at.time > began and at.attempt == 1:
        over += f"; {cell(60 * at.update / (at.time - began))} updates/min"
    return Fact("speed", run.steps_per_s, "steps/s", note=over)


def _events(moment: Moment, attempt: int) -> Fact:
    """The alarms of this attempt: how the one before ended is no alarm of this one."""
    first = attempt == 1
    alarms = moment.events(severity="warn", limit=1 if first else None)
    rows = [one for one in alarms.rows if one.attempt == attempt]
    note = f"last: {rows[-1].text}" if rows else ""
    return Fact("events >= warn", alarms.total if first else len(rows), note=note)


def _next(run: RunAnswer, rows: list[EnvRow], watched: list[PolicyReading], hidden: int) -> str:
    if run.state.word in STATES:
        return "run"
    if hidden or any(one.verdict == "crit" for one in watched):
        return "brain"
    if rows and badness(_sickest(rows).health.verdict) > 1:
        return f"env {_sickest(rows).env}"
    return "envs"
