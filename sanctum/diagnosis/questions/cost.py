"""Does acting cost more than it brings: does one part of the reward decide against it?"""

from __future__ import annotations

from dataclasses import dataclass

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.questions.better import deviations, judged, spread
from sanctum.diagnosis.words import briefly, gained, plain, signed
from sanctum.model.readings import number, reading
from sanctum.model.why import Evidence, Gain, Outcome, Question

ASKING = Asking("cost", "acting costs too much?", "R05, R57")
SOON = 5
CALL = "run.step(reward=..., rewards={...})"


@dataclass(frozen=True, slots=True)
class Priced:
    """An op, what its price takes at once, and what the op comes to at once and later."""

    op: str
    component: str
    price: float
    at_once: Gain
    later: Gain
    soon: Gain | None

    @property
    def lost(self) -> Gain | None:
        """Over which time the price is surely not won back: the long run, or soon if that is noise.

        None: it is, or nobody can tell.
        """
        if deviations(self.later) < -limits.TENDING:
            return self.later
        if self.soon is None or (number(self.later.mean) or 0.0) >= 0:
            return None
        return self.soon if deviations(self.soon) < -limits.SIGNIFICANT else None

    @property
    def returned(self) -> float:
        """What the rest of the reward gave for the price, at once."""
        return (number(self.at_once.mean) or 0.0) - self.price


def question(case: Case) -> Question:
    """Ops whose price decides against them, and that were open at most of the decisions."""
    if case.subject is None:
        return ASKING.unknown("no action was said", missing="run.step(actions={...})")
    compared = [one for one in case.brought.ops if _compared(case, one)]
    if not compared:
        said = "what other ops bring is not known"
        return ASKING.unknown(said, missing="" if case.brought.ops else CALL)
    if not any(one.edge_components for one in case.brought.ops):
        return ASKING.unknown("components: not measured", missing="run.step(rewards={...})")
    prices = [found for one in compared if (found := priced(case, one)) is not None]
    evidence = [_evidence(one) for one in prices]
    dear = [one for one in prices if is_dear(case, one)]
    covered = case.covers({one.op for one in dear})
    if dear and covered >= limits.MOST:
        wide = [one for one in dear if case.covers({one.op}) >= limits.MOST]
        most = min(wide or dear, key=lambda one: one.price)
        return ASKING.yes(size(case, most), *evidence, claim=words(most))
    if not prices:
        return ASKING.no("no part of the reward is against it", *evidence)
    return ASKING.no(size(case, min(prices, key=lambda one: one.price)), *evidence)


def size(case: Case, one: Priced) -> str:
    """A price beside the spread of the subject's reward."""
    sizes = -one.price / (number(spread(case)) or 1.0)
    yet = "" if sizes < limits.PRICE or is_dear(case, one) else f", yet {briefly(one.later)}"
    limit = f"limit {limits.PRICE:g}, n {one.at_once.count:,}"
    return f"{one.op} pays {plain(-one.price)}, {plain(sizes)} sd ({limit}){yet}"


def _compared(case: Case, one: Outcome) -> bool:
    return one.action != case.subject and judged(case, one.action) is not None


def priced(case: Case, one: Outcome) -> Priced | None:
    """An op's price beside the subject, by way of the rival where that is not the subject."""
    later, at_once = judged(case, one.action), case.edge(one.action, 1)
    if later is None or at_once is None:
        return None
    turned = one.action == case.brought.rival
    mine = case.then(case.subject)
    parts = mine.edge_components if turned and mine is not None else one.edge_components
    own = {} if mine is None or turned else mine.edge_components
    known = {
        name: (-value if turned else value) - (number(own[name]) or 0.0 if name in own else 0.0)
        for name, part in parts.items()
        if (value := number(part)) is not None
    }
    if not known or not min(known.values()) < 0:
        return None
    name = min(known, key=lambda part: known[part])
    return Priced(one.action, name, known[name], at_once, later, _soon(case, one.action))


def is_dear(case: Case, one: Priced) -> bool:
    """Whether the price is large, makes most of the loss, and is not won back later."""
    usual = number(spread(case))
    loss = number(one.at_once.mean) or 0.0
    return (
        usual is not None
        and one.at_once.count >= limits.COUNT
        and -one.price >= limits.PRICE * usual
        and one.price <= limits.PRICE_SHARE * loss < 0
        and deviations(one.at_once) < -limits.SIGNIFICANT
        and one.lost is not None
        and _makes_the_loss(case, one)
    )


def _soon(case: Case, op: str) -> Gain | None:
    """What an op comes to after a few steps; None where its error is not known."""
    found = case.edge(op, SOON)
    return None if found is None or number(found.error) is None else found


def _makes_the_loss(case: Case, one: Priced) -> bool:
    """Whether the price is no chance, and most of what is lost later, too, if that is known."""
    outcome = case.then(one.op)
    if outcome is None or outcome.price is None or outcome.price.component != one.component:
        return True
    if any(deviations(edge) > -limits.SIGNIFICANT for edge in outcome.price.edges[:1]):
        return False
    paid = [number(edge.mean) for edge in outcome.price.edges if edge.steps == one.later.steps]
    lost = number(one.later.mean) or 0.0
    return not paid or paid[0] is None or paid[0] <= limits.PRICE_SHARE * lost


def words(one: Priced) -> str:
    """What an op pays, what it gets for that, and what it comes to later."""
    shown = one.lost or one.later
    return f"{paid(one)}; {gained(shown)}, n {shown.count:,}"


def paid(one: Priced) -> str:
    """What an op pays, and what it gets for that at once."""
    return f"{one.op} pays {plain(-one.price)} ({one.component}) and gets {plain(one.returned)}"


def _evidence(one: Priced) -> Evidence:
    limit = f"< {limits.PRICE:g} sd or {limits.PRICE_SHARE:.0%}"
    whole = signed(number(one.at_once.mean) or 0.0)
    note = f"{one.component}, of {whole} at once; {gained(one.later)}"
    name = f"price of {one.op}"
    return Evidence(name, reading(one.price), "reward", limit, one.at_once.count, note)
