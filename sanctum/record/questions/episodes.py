"""``episodes.list``: episodes that have ended."""

from __future__ import annotations

from typing import Any

import msgspec

from sanctum.errors import UsageError, did_you_mean
from sanctum.model.answers import Episode as Row
from sanctum.model.answers import EpisodesAnswer
from sanctum.model.readings import reading
from sanctum.record.moments import Scope
from sanctum.telemetry import EpisodeEnded

_decoder = msgspec.msgpack.Decoder(EpisodeEnded)
_SORTED = {
    "step": "step",
    "env": "env",
    "episode": "episode",
    "accuracy": "final_accuracy",
    "final_accuracy": "final_accuracy",
    "best_accuracy": "best_accuracy",
    "return": "episode_return",
    "episode_return": "episode_return",
    "length": "length",
    "outcome": "outcome",
}
"""What may be sorted by, beside the numbers that a trainer sends along."""

FALL = "fall"
"""Points of accuracy lost from the best to the end."""


def episodes_list(
    of: Scope, env: int | None = None, sort: str = "step", limit: int | None = 20
) -> EpisodesAnswer:
    """Episodes that have ended by the moment; by step the newest `limit`, else the first ones.

    `sort` is a name, ``-`` before it for largest first; what lacks it comes last.
    """
    if env is not None:
        of.check_env(env)
    where, values = _as_of(of, env)
    falling, name = sort.startswith("-"), sort.lstrip("-")
    if name == "step":
        ((total,),) = of.reader.rows(f"SELECT count(*) FROM episodes WHERE {where}", *values)
        found = _rows(of, where, values, "ORDER BY step DESC, id DESC", limit)
        shown = found if falling else found[::-1]
        return EpisodesAnswer(of.at, [_told(of, one) for one in shown], len(shown), int(total))
    every = _sorted(_rows(of, where, values, "ORDER BY step, id", None), name, falling)
    shown = every if limit is None else every[:limit]
    return EpisodesAnswer(of.at, [_told(of, one) for one in shown], len(shown), len(every))


_Found = tuple[int, float, EpisodeEnded]
"""Row, time and what was said."""


def _as_of(of: Scope, env: int | None) -> tuple[str, list[Any]]:
    """What leaves out other attempts, other environments and what ended later."""
    where, values = "attempt = ?", [of.attempt.attempt]
    if not of.is_now:
        where += f" AND step <= ? AND {of.reader.said('episodes')} <= ?"
        values += [of.step, of.step]
    if env is not None:
        where, values = where + " AND env = ?", [*values, env]
    return where, values


def _rows(of: Scope, where: str, values: list[Any], order: str, limit: int | None) -> list[_Found]:
    rows = of.reader.rows(
        f"SELECT id, time, data FROM episodes WHERE {where} {order} LIMIT ?",
        *values,
        -1 if limit is None else limit,
    )
    return [(int(id), float(time), _decoder.decode(data)) for id, time, data in rows]


def _sorted(rows: list[_Found], name: str, falling: bool) -> list[_Found]:
    """Rows by what a name says of them; those that lack it last. Raises UsageError."""
    numbers = {one for _, _, said in rows for one in said.numbers}
    if name not in (*_SORTED, FALL) and name not in numbers:
        known = [*_SORTED, FALL, *sorted(numbers)]
        raise UsageError(
            f"episodes cannot be sorted by '{name}'",
            did_you_mean(name, known) or f"by {', '.join(known)}",
        )

    def key(row: _Found) -> Any:
        said = row[2]
        if name == FALL:
            best, final = said.best_accuracy, said.final_accuracy
            return None if best is None or final is None else best - final
        return getattr(said, _SORTED[name]) if name in _SORTED else said.numbers.get(name)

    keyed = [(key(row), row) for row in rows]
    there = [(one, row) for one, row in keyed if one is not None and one == one]
    missing = [row for one, row in keyed if one is None or one != one]
    there.sort(key=lambda pair: pair[0], reverse=falling)
    return [row for _, row in there] + missing


def _told(of: Scope, found: _Found) -> Row:
    """One episode as an answer."""
    id, time, said = found
    return Row(
        said.env,
        said.episode,
        said.step,
        _first_step(of, id, said),
        time,
        reading(said.final_accuracy),
        reading(said.best_accuracy),
        reading(said.episode_return),
        said.length,
        said.outcome,
        said.terminated,
        said.truncated,
        {name: reading(value) for name, value in said.numbers.items()},
        of.attempt.attempt,
    )


def _first_step(of: Scope, id: int, said: EpisodeEnded) -> int | None:
    """The step after the end of the episode before it in that environment, or the first of all."""
    attempt = of.attempt.attempt
    before = of.reader.rows(
        "SELECT step FROM episodes WHERE attempt = ? AND env = ? AND step <= ? AND id < ?"
        " ORDER BY step DESC LIMIT 1",
        attempt,
        said.env,
        said.step,
        id,
    )
    if before and not _is_of_others(of, said, int(before[0][0])):
        return min(of.reader.steps_on(attempt, int(before[0][0]), 1) or said.step, said.step)
    if before:
        return None
    span = of.reader.span(attempt)
    return None if span is None or span[0] > said.step else span[0]


def _is_of_others(of: Scope, said: EpisodeEnded, before: int) -> bool:
    """Whether a script logs several environments as one, so that episodes overlap in its steps."""
    if said.length is None or said.length == said.step - before:
        return False
    source = of.reader.source(of.attempt.attempt)
    return source is not None and source.kind == "tensorboard"
