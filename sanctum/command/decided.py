"""One decision in words: what was chosen and why nothing else could be, what was unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sanctum.command import columns
from sanctum.command.readings import listed, percent
from sanctum.model.answers import Decision
from sanctum.model.decisions import DecisionAnswer, Feature, Head
from sanctum.model.readings import Absent, NonFinite, number
from sanctum.view.numbers import cell

WIDTH = 79
"""Letters of a line that a default answer is made for."""

UNUSUAL = 1.5
"""From how many standard deviations on a feature is unusual."""


def headline(answer: DecisionAnswer) -> str:
    """What was chosen, how surely, what forbade the rest, what came of it; in a line if it can."""
    one, head = answer.decision, answer.heads[0]
    chosen = columns.op(one) or "an op that was not said"
    came = columns.done(one)
    told = "" if came is None else f": {_CAME.get(came, f'executed {came}')}"
    sure, reward = f"{chosen}, probability {percent(one.probability)}", cell(answer.reward)
    for freedom in _freedom(one, head):
        said = f"{', '.join(filter(None, (sure, freedom)))}{told}; reward {reward}"
        if len(said) <= WIDTH:
            break
    return said


_CAME = {"yes": "done", "no": "could not be done"}


def _freedom(one: Decision, head: Head) -> tuple[str, ...]:
    """Whether it had to, and by which rules; else what was forbidden. The longest way first."""
    denied = [option for option in head.options if option.legal is False]
    rules = list(dict.fromkeys(option.rule for option in denied if option.rule))
    if one.forced:
        return (f"forced: {listed(rules)}", "forced") if rules else ("forced",)
    if not denied:
        return ("",)
    count = f"{len(head.options) - len(denied)} of {len(head.options)} legal"
    if len(rules) == 1 and all(option.rule for option in denied):
        return f"{listed([option.name for option in denied])} forbidden ({rules[0]})", count
    return (count,)


def unusual(features: Sequence[Feature], letters: int) -> str:
    """The features furthest from their mean, as many as fit into so many letters."""
    odd = [one for one in features if _is_odd(one)]
    if odd:
        words = _told(odd[0])
        for one in odd[1:]:
            longer = f"{words}, {_told(one)}"
            if len(longer) > letters:
                break
            words = longer
        return words
    if all(isinstance(one.distance, Absent) for one in features):
        return "not known: nothing was seen before; --more has all features"
    return f"nothing; the furthest from its mean is {_told(features[0])}"


def _is_odd(one: Feature) -> bool:
    return isinstance(one.value, NonFinite) or abs(number(one.distance) or 0.0) >= UNUSUAL


def _told(one: Feature) -> str:
    """A feature with how far it is: ``trend -0.400 (-2.2 sd)``."""
    shown = f"{one.name} {cell(one.value)}"
    if isinstance(one.distance, NonFinite):
        return f"{shown} (always {cell(one.mean)} before)"
    away = number(one.distance)
    return shown if away is None else f"{shown} ({away:+.1f} sd)"


def unsaid(answer: DecisionAnswer, more: bool) -> str:
    """What this run does not say of its decisions, with the calls that would; empty: nothing."""
    quiet = set() if more else {"logits", "return" if "advantage" in answer.missing else ""}
    return not_measured({name: call for name, call in answer.missing.items() if name not in quiet})


def not_measured(missing: Mapping[str, str]) -> str:
    """What was not said, each with the call that would say it; empty: nothing."""
    calls = [f"{name} ({call})" if call else name for name, call in missing.items()]
    return f"not measured: {', '.join(calls)}" if calls else ""
