"""Why one action is taken or not, in one environment or slot: what forbids it, what it lacks.

Here every question is answered, since each says something of the action; the first yes is the
cause.
"""

from __future__ import annotations

from dataclasses import dataclass

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.chain import cause
from sanctum.diagnosis.questions.better import deviations, judged, tried
from sanctum.diagnosis.questions.cost import is_dear, paid, priced, size
from sanctum.diagnosis.questions.telemetry import PROBABILITIES
from sanctum.diagnosis.screen import KEEPING, Verdicted, whole
from sanctum.diagnosis.words import counted, listed, percent, plain, spans
from sanctum.errors import UsageError
from sanctum.model.answers import GateInput, SeedAnswer, SeedRow
from sanctum.model.readings import number, reading
from sanctum.model.why import CHOSEN, Evidence, Gain, Outcome, Question, WhyAnswer

LEGAL = Asking("legal", "forbidden?", "R02")
GATE = Asking("gate", "lacks something?", "R71, R76")
TAKEN = Asking("taken", "taken where legal?", "R07")
LESS = Asking("less", "brought less?", "R05")
COST = Asking("cost", "costs too much?", "R05, R57")
CALL = "run.step(masks={...}, mask_rules={...})"


@dataclass(frozen=True, slots=True)
class _Asked:
    """The action `op` in a case whose subject is what the policy does instead."""

    case: Case
    op: str
    slot: str | None
    seed: SeedAnswer | None

    @property
    def where(self) -> str:
        """For a sentence's end: empty, `` in env 7``, `` in 7.r0c1``."""
        return self.case.who if self.slot is None else f" in {self.case.env}.{self.slot}"


def one_action(case: Case, slot: str | None, *, negated: bool) -> WhyAnswer:
    """Everything there is to say of one action. Raises UsageError where none is named or meant."""
    op = case.asked or next((one for one in case.ops if one.upper() == KEEPING), None)
    if op is None:
        raise UsageError("which action?", f"there are {', '.join(case.ops)}" if case.ops else None)
    seed = None
    if slot is not None and case.env is not None:
        seed = case.queries.seed_read(case.env, slot, at=case.at)
    of = _Asked(case.facing(_instead(case, op)), op, slot, seed)
    questions = [
        _legal(of),
        *([] if seed is None else [_gate(of)]),
        _taken(of),
        _less(of),
        _cost(of),
    ]
    found = cause(questions)
    asked = f"{'not ' if negated else ''}{op}"
    verdict = None if found is None or found.id != "cost" else found.verdict
    return whole(
        of.case,
        Verdicted(
            asked if slot is None else f"{asked} {case.env}.{slot}",
            CHOSEN if found is None else found.id,
            _claim(of, questions, found),
            questions,
            verdict,
            [],
            _next(of),
        ),
        op,
    )


def _instead(case: Case, op: str) -> str:
    """What the policy does instead: what it takes most of all others."""
    others = [one for one in case.recent.ops if one.action != op]
    idle = case.recent.rival
    if idle is not None and idle != op:
        return idle
    return max(others, key=lambda one: one.count).action if others else op


def _legal(of: _Asked) -> Question:
    """Whether it is legal now, which rule forbids it and since when, and in what share."""
    one = of.case.now(of.op)
    if one is None or (one.legal is None and not _rules(of)):
        return LEGAL.unknown("masks: not measured", missing=CALL)
    count = of.case.recent.masked
    share = None if one.legal is None or not count else 1 - one.legal / count
    evidence = []
    often = ""
    if share is not None:
        rules = [f"{rule} {percent(times, count)}" for rule, times in one.rules.items()]
        note = "; ".join(rules)
        limit = f"<= {limits.MOST:g}"
        evidence = [Evidence("forbidden", reading(share), "0-1", limit, count, note)]
        often = f"{percent(share)} of {count:,} decisions"
    if of.op in _rules(of):
        rule = _rules(of)[of.op]
        before = f"; at {often} in env {of.case.env}" if often else ""
        if rule is not None:
            return LEGAL.yes(f"'{rule}'{before}", *evidence)
        return LEGAL.no(f"legal there now{before.replace('at', 'forbidden at', 1)}", *evidence)
    since = _since(one)
    if one.legal_now is not None:
        if one.legal_now:
            return LEGAL.no(f"legal now{since}; forbidden at {often}", *evidence)
        rule = f"'{one.rule_now}'" if one.rule_now else "a rule that is not said"
        return LEGAL.yes(f"{rule}{since}; at {often}", *evidence)
    most = f", most by '{next(iter(one.rules))}'" if one.rules else ""
    settled = LEGAL.yes if share is not None and share > limits.MOST else LEGAL.no
    return settled(f"at {often}{most}", *evidence)


def _since(one: Outcome) -> str:
    """For how long it has been so: empty where nobody knows."""
    if one.same_steps is None:
        return ""
    return f" for {'at least ' if one.same_longer else ''}{counted(one.same_steps, 'step')}"


def _rules(of: _Asked) -> dict[str, str | None]:
    """Which rule forbids which op in the slot."""
    return {} if of.seed is None or of.seed.row is None else of.seed.row.rules


def _gate(of: _Asked) -> Question:
    """What is in the slot, and what its next gate still needs."""
    row = None if of.seed is None else of.seed.row
    if row is None or _is_empty(row):
        return GATE.no("the slot is empty")
    stage = row.stage
    steps = number(row.stage_steps)
    if steps is not None:
        stage += f" for {counted(int(steps), 'step')}"
    if row.gate is None or not row.gate_inputs:
        return GATE.no(f"{stage}; no gate is said to lie ahead")
    evidence = [
        Evidence(one.name, one.value, "", f">= {plain(number(one.needed) or 0.0)}")
        for one in row.gate_inputs
    ]
    lacking = [one for one in row.gate_inputs if one.passed is not True]
    if not lacking:
        return GATE.no(f"{stage}; gate {row.gate} has all it needs", *evidence)
    parts = [_lack(one) for one in lacking]
    lacks = f"{row.gate} lacks {listed(parts)}"
    return GATE.yes(lacks, *evidence, claim=f"{stage}; gate {lacks}")


def _is_empty(row: SeedRow) -> bool:
    return row.blueprint is None and number(row.age_steps) is None


def _lack(one: GateInput) -> str:
    """An input that is short: what it is, and how much is missing."""
    value, needed = number(one.value), number(one.needed)
    if value is None or needed is None:
        return f"{one.name} (not measured)"
    return f"{one.name} {plain(value)} of {plain(needed)} ({plain(needed - value)} missing)"


def _taken(of: _Asked) -> Question:
    """What the policy gives it where it is legal, and how often it took it there."""
    one, chance = of.case.now(of.op), tried(of.case, of.op)
    if one is None or chance is None:
        never = one is not None and not one.legal
        said = "it never was legal in the window" if never else "probabilities: not measured"
        return TAKEN.unknown(said, missing="" if never else PROBABILITIES)
    whole_count = of.case.recent.decisions if one.legal is None else one.legal
    gets = "gets" if number(one.probability) is not None else "is taken at"
    times = "decisions" if one.legal is None else "times it could be"
    said = f"{gets} {percent(chance)}, {one.count:,} of {whole_count:,} {times}"
    found = Evidence("probability", reading(chance), "0-1", f">= {limits.MOST:g}", whole_count)
    if chance >= limits.MOST:
        return TAKEN.yes(said, found, verdict="ok")
    return TAKEN.no(said, found, verdict="warn" if chance < limits.RARE else "ok")


def _less(of: _Asked) -> Question:
    """What it brought elsewhere beside what is done instead, at once and later."""
    edges = [edge for steps in (1, 5, 20) if (edge := of.case.edge(of.op, steps)) is not None]
    evidence = [_evidence(one) for one in edges]
    longest = judged(of.case, of.op)
    if longest is None:
        one = of.case.then(of.op)
        count = 0 if one is None else one.count
        known = any(number(each.mean) is not None for each in (one.gains if one else []))
        if not known and count:
            return LESS.unknown("reward: not measured", missing="run.step(reward=...)")
        return LESS.unknown(_too_seldom(of, count), *evidence)
    said = f"{spans(edges)} (n {longest.count:,})"
    if deviations(longest) < -limits.SIGNIFICANT:
        return LESS.yes(said, *evidence)
    return LESS.no(said, *evidence)


def _too_seldom(of: _Asked, count: int) -> str:
    """Why nobody can tell what it brought: it was hardly taken, or never beside what is done."""
    taken = f"taken {counted(count, 'time')}"
    if count < limits.COUNT:
        return f"{taken}: too seldom to tell"
    return f"{taken}, hardly ever where {of.case.subject} is like it: nobody can tell"


def _evidence(edge: Gain) -> Evidence:
    error = number(edge.error)
    note = "" if error is None else f"+- {error:.3g}"
    return Evidence(f"after {edge.steps}", edge.mean, "reward", "", edge.count, note)


def _cost(of: _Asked) -> Question:
    """Whether one part of the reward decides against it."""
    one = of.case.then(of.op)
    if one is None or judged(of.case, of.op) is None:
        return COST.unknown(_too_seldom(of, 0 if one is None else one.count))
    price = priced(of.case, one)
    if price is None:
        return COST.no("no part of the reward is against it")
    settled = COST.yes if is_dear(of.case, price) else COST.no
    return settled(size(of.case, price), claim=paid(price))


def _claim(of: _Asked, questions: list[Question], found: Question | None) -> str:
    """The sentence to read first."""
    by = {one.id: one for one in questions}
    gate = by.get("gate")
    name = f"{of.op}{of.where}"
    if found is None:
        return f"{name} is not what the policy prefers: it {by['taken'].answer}"
    match found.id:
        case "legal":
            lacks = f"; {gate.claim}" if gate is not None and gate.settled == "yes" else ""
            by_rule = "by " if found.answer.startswith(("'", "a rule")) else ""
            return f"{name} is forbidden {by_rule}{found.answer}{lacks}"
        case "gate":
            return f"{name} would not pass: {found.claim}"
        case "taken":
            return f"{name} is taken where it is legal: it {found.answer}"
        case "less":
            dear = by["cost"]
            because = f"; {dear.claim}" if dear.settled == "yes" else ""
            return f"{name} brought less than {of.case.subject}: {found.answer}{because}"
        case _:
            return f"{name} costs more than it brings: {found.claim}; {by['less'].answer}"


def _next(of: _Asked) -> str:
    """What to type next."""
    if of.slot is not None:
        return f"seed {of.case.env}.{of.slot} --more"
    return "rewards --actions" if of.case.env is None else f"decision {of.case.env}"
