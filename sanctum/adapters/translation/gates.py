"""Results of gates: Esper's check words (``insufficient_training_3_of_10``) as values and needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sanctum.adapters.translation.values import flag, word

Inputs = dict[str, tuple[float | None, float | None]]

_LACKING: tuple[tuple[str, str], ...] = (
    ("training", r"insufficient_training_(?P<value>\d+)_of_(?P<needed>\d+)"),
    ("gradient_health", r"gradient_health_low_(?P<value>[\d.]+)_need_(?P<needed>[\d.]+)"),
    ("alpha_target", r"alpha_target_not_full_(?P<value>[\d.]+)"),
    ("alpha", r"alpha_not_at_target_(?P<value>[\d.]+)_target_(?P<needed>[\d.]+)_mode_(?!DOWN)\w+"),
)
_LACKING_RULES = tuple((name, re.compile(pattern)) for name, pattern in _LACKING)
_NEEDED_WHEN_UNSAID = {"alpha_target": 1.0}
_DIGITS = re.compile(r"_\d[\d.]*")
_MET = re.compile(r"\w+_[\d.]+(_epochs)?")
"""A check that passed with its value, but without what was needed."""


def words(given: Any) -> list[str]:
    """Check words, which are a list."""
    return [str(one) for one in given] if isinstance(given, list | tuple) else []


def inputs(passed: Iterable[str], failed: Iterable[str]) -> Inputs:
    """Each check as value and need. A check without numbers is 1 where it passed, of 1 needed."""
    found: Inputs = {}
    for check in failed:
        name, value = _lacking(check)
        found[name] = value
    for check in passed:
        if not _MET.fullmatch(check):
            found.setdefault(check, (1.0, 1.0))
    return found


def text(data: Mapping[str, Any], blueprint: str | None) -> str:
    """A line for the timeline."""
    gate, to = word(data.get("gate")) or "a gate", word(data.get("target_stage")) or "?"
    seed = blueprint or "the seed"
    if flag(data.get("passed")):
        return f"gate {gate} lets {seed} into {to}"
    lacking = ", ".join(words(data.get("checks_failed"))) or "no reason given"
    return f"gate {gate} keeps {seed} out of {to}: {lacking}"


def _lacking(check: str) -> tuple[str, tuple[float, float]]:
    """A check that failed. One without numbers, or that needs less than there is, has 0 of 1."""
    for name, rule in _LACKING_RULES:
        found = rule.fullmatch(check)
        if found:
            parts = found.groupdict()
            needed = parts.get("needed") or _NEEDED_WHEN_UNSAID[name]
            return name, (float(parts["value"]), float(needed))
    name = "alpha_at_target" if check.startswith("alpha_not_at_target") else _DIGITS.sub("", check)
    return name, (0.0, 1.0)
