"""``replay.run``: one decision evaluated again with each of the weights that can be had."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sanctum.errors import SanctumError, UsageError
from sanctum.model.jobs import Done, Evaluate
from sanctum.model.readings import NOT_MEASURED
from sanctum.model.replayed import Evaluation, ReplayAnswer
from sanctum.record.questions.decision.missing import CALLS, call
from sanctum.record.weights import saved
from sanctum.recorder.replaying.case import Case
from sanctum.recorder.replaying.evaluation import evaluation, readings_of
from sanctum.recorder.replaying.plan import Plan, evaluated
from sanctum.recorder.replaying.which import NOW, THEN, Chosen


def replay_run(case: Case, hall: int | None) -> Plan:
    """What has to be computed for it. Raises SanctumError where no weights can be had at all."""
    names = [THEN, NOW, *([] if hall is None else [f"hall:{hall}"])]
    found: list[Chosen] = []
    absent: dict[str, str] = {}
    errors: list[SanctumError] = []
    for name in names:
        try:
            found.append(case.choose(name))
        except UsageError:
            raise
        except SanctumError as error:
            absent[name] = error.sentence
            errors.append(error)
    if not found:
        raise errors[0]
    # Those that are the same, as of a run that has not learned since, are evaluated once.
    different = {one.key: one for one in found}
    order = list(different)
    rows = case.grounds.rows([0])
    kept = [update for update, _ in saved(case.of.reader, case.of.attempt.attempt)]

    def evaluating(one: Chosen) -> Evaluate:
        return Evaluate([one.policy()], [rows])

    def finish(done: list[Done]) -> ReplayAnswer:
        return _answer(case, found, [done[order.index(one.key)] for one in found], absent, kept)

    jobs = [functools.partial(evaluating, one) for one in different.values()]
    return Plan(case.place, jobs, finish)


def _answer(
    case: Case,
    chosen: Sequence[Chosen],
    done: Sequence[Done],
    absent: dict[str, str],
    kept: list[int],
) -> ReplayAnswer:
    evaluations: list[Evaluation] = []
    errors: list[SanctumError] = []
    missing, notes = dict(absent), case.notes(*chosen)
    for one, result in zip(chosen, done, strict=True):
        try:
            made = evaluated(result)
            again = readings_of(case.grounds, made.readings[0])
        except SanctumError as error:
            errors.append(error)
            missing[one.which] = error.sentence
            continue
        evaluations.append(evaluation(case.grounds, 0, one, again, 0, made.dtype, made.device))
        unsaid = [name for name in _recorded(case) if name not in again]
        notes += [f"{one.which}: the policy says no {', '.join(unsaid)}"] if unsaid else []
    if not evaluations:
        raise errors[0]
    return ReplayAnswer(
        case.of.at,
        case.grounds.env,
        int(case.grounds.steps[0]),
        case.grounds.action(0),
        case.grounds.choice(0),
        evaluations,
        missing,
        kept,
        factory=chosen[0].weights.factory or "",
        notes=notes,
        missing=_missing(case),
    )


def _missing(case: Case) -> dict[str, str]:
    """What the record lacks that the policy says again, each with the call that says it."""
    grounds, main = case.grounds, case.grounds.main
    unsaid = {"value": grounds.reading("value", 0) == NOT_MEASURED}
    if main is not None:
        names = f"probability/{main}", f"confidence.{main}"
        unsaid["probabilities"] = all(grounds.reading(one, 0) == NOT_MEASURED for one in names)
        unsaid["legal ops"] = grounds.legal(main, 0) is None
    return {name: call(case.of, CALLS[name]) for name, is_unsaid in unsaid.items() if is_unsaid}


def _recorded(case: Case) -> list[str]:
    """The probabilities that the record has of the decision, by name."""
    names = [f"probability/{head}" for head in case.grounds.actions]
    return [name for name in names if case.grounds.values(name, 0) is not None]
