"""``run``: how the run is: alive or not and why, its clocks, its speed and its record."""

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
    Text,
    cell,
    clock,
    duration,
    inspect_command,
)
from sanctum.command.readings import counted
from sanctum.model.answers import RunAnswer, Verdict
from sanctum.model.readings import number

VERDICTS: dict[str, Verdict] = {
    "live": "ok",
    "finished": "ok",
    "stale": "warn",
    "interrupted": "warn",
    "ended": "warn",
    "failed": "crit",
    "died": "crit",
}

SIZES = (
    Column("class", lambda s: s.what, priority=0),
    Column("size", lambda s: s.used_bytes, unit="bytes", priority=0),
    Column("rows", lambda s: s.rows, unit="count", digits=0),
    Column("first_step", lambda s: s.first_step, priority=2, digits=0),
    Column("last_step", lambda s: s.last_step, priority=2, digits=0),
)
LOST = (
    Column("lost", lambda g: g.what, priority=0),
    Column("first_step", lambda g: g.first_step, priority=0, digits=0),
    Column("last_step", lambda g: g.last_step, priority=0, digits=0),
    Column("count", lambda g: g.count, digits=0),
    Column("reason", lambda g: g.reason, flex=True),
)
ATTEMPTS = (
    Column("attempt", lambda a: a.attempt, priority=0),
    Column("pid", lambda a: str(a.pid), priority=2),
    Column("started", lambda a: clock(a.started)),
    Column("first_step", lambda a: a.first_step, digits=0),
    Column("last_step", lambda a: a.last_step, digits=0),
    Column("how", lambda a: a.how, priority=0, flex=True),
)


@inspect_command("run", group="look", examples=("run", "run --more", "run --traceback"))
@click.option("--more", is_flag=True, help="every gap in the telemetry, every attempt")
@click.option("--sizes", is_flag=True, help="bytes in the record by class of data")
@click.option("--traceback", is_flag=True, help="the trainer's traceback, when it failed")
def command(moment: Moment, more: bool, sizes: bool, traceback: bool) -> Report:
    """Say how the run is: live, stale, ended or died, when and why.

    Live: telemetry arrives. Stale: the trainer is there but silent. Failed: it ended with an
    exception. Died: its process is gone and said nothing. Steps are vector steps.
    """
    answer = moment.run()
    header, word = answer.header, answer.state.word
    said = answer.state.traceback
    notes = []
    blocks: list[Block] = [Facts(_facts(answer))]
    if more:
        blocks.append(Table(LOST, answer.lost, empty="no telemetry was lost"))
        blocks.append(Table(ATTEMPTS, answer.attempts, empty="no attempt has begun"))
    if sizes:
        blocks = [Table(SIZES, answer.sizes, empty="the record holds nothing yet")]
    if traceback:
        blocks = [Text(said.rstrip())] if said else []
        notes = [] if said else [f"no traceback was recorded: the run is {word}"]
    return Report(
        f"run {header.run_id}: {header.task}, {counted(header.envs, 'environment')}",
        *blocks,
        headline=_headline(answer),
        notes=notes,
        verdict=VERDICTS.get(word),
        at=answer.at,
        run=header.run_id,
        next=_next(answer, traceback),
    )


def _headline(answer: RunAnswer) -> str:
    state = answer.state
    since = "for how long is not known" if state.since_s is None else duration(state.since_s)
    why = (state.exception or state.why or "").strip().partition("\n")[0].rstrip()
    if state.word == "starting":
        return f"starting: the trainer has said nothing yet, {since}"
    if _is_past(answer):
        then = "then" if answer.at.step is None else f"as of step {answer.at.step:,}"
        return f"{then}: the run was going on"
    if state.word == "live":
        rate = number(answer.steps_per_s)
        speed = "" if rate is None else f"; {cell(rate)} steps a second"
        return f"live: last telemetry {since} ago{speed}"
    if state.word == "stale":
        return f"stale: no telemetry for {since}" + (f"; {why}" if why else "")
    when = "" if state.since_s is None else f" {since} ago"
    step = "before its first step" if answer.last_step is None else f"at step {answer.last_step:,}"
    cause = f": {why}" if why else ""
    return f"{state.word}{when} {step}{cause}"


def _is_past(answer: RunAnswer) -> bool:
    """Whether it speaks of a moment of the past, at which the run was going on."""
    return answer.state.word == "live" and not answer.at.live


def _facts(answer: RunAnswer) -> list[Fact]:
    header, at, lost = answer.header, answer.at, answer.lost_count
    then = "then" if _is_past(answer) else ""
    return [
        Fact("state", answer.state.word, verdict=VERDICTS.get(answer.state.word), note=then),
        Fact("step", at.step, note=_of(at.step, header.planned_steps)),
        Fact("update", at.update, note=_of(at.update, header.planned_updates)),
        Fact("episodes", answer.episodes, note=_of(answer.episodes, header.planned_episodes)),
        Fact("attempt", at.attempt, note=_before(answer)),
        Fact("speed now", answer.steps_per_s, "steps/s", note=_left(answer)),
        Fact("speed over the run", answer.steps_per_s_run, "steps/s"),
        Fact("telemetry lost", lost, verdict="warn" if lost else "ok", note=_gap(answer)),
        Fact("events", answer.events),
        Fact("started", clock(header.started)),
        Fact("trainer", f"pid {header.pid} on {header.host or 'an unnamed host'}"),
        Fact("command line", " ".join(header.argv) or "not given"),
        Fact("record size", answer.used_bytes, "bytes"),
        Fact("record", answer.record, note="" if answer.recording else "closed"),
    ]


def _of(done: int | None, planned: int | None) -> str:
    if done is None or not planned:
        return ""
    return f"of {planned:,}, {100 * done / planned:.0f} %"


def _before(answer: RunAnswer) -> str:
    earlier = [one for one in answer.attempts if one.attempt < answer.at.attempt]
    if not earlier:
        return ""
    last = "no step" if earlier[-1].last_step is None else f"step {earlier[-1].last_step:,}"
    return f"the one before ended at {last}: {earlier[-1].how}"


def _gap(answer: RunAnswer) -> str:
    if not answer.lost:
        return ""
    gap = answer.lost[-1]
    first = "the start" if gap.first_step is None else f"{gap.first_step:,}"
    last = "not known" if gap.last_step is None else f"{gap.last_step:,}"
    steps = f"step {first}" if first == last else f"steps {first}-{last}"
    return f"last: {gap.what}, {steps}, {gap.reason}"


def _left(answer: RunAnswer) -> str:
    header, rate = answer.header, number(answer.steps_per_s)
    planned = header.planned_steps
    if planned is None and header.planned_updates and header.rollout_steps:
        planned = header.planned_updates * header.rollout_steps
    if not rate or not planned or answer.at.step is None or answer.state.word != "live":
        return ""
    return f"about {duration(max(planned - answer.at.step, 0) / rate)} left at this speed"


def _next(answer: RunAnswer, traceback: bool) -> str:
    if answer.state.traceback and not traceback:
        return "run --traceback"
    if answer.state.word in ("died", "failed", "stale"):
        return "events --severity warn"
    return "overwatch"
