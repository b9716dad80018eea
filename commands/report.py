"""``report FILE``: one page about the run, for an issue or a colleague who cannot ask it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

import sanctum
from sanctum.command import (
    Asked,
    Column,
    Document,
    Fact,
    Facts,
    Moment,
    NoDataYet,
    Report,
    Section,
    Table,
    Text,
    UsageError,
    cell,
    drawing,
    files,
    inspect_command,
    plots,
    replace_report,
    size,
)
from sanctum.command.alarms import Alarm, alarms, table
from sanctum.command.readings import counted
from sanctum.model.answers import RunAnswer

SUFFIXES = (".md", ".html")
PARTS = {
    "Brain": ("brain",),
    "Environments": ("envs", "--limit", "32"),
    "Rewards": ("rewards",),
    "Seeds": ("seeds", "top"),
    "Hall of fame": ("hall",),
    "Recent events": ("events",),
}
JUDGED = (("run",), ("vitals",))
"""Further answers that judge something; of the page's own parts, rewards do."""

SETTINGS, TRACEBACK = 20, 40
FIRST = (
    *("algorithm", "preset", "policy", "seed", "device", "learning_rate", "lr"),
    *("gamma", "gae_lambda", "clip_range", "clip_ratio", "clip_coef"),
    *("entropy_coefficient", "entropy_coef", "ent_coef", "value_coefficient", "vf_coef"),
    *("max_grad_norm", "target_kl", "n_epochs", "ppo_epochs", "update_epochs", "batch_size"),
    *("minibatches", "rollout_steps", "n_steps", "updates", "envs", "n_envs", "total_timesteps"),
)
"""Settings that people ask for first, under the names that trainers give them."""


@inspect_command(
    "report",
    group="remember",
    of="asked",
    examples=("report run.md", "report run.html --force", "report --at -50 stall.md"),
)
@click.argument("file", metavar="FILE")
@click.option("--force", is_flag=True, help="write over an existing file")
def command(asked: Asked, file: str, force: bool) -> Report:
    """Write one page about the run, .md or .html, for an issue or a colleague.

    What is wrong comes first; then the answers of brain, envs, rewards, seeds, hall and events,
    and curves: pictures in HTML where matplotlib is installed (sanctum[plot]), characters else.
    The file needs nothing beside itself. Of a live run, all but how it is now is as of its last
    step.
    """
    path = Path(file).expanduser()
    files.check(path, SUFFIXES, "page that can be written", force=force)
    moment = asked.moment()
    run = moment.run()
    if run.at.live and run.at.step is not None:
        moment = moment.to(str(run.at.step))
    parts = {heading: _answer(asked, moment, words) for heading, words in PARTS.items()}
    judged = [_answer(asked, asked.moment(), words) for words in JUDGED]
    wrong = alarms(moment, run, [*judged, parts["Rewards"]])
    kind = path.suffix.lower().removeprefix(".")
    plotted = plots.report(moment)
    if kind == "html" and not drawing.is_there():
        said = f"drawn in characters: matplotlib is not installed ({drawing.INSTALL})"
        plotted = replace_report(plotted, notes=(*plotted.notes, said))
    page = Document(
        f"{run.header.run_id}: {run.header.task}",
        _about(run, judged[0]),
        (
            Section("What is wrong", _wrong(wrong)),
            Section("The run", _run(run, judged[0])),
            *(Section(heading, report) for heading, report in parts.items()),
            Section("Curves", plotted),
            Section("To see more", _more(run, moment, wrong, list(parts.values()))),
        ),
    )
    text = asked.session.as_file(page, kind)
    files.put(path, lambda aside: aside.write_text(text, encoding="utf-8"))
    return Report(
        f"report of {run.header.run_id}",
        headline=f"written to {path}, {size(len(text.encode()))}; {_headline(wrong)}",
        at=run.at,
        run=run.header.run_id,
        next=wrong[0].see if wrong else "overwatch",
    )


def _answer(asked: Asked, moment: Moment, words: Sequence[str]) -> Report:
    """What another command answers at `moment`; what it lacks is said in its place."""
    timeout = () if asked.timeout_s is None else ("--timeout", str(asked.timeout_s))
    try:
        return asked.session.answer((*words, *timeout), run=asked.run, at=moment.at or "live")
    except (NoDataYet, UsageError) as error:
        return Report(words[0], headline=error.sentence, command=words[0])


def _headline(wrong: Sequence[Alarm]) -> str:
    if not wrong:
        return "nothing that is judged is at warn or crit"
    first = f"{wrong[0].what}: {wrong[0].said}"
    return f"{counted(len(wrong), 'thing')} at warn or crit, first {first}"


def _wrong(wrong: Sequence[Alarm]) -> Report:
    worst = wrong[0].verdict if wrong else None
    counts = Counter(one.verdict for one in wrong)
    said = ", ".join(f"{counts[one]} at {one}" for one in ("crit", "warn") if counts[one])
    notes = ["what is not measured is not judged"]
    return Report("what is wrong", table(wrong), headline=said, verdict=worst, notes=notes)


def _about(run: RunAnswer, how: Report) -> str:
    """Which moment the page speaks of."""
    at = run.at
    where = [] if at.hall is None else [f"entry {at.hall} of the hall of fame, of run {at.run_id}"]
    where += [f"attempt {at.attempt}"] if at.attempt > 1 else []
    where += ["before its first step" if at.step is None else f"step {at.step:,}"]
    where += ["before the first update" if at.update is None else f"update {at.update}"]
    if at.time is not None:
        where.append(_stamp(at.time))
    kind = "as it is now" if at.live else "as recorded"
    written = f"written {_stamp(time.time())} by Sanctum {sanctum.__version__}"
    return f"{kind}: {', '.join(where)}; {how.headline}; {written}"


def _run(run: RunAnswer, how: Report) -> Report:
    """The header, the clocks, where it comes from, its settings."""
    header, record = run.header, Path(run.record).name
    source = run.source
    facts = [
        Fact("state", how.headline, verdict=how.verdict),
        Fact("task", header.task or "not said"),
        Fact("trainer", header.trainer or "not said"),
        Fact("command line", " ".join(header.argv) or "not said"),
        Fact("environments", header.envs),
        Fact("step", run.at.step, note=_of(run.at.step, header.planned_steps, first=0)),
        Fact("update", run.at.update, note=_of(run.at.update, header.planned_updates)),
        Fact("episodes", run.episodes),
        Fact("attempt", run.at.attempt),
        Fact("speed over the run", run.steps_per_s_run, "steps/s"),
        Fact("started", _stamp(header.started) if header.started else "not said"),
        Fact("telemetry lost", run.lost_count, note="events, rows and messages"),
        Fact("record", record, note=size(run.used_bytes)),
    ]
    if source is not None:
        came = f"{sum(source.counts.values()):,} events, {source.unknown:,} of unknown type"
        facts.append(Fact("source", f"{source.kind} {Path(source.place).name}", note=came))
    if run.dropped:
        gone = ", ".join(sorted({one.what for one in run.dropped}))
        facts.append(Fact("gave way to newer data", gone, note="run --more says which steps"))
    broken = run.state.traceback
    lines = broken.rstrip().splitlines() if broken else []
    last = [Text(lines[-TRACEBACK:], f"its traceback, the last {TRACEBACK} lines")] if lines else []
    return Report("run", Facts(facts), *last, _settings(run))


def _of(done: int | None, planned: int | None, *, first: int = 1) -> str:
    """How far along it is; the count begins at `first`."""
    if done is None or not planned:
        return ""
    made = done + 1 - first
    return f"of {planned:,}, {100 * made / planned:.0f} %"


def _settings(run: RunAnswer) -> Table:
    """What the trainer was set to: the settings people ask for first, then the others."""
    config = run.header.config
    plain = [name for name, one in config.items() if isinstance(one, str | int | float)]
    names = [*(one for one in FIRST if one in plain), *(one for one in plain if one not in FIRST)]
    empty = "settings: not said; sanctum.attach(config={...}) records them"
    return Table(
        (
            Column("setting", lambda name: name),
            Column("value", lambda name: cell(config[name]) or "empty"),
        ),
        names[:SETTINGS],
        empty=empty,
        total=len(config),
    )


def _more(
    run: RunAnswer, moment: Moment, wrong: Sequence[Alarm], parts: Sequence[Report]
) -> Report:
    """What to type where the record is, for what this page left out."""
    lines = [f"sanctum shell {run.header.run_id}"]
    lines += [] if moment.at is None else [f"at {moment.at}"]
    lines += dict.fromkeys([*(one.see for one in wrong), *(one.next for one in parts if one.next)])
    return Report("more", Text(lines), headline="Where the record is, in this order")


def _stamp(moment: float) -> str:
    """A moment with its date and zone: the page is read elsewhere, on another day."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(moment))
