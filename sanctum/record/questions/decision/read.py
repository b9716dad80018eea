"""A decision put together: its grounds as of the moment asked, its aftermath as known by now."""

from __future__ import annotations

import dataclasses

import msgspec

from sanctum.errors import NoDataYet
from sanctum.model.answers import Component, Decision
from sanctum.model.decisions import DecisionAnswer, Feature, Neighbour
from sanctum.model.readings import NOT_MEASURED, Absent, Measured
from sanctum.record.cells import VALUE
from sanctum.record.columns import Columns
from sanctum.record.moments import Scope, moved
from sanctum.record.questions.choices import head_of
from sanctum.record.questions.decision.aftermath import Aftermath
from sanctum.record.questions.decision.heads import heads
from sanctum.record.questions.decision.missing import call, missing
from sanctum.record.questions.decision.neighbours import neighbours
from sanctum.record.questions.decision.sight import OBSERVATION, Sight
from sanctum.record.questions.decision.spot import Spot
from sanctum.record.questions.decisions import RETURN_STEPS, decisions
from sanctum.record.questions.rewards import rewards_read
from sanctum.record.questions.seeds import rows as seed_rows

LOOK_BACK_STEPS = 2048
"""Vector steps among which an environment's newest decision is looked for."""


def decision_read(of: Scope, env: int) -> DecisionAnswer:
    """The newest decision of an environment by the moment: its grounds, and what came of it.

    What was seen, legal and probable, the slots and the neighbours are as they were known at the
    moment asked, and the neighbours are from before the decision. What came of it, and of them, is
    all that the record knows by now: rewards, sums over the next steps, the next value, what an
    update credited it with. At a moment of the past a person asks for just that.
    """
    of.check_env(env)
    of.step  # noqa: B018  (before the first step nothing was decided)
    head = head_of(of)
    step = None if head is None else _newest(of, head, env)
    if head is None and any(one.startswith("action.") for one in of.reader.column_names()):
        raise NoDataYet(
            "this run's actions are continuous: a decision is a choice among options",
            "replay evaluates it again, what-if with another feature",
        )
    if head is None or step is None:
        hint = call(of, "run.step(actions=...)")
        raise NoDataYet(f"no decision of env {env} was recorded", hint and f"{hint} records them")
    there, spot = moved(of, step), Spot(of.reader, of.attempt.attempt, step, env)
    then = _known_now(there)
    after = Aftermath(of, env, step)
    features, near, searched, first, last = _sight(of, head, spot, step)
    answer = DecisionAnswer(
        of.at,
        env,
        step,
        _decision(there, then, env, after),
        heads(of.header.actions, of.header.mask_rules, head, spot),
        features,
        spot.reading("value"),
        after.next_value,
        after.reward,
        after.advantage,
        after.episode_return,
        _components(then, env),
        after.ahead,
        near,
        searched,
        first,
        last,
        _version(of, step, spot),
        seed_rows(there, env),
        units=of.header.units,
    )
    return msgspec.structs.replace(answer, missing=missing(of, spot, answer))


def _newest(of: Scope, head: str, env: int) -> int | None:
    """The step of the newest choice of a head; None when there was none."""
    name = f"action/{head}"
    step = of.columns.step_of(name, env)
    if step is None or of.columns.cells(name)[1][env] == VALUE:
        return step
    attempt = of.attempt.attempt
    first = of.reader.steps_back(attempt, of.step, LOOK_BACK_STEPS)
    rows = of.reader.window([name], attempt, first, of.step)
    if name not in rows.cells:
        return None
    made = rows.steps[rows.cells[name][1][:, env] == VALUE]
    return int(made[-1]) if made.size else None


def _known_now(there: Scope) -> Scope:
    """The same step with all that was said of it, whenever."""
    whole = there.reader.whole
    columns = Columns(whole, there.attempt.attempt, there.step)
    return dataclasses.replace(there, reader=whole, columns=columns)


def _decision(there: Scope, then: Scope, env: int, after: Aftermath) -> Decision:
    """The decision as it was taken, and what became of it."""
    taken, known = decisions(there, env, 1)[0], decisions(then, env, 1)[0]
    (brought,) = (one.value for one in after.ahead if one.steps == RETURN_STEPS)
    return msgspec.structs.replace(
        taken,
        reward=known.reward,
        executed=known.executed,
        success=known.success,
        return_5=brought,
    )


def _sight(
    of: Scope, head: str, spot: Spot, step: int
) -> tuple[list[Feature], list[Neighbour], int, int | None, int | None]:
    """Features, neighbours, among how many those are, and the steps that make the means."""
    seen, chosen = spot.values(OBSERVATION), spot.index(f"action/{head}")
    if isinstance(seen, Absent) or chosen is None:
        return [], [], 0, None, None
    sight = Sight(of, step, seen)
    near, searched = neighbours(of, head, chosen, sight, spot.env)
    return sight.features(of.header.features), near, searched, sight.first_step, sight.last_step


def _components(then: Scope, env: int) -> list[Component]:
    """The components of its reward; `last` is that of this step, and of no earlier one."""
    return [
        msgspec.structs.replace(one, last=NOT_MEASURED)
        if isinstance(one.last, Measured) and one.last.age_steps
        else one
        for one in rewards_read(then, env, by_action=False).components
    ]


def _version(of: Scope, step: int, spot: Spot) -> int | None:
    """The update whose weights decided: as it was said, else the last one before the step."""
    said = spot.index("policy_version")
    if said is not None:
        return said
    found = of.reader.rows(
        "SELECT number FROM updates WHERE attempt = ? AND step < ? ORDER BY step DESC, id DESC"
        " LIMIT 1",
        of.attempt.attempt,
        step,
    )
    return int(found[0][0]) if found else None
