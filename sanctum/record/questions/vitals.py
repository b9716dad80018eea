"""``vitals.read``: machine, throughput, telemetry, the trainer's own; sampled ones for the past."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sanctum.model.answers import Verdict, Vital, VitalsAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.record.moments import Scope
from sanctum.record.pulse import Pulse
from sanctum.record.questions.run import RATE_WINDOW_S, lost_count, rate
from sanctum.record.questions.state import STALE_AFTER_S
from sanctum.record.questions.units import unit
from sanctum.telemetry.metrics import metric

PREFIX = "vital/"
GROUPS = ("phase", "observation", "cuda", "memory")
"""What the trainer's own readings are grouped by: the beginning of their names."""

_decoder = msgspec.msgpack.Decoder(list[Vital])


def vitals_read(of: Scope, pulse: Pulse, machine: Callable[[], list[Vital]] | None) -> VitalsAnswer:
    """Readings now, or the sample nearest before the moment."""
    notes = []
    if of.at.live and machine is not None:
        readings = machine()
    else:
        readings, note = _sampled(of)
        notes.append(note)
    readings = [*_throughput(of, pulse), *readings, *_trainer(of)]
    return VitalsAnswer(of.at, readings, notes)


def _throughput(of: Scope, pulse: Pulse) -> list[Vital]:
    envs = of.header.envs
    over = rate(of, None)
    found = [
        Vital("steps now", rate(of, RATE_WINDOW_S), "steps/s", None, f"of {envs} environments"),
        Vital("steps over the run", over, "steps/s"),
        Vital("env steps over the run", _times(over, envs), "env steps/s", None, "of all together"),
        Vital("updates over the run", _updates_per_minute(of), "updates/min"),
    ]
    lost = lost_count(of, pulse)
    if of.at.live:
        silent = max(0.0, pulse.now() - pulse.heard())
        verdict: Verdict = "warn" if silent > STALE_AFTER_S else "ok"
        found.append(Vital("since last telemetry", reading(silent), "s", verdict))
        queued = pulse.queued_bytes() / 2**20
        found.append(Vital("telemetry queued", reading(queued), "MiB", None, "in the trainer"))
    found.append(
        Vital("telemetry lost", reading(float(lost)), "readings", "warn" if lost else "ok")
    )
    return found


def _times(one: Reading, factor: float) -> Reading:
    value = number(one)
    return one if value is None else reading(value * factor)


def _updates_per_minute(of: Scope) -> Reading:
    """Updates over the time from the attempt's start to the newest of them."""
    ((count, last),) = of.reader.rows(
        "SELECT count(*), max(time) FROM updates WHERE attempt = ? AND id <= ?",
        of.attempt.attempt,
        of.update_id,
    )
    spent = last - of.attempt.started if count else 0.0
    return reading(60 * count / spent) if spent > 0 else NOT_MEASURED


def _trainer(of: Scope) -> list[Vital]:
    """What the trainer said of itself: columns ``vital/NAME``, the same in every environment."""
    return [_own(of, name) for name in of.columns.said(PREFIX)]


def _own(of: Scope, column: str) -> Vital:
    about, name = metric(column), column.removeprefix(PREFIX)
    newest = max(of.envs, key=lambda env: of.columns.step_of(column, env) or -1)
    one = of.columns.reading(column, newest)
    value = number(one)
    verdict: Verdict | None = None if value is None else about.verdict(value)  # type: ignore[assignment]
    group = next((group for group in GROUPS if name.startswith(f"{group}_")), "trainer")
    note = about.thresholds(value) or about.meaning
    return Vital(name.removeprefix(f"{group}_"), one, unit(of, column), verdict, note, group)


def _sampled(of: Scope) -> tuple[list[Vital], str]:
    when = of.at.time if not of.is_now or of.attempt.ended is None else of.attempt.ended
    rows = of.reader.rows(
        "SELECT time, data FROM vitals WHERE attempt = ? AND time <= ? ORDER BY time DESC LIMIT 1",
        of.attempt.attempt,
        when if when is not None else of.now,
    )
    if not rows:
        return [Vital("machine", NOT_MEASURED, "")], "no sample of the machine was taken by then"
    age = (when or of.now) - float(rows[0][0])
    return _decoder.decode(rows[0][1]), f"machine: the sample taken {age:.1f} s before"
