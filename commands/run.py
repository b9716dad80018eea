"""``run``: how the run is: alive or not and why, its clocks, its speed and its record."""

from __future__ import annotations

import click

from sanctum.command import Column, Fact, Facts, Moment, Report, Table, Text, clock, inspect_command
from sanctum.command import duration as span
from sanctum.command.readings import counted
from sanctum.model.answers import RunAnswer, Verdict
from sanctum.model.readings import number

VERDICTS: dict[str, Verdict] = {
    "live": "ok",
    "finished": "ok",
    "stale": "warn",
    "interrupted": "warn",
    "failed": "crit",
    "died": "crit",
}
MIB = 2**20

SIZES = (
    Column("class", lambda s: s.what, priority=0),
    Column("size", lambda s: s.used_bytes / MIB, unit="MiB", priority=0, digits=2),
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


@inspect_command("run", group="look", examples=("run", "run --sizes", "run --traceback"))
@click.option("--sizes", is_flag=True, help="bytes in the record by class of data")
@click.option("--traceback", is_flag=True, help="the trainer's traceback, when it failed")
def command(moment: Moment, sizes: bool, traceback: bool) -> Report:
    """Say how the run is: live, stale, ended or died, when and why.

    Live means telemetry arrives. Stale: the trainer is there but silent. Failed: it ended with an
    exception. Died: its process is gone and said nothing.
    """
    answer = moment.run()
    header, word = answer.header, answer.state.word
    blocks: list[Facts | Table | Text] = [Facts(_facts(answer))]
    notes = []
    if traceback:
        said = answer.state.traceback
        blocks = [Text(said.rstrip())] if said else []
        if not said:
            notes.append(f"no traceback: the run is {word} and none was recorded")
    elif sizes:
        blocks = [Table(SIZES, answer.sizes, empty="the record holds nothing yet")]
    else:
        if answer.lost:
            blocks.append(Table(LOST, answer.lost[-3:], total=len(answer.lost)))
        if len(answer.attempts) > 1:
            blocks.append(Table(ATTEMPTS, answer.attempts[-3:], total=len(answer.attempts)))
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
    since = "at a time unknown" if state.since_s is None else span(state.since_s)
    why = state.exception or state.why
    if state.word == "starting":
        return f"starting: nothing heard of the trainer yet; {since} since its start"
    if state.word == "live":
        rate = number(answer.steps_per_s)
        speed = "" if rate is None else f"; {rate:,.0f} vector steps a second"
        return f"live: last telemetry {since} ago{speed}"
    if state.word == "stale":
        return f"stale: no telemetry for {since}" + (f"; {why}" if why else "")
    step = "before its first step" if answer.last_step is None else f"at step {answer.last_step:,}"
    cause = f": {why.strip().splitlines()[-1]}" if why and why.strip() else ""
    return f"{state.word} {since} ago {step}{cause}"


def _facts(answer: RunAnswer) -> list[Fact]:
    header, at = answer.header, answer.at
    state = Fact("state", answer.state.word, verdict=VERDICTS.get(answer.state.word))
    return [
        state,
        Fact("step", at.step, note=_of(at.step, header.planned_steps), digits=0),
        Fact("update", at.update, note=_of(at.update, header.planned_updates), digits=0),
        Fact("episodes", answer.episodes, note=_of(answer.episodes, header.planned_episodes)),
        Fact("attempt", at.attempt, note=f"of {max(len(answer.attempts), at.attempt)}"),
        Fact("speed now", answer.steps_per_s, "steps/s", note=_left(answer)),
        Fact("speed over the run", answer.steps_per_s_run, "steps/s"),
        Fact(
            "telemetry lost",
            answer.lost_count,
            verdict="warn" if answer.lost_count else "ok",
            note="answers over those steps rest on less" if answer.lost_count else "",
        ),
        Fact("events", answer.events),
        Fact("started", clock(header.started)),
        Fact("trainer", f"pid {header.pid} on {header.host or 'an unnamed host'}"),
        Fact("command line", " ".join(header.argv) or None),
        Fact(
            "record size", answer.used_bytes / MIB, "MiB", note="" if answer.recording else "closed"
        ),
        Fact("record", answer.record),
    ]


def _of(done: int | None, planned: int | None) -> str:
    if done is None or not planned:
        return ""
    return f"of {planned:,}, {100 * done / planned:.0f} %"


def _left(answer: RunAnswer) -> str:
    header, rate = answer.header, number(answer.steps_per_s)
    planned = header.planned_steps
    if planned is None and header.planned_updates and header.rollout_steps:
        planned = header.planned_updates * header.rollout_steps
    if not rate or not planned or answer.at.step is None or answer.state.word != "live":
        return ""
    return f"about {span(max(planned - answer.at.step, 0) / rate)} left at this speed"


def _next(answer: RunAnswer, traceback: bool) -> str:
    word = answer.state.word
    if word == "failed" and not traceback:
        return "run --traceback"
    if word in ("died", "failed", "stale"):
        return "events --severity warn"
    return "overwatch"
