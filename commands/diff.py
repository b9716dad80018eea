"""``diff``: two moments, environments, runs or entries of the hall side by side."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import NamedTuple

import click

from sanctum.command import Moment, NoDataYet, Report, Session, UsageError, inspect_command
from sanctum.command.difference import Item, Items, differences, items, merged, table
from sanctum.command.readings import counted, mean
from sanctum.command.types import is_moment
from sanctum.model.answers import EnvRow, SeedRow
from sanctum.model.readings import NOT_MEASURED, Measured, Reading, reading

SHOWN = 13
READINGS = {
    "accuracy": "percent",
    "best_accuracy": "percent",
    "loss": "nats",
    "reward": "reward",
    "value": "reward",
    "entropy": "0-1",
    "active_seeds": "",
    "episode": "",
    "env_step": "",
}
SEED = ("alpha", "contribution", "improvement", "parameters", "gradient_health", "age_steps")
MEDIAN = "median"


class Side(NamedTuple):
    """One of the two: a moment or a run, and one environment of it (or the median of all)."""

    label: str
    at: str | None = None
    run: str | None = None
    env: int | str | None = None

    @property
    def is_entry(self) -> bool:
        """Whether it is an entry of the hall of fame."""
        return self.at is not None and self.at.startswith("hall:")


@inspect_command(
    "diff",
    group="time",
    of="both",
    examples=("diff -20 live", "diff -20 live rewards", "diff env 3 env 1", "diff env 3 median"),
)
@click.option("--all", "whole", is_flag=True, help=f"all that differs, not the first {SHOWN}")
@click.argument(
    "words", metavar="A B [COMMAND]...", nargs=-1, required=True, type=click.UNPROCESSED
)
def command(session: Session, moment: Moment, words: tuple[str, ...], whole: bool) -> Report:
    """Show what differs between A and B, largest relative change first.

    A and B are two moments (`diff 1200 live`, `diff u10 u41`), two environments (`diff env 7
    env 3`, `diff env 7 median`: of all environments), two runs (`diff demo-3 demo-4`) or entries
    of the hall of fame (`diff hall:1 hall:2`, `diff hall:1 env 7`). COMMAND says whose answers are
    compared (`diff 1200 live envs`); without it: the policy, the mean environment, the rewards.
    """
    first, rest = _side(session, words)
    second, rest = _side(session, rest)
    first, second = _matched(first, second, bool(rest))
    sides = (first, second)
    found, same = differences(*(_items(session, moment, one, list(rest)) for one in sides))
    shown = found if whole else found[:SHOWN]
    return Report(
        f"diff {first.label} {second.label}",
        table(shown, first.label, second.label, len(found)),
        headline=_headline(len(found), len(found) + same, f" in {' '.join(rest)}" if rest else ""),
        notes=_notes(session, moment, same, sides),
        next=f"diff {' '.join(words)} --all" if len(shown) < len(found) else "",
    )


command.context_settings["ignore_unknown_options"] = True  # COMMAND has options of its own


def _headline(different: int, total: int, where: str) -> str:
    if not total:
        return f"nothing can be compared{where}"
    if not different:
        return ""
    return (
        f"{different:,} of {counted(total, 'value')}{where} differ{'s' if different == 1 else ''}"
    )


def _side(session: Session, words: tuple[str, ...]) -> tuple[Side, tuple[str, ...]]:
    """The side that `words` begin with, and the words after it."""
    if not words:
        raise UsageError("two things to compare are expected", "as in diff 1200 live")
    one, rest = words[0], words[1:]
    if one == "env":
        if not rest or not rest[0].isdecimal():
            raise UsageError("env needs the number of an environment", "as in diff env 7 env 3")
        return Side(f"env {rest[0]}", env=int(rest[0])), rest[1:]
    if one == MEDIAN:
        return Side(MEDIAN, env=MEDIAN), rest
    if one == "find":
        found = session.remembered()
        if found is None:
            raise UsageError(
                "nothing was found so far in this session", "as in find 'entropy < 0.5'"
            )
        return Side(found, at=found), rest
    if is_moment(one):
        return Side(one, at=one), rest
    return Side(one, run=one), rest


def _matched(first: Side, second: Side, has_command: bool) -> tuple[Side, Side]:
    """Both sides of one kind: an entry of the hall stands for its environment beside another."""
    sides = [first, second]
    are_envs = [one.env is not None for one in sides]
    if not any(are_envs) and not has_command and all(one.is_entry for one in sides):
        return first._replace(env="entry"), second._replace(env="entry")
    if any(are_envs) and not all(are_envs):
        other = sides[are_envs.index(False)]
        if not other.is_entry:
            raise UsageError(
                f"an environment cannot be compared with {other.label}",
                "with another environment, median or hall:1; or as in diff 1200 live env 7",
            )
        return (
            first if first.env is not None else first._replace(env="entry"),
            second if second.env is not None else second._replace(env="entry"),
        )
    return first, second


def _items(session: Session, moment: Moment, side: Side, words: list[str]) -> Items:
    if side.env is None:
        if words:
            return items(session.answer(words, run=side.run, at=side.at))
        there = _there(session, moment, side)
        return merged(_policy(there), _mean_env(there), _rewards(there))
    there = _there(session, moment, side)
    env = there.envs().rows[0].env if side.env == "entry" else side.env
    if words:
        if env == MEDIAN:
            raise UsageError(f"the median has no {words[0]}", "as in diff env 7 median")
        return items(session.answer([*words, str(env)], at=side.at))
    if env == MEDIAN:
        return merged(_median(there))
    return merged(_row(there.env(int(env)).row), _seeds(there.seeds(env=int(env)).rows))


def _policy(moment: Moment) -> Iterator[tuple[str, Item]]:
    for one in moment.policy().readings:
        yield one.name, Item(one.value, one.unit)


def _mean_env(moment: Moment) -> Iterator[tuple[str, Item]]:
    try:
        rows = moment.envs().rows
    except NoDataYet:
        return
    for name, unit in READINGS.items():
        if name not in ("episode", "env_step"):
            yield f"mean {name}", Item(mean(getattr(row, name) for row in rows), unit)


def _rewards(moment: Moment) -> Iterator[tuple[str, Item]]:
    try:
        answer = moment.rewards()
    except NoDataYet:
        return
    for one in answer.components:
        yield f"reward/{one.name}", Item(one.mean, "reward")


def _row(row: EnvRow) -> Iterator[tuple[str, Item]]:
    yield "health", Item(row.health.word)
    for name, unit in READINGS.items():
        yield name, Item(getattr(row, name), unit)
    for name, one in row.columns.items():
        if not name.startswith("action/"):  # codes; the words follow
            yield name, Item(one, "reward" if name.startswith("reward/") else "")
    yield "action", Item(row.action)
    yield "target", Item(row.target)


def _seeds(rows: list[SeedRow]) -> Iterator[tuple[str, Item]]:
    for row in rows:
        yield f"{row.slot} stage", Item(row.stage)
        yield f"{row.slot} blueprint", Item(row.blueprint)
        for name in SEED:
            unit = "points" if name in ("contribution", "improvement") else ""
            yield f"{row.slot} {name}", Item(getattr(row, name), unit)


def _median(moment: Moment) -> Iterator[tuple[str, Item]]:
    """The median over all environments, reading by reading; of those that were measured."""
    rows = [dict(_row(one)) for one in moment.envs().rows]
    for name in dict.fromkeys(name for row in rows for name in row):
        cells = [row[name] for row in rows if name in row]
        if any(isinstance(one.value, str) for one in cells):
            continue
        yield name, Item(_middle([one.value for one in cells]), cells[0].unit)


def _middle(values: list[object]) -> Reading:
    known = [one.value for one in values if isinstance(one, Measured)]
    return reading(statistics.median(known)) if known else NOT_MEASURED


def _notes(session: Session, moment: Moment, same: int, sides: tuple[Side, Side]) -> list[str]:
    notes = [f"{counted(same, 'value')} {'is' if same == 1 else 'are'} the same"] if same else []
    if any(one.at or one.run for one in sides):
        notes.append("; ".join(_place(_there(session, moment, one), one) for one in sides))
    if any(one.env == MEDIAN for one in sides):
        notes.append("median: over all environments, reading by reading, of what was measured")
    return notes


def _place(there: Moment, side: Side) -> str:
    """Where one side is, in words."""
    at = there.run().at
    where = [] if at.run_id is None else [f"{at.run_id},"]
    where += ["before its first step"] if at.step is None else [f"step {at.step:,}"]
    where += [] if at.update is None else [f"u{at.update}"]
    return f"{side.label}: {' '.join(where)}"


def _there(session: Session, moment: Moment, side: Side) -> Moment:
    if side.run is not None:
        return session.moment(side.run)
    return moment if side.at is None else moment.to(side.at)
