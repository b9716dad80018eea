"""The heads of one decision: every option, whether it was legal, how probable it was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from sanctum.model.decisions import Head, HeadOption
from sanctum.model.readings import MASKED, NOT_MEASURED, Absent, Reading, number, reading
from sanctum.record.questions.decision.spot import Floats, Spot
from sanctum.record.questions.decisions import named


def heads(
    actions: Mapping[str, Sequence[str]], rules: Sequence[str], main: str, spot: Spot
) -> list[Head]:
    """All heads of a run at a spot, `main` first: the one whose choice is *the* action.

    A matrix may hold a head's options for every option of the main head; those of the one that was
    chosen count.
    """
    order = [main, *(name for name in actions if name != main)]
    return [_Told(name, actions, rules, main, spot).head() for name in order]


class _Told:
    """What was said of one head."""

    def __init__(
        self,
        name: str,
        actions: Mapping[str, Sequence[str]],
        rules: Sequence[str],
        main: str,
        spot: Spot,
    ) -> None:
        self._name = name
        self._options = list(actions[name])
        self._rules = rules
        self._is_main = name == main
        self._others = 1 if self._is_main else len(actions[main])
        self._given = 0 if self._is_main else spot.index(f"action/{main}")
        self._spot = spot
        self._chosen = spot.index(f"action/{name}")
        self._mask = self._matrix(f"mask/{name}")
        self._ruled = self._matrix(f"mask_rule/{name}")
        self._logits = self._matrix(f"logit/{name}")
        self._chances = self._matrix(f"probability/{name}")

    def head(self) -> Head:
        """The head as an answer has it."""
        options = [self._option(place, name) for place, name in enumerate(self._options)]
        is_whole = not isinstance(self._chances, Absent)
        normalised = isinstance(self._logits, Absent) and any(
            not isinstance(one.probability, Absent) for one in options
        )
        if normalised:
            options = [_with_log(one) for one in options]
        legal = [one.legal for one in options]
        known = None if None in legal else sum(map(bool, legal))
        chosen = None if self._chosen is None else named(reading(self._chosen), self._options)
        return Head(
            self._name,
            options,
            chosen,
            self._entropy(options, known, is_whole),
            None if chosen is None else self._forced(known),
            normalised,
        )

    def _matrix(self, name: str) -> Floats | Absent:
        """A number an option; those given the main head's choice where all are told."""
        values, count = self._spot.values(name), len(self._options)
        if isinstance(values, Absent) or values.size == count:
            return values
        of_all = values.size == count * self._others
        if of_all and self._given is not None and 0 <= self._given < self._others:
            return values[count * self._given :][:count]
        return NOT_MEASURED

    def _option(self, place: int, name: str) -> HeadOption:
        rule = None if isinstance(self._ruled, Absent) else float(self._ruled[place])
        if rule is not None and rule != rule:
            rule = None
        legal = None if rule is None else rule < 0
        if not isinstance(self._mask, Absent):
            legal = bool(self._mask[place] > 0.5)
        return HeadOption(
            name,
            self._probability(place, name, legal),
            _at(self._logits, place, legal),
            legal,
            None if rule is None or rule < 0 or legal else self._rule(int(rule)),
            place == self._chosen,
        )

    def _rule(self, index: int) -> str:
        return self._rules[index] if index < len(self._rules) else f"#{index}"

    def _probability(self, place: int, name: str, legal: bool | None) -> Reading:
        """From the whole distribution, or as far as it was said of single options."""
        whole = _at(self._chances, place, legal)
        if whole != NOT_MEASURED:
            return whole
        single = self._spot.reading(f"probability.{name}") if self._is_main else NOT_MEASURED
        if single == NOT_MEASURED and place == self._chosen:
            return self._spot.reading(f"confidence.{self._name}")
        return single

    def _entropy(self, options: list[HeadOption], legal: int | None, is_whole: bool) -> Reading:
        """As it was said of this head; else 0-1 out of its whole distribution."""
        said = self._spot.reading(f"entropy.{self._name}")
        if said == NOT_MEASURED and is_whole:
            return _spread(options, len(options) if legal is None else legal)
        if said == NOT_MEASURED and self._is_main:
            return self._spot.reading("entropy")
        return said

    def _forced(self, legal: int | None) -> bool | None:
        return self._spot.flag(f"forced.{self._name}") if legal is None else legal <= 1


def _at(values: Floats | Absent, place: int, legal: bool | None) -> Reading:
    """One of some numbers; nan of an option that is not legal is what a masked cell holds."""
    if isinstance(values, Absent):
        return values
    value = float(values[place])
    return MASKED if legal is False and value != value else reading(value)


@np.errstate(all="ignore")
def _with_log(option: HeadOption) -> HeadOption:
    """Its logit as the logarithm of its probability; masked where it is not legal."""
    chance = number(option.probability)
    if option.legal is False:
        logit: Reading = MASKED
    elif chance is None:
        logit = option.probability
    else:
        logit = reading(float(np.log(chance)))
    return msgspec.structs.replace(option, logit=logit)


def _spread(options: list[HeadOption], legal: int) -> Reading:
    """The entropy of a distribution, over that of one that is even over the `legal` options."""
    if legal <= 1:
        return MASKED
    chances = [number(one.probability) for one in options if one.legal is not False]
    known = [one for one in chances if one is not None]
    if any(one != one or one < 0 for one in known):
        return reading(math.nan)
    return reading(-sum(one * math.log(one) for one in known if one > 0) / math.log(legal))
