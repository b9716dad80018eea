"""What the hall says of an entry: read from the entry itself, at its peak and at its end."""

from __future__ import annotations

from sanctum.model.answers import HallEntry, SeedRow
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.record.hall.candidate import ACCURACY, Candidate
from sanctum.record.moments import Scope, scope
from sanctum.record.questions.seeds import rows as seed_rows
from sanctum.record.questions.seeds import slots_of
from sanctum.record.reader import Reader
from sanctum.record.stages import is_alive


def described(entry: Reader, of: Candidate, now: float) -> HallEntry:
    """The entry of the hall for an episode and its record; it has no rank and no id yet."""
    env = of.said.env
    peak = scope(entry, str(of.best_step), live=False, now=now)
    end = scope(entry, str(of.said.step), live=False, now=now)
    final = end.columns.reading(ACCURACY, env, not_before=of.first_step)
    if final == NOT_MEASURED and of.said.final_accuracy is not None:
        final = reading(of.said.final_accuracy)
    last = number(final)
    back = of.said.episode_return
    alive = [one for one in seed_rows(peak, env) if is_alive(one.stage)]
    return HallEntry(
        0,
        0,
        end.header.run_id,
        env,
        of.said.episode,
        of.first_step,
        of.best_step,
        of.said.step,
        reading(of.accuracy),
        final,
        NOT_MEASURED if last is None else reading(of.accuracy - last),
        NOT_MEASURED if back is None else reading(back),
        _growth(peak, alive),
        [" ".join(filter(None, (one.slot, one.blueprint, one.stage))) for one in alive],
        of.attempt,
        end.at.time,
    )


def _growth(peak: Scope, alive: list[SeedRow]) -> Reading:
    """Parameters of the seeds; absent where slots were never spoken of, or one did not say."""
    counts = [number(one.parameters) for one in alive]
    if None in counts or not slots_of(peak):
        return NOT_MEASURED
    return reading(sum(count for count in counts if count is not None))
