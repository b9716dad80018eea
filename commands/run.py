"""``run``: how the run is: alive or not and why, its clocks, its speed and its record."""

from __future__ import annotations

from pathlib import Path

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
    size,
)
from sanctum.command.readings import counted
from sanctum.model.answers import RunAnswer, SourceSaid, StacksAnswer, Verdict
from sanctum.model.readings import number

VERDICTS: dict[str, Verdict] = {
    "live": "ok",
    "finished": "ok",
    "stale": "warn",
    "silent": "crit",
    "interrupted": "warn",
    "ended": "warn",
    "failed": "crit",
    "killed": "crit",
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
DROPPED = (
    Column("gave way", lambda d: d.what, priority=0),
    Column("first_step", lambda d: d.first_step, priority=0, digits=0),
    Column("last_step", lambda d: d.last_step, priority=0, digits=0),
    Column("size", lambda d: d.used_bytes, unit="bytes"),
    Column("rule", lambda d: d.rule, flex=True),
)
CONFIG = (
    Column("setting", lambda one: one[0], priority=0),
    Column("value", lambda one: one[1], priority=0, flex=True),
)
SOURCE = (
    Column("type", lambda one: one[0], priority=0),
    Column("count", lambda one: one[1], priority=0, digits=0),
)
ATTEMPTS = (
    Column("attempt", lambda a: a.attempt, priority=0),
    Column("pid", lambda a: str(a.pid) if a.pid else None, priority=2),
    Column("started", lambda a: clock(a.started)),
    Column("first_step", lambda a: a.first_step, digits=0),
    Column("last_step", lambda a: a.last_step, digits=0),
    Column("how", lambda a: a.how, priority=0, flex=True),
)


ASK_STACKS = 3
"""How often a trainer is asked for its stacks when it does not answer at once."""

MAIN_FRAMES = 4


@inspect_command(
    "run",
    group="look",
    examples=("run", "run --more", "run --config", "run --traceback", "run --stacks"),
)
@click.option("--more", is_flag=True, help="every gap, every attempt, what was read from where")
@click.option("--sizes", is_flag=True, help="bytes in the record by class of data")
@click.option("--traceback", is_flag=True, help="the trainer's traceback, when it failed")
@click.option("--stacks", is_flag=True, help="what every Python thread of the trainer is doing")
@click.option("--config", is_flag=True, help="all settings that the trainer said at the start")
def command(
    moment: Moment, more: bool, sizes: bool, traceback: bool, stacks: bool, config: bool
) -> Report:
    """Say how the run is: live, silent, ended, failed or killed, when and why.

    Live: telemetry arrives. Stale: none for 10 seconds; silent: none for a minute, though the
    trainer is there. Failed: it ended with an exception or a status. Killed: a signal ended it.
    Died: its process is gone and nobody knows why. Steps are vector steps.
    """
    if stacks:
        return _stacks(moment)
    answer = moment.run()
    header, word = answer.header, answer.state.word
    said = answer.state.traceback
    notes = []
    blocks: list[Block] = [Facts(_facts(answer))]
    silent = word in ("stale", "silent") and answer.at.live
    next = _next(answer, traceback)
    if silent and not (sizes or traceback):
        found = _asked(moment)
        if found.text is None:
            again = found.why in (None, answer.state.why)
            notes += [] if again else [f"its stacks cannot be had: {found.why}"]
        else:
            blocks.insert(0, Text(innermost(found.text), title="its main thread, innermost call"))
            next = "run --stacks"
    if more:
        blocks += [Table(DROPPED, answer.dropped)] if answer.dropped else []
        blocks.append(Table(LOST, answer.lost, empty="no telemetry was lost"))
        blocks.append(Table(ATTEMPTS, answer.attempts, empty="no attempt has begun"))
        blocks += _source(answer)
    if config:
        blocks = _config(answer)
    if sizes:
        blocks = [Table(SIZES, answer.sizes, empty="the record holds nothing yet")]
    if traceback:
        blocks = [Text(said.rstrip())] if said else []
        how = "was going on then" if _is_past(answer) else f"is {word}"
        notes = [] if said else [f"no traceback was recorded: the run {how}"]
    return Report(
        f"run {header.run_id}: {header.task or 'task not said'}, {counted(header.envs, 'env')}",
        *blocks,
        headline=_headline(answer),
        notes=notes,
        verdict="crit" if _unrecorded(answer) else VERDICTS.get(word),
        at=answer.at,
        run=header.run_id,
        next=next,
    )


def _source(answer: RunAnswer) -> list[Block]:
    """What was read, by type, and what was left out, when the trainer did not say it itself."""
    source = answer.source
    if source is None:
        return []
    counts = sorted(source.counts.items(), key=lambda one: -one[1])
    version = "" if source.version is None else f", version {source.version}"
    blocks: list[Block] = [
        Facts(
            [
                Fact("read from", source.place, note=f"{source.kind}{version}"),
                Fact("of unknown type", source.unknown, note="kept as events of type esper")
                if source.kind == "esper"
                else Fact("of unknown type", source.unknown),
                Fact("left out", source.refused_count, verdict=_left_out(source.refused_count)),
                Fact("dropped there", source.dropped, verdict=_left_out(source.dropped)),
            ],
            "source",
        ),
        Table(SOURCE, counts, empty="nothing was counted"),
    ]
    if source.refused:
        blocks.append(Text(source.refused, title="left out of what was read"))
    return blocks


def _left_out(count: int | None) -> Verdict | None:
    return None if count is None else "warn" if count else "ok"


def _config(answer: RunAnswer) -> list[Block]:
    """The settings, those with a value first; what the run has been told apart."""
    header = answer.header
    said = [(name, value) for name, value in header.config.items() if value not in (None, "")]
    unset = [name for name, value in header.config.items() if value in (None, "")]
    actions = [f"{head}: {' '.join(options)}" for head, options in header.actions.items()]
    blocks: list[Block] = [
        Table(CONFIG, said, empty="no settings were given; attach(config={...}) records them")
    ]
    if unset:
        blocks.append(Facts([Fact("not set", ", ".join(unset))]))
    if actions:
        blocks.append(Text(actions, title="actions"))
    return blocks


def _stacks(moment: Moment) -> Report:
    """All threads of the trainer, as they are now."""
    found = _asked(moment)
    if found.text is None:
        return Report(
            "stacks",
            headline=f"the trainer cannot be asked: {found.why or 'no answer'}",
            verdict="warn",
            next="run",
        )
    count = counted(sum(one.startswith("Thread ") for one in found.text.splitlines()), "thread")
    when = "" if found.time is None else f" at {clock(found.time)}"
    return Report(
        "stacks",
        Text(found.text.rstrip()),
        headline=f"{count} of Python{when}, the main thread first; its process is {found.process}",
        next="run",
    )


def _asked(moment: Moment) -> StacksAnswer:
    """The stacks; asked again when a busy process takes longer than a question may."""
    found = moment.stacks()
    for _ in range(ASK_STACKS - 1):
        if found.text is not None or found.process not in ("running", "sleeping"):
            break
        found = moment.stacks()
    return found


def innermost(text: str) -> list[str]:
    """The first frames of the first thread, one a line: ``function (file:line)``."""
    frames = []
    for line in text.partition("Thread ")[2].splitlines()[1:]:
        if not line.startswith("  File "):
            break
        place, _, function = line.partition(" in ")
        file, _, number = place.removeprefix("  File ").rpartition(", line ")
        frames.append(f"{function} ({_tail(file.strip(chr(34)))}:{number})")
    return frames[:MAIN_FRAMES]


def _tail(path: str) -> str:
    """The last folder and the name of a file."""
    return "/".join(path.split("/")[-2:])


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
        return f"{_unrecorded(answer)}live: last telemetry {since} ago{speed}"
    if state.word in ("stale", "silent"):
        return f"{state.word}: no telemetry for {since}" + (f"; {why}" if why else "")
    when = "" if state.since_s is None else f" {since} ago"
    step = "before its first step" if answer.last_step is None else f"at step {answer.last_step:,}"
    cause = f": {why}" if why else ""
    by = f" by {state.signal}" if state.word == "killed" and state.signal else ""
    return f"{state.word}{by}{when} {step}{cause}"


def _unrecorded(answer: RunAnswer) -> str:
    """That nothing reaches the disk, for how long and why; empty while all is well."""
    if answer.recording or answer.stopped_s is None:
        return ""
    return f"not recording for {duration(answer.stopped_s)} ({answer.stopped_why}); "


def _is_past(answer: RunAnswer) -> bool:
    """Whether it speaks of a moment of the past, at which the run was going on."""
    return answer.state.word == "live" and not answer.at.live


def _facts(answer: RunAnswer) -> list[Fact]:
    header, at, lost = answer.header, answer.at, answer.lost_count
    then = "then" if _is_past(answer) else ""
    nobody_says = at.hall is not None or header.planned_episodes is None
    episodes = None if nobody_says and not answer.episodes else answer.episodes
    return [
        Fact("state", answer.state.word, verdict=VERDICTS.get(answer.state.word), note=then),
        Fact("step", at.step, note=_of(_counted(at.step), header.planned_steps)),
        Fact("update", at.update, note=_of(at.update, header.planned_updates)),
        Fact("episodes", episodes, note=_of(episodes, header.planned_episodes)),
        Fact("attempt", at.attempt, note=_before(answer)),
        Fact("speed now", answer.steps_per_s, "steps/s", note=_left(answer)),
        Fact("speed over the run", answer.steps_per_s_run, "steps/s"),
        Fact("telemetry lost", lost, verdict="warn" if lost else "ok", note=_gap(answer)),
        Fact("events", answer.events),
        Fact("started", clock(header.started)),
        *_trainer(answer),
        *([] if _has_seeds(answer) else [Fact("seeds", "none", note="this run has no slots")]),
        *_dropped(answer),
        _size(answer),
        Fact("record", answer.record, note=_written(answer)),
    ]


def _has_seeds(answer: RunAnswer) -> bool:
    """Whether it has slots for seeds, or ever spoke of one."""
    return bool(answer.header.slots) or any(one.startswith("seed/") for one in answer.columns)


def _trainer(answer: RunAnswer) -> list[Fact]:
    """Who trains, and from where its telemetry was read when it did not say it itself."""
    header, source = answer.header, answer.source
    who = f"pid {header.pid} on {header.host or 'an unnamed host'}"
    if not header.pid:
        who = f"{header.trainer}, in a process not known" if header.trainer else "not known"
    facts = [Fact("trainer", who)]
    if header.argv or header.pid:
        facts.append(Fact("command line", " ".join(header.argv) or "not given"))
    if source is not None:
        told = counted(sum(source.counts.values()), "event")
        if source.unknown:
            told += f", {source.unknown:,} of unknown type"
        if source.refused_count:
            told += f"; {source.refused_count:,} left out: run --more"
        place = Path(source.place).name or source.place
        facts.append(Fact("read from", _live(source) or place, note=told))
    return facts


def _live(source: SourceSaid) -> str:
    """An adapter within the trainer reads no file."""
    return f"{source.kind} as it trains" if source.place == "live" else ""


def _size(answer: RunAnswer) -> Fact:
    keep = f"of {size(answer.keep_bytes)} to keep" if answer.keep_bytes else ""
    return Fact("record size", answer.used_bytes, "bytes", note=keep)


def _dropped(answer: RunAnswer) -> list[Fact]:
    """What gave way to newer data for want of room, when something did."""
    gone = [one for one in answer.dropped if not one.planned]
    if not gone:
        return []
    most, used = gone[0], sum(one.used_bytes for one in gone)
    note = f"{most.what}, steps {most.first_step:,}-{most.last_step:,}: {most.rule}"
    if len(gone) > 1:
        last = max(one.last_step for one in gone)
        note = f"mostly {most.what}, up to step {last:,}; which and why: run --more"
    return [Fact("dropped", used, "bytes", note=note)]


def _written(answer: RunAnswer) -> str:
    if answer.recording:
        return ""
    since = "" if answer.stopped_s is None else f" for {duration(answer.stopped_s)}"
    return f"not written{since}: {answer.stopped_why}" if answer.stopped_why else "closed"


def _counted(step: int | None) -> int | None:
    """How many steps were made by a step; the first is step 0."""
    return None if step is None else step + 1


def _of(done: int | None, planned: int | None) -> str:
    if done is None or not planned:
        return ""
    if done > planned:
        return f"more than the {planned:,} that were planned"
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
    if answer.state.word in ("died", "killed", "failed", "stale", "silent"):
        return "events --severity warn"
    return "overwatch"
