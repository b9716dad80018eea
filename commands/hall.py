"""``hall``: the best episodes of a task, kept for good: look, step through them, pin them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from sanctum.command import (
    Asked,
    Column,
    Fact,
    Facts,
    Moment,
    NoSuchRun,
    Report,
    Table,
    UsageError,
    cell,
    clock,
    did_you_mean,
    inspect_command,
    replace_report,
    size,
)
from sanctum.command.readings import counted, listed
from sanctum.model.answers import HallAnswer, HallEntry

FOSSILIZED = "FOSSILIZED"
FILLED = "episodes that end with an accuracy fill it: sanctum demo, or sanctum train ppo"
USES = {
    "show": "hall show K [--at start|peak|end|WHEN], as in hall show 2",
    "step": "hall step K N, as in hall step 2 -50",
    "diff": "hall diff A B, or hall diff A env N, as in hall diff 1 2",
    "pin": "hall pin K, or hall pin K --off",
    "worst": "hall worst",
    "export": "hall export K FILE, as in hall export 1 best.sanctum.db",
}


def seeds(entry: HallEntry) -> str | None:
    """Blueprints of the seeds at the peak; those not fossilized in brackets."""
    words = [one.split() for one in entry.seeds]
    kinds = [(parts[-2] if len(parts) > 2 else parts[0], parts[-1]) for parts in words if parts]
    return " ".join(kind if stage == FOSSILIZED else f"[{kind}]" for kind, stage in kinds) or "none"


RANKED = (
    Column("rank", lambda e: e.rank, priority=0, digits=0),
    Column("accuracy", lambda e: e.accuracy, unit="percent", priority=0, digits=1),
)
FELL = (
    Column("fall", lambda e: e.fall, unit="points", priority=0, digits=1),
    Column("final_accuracy", lambda e: e.final_accuracy, unit="percent", priority=2, digits=1),
)
WHICH = (
    Column("best_step", lambda e: e.best_step, digits=0),
    Column("run", lambda e: e.run_id, priority=0),
    Column("episode", lambda e: e.episode, priority=4, digits=0),
    Column("env", lambda e: e.env, priority=0, digits=0),
    Column("seeds", seeds, priority=0, flex=True),
    Column("growth", lambda e: e.growth, priority=2, digits=0),
    Column("return", lambda e: e.episode_return, priority=3, digits=2),
)
DETAIL = (
    Column("id", lambda e: e.id, digits=0),
    Column("pinned", lambda e: e.pinned),
    Column("attempt", lambda e: e.attempt, digits=0),
    Column("first_step", lambda e: e.first_step, digits=0),
    Column("last_step", lambda e: e.last_step, digits=0),
    Column("time", lambda e: e.time),
    Column("slots", lambda e: ", ".join(e.seeds)),
    Column("used_bytes", lambda e: e.used_bytes, unit="bytes", digits=0),
)


@dataclass(frozen=True, slots=True)
class Place:
    """The hall that is asked: through a run of its task, or through its own file.

    `run` is what to ask further questions of, None for the session's own run; `moves` says that a
    step moves the session, `is_file` that no run is there. `others` are tasks with a hall, too;
    `task` is the one that was asked for by name.
    """

    asked: Asked
    moment: Moment
    run: str | None
    moves: bool = True
    is_file: bool = False
    others: tuple[str, ...] = ()
    task: str | None = None

    def again(self, words: str) -> str:
        """`words` as the next line, of the same hall."""
        return words if self.task is None else f"{words} --task {self.task}"


@inspect_command(
    "hall",
    group="remember",
    of="asked",
    examples=("hall", "hall worst", "hall show 1", "hall show 1 --at end", "hall step 1 -10"),
)
@click.argument("what", type=click.Choice(tuple(USES)), required=False)
@click.argument("words", nargs=-1, metavar="[K] [...]")
@click.option("--task", metavar="TASK", help="of this task, not of the run's")
@click.option("-n", "--limit", type=click.IntRange(1), help="so many rows at most")
@click.option("--more", is_flag=True, help="with show: all that env answers")
@click.option("--off", is_flag=True, help="with pin: keep it no longer than its rank does")
@click.option("--force", is_flag=True, help="with export: replace a file")
def command(
    asked: Asked,
    what: str | None,
    words: tuple[str, ...],
    task: str | None,
    limit: int | None,
    more: bool,
    off: bool,
    force: bool,
) -> Report:
    """Show the ten best episodes of all runs of a task by peak accuracy; they are kept for good.

    best_step is the step of the peak, growth the parameters of the seeds then; [in brackets] the
    seeds that were not fossilized. show K: the environment at the peak, or --at start, end, 1180,
    peak-10. step K N: N steps from where you are in it. diff A B; diff A env N: with a live one.
    pin K: keep it though ten are better. worst: by fall from peak to end. export K FILE: as a
    record that opens like a run.
    """
    place = _place(asked, task)
    if what is None or what == "worst":
        _check(what or "worst", words, 0, 0)
        return _list(place, what == "worst", limit)
    if what == "show":
        _check(what, words, 1, 1)
        return _show(place, _rank(words[0]), more)
    if what == "step":
        _check(what, words, 1, 2)
        return _step(place, _rank(words[0]), words[1] if len(words) > 1 else "1")
    if what == "diff":
        _check(what, words, 2, 99)
        return _diff(place, words)
    if what == "pin":
        _check(what, words, 1, 1)
        return _pin(place, _rank(words[0]), not off)
    _check(what, words, 2, 2)
    return _export(place, _rank(words[0]), words[1], force)


def _place(asked: Asked, task: str | None) -> Place:
    """The hall of `task`, of the run in question, or the newest there is. Raises NoSuchRun."""
    session = asked.session
    if task is None:
        try:
            return Place(asked, asked.moment(), asked.run, asked.run is None)
        except NoSuchRun:
            if asked.run is not None:
                raise
    halls = session.halls()
    if not halls:
        raise NoSuchRun("there is no hall of fame yet", FILLED)
    name = next(iter(halls)) if task is None else task
    if name not in halls:
        known = did_you_mean(name, halls) or f"there are {', '.join(halls)}"
        raise NoSuchRun(f"no hall of fame of '{name}'", known)
    moment = session.moment(halls[name], None, asked.timeout_s)
    others = tuple(one for one in halls if one != name) if task is None else ()
    return Place(asked, moment, halls[name], True, True, others, task)


def _check(what: str, words: tuple[str, ...], least: int, most: int) -> None:
    if len(words) < least:
        raise UsageError(f"'{' '.join(['hall', what, *words])}' is not complete", USES[what])
    if len(words) > most:
        raise UsageError(f"'{words[most]}' is too much", USES[what])


def _rank(word: str) -> int:
    if not word.isdecimal():
        raise UsageError(f"'{word}' is no rank: a number is expected, as in hall show 1", "hall")
    return int(word)


def _list(place: Place, worst: bool, limit: int | None) -> Report:
    answer = place.moment.hall(worst=worst)
    rows = answer.rows[:limit]
    columns = (*RANKED, *(FELL if worst else ()), *WHICH)
    detail = DETAIL if worst else (*FELL, *DETAIL)
    empty, others = f"no episode yet; {FILLED}", place.others
    if not rows and not others:
        others = tuple(one for one in place.asked.session.halls() if one != answer.task)
    return Report(
        f"hall of fame of {answer.task}" + (", the largest fall first" if worst else ""),
        Table(columns, rows, empty=empty, total=len(answer.rows), detail=detail),
        headline=_headline(answer, worst),
        notes=_notes(answer, others),
        next=place.again(f"hall show {rows[0].rank}{' --at end' if worst else ''}")
        if rows
        else "overwatch",
    )


def _headline(answer: HallAnswer, worst: bool) -> str:
    if not answer.rows:
        return ""
    first = answer.rows[0]
    whose = f"{first.run_id} env {first.env}"
    if worst:
        return f"{whose} fell {cell(first.fall, 1)} points from {cell(first.accuracy, 1)} %"
    runs = counted(len({one.run_id for one in answer.rows}), "run")
    kept = counted(len(answer.rows), "episode")
    return f"best {cell(first.accuracy, 1)} %: {whose}; {kept} of {runs}"


def _notes(answer: HallAnswer, others: tuple[str, ...]) -> list[str]:
    notes = []
    pinned = [str(one.rank) for one in sorted(answer.rows, key=lambda e: e.rank) if one.pinned]
    if pinned:
        notes.append(f"pinned: {listed(pinned, 10)}")
    beyond = sum(one.rank > answer.size and not one.pinned for one in answer.rows)
    if beyond:
        notes.append(f"{counted(beyond, 'row')} after the ten, no longer pinned: the next one in")
    if others:
        notes.append(f"of another task: hall --task {listed(others)}")
    return notes


def _show(place: Place, rank: int, more: bool) -> Report:
    entry = place.moment.hall_entry(rank)
    return _env(place, entry, place.asked.at or "peak", more)


def _step(place: Place, rank: int, count: str) -> Report:
    """The session moves by steps of the entry; from the peak when it is elsewhere."""
    if not count.lstrip("+-").isdecimal():
        raise UsageError(f"'{count}' is no number of steps", USES["step"])
    entry = place.moment.hall_entry(rank)
    session, name = place.asked.session, f"hall:e{entry.id}"
    here = session.settings.get("at", "live")
    start = entry.best_step
    if here.split(":")[:2] in (name.split(":"), ["hall", str(rank)]):
        start = session.moment(place.run, here).run().at.step or start
    report = _env(place, entry, f"{start}{int(count):+d}")
    assert report.at is not None
    if place.moves:
        if place.run is not None:
            session.attach(place.run)
        session.set("at", f"{name}:{report.at.step}")
    on = f"step {int(count):+d}"
    if not place.moves and report.at.step is not None:
        further = min(max(report.at.step + int(count), entry.first_step), entry.last_step)
        on = place.again(f"hall show {rank} --at {further}")
    return replace_report(report, next=on)


def _env(place: Place, entry: HallEntry, when: str, more: bool = False) -> Report:
    """The environment of an entry at a moment of it."""
    words = ["env", str(entry.env), *(["--more"] if more else [])]
    at = f"hall:e{entry.id}:{when}"
    report = place.asked.session.answer(words, run=place.run, at=at)
    said = f"steps {entry.first_step:,}-{entry.last_step:,}, peak {cell(entry.accuracy, 1)} %"
    end = f"at {entry.best_step:,}, end {cell(entry.final_accuracy, 1)} %"
    return replace_report(
        report,
        command="hall",
        notes=(f"entry {entry.rank}: {said} {end}", *report.notes),
        next=place.again(f"hall step {entry.rank} -10"),
    )


def _diff(place: Place, words: tuple[str, ...]) -> Report:
    """Two entries, or an entry and an environment of the run."""
    first = place.moment.hall_entry(_rank(words[0]))
    when = place.asked.at
    if words[1] == "env":
        _check("diff", words, 3, 99)
        if place.is_file:
            raise UsageError("no run is live to compare it with", "hall diff 1 2, or --run RUN")
        if when is None and place.asked.session.settings.get("at", "").startswith("hall:"):
            when = "live"
        other, rest = ["env", words[2]], words[3:]
    else:
        other, rest = [f"hall:{place.moment.hall_entry(_rank(words[1])).rank}"], words[2:]
    line = ["diff", f"hall:{first.rank}", *other, *rest]
    return place.asked.session.answer(line, run=place.run, at=when)


def _pin(place: Place, rank: int, pinned: bool) -> Report:
    entry = place.moment.hall_pin(rank, pinned=pinned)
    whose = f"entry {rank}, {entry.run_id} env {entry.env} ({cell(entry.accuracy, 1)} %),"
    said = "stays though ten are better" if pinned else "stays while it is among the ten best"
    return Report("hall pin", headline=f"{whose} {said}", next=place.again("hall"))


def _export(place: Place, rank: int, file: str, force: bool) -> Report:
    path = Path(file).expanduser().absolute()
    entry = place.moment.hall_export(rank, str(path), force=force)
    return Report(
        f"hall export {rank}",
        Facts(
            [
                Fact("file", str(path), note=size(path.stat().st_size) if path.exists() else ""),
                Fact("run", entry.run_id, note=f"env {entry.env}, episode {entry.episode}"),
                Fact("ended", None if entry.time is None else clock(entry.time)),
            ]
        ),
        headline=f"entry {rank} is a record that opens like a run",
        next=f"attach {path}",
    )
