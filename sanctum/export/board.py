"""A record as event files of TensorBoard: updates, means over environments, episodes, warnings."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from sanctum.errors import NoDataYet, UsageError
from sanctum.export.boardfile import BoardFile, check_ours, scalar, settings, text
from sanctum.export.places import fit_name, made_folder, unwritable
from sanctum.export.source import Source, damage_of
from sanctum.record.blocks import Block, Cells
from sanctum.record.cells import VALUE
from sanctum.record.reader import AttemptRow
from sanctum.telemetry import SEVERITIES, EpisodeEnded
from sanctum.telemetry.metrics.names import STABLE_BASELINES3

LEAST = SEVERITIES.index("warn")
LOOK_VALUES = 50_000
_TAGS = {
    **{name: tag for tag, name in STABLE_BASELINES3.items()},
    "policy_loss": "train/policy_gradient_loss",
    "entropy": "train/entropy_normalised",
}
"""What the catalogue's names are called, so that runs of others stand in the same charts."""

_EPISODE = {
    "episode_return": "charts/episodic_return",
    "length": "charts/episodic_length",
    "final_accuracy": "charts/final_accuracy",
    "best_accuracy": "charts/best_accuracy",
}
_update = msgspec.msgpack.Decoder(tuple[dict[str, float | None], list[str]])
_episode = msgspec.msgpack.Decoder(EpisodeEnded)


class Span(NamedTuple):
    """The steps that are wanted, both included; None: to that end of the run."""

    first: int | None = None
    last: int | None = None

    def holds(self, step: int) -> bool:
        """Whether a step is wanted."""
        return (self.first is None or step >= self.first) and (
            self.last is None or step <= self.last
        )

    @classmethod
    def of(cls, said: str) -> Span:
        """``FIRST:LAST``, where either may be missing. Raises UsageError."""
        first, colon, last = said.partition(":")
        if not colon or not all(one == "" or one.isdecimal() for one in (first, last)):
            raise UsageError(f"'{said}' is no span of steps", "as in --steps 1000:2000, or 1000:")
        found = cls(int(first) if first else None, int(last) if last else None)
        if found.first is not None and found.last is not None and found.first > found.last:
            raise UsageError(f"the span {said} ends before it begins")
        return found


class Said(NamedTuple):
    """Values of one step, from one part of the record."""

    step: int
    time: float
    values: list[Any]


class WrittenBoard(NamedTuple):
    """One event file: of which attempt, how many values, between which steps."""

    attempt: int
    values: int
    first_step: int | None
    last_step: int | None
    used_bytes: int
    path: Path


class BoardExport(NamedTuple):
    """What was written of a run."""

    run: str
    written: list[WrittenBoard]


def export_board(
    record: Path,
    folder: Path,
    run: str | None = None,
    *,
    span: Span | None = None,
    per_env: bool = False,
    progress: Callable[[str, int], None] = lambda what, values: None,
) -> BoardExport:
    """Write the record to ``folder/RUN``, an attempt a file; the run's earlier files go.

    With `per_env` every environment's own numbers beside their means. `progress` is told now and
    then how many values were written. Raises RecordError, UsageError, NoDataYet, SanctumError; what
    is there stays as it was then.
    """
    span = span or Span()
    with ExitStack() as stack:
        source = Source(record, run)
        stack.callback(source.close)
        place = folder / fit_name(source.run)
        before = check_ours(place, source.run, source.identity) if place.exists() else []
        done = []
        for attempt in source.attempts.values():
            below = fit_name(source.run)
            if len(source.attempts) > 1:
                below += f"/attempt-{attempt.attempt}"
            path = made_folder(folder, below, stack) / _file_name(attempt)
            try:
                file = BoardFile(path, source.identity, attempt.started)
                stack.callback(file.drop)
                span_of = _fill(file, source, attempt, span, per_env, progress)
                file.finish()
            except OSError as error:
                raise unwritable(path, error) from error
            done.append((attempt.attempt, file, span_of))
        if not any(file.values for _, file, _ in done):
            raise NoDataYet(f"{source.run} says nothing of these steps")
        written = [
            WrittenBoard(attempt, file.values, *span_of, file.publish(), file.path)
            for attempt, file, span_of in done
        ]
        for old in before:
            if old not in [one.path for one in written]:
                old.unlink(missing_ok=True)
    return BoardExport(source.run, written)


def _file_name(attempt: AttemptRow) -> str:
    return f"events.out.tfevents.{int(attempt.started)}.{attempt.attempt}.sanctum"


def _fill(
    file: BoardFile,
    source: Source,
    attempt: AttemptRow,
    span: Span,
    per_env: bool,
    progress: Callable[[str, int], None],
) -> tuple[int | None, int | None]:
    """Write one attempt, step by step; gives its first and last step."""
    header = attempt.header
    facts = {"task": header.task, "environments": header.envs, "trainer": header.trainer}
    file.add(0, attempt.started, settings(header.config, attempt.started))
    file.add(0, attempt.started, [text("sanctum/run", _table({"run": source.run, **facts}))])
    own = file.values
    first: int | None = None
    last: int | None = None
    looked = 0
    for said in _read(source, attempt, span, per_env):
        file.add(said.step, said.time, said.values)
        first = said.step if first is None else first
        last = said.step
        if file.values - looked > LOOK_VALUES:
            looked = file.values
            progress("values", file.values)
    file.values -= own
    return first, last


def _read(source: Source, attempt: AttemptRow, span: Span, per_env: bool) -> Iterator[Said]:
    """What an attempt says, by step; whatever fails while it is read is the record's."""
    number = attempt.attempt
    with damage_of(source.path):
        parts = heapq.merge(
            _rows(source, attempt, span, per_env),
            _updates(source, number),
            _episodes(source, number),
            _events(source, number),
            key=lambda one: one.step,
        )
    while True:
        with damage_of(source.path):
            said = next(parts, None)
        if said is None:
            return
        if span.holds(said.step):
            yield said


def _rows(source: Source, attempt: AttemptRow, span: Span, per_env: bool) -> Iterator[Said]:
    names, _ = source.own()
    for block in source.blocks():
        if block.attempt != attempt.attempt or not _overlaps(block, span):
            continue
        gone = source.gone(block)
        curves: list[tuple[str, Any]] = []
        for name in names:
            cells = None if name in gone else block.cells(name)
            if cells is not None and cells[0].shape[2] == 1:
                curves += _curves(name, cells, attempt, per_env)
        for row, (step, time) in enumerate(zip(block.steps, block.times, strict=True)):
            values = [scalar(tag, curve[row]) for tag, curve in curves if curve.there[row]]
            yield Said(int(step), float(time), values)


class _Curve:
    """Numbers by row, and which rows have one."""

    __slots__ = ("numbers", "there")

    def __init__(self, numbers: Any, there: Any) -> None:
        self.numbers = numbers
        self.there = there

    def __getitem__(self, row: int) -> float:
        return float(self.numbers[row])


@np.errstate(all="ignore")
def _curves(
    name: str, cells: Cells, attempt: AttemptRow, per_env: bool
) -> list[tuple[str, _Curve]]:
    """A column as means over environments; an action as the share of each of its names."""
    found = []
    values, there = cells[0][:, :, 0].astype(np.float64), cells[1] == VALUE
    count = there.sum(axis=1)
    head = name.removeprefix("action/")
    words = attempt.header.actions.get(head, []) if head != name else []
    if words:
        for index, word in enumerate(words):
            chosen = (there & (values == index)).sum(axis=1) / count
            found.append((f"actions/{head}/{word}", _Curve(chosen, count > 0)))
    else:
        mean = np.where(there, values, 0.0).sum(axis=1) / count
        tag = _tag(name, "envs")
        if tag.startswith("train/") and tag != name:
            tag = f"envs/{name}"  # that of an update is another reading
        found.append((tag, _Curve(mean, count > 0)))
    if per_env:
        for env in range(values.shape[1]):
            found.append((f"env_{env}/{name}", _Curve(values[:, env], there[:, env])))
    return found


def _overlaps(block: Block, span: Span) -> bool:
    first, last = int(block.steps[0]), int(block.steps[-1])
    return (span.last is None or first <= span.last) and (span.first is None or last >= span.first)


def _updates(source: Source, attempt: int) -> Iterator[Said]:
    for page in source.pages("updates", "attempt, number, step, time, data"):
        for of, number, step, time, data in page:
            if of == attempt:
                scalars, _ = _update.decode(data)
                found = sorted((name, one) for name, one in scalars.items() if one is not None)
                values = [scalar(_tag(name, "train"), one) for name, one in found]
                yield Said(number if step is None else step, time, values)


def _tag(name: str, group: str) -> str:
    """The tag of a reading; one that is in no group is put into `group`."""
    known = _TAGS.get(name)
    return known or (name if "/" in name else f"{group}/{name}")


def _episodes(source: Source, attempt: int) -> Iterator[Said]:
    for page in source.pages("episodes", "attempt, step, time, data"):
        for of, step, time, data in page:
            if of == attempt:
                said = msgspec.structs.asdict(_episode.decode(data))
                tags = {_EPISODE[name]: said[name] for name in _EPISODE}
                tags |= {f"charts/{name}": value for name, value in said["numbers"].items()}
                values = [scalar(tag, one) for tag, one in tags.items() if one is not None]
                yield Said(step, time, values)


def _events(source: Source, attempt: int) -> Iterator[Said]:
    """Warnings and worse, as texts."""
    for page in source.pages("events", "attempt, step, time, severity, type, env, text"):
        for of, step, time, severity, type, env, said in page:
            if of == attempt and severity >= LEAST:
                where = "" if env is None else f" env {env}:"
                line = f"**{SEVERITIES[severity]}**{where} {said}"
                yield Said(step or 0, time, [text(f"events/{type}", line)])


def _table(facts: dict[str, Any]) -> str:
    lines = [
        f"|{name}|{one if isinstance(one, str) else json.dumps(one)}|"
        for name, one in facts.items()
    ]
    return "\n".join(["|what|value|", "|-|-|", *lines])
