"""``why.read``: the chain of questions, stopped at the first that is answered with yes."""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.chain import asked, cause
from sanctum.diagnosis.one_action import one_action
from sanctum.diagnosis.questions.better import deviations, judged, tried
from sanctum.diagnosis.screen import Verdicted, whole
from sanctum.diagnosis.words import gained, listed, percent
from sanctum.model.answers import Verdict
from sanctum.model.queries import Queries
from sanctum.model.why import CHOSEN, Question, WhyAnswer

MOST_UNKNOWN = 5
"""Questions without an answer beyond which there is none to the whole."""
NEXT = {
    "telemetry": "vitals",
    "numerics": "events --severity warn",
    "mask": "actions",
    "update": "brain",
    "better": "rewards --actions",
    "cost": "rewards --actions",
    "reward": "rewards",
    "critic": "brain critic",
    "heads": "brain heads",
    "env": "envs",
}
"""What to type after each cause."""

LEADS = {
    "telemetry": "telemetry cannot be relied upon",
    "numerics": "numbers are not finite",
    "mask": "{} is forced",
    "update": "the update changes nothing",
    "better": "{} is not the best",
    "cost": "acting costs more than it brings",
    "reward": "the reward says nothing",
    "critic": "the critic cannot tell actions apart",
    "heads": "ops have died out",
    "env": "one environment drives it",
}
"""How the claim begins for each cause."""

ADVICE = {
    "telemetry": ["see whether the trainer hangs: vitals, report"],
    "numerics": ["find the first bad step: events --severity warn; stop before weights are hit"],
    "mask": ["mend the mask rule if it is not meant so; leave PPO alone"],
    "update": ["mend the learning rate, the gradients' way or the skipping of minibatches"],
    "better": ["raise the probability of rare ops: a floor, or more exploration early"],
    "cost": ["lower the price, or pay it later"],
    "reward": ["check the wiring of the reward; make it denser"],
    "critic": ["check the targets around resets, the critic's size and learning rate"],
    "heads": ["give legal ops a probability floor; a bonus on entropy comes too late"],
    "env": ["look at that environment; clip advantages"],
}


def why(
    queries: Queries,
    at: str | None = None,
    env: int | None = None,
    action: str | None = None,
    slot: str | None = None,
    negated: bool = False,
) -> WhyAnswer:
    """Why the policy takes an op, by default the one it takes most; `negated`: why it does not."""
    case = Case(queries, at, env, action)
    if negated or slot is not None:
        return one_action(case, slot, negated=negated)
    one = case.now(case.asked)
    if one is not None and not one.count:
        return one_action(case, None, negated=False)
    questions = asked(case)
    found = cause(questions)
    return whole(
        case,
        Verdicted(
            case.subject or "",
            CHOSEN if found is None else found.id,
            _claim(case, questions, found),
            questions,
            _verdict(questions),
            [] if found is None else ADVICE[found.id],
            _next(case, found),
        ),
    )


def _claim(case: Case, questions: list[Question], found: Question | None) -> str:
    """The sentence to read first, with what could not be answered before the cause."""
    unknown = [one.id for one in questions if one.settled == "unknown"]
    tail = f"; not known: {listed(unknown, 3)}" if unknown else ""
    if found is not None:
        lead = LEADS[found.id].format(case.subject or "the policy")
        return f"{lead}: {found.claim or found.answer}{tail}"
    odd = _odd(questions)
    if odd is not None:
        tail = f"; not finite: {odd.answer.partition(':')[0]}{tail}"
    if len(unknown) > MOST_UNKNOWN:
        what = _no_subject(case) if case.subject is None else _share(case)
        return f"{what}; too little was said to know why{tail}"
    if case.subject is None:
        nothing = "nothing else" if odd is not None else "nothing"
        return f"{_no_subject(case)}; {nothing} is found wrong{tail}"
    if case.recent.forced == case.recent.decisions:
        return f"{_forced(case)}{tail}"
    return f"{_share(case)}: {_reason(case)}{tail}"


def _odd(questions: list[Question]) -> Question | None:
    """That of the numbers, where few were not finite: no cause, and yet nobody wants them."""
    found = (one for one in questions if one.id == "numerics")
    return next((one for one in found if one.settled == "no" and one.verdict != "ok"), None)


def _no_subject(case: Case) -> str:
    if any(name.startswith("action.") for name in case.run.columns):
        return "actions are continuous, so no op can be explained"
    return "no action was said"


def _forced(case: Case) -> str:
    """That there was no choice, and whose doing that is, where it is known."""
    one = case.now(case.subject)
    own = " by what it did before" if one is not None and one.denied is not None else ""
    return f"{case.subject} is forced{own}: all {case.recent.decisions:,} decisions{case.who}"


def _share(case: Case) -> str:
    """How much of the policy's choices the subject is."""
    recent, one = case.recent, case.now(case.subject)
    count = 0 if one is None else one.count
    if not count:
        return f"{case.subject} was not taken{case.who} in {recent.decisions:,} decisions"
    if recent.forced is None:
        share = percent(count, recent.decisions)
        return f"{case.subject} is {share} of {recent.decisions:,} decisions{case.who}"
    free = recent.decisions - recent.forced
    return f"{case.subject} is {percent(case.free, free)} of {free:,} unforced decisions{case.who}"


def _reason(case: Case) -> str:
    """Whether it is reasonable, by what other ops bring."""
    edges = [
        (one.action, edge)
        for one in case.recent.ops
        if one.action != case.subject and (edge := judged(case, one.action)) is not None
    ]
    for op, edge in edges:
        chance = tried(case, op) or 0.0
        if deviations(edge) > limits.SIGNIFICANT and chance < limits.MOST:
            return f"chosen, though {op} brings {gained(edge)} and gets {percent(chance)}"
    if not edges:
        return "chosen; whether others would bring more is not known"
    return "chosen and reasonable"


def _verdict(questions: list[Question]) -> Verdict | None:
    """That of the cause; ok where none was found and what matters could be asked."""
    found = cause(questions)
    if found is not None:
        return found.verdict
    if _odd(questions) is not None:
        return "warn"
    known = {one.id for one in questions if one.settled == "no"}
    return "ok" if known >= {"mask", "better"} else None


def _next(case: Case, found: Question | None) -> str:
    """What to type next."""
    where = "" if case.env is None else f"{case.env} "
    if found is None:
        calls = case.recent.calls
        return f"decision {calls[0].env} {calls[0].step}" if calls else "brain"
    if found.id == "env" and case.recent.top_env is not None:
        return f"env {case.recent.top_env}"
    ops = [one.action for one in case.recent.ops if one.action != case.subject]
    named = [op for op in ops if f"{op} " in f"{found.claim} {found.answer} "]
    if found.id in ("mask", "better", "heads") and named:
        return f"why-not {where}{named[0]}"
    return NEXT[found.id]
