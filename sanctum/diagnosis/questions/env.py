"""Does one environment drive what all of them learn?"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import percent
from sanctum.model.readings import number
from sanctum.model.why import Evidence, Question

ASKING = Asking("env", "one env drives it?", "R65")
CALL = "run.backfill(first_step, advantage=...)"


def question(case: Case) -> Question:
    """The environment with the largest part of the squared advantages, now and for long.

    For a while one has it by chance: a seed that did well, a host that fell.
    """
    if case.env is not None:
        return ASKING.no(f"asked of env {case.env} alone")
    if case.run.at.hall is not None:
        return ASKING.no("this is an episode of one alone")
    envs, recent = case.run.header.envs, case.recent
    if envs < limits.FEWEST_ENVS:
        return ASKING.no(f"there are only {envs}" if envs > 1 else "there is only one")
    share = number(recent.top_share)
    if share is None or recent.top_env is None:
        return ASKING.unknown("advantages: not measured", missing=CALL)
    limit = max(limits.ONE_ENV, min(limits.FAIR_SHARES / envs, limits.NEARLY_ALL))
    found = Evidence(
        f"env {recent.top_env}", recent.top_share, "0-1", f"<= {limit:g}", recent.decisions
    )
    said = f"env {recent.top_env} has {percent(share)} of squared advantages"
    said += f" (limit {percent(limit)})"
    if share > limit and (case.free_share or 0.0) > limits.DOMINANT:
        before = case.longer
        if before.top_env == recent.top_env and (number(before.top_share) or 0.0) > limit:
            return ASKING.yes(said, found)
        said += f", not for {before.steps:,} steps"
    return ASKING.no(said, found, verdict="warn" if share > limit else "ok")
