"""Where a moment is, in a line; and the session's way to another one."""

from __future__ import annotations

import math
import re

from sanctum.command.moment import Moment
from sanctum.command.session import Session
from sanctum.errors import NoDataYet, NoSuchRun, UsageError
from sanctum.model.answers import At, RunAnswer
from sanctum.model.readings import Measured
from sanctum.view.numbers import duration
from sanctum.view.report import Report

LIVE = "live"
_NOW = ("live", "now", "end")
_UPDATE = re.compile(r"u\d+\Z")
_ENTRY = re.compile(r"(hall:e?\d+)(?::.*)?\Z")


def frozen(when: str, at: At) -> str:
    """`when` as it goes on meaning the same: an update stays one, what is relative is a step."""
    typed = when.strip()
    if typed in _NOW:
        return LIVE
    if entry := _ENTRY.match(typed):
        return typed if typed == entry[1] or at.step is None else f"{entry[1]}:{at.step}"
    if _UPDATE.match(typed):
        return typed
    if typed.startswith("u") and at.update is not None:
        return f"u{at.update}"
    return typed if at.step is None else str(at.step)


def to_step(moment: Moment, when: str | None) -> Moment:
    """`moment`, or that of `when` in the same run; in the same entry of the hall of fame."""
    if when is None:
        return moment
    entry = _ENTRY.match((moment.at or "").strip())
    if entry is None or when.strip().startswith("hall:"):
        return moment.to(when)
    return moment.to(f"{entry[1]}:{when.strip()}")


def go(session: Session, moment: Moment, when: str) -> Report:
    """Move the session to `when` in the moment's run; says where that is.

    With another run than the session's own (``--run``) it only says so.
    """
    there = moment.to(when)
    answer = there.run()
    place = frozen(when, answer.at)
    if _is_own(session, moment):
        session.set("at", place)
    return here(moment.to(place), answer)


def here(moment: Moment, answer: RunAnswer | None = None) -> Report:
    """Where `moment` is: how far behind the newest, and how well the environments did."""
    said = moment.run() if answer is None else answer
    newest = said if moment.at is None else moment.to(None).run()
    parts = [behind(said, newest, moment.at), accuracy(moment, said.at.hall is not None)]
    return Report(
        f"at {moment.at or LIVE}",
        headline="; ".join(filter(None, parts)),
        at=said.at,
    )


def behind(said: RunAnswer, newest: RunAnswer, when: str | None) -> str:
    """How long before the newest step this is, in time and in steps."""
    here, last = said.at, newest.at
    if here.hall is not None:
        began = "" if said.first_step is None else f" that began at step {said.first_step:,}"
        return f"in an episode of {here.run_id}{began}"
    if here.step is None or last.step is None:
        return "no step so far"
    span = f"steps {newest.first_step or 0:,} to {last.step:,}"
    span += "" if last.update is None else f", u{last.update} the last update"
    if when is None:
        return f"the newest of {span}"
    if here.step == last.step:
        return f"the last step of {span}"
    back, ago = last.step - here.step, ""
    if here.time is not None and last.time is not None:
        ago = f" ({duration(max(0.0, last.time - here.time))})"
    newest_of = f"{last.step:,}" if last.update is None else f"{last.step:,}, u{last.update}"
    return f"{back:,} step{'' if back == 1 else 's'}{ago} before the newest, {newest_of}"


def accuracy(moment: Moment, is_entry: bool = False) -> str:
    """The mean accuracy over environments, in words; empty where it is not known.

    Of an entry of the hall of fame, the accuracy of its environment.
    """
    try:
        rows = moment.envs().rows
    except (NoDataYet, UsageError):
        return ""
    known = [row.accuracy.value for row in rows if isinstance(row.accuracy, Measured)]
    whose = f"env {rows[0].env}: " if is_entry and rows else ""
    if not known:
        return ""
    mean = math.fsum(known) / len(known)
    return f"{whose or ('mean ' if len(known) > 1 else '')}accuracy {mean:.1f} %"


def _is_own(session: Session, moment: Moment) -> bool:
    try:
        return session.moment().run_id == moment.run_id
    except (NoSuchRun, UsageError):  # of a command line that names its run
        return False
