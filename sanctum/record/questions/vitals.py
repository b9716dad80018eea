"""``vitals.read``: the machine, the throughput and the telemetry; sampled ones for the past."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sanctum.model.answers import Verdict, Vital, VitalsAnswer
from sanctum.model.readings import NOT_MEASURED, reading
from sanctum.record.moments import Scope
from sanctum.record.pulse import Pulse
from sanctum.record.questions.run import RATE_WINDOW_S, lost_count, rate
from sanctum.record.questions.state import STALE_AFTER_S

_decoder = msgspec.msgpack.Decoder(list[Vital])


def vitals_read(of: Scope, pulse: Pulse, machine: Callable[[], list[Vital]] | None) -> VitalsAnswer:
    """Readings now, or the sample nearest before the moment."""
    notes = []
    if of.at.live and machine is not None:
        readings = machine()
    else:
        readings, note = _sampled(of)
        notes.append(note)
    return VitalsAnswer(of.at, [*_throughput(of, pulse), *readings], notes)


def _throughput(of: Scope, pulse: Pulse) -> list[Vital]:
    envs = of.header.envs
    found = [
        Vital("steps now", rate(of, RATE_WINDOW_S), "steps/s", None, f"of {envs} environments"),
        Vital("steps over the run", rate(of, None), "steps/s"),
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
