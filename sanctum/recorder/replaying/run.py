"""``replay.run``: one decision evaluated again with each of the weights that can be had."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sanctum.errors import SanctumError, UsageError
from sanctum.model.jobs import Done, Evaluate, Evaluated, Failed, Policy, Rows
from sanctum.model.replayed import Evaluation, ReplayAnswer
from sanctum.record.weights import saved
from sanctum.recorder.replaying.case import Case
from sanctum.recorder.replaying.evaluation import evaluation, readings_of
from sanctum.recorder.replaying.plan import Plan, refused
from sanctum.recorder.replaying.which import NOW, THEN, Chosen


def replay_run(case: Case, hall: int | None) -> Plan:
    """What has to be computed for it. Raises SanctumError where no weights can be had at all."""
    names = [THEN, NOW, *([] if hall is None else [f"hall:{hall}"])]
    found: list[tuple[Chosen, Policy]] = []
    absent: dict[str, str] = {}
    errors: list[SanctumError] = []
    for name in names:
        try:
            chosen = case.choose(name)
            found.append((chosen, chosen.policy))
        except UsageError:
            raise
        except SanctumError as error:
            absent[name] = error.sentence
            errors.append(error)
    if not found:
        raise errors[0]
    # Those that are the same, as of a run that has not learned since, are evaluated once.
    policies = list(dict.fromkeys((one.update, one.factory, one.data) for _, one in found))
    places = [policies.index((one.update, one.factory, one.data)) for _, one in found]
    rows = case.grounds.rows([0])
    kept = [update for update, _ in saved(case.of.reader, case.of.attempt.attempt)]
    jobs = [_evaluating(found[places.index(place)][1], rows) for place in range(len(policies))]

    def finish(done: list[Done]) -> ReplayAnswer:
        chosen, each = [one for one, _ in found], [done[at] for at in places]
        return _answer(case, chosen, each, absent, kept)

    return Plan(case.place, jobs, finish)


def _evaluating(policy: Policy, rows: Rows) -> Callable[[], Evaluate]:
    return lambda: Evaluate([policy], [rows])


def _answer(
    case: Case,
    chosen: Sequence[Chosen],
    done: Sequence[Done],
    absent: dict[str, str],
    kept: list[int],
) -> ReplayAnswer:
    evaluations: list[Evaluation] = []
    failures: list[Failed] = []
    missing = dict(absent)
    for one, result in zip(chosen, done, strict=True):
        if isinstance(result, Evaluated):
            again = readings_of(result.readings[0])
            evaluations.append(
                evaluation(case.grounds, 0, one, again, 0, result.dtype, result.device)
            )
        elif isinstance(result, Failed):
            failures.append(result)
            missing[one.which] = result.sentence
    if not evaluations:
        raise refused(failures[0])
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
        notes=case.notes(*chosen),
    )
