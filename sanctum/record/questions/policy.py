"""``policy.read``: the last update's readings with verdicts, and what the policy does."""

from __future__ import annotations

from dataclasses import replace

from sanctum.model.answers import PolicyAnswer, PolicyReading
from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, number, reading
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import choices
from sanctum.record.questions.series import scalars, update_rows
from sanctum.record.questions.units import unit
from sanctum.telemetry.metrics import CATALOGUE, GROUPS, Metric, is_of_a_head, metric

LOOK_BACK_UPDATES = 20
STALE_AFTER_UPDATES = 3
CORE = ("health", "losses", "vitals")


def policy_read(of: Scope, env: int | None = None, window: int | None = None) -> PolicyAnswer:
    """Readings as of the moment; actions over the last `window` steps, of one env or all."""
    if env is not None:
        of.check_env(env)
    rows = update_rows(of, LOOK_BACK_UPDATES)
    found = [scalars(row[3]) for row in rows]
    steps = [row[1] for row in rows]
    readings = [_reading(of, one, found, steps) for one in _shown(found)]
    q = {one.name.removeprefix("q."): one.value for one in readings if one.name.startswith("q.")}
    actions = choices(of, env, window, q)
    return PolicyAnswer(
        of.at,
        readings,
        actions.shares,
        actions.decisions,
        actions.unforced,
        actions.first_step,
        actions.last_step,
        rows[0][1] if rows else None,
        max(0.0, (of.now if of.at.live else of.at.time or of.now) - rows[0][2]) if rows else None,
        env,
        actions.told,
        actions.heads,
    )


def _shown(found: list[tuple[dict[str, float | None], list[str]]]) -> list[Metric]:
    """Metrics to answer: the core ones whether said or not, then whatever was said."""
    said = dict.fromkeys(name for values, masked in found for name in (*values, *masked))
    core = [one for one in CATALOGUE.values() if one.group in CORE and one.name in said]
    core += [one for one in CATALOGUE.values() if one.group in CORE and one.name not in said]
    core.sort(key=lambda one: CORE.index(one.group))
    rest = [metric(name) for name in said if name not in {one.name for one in core}]
    rest.sort(key=lambda one: GROUPS.index(_group(one)))
    return [one for one in core if one.name in said or one.name in _EXPECTED] + rest


_EXPECTED = frozenset(
    {
        "entropy",
        "clip_fraction",
        "approx_kl",
        "policy_loss",
        "value_loss",
        "grad_norm",
        "learning_rate",
        "explained_variance",
    }
)


def _reading(
    of: Scope,
    one: Metric,
    found: list[tuple[dict[str, float | None], list[str]]],
    steps: list[int | None],
) -> PolicyReading:
    value: Reading = NOT_MEASURED
    age: int | None = None
    previous: Reading = NOT_MEASURED
    for back, (values, masked) in enumerate(found):
        said = values.get(one.name)
        if said is None and one.name not in masked:
            continue
        if age is None:
            age = back
            at = steps[back]
            age_steps = 0 if at is None or of.at.step is None else max(0, of.at.step - at)
            value = MASKED if said is None else reading(said, age_steps, back > STALE_AFTER_UPDATES)
        else:
            previous = MASKED if said is None else reading(said)
            break
    seen = number(value)
    stem, dot, head = one.name.partition(".")
    if dot and stem == "entropy" and f"choice_entropy.{head}" in found[0][0]:
        one = replace(one, warn_below=None, crit_below=None)  # the other is the one to be judged
    return PolicyReading(
        one.name,
        value,
        unit(of, one.name),
        _group(one),
        one.meaning,
        None if seen is None else one.verdict(seen),  # type: ignore[arg-type]
        one.thresholds(seen),
        age,
        previous,
    )


def _group(one: Metric) -> str:
    return "heads" if is_of_a_head(one.name) else one.group
