"""``SanctumHandler``: what a script logs becomes events of its run, as much of it as is wise.

logging.getLogger().addHandler(SanctumHandler(run, level=logging.INFO))
"""

from __future__ import annotations

import logging
import threading
import traceback
from time import monotonic
from typing import Any

from sanctum.probe.run import Run

PER_SECOND, BURST = 10.0, 100
TEXT_CHARS, TRACEBACK_CHARS = 2_000, 20_000
MAX_LOGGERS = 1_000
_SEVERITIES = (
    (logging.CRITICAL, "critical"),
    (logging.ERROR, "error"),
    (logging.WARNING, "warn"),
    (logging.INFO, "info"),
)


class SanctumHandler(logging.Handler):
    """A handler whose records are events: the logger's name their type, the level their severity.

    An exception's text and traceback are in the event's data; `env`, `slot` and `step` are taken
    from `extra`. A logger may say `per_second` records for long and `burst` at once, warnings and
    worse counted apart from lesser ones; how many were left out is said when there is room again,
    and at the end. Never raises. Records of Sanctum's own loggers are passed over.
    """

    def __init__(
        self,
        run: Run,
        level: int | str = logging.NOTSET,
        *,
        per_second: float = PER_SECOND,
        burst: int = BURST,
    ) -> None:
        super().__init__(level)
        self._run = run
        self._per_second = per_second
        self._burst = max(1, burst)
        self._buckets: dict[tuple[str, bool], _Bucket] = {}
        self._inside = threading.local()
        self.left_out = 0
        self.failed = 0
        run.before_end(self._say_left_out)

    def emit(self, record: logging.LogRecord) -> None:
        """Make an event of a record, or count it."""
        name = record.name
        if name == "sanctum" or name.startswith("sanctum."):
            return
        if getattr(self._inside, "emitting", False):
            return
        self._inside.emitting = True
        try:
            self._emit(record, name)
        except Exception:  # a handler that raises would end the script that logs
            self.failed += 1
        finally:
            self._inside.emitting = False

    def close(self) -> None:
        """Say what was left out; the run goes on."""
        self._say_left_out()
        super().close()

    def _emit(self, record: logging.LogRecord, name: str) -> None:
        bucket = self._bucket(name, record.levelno >= logging.WARNING)
        if not bucket.takes(monotonic()):
            self.left_out += 1
            return
        self._say_left_out_of(name, bucket)
        text, data = _text(record), _data(record)
        self._run.message(
            text,
            severity=_severity(record.levelno),
            type=name,
            env=_number(record, "env"),
            slot=_slot(record),
            step=_number(record, "step"),
            data=data,
        )

    def _bucket(self, name: str, is_severe: bool) -> _Bucket:
        """The bucket of a logger; those beyond the first thousand share one."""
        key = (name, is_severe)
        if key not in self._buckets and len(self._buckets) >= MAX_LOGGERS:
            key = ("other loggers", is_severe)
        if key not in self._buckets:
            self._buckets[key] = _Bucket(self._per_second, self._burst)
        return self._buckets[key]

    def _say_left_out(self) -> None:
        for (name, _), bucket in list(self._buckets.items()):
            self._say_left_out_of(name, bucket)

    def _say_left_out_of(self, name: str, bucket: _Bucket) -> None:
        count, bucket.left_out = bucket.left_out, 0
        if count:
            what = "1 record was" if count == 1 else f"{count:,} records were"
            limit = f"more than {self._per_second:g} a second"
            text = f"{what} left out: {name} logs {limit}"
            self._run.message(text, severity="warn", type=name, data={"left_out": count})


class _Bucket:
    """Tokens of one logger: each record takes one, and time brings them back."""

    __slots__ = ("_burst", "_per_second", "_since", "_tokens", "left_out")

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = self._tokens = float(burst)
        self._since = monotonic()
        self.left_out = 0

    def takes(self, now: float) -> bool:
        """Whether there is room for another record; one without is counted."""
        gained = (now - self._since) * self._per_second
        self._tokens = min(self._burst, self._tokens + gained)
        self._since = now
        if self._tokens < 1:
            self.left_out += 1
            return False
        self._tokens -= 1
        return True


def _severity(level: int) -> str:
    return next((word for least, word in _SEVERITIES if level >= least), "debug")


def _text(record: logging.LogRecord) -> str:
    """The record's message; of one whose arguments do not fit, the message as it was written."""
    try:
        text = record.getMessage()
    except Exception:
        text = f"{record.msg} {record.args}"
    return (
        text if len(text) <= TEXT_CHARS else f"{text[:TEXT_CHARS]} ... ({len(text):,} characters)"
    )


def _data(record: logging.LogRecord) -> dict[str, Any]:
    data: dict[str, Any] = {"where": f"{record.pathname}:{record.lineno}"}
    if record.threadName not in (None, "MainThread"):
        data["thread"] = record.threadName
    kind, error = (record.exc_info or (None, None, None))[:2]
    if kind is not None and error is not None:
        data["exception"] = traceback.format_exception_only(kind, error)[-1].strip()
        assert record.exc_info is not None
        data["traceback"] = "".join(traceback.format_exception(*record.exc_info))[-TRACEBACK_CHARS:]
    elif record.exc_text:
        data["traceback"] = record.exc_text[-TRACEBACK_CHARS:]
    if record.stack_info:
        data["stack"] = record.stack_info[-TRACEBACK_CHARS:]
    return data


def _number(record: logging.LogRecord, name: str) -> int | None:
    """A number from `extra`; what is none is passed over."""
    value: Any = getattr(record, name, None)
    return int(value) if hasattr(value, "__index__") and int(value) >= 0 else None


def _slot(record: logging.LogRecord) -> str | None:
    value = getattr(record, "slot", None)
    return None if value is None else str(value)
