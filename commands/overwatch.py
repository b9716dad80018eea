"""``overwatch``: the operator's summary: how good are we doing?"""

from __future__ import annotations

from sanctum.command import Fact, Facts, Moment, Report, cell, inspect_command
from sanctum.command.readings import badness, mean, said, worst
from sanctum.model.answers import EnvRow, PolicyAnswer, RunAnswer, SeedsAnswer
from sanctum.model.readings import number

WATCHED = ("entropy", "approx_kl", "clip_fraction", "explained_variance")
FOSSILIZED = "FOSSILIZED"


@inspect_command("overwatch", group="look", examples=("overwatch", "overwatch --at -500"))
def command(moment: Moment) -> Report:
    """Sum the run up on one screen: accuracy, reward, seeds, policy, speed, alarms.

    Means are over the environments at the moment; the worst environment is the one in the worst
    health, then of the lowest accuracy.
    """
    run = moment.run()
    envs = said(moment.envs)
    policy = said(moment.policy)
    seeds = said(lambda: moment.seeds(limit=1))
    alarms = said(lambda: moment.events(severity="warn", limit=1))
    rows = envs.rows if envs else []
    facts = [*_envs(rows), _seeds(seeds), *_policy(policy), _speed(run)]
    count = alarms.total if alarms else 0
    newest = f"last: {alarms.rows[-1].text}" if alarms and alarms.rows else ""
    facts.append(Fact("events at warn or worse", count, note=newest))
    if run.lost_count:
        facts.append(Fact("telemetry lost", run.lost_count, verdict="warn"))
    return Report(
        "overwatch",
        Facts(facts),
        headline=_headline(run, rows, policy),
        verdict=worst(fact.verdict for fact in facts),
        at=run.at,
        run=run.header.run_id,
        next=_next(rows, policy, count),
    )


def _headline(run: RunAnswer, rows: list[EnvRow], policy: PolicyAnswer | None) -> str:
    state = run.state.word
    if not rows:
        return f"{state}: no environment has been heard of yet"
    accuracy = mean(row.accuracy for row in rows)
    sick = sum(badness(row.health.verdict) > 1 for row in rows)
    bad = [f"{sick} of {len(rows)} environments not well"] if sick else []
    for one in policy.readings if policy else []:
        if one.verdict == "crit":
            bad.append(f"{one.name} {cell(one.value)} is crit")
    trouble = ", ".join(bad) if bad else "no alarm"
    return f"{state}: mean accuracy {cell(accuracy, 1)} %; {trouble}"


def _envs(rows: list[EnvRow]) -> list[Fact]:
    if not rows:
        return []
    ranked = [(value, row.env) for row in rows if (value := number(row.accuracy)) is not None]
    span = ""
    if ranked:
        (low, last), (high, first) = min(ranked), max(ranked)
        span = f"best {high:.1f} (env {first}), worst {low:.1f} (env {last})"
    best = mean(row.best_accuracy for row in rows)
    words: dict[str, int] = {}
    for row in rows:
        words[row.health.word] = words.get(row.health.word, 0) + 1
    sickest = _sickest(rows)
    return [
        Fact("mean accuracy", mean(row.accuracy for row in rows), "%", note=span, digits=1),
        Fact("mean best accuracy", best, "%", note="of this episode", digits=1),
        Fact("mean reward", mean(row.reward for row in rows), "", note="of the last step"),
        Fact(
            "environments",
            ", ".join(f"{count} {word}" for word, count in words.items()),
            verdict=worst(row.health.verdict for row in rows),
        ),
        Fact("worst environment", sickest.env, note=_why(sickest)),
    ]


def _sickest(rows: list[EnvRow]) -> EnvRow:
    def order(row: EnvRow) -> tuple[int, float]:
        accuracy = number(row.accuracy)
        return -badness(row.health.verdict), 0.0 if accuracy is None else accuracy

    return min(rows, key=order)


def _why(row: EnvRow) -> str:
    reason = f": {row.health.reason}" if row.health.reason else ""
    return f"{row.health.word}{reason}"


def _seeds(seeds: SeedsAnswer | None) -> Fact:
    if seeds is None or not seeds.stages:
        return Fact("live seeds", seeds.total if seeds else None, note="none, or never reported")
    kept = seeds.stages.get(FOSSILIZED, 0)
    others = [f"{n} {stage}" for stage, n in seeds.stages.items() if stage != FOSSILIZED and n]
    alive = sum(seeds.stages.values()) - kept
    return Fact("live seeds", alive, note=", ".join([f"{kept} {FOSSILIZED}", *others]))


def _policy(policy: PolicyAnswer | None) -> list[Fact]:
    if policy is None or not policy.readings:
        return [Fact("policy", None, note="no update yet")]
    named = {one.name: one for one in policy.readings}
    found = [named[name] for name in WATCHED if name in named]
    return [Fact(one.name, one.value, one.unit, one.verdict, note=one.thresholds) for one in found]


def _speed(run: RunAnswer) -> Fact:
    over = f"{cell(run.steps_per_s_run)} over the run"
    return Fact("speed", run.steps_per_s, "steps/s", note=over)


def _next(rows: list[EnvRow], policy: PolicyAnswer | None, alarms: int) -> str:
    if any(one.verdict == "crit" for one in (policy.readings if policy else [])):
        return "brain"
    if rows and badness(_sickest(rows).health.verdict) > 1:
        return f"env {_sickest(rows).env}"
    return "events --severity warn" if alarms else "envs"
