"""Can the critic not tell actions apart?"""

from __future__ import annotations

from statistics import median

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import counted, percent, plain, said
from sanctum.model.readings import number, reading
from sanctum.model.why import Evidence, Question

ASKING = Asking("critic", "critic blind to ops?", "R31, R32, R33")


def question(case: Case) -> Question:
    """Explained variance by the phase of the run, guarded; the spread of the ops' values."""
    variance = number(case.metric("explained_variance"))
    values = {
        name.removeprefix("q."): value
        for name in case.of_update
        if name.startswith("q.") and (value := number(case.metric(name))) is not None
    }
    returns = number(case.metric("return_std"))
    if variance is None and len(values) < 2:
        return ASKING.unknown(
            "explained_variance: not measured", missing="run.update(explained_variance=...)"
        )
    updates = case.run.last_update or 0
    evidence, answer = [], "explained_variance: not measured"
    if variance is not None:
        least = _least(case)
        answer = f"explained_variance {plain(variance)} (limit {least:g})"
        evidence.append(
            Evidence("explained_variance", reading(variance), "", f">= {least:g}", updates)
        )
    if len(values) > 1 and returns:
        apart = (max(values.values()) - min(values.values())) / returns
        limit = f">= {limits.SPREAD_OF_VALUES:g}"
        evidence.append(Evidence("value_spread", reading(apart), "0-1", limit, len(values)))
        alike = f"q of ops {percent(apart)} apart (limit {percent(limits.SPREAD_OF_VALUES)})"
        if apart < limits.SPREAD_OF_VALUES and _explains(case):
            return ASKING.yes(alike, *evidence)
        if variance is None:
            answer = alike
    if variance is None or variance >= _least(case) or not _lasts(case):
        return ASKING.no(answer, *evidence)
    if _is_narrow(case):
        spread = f"returns hardly vary (sd {said(case.metric('return_std'))})"
        return ASKING.no(f"{answer}, which says nothing: {spread}", *evidence)
    if updates < limits.VARIANCE_UPDATES:
        return ASKING.no(
            f"{answer}, too early to judge: {counted(updates, 'update')}", *evidence, verdict="warn"
        )
    if not _explains(case):
        return ASKING.no(
            f"{answer}, yet {case.subject} does not dominate", *evidence, verdict="warn"
        )
    return ASKING.yes(answer, *evidence)


def _explains(case: Case) -> bool:
    """Whether the subject dominates: a poor critic explains no mild preference."""
    share = case.free_share
    return share is None or share > limits.DOMINANT


def _least(case: Case) -> float:
    """What explained variance should be at least, by how much of the run is over."""
    planned, made = case.run.header.planned_updates, case.run.last_update
    over = made / planned if planned and made is not None else 0.5
    return next((least for until, least in limits.VARIANCE if over <= until), 0.1)


def _lasts(case: Case) -> bool:
    """Whether it is low for several updates."""
    course = case.course("explained_variance", limits.IN_A_ROW)
    return len(course) == limits.IN_A_ROW and max(course) < _least(case)


def _is_narrow(case: Case) -> bool:
    """Whether the returns vary far less than they used to."""
    course = case.course("return_std", 200)
    return bool(course) and course[-1] < limits.NARROW_RETURNS * median(course)
