"""``runs``, ``updates``, ``events`` and ``episodes``: what the record keeps as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa

from sanctum.export.keys import RUN, TIME, WORD, micros, spelled
from sanctum.export.source import Source
from sanctum.record.retention import dropped
from sanctum.telemetry import SEVERITIES, EpisodeEnded

_TEXTS = pa.list_(pa.string())
_update = msgspec.msgpack.Decoder(tuple[dict[str, float | None], list[str]])
_episode = msgspec.msgpack.Decoder(EpisodeEnded)
_STEP = (pa.field("step", pa.int64()), pa.field("time", TIME))


class Rows:
    """A table that is made of dictionaries, one a row."""

    name: str
    schema: Any

    def __init__(self, source: Source) -> None:
        self.left_out: set[str] = set()
        self._source = source

    def batches(self) -> Iterator[Any]:
        """A table a page."""
        for page in self._pages():
            rows = [{"run": self._source.run, **row} for row in page]
            yield pa.Table.from_pylist(rows, schema=self.schema)

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        raise NotImplementedError


class Runs(Rows):
    """One row an attempt: what the trainer said of itself, and how it ended (null: it has not).

    `config`, `actions`, `rewards` and `dropped` (what gave way to newer data) are JSON.
    """

    name = "runs"
    schema = pa.schema(
        [
            *RUN,
            *(pa.field(name, pa.string()) for name in ("task", "how", "exception", "traceback")),
            *(pa.field(name, TIME) for name in ("started", "heard", "ended")),
            *(
                pa.field(name, pa.int64())
                for name in (
                    "envs",
                    "first_step",
                    "last_step",
                    "rollout_steps",
                    "planned_steps",
                    "planned_updates",
                    "planned_episodes",
                    "pid",
                )
            ),
            *(pa.field(name, pa.string()) for name in ("config", "actions", "rewards", "dropped")),
            *(pa.field(name, _TEXTS) for name in ("slots", "blueprints", "stages", "features")),
            *(pa.field(name, pa.string()) for name in ("host", "directory", "python", "policy")),
            pa.field("argv", _TEXTS),
        ]
    )

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        yield [self._row(number) for number in self._source.attempts]

    def _row(self, number: int) -> dict[str, Any]:
        one = self._source.attempts[number]
        header = msgspec.structs.asdict(one.header)
        span = self._source.reader.span(number) or (None, None)
        own = {
            "attempt": number,
            "how": one.how,
            "exception": one.exception,
            "traceback": one.traceback,
            "started": micros(one.started),
            "heard": micros(one.last_time),
            "ended": micros(one.ended),
            "first_step": span[0],
            "last_step": span[1],
            "dropped": _json(dropped(self._source.reader, number)),
            **{name: _json(header[name]) for name in ("config", "actions", "rewards")},
        }
        return {**{name: header[name] for name in self.schema.names if name in header}, **own}


class Updates(Rows):
    """One row a policy update, one column a scalar; `masked` lists those that had no meaning."""

    name = "updates"

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        names: set[str] = set()
        for page in source.pages("updates", "data"):
            for (data,) in page:
                names |= _update.decode(data)[0].keys()
        whole = ("update", "first_step", "last_step")
        keys = [*RUN, pa.field(whole[0], pa.int64()), *_STEP]
        keys += [pa.field(one, pa.int64()) for one in whole[1:]]
        keys += [pa.field("masked", _TEXTS)]
        self._called = spelled(sorted(names), [field.name for field in keys])
        scalars = [pa.field(one, pa.float64()) for one in self._called.values()]
        self.schema = pa.schema([*keys, *scalars])

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        columns = "attempt, number, step, time, first_step, last_step, data"
        for page in self._source.pages("updates", columns):
            yield [self._row(*row) for row in page]

    def _row(
        self,
        attempt: int,
        number: int,
        step: int | None,
        time: float,
        first_step: int | None,
        last_step: int | None,
        data: bytes,
    ) -> dict[str, Any]:
        scalars, masked = _update.decode(data)
        return {
            "attempt": attempt,
            "update": number,
            "step": step,
            "time": micros(time),
            "first_step": first_step,
            "last_step": last_step,
            "masked": masked,
            **{self._called[name]: value for name, value in scalars.items()},
        }


class Events(Rows):
    """The timeline, one row an event; `data` is JSON."""

    name = "events"
    schema = pa.schema(
        [
            *RUN,
            *_STEP,
            pa.field("severity", WORD),
            pa.field("type", WORD),
            pa.field("env", pa.int32()),
            pa.field("slot", pa.string()),
            pa.field("text", pa.string()),
            pa.field("data", pa.string()),
        ]
    )

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        columns = "attempt, step, time, severity, type, env, slot, text, data"
        for page in self._source.pages("events", columns):
            yield [
                {
                    "attempt": attempt,
                    "step": step,
                    "time": micros(time),
                    "severity": SEVERITIES[severity],
                    "type": type,
                    "env": env,
                    "slot": slot,
                    "text": text,
                    "data": _json(msgspec.msgpack.decode(data)) if data else None,
                }
                for attempt, step, time, severity, type, env, slot, text, data in page
            ]


class Episodes(Rows):
    """One row an episode that ended, with every number that the trainer said of it."""

    name = "episodes"

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        names: set[str] = set()
        for page in source.pages("episodes", "data"):
            for (data,) in page:
                names |= _episode.decode(data).numbers.keys()
        keys = [
            *RUN,
            *_STEP,
            pa.field("env", pa.int32()),
            pa.field("episode", pa.int64()),
            pa.field("length", pa.int64()),
            *(
                pa.field(one, pa.float64())
                for one in ("final_accuracy", "best_accuracy", "episode_return")
            ),
            pa.field("outcome", WORD),
            pa.field("terminated", pa.bool_()),
            pa.field("truncated", pa.bool_()),
        ]
        self._called = spelled(sorted(names), [field.name for field in keys])
        numbers = [pa.field(one, pa.float64()) for one in self._called.values()]
        self.schema = pa.schema([*keys, *numbers])

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        for page in self._source.pages("episodes", "attempt, time, data"):
            yield [self._row(*row) for row in page]

    def _row(self, attempt: int, time: float, data: bytes) -> dict[str, Any]:
        said = msgspec.structs.asdict(_episode.decode(data))
        numbers = {self._called[name]: value for name, value in said.pop("numbers").items()}
        return {**said, **numbers, "attempt": attempt, "time": micros(time)}


def _json(data: Any) -> str:
    return msgspec.json.encode(data).decode()
