"""``overwatch``: the operator's summary: how good are we doing?"""

from __future__ import annotations

from collections import Counter

from sanctum.command import Fact, Facts, Moment, Report, cell, inspect_command
from sanctum.command.readings import badness, counted, mean, said, worst
from sanctum.model.answers import (
    EnvRow,
    EventsAnswer,
    PolicyReading,
    RunAnswer,
    SeedsAnswer,
    Verdict,
)
from sanctum.model.readings import number

WATCHED = ("entropy", "approx_kl", "explained_variance")
KEPT = "FOSSILIZED"
STATES: dict[str, Verdict] = {
    "stale": "warn",
    "interrupted": "warn",
    "failed": "crit",
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
    alarms = said(lambda: moment.events(severity="warn", limit=1))
    rows = envs.rows if envs else []
    readings = {one.name: one for one in (policy.readings if policy else [])}
    watched = [readings[name] for name in WATCHED if name in readings]
    lost = [Fact("telemetry lost", run.lost_count, verdict="warn")] if run.lost_count else []
    facts = [*_envs(rows), *_seeds(seeds), *_policy(watched), _speed(run), _alarms(alarms), *lost]
    return Report(
        "overwatch",
        Facts(facts),
        headline=_headline(run, rows, watched),
        verdict=worst([STATES.get(run.state.word, "ok"), *(fact.verdict for fact in facts)]),
        at=run.at,
        run=run.header.run_id,
        next=_next(run, rows, watched),
    )


def _headline(run: RunAnswer, rows: list[EnvRow], watched: list[PolicyReading]) -> str:
    if not rows:
        return f"{run.state.word}: no environment has been heard of yet"
    accuracy = f"accuracy {cell(mean(row.accuracy for row in rows), 1)} %"
    sick = sum(badness(row.health.verdict) > 1 for row in rows)
    trouble = [f"{sick} of {counted(len(rows), 'env')} not well"] if sick else []
    trouble += [f"{one.name} {one.verdict}" for one in watched if one.verdict == "crit"]
    judged = [row.health.verdict for row in rows] + [one.verdict for one in watched]
    quiet = "no alarm" if any(judged) else "nothing is judged yet"
    return f"{run.state.word}: {accuracy}; {', '.join(trouble) or quiet}"


def _envs(rows: list[EnvRow]) -> list[Fact]:
    if not rows:
        return []
    ranked = [(value, row.env) for row in rows if (value := number(row.accuracy)) is not None]
    span = ""
    if ranked:
        (low, last), (high, first) = min(ranked), max(ranked)
        span = f"{low:.1f} (env {last}) to {high:.1f} (env {first})"
    sick = Counter(row.health.word for row in rows if badness(row.health.verdict) > 1)
    well = sum(row.health.verdict == "ok" for row in rows)
    words = [f"{well} well", *(f"{n} {word}" for word, n in sick.most_common())]
    if unknown := len(rows) - well - sick.total():
        words.append(f"{unknown} not judged")
    bad = _sickest(rows)
    reason = f", {bad.health.word}: {bad.health.reason}" if bad.health.reason else ""
    return [
        Fact("mean accuracy", mean(row.accuracy for row in rows), "percent", note=span, digits=1),
        Fact("mean reward", mean(row.reward for row in rows), note="of the last step"),
        Fact(
            "environments",
            ", ".join(words),
            verdict=worst(row.health.verdict for row in rows),
        ),
        Fact("worst", f"env {bad.env}{reason}"),
    ]


def _sickest(rows: list[EnvRow]) -> EnvRow:
    def order(row: EnvRow) -> tuple[int, float]:
        accuracy = number(row.accuracy)
        return -badness(row.health.verdict), 0.0 if accuracy is None else accuracy

    return min(rows, key=order)


def _seeds(seeds: SeedsAnswer | None) -> list[Fact]:
    if seeds is None or not seeds.stages:
        return [Fact("seeds alive", None, note="run.seed(...) records them")]
    kept = sum(n for stage, n in seeds.stages.items() if stage.upper() == KEPT)
    return [Fact("seeds alive", seeds.total), Fact("seeds fossilized", kept)]


def _policy(watched: list[PolicyReading]) -> list[Fact]:
    if not watched:
        return [Fact("policy", "no update yet")]
    return [
        Fact(one.name, one.value, one.unit, one.verdict, note=one.thresholds) for one in watched
    ]


def _speed(run: RunAnswer) -> Fact:
    over = f"{cell(run.steps_per_s_run)} over the run"
    return Fact("speed", run.steps_per_s, "steps/s", note=over)


def _alarms(alarms: EventsAnswer | None) -> Fact:
    if alarms is None or not alarms.rows:
        return Fact("events >= warn", 0)
    return Fact("events >= warn", alarms.total, note=f"last: {alarms.rows[-1].text}")


def _next(run: RunAnswer, rows: list[EnvRow], watched: list[PolicyReading]) -> str:
    if run.state.word in STATES:
        return "run"
    if any(one.verdict == "crit" for one in watched):
        return "brain"
    if rows and badness(_sickest(rows).health.verdict) > 1:
        return f"env {_sickest(rows).env}"
    return "envs"
