"""What can be set in a session: ``set format json``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sanctum.errors import UsageError, did_you_mean

FORMATS = ("auto", "table", "plain", "json", "csv", "md")
LONGEST_S = 1_000_000
_SECONDS = re.compile(r"(\d+\.?\d*|\.\d+)(ms|s|m|h)?\Z")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """``2``, ``0.5s``, ``60s``, ``5m`` as seconds. Raises UsageError."""
    found = _SECONDS.match(text.strip())
    if found is None:
        raise UsageError(f"'{text}' is not a time", "seconds are expected, as in 60s or 2.5")
    return float(found[1]) * _UNITS[found[2] or "s"]


def _choice(*choices: str) -> Callable[[str], str]:
    def understood(text: str) -> str:
        if text in choices:
            return text
        hint = did_you_mean(text, choices) or f"there are {', '.join(choices)}"
        raise UsageError(f"'{text}' is not one of the choices", hint)

    return understood


def _switch(text: str) -> str:
    if text.lower() in ("on", "yes", "true", "1"):
        return "on"
    if text.lower() in ("off", "no", "false", "0"):
        return "off"
    raise UsageError(f"'{text}' is neither on nor off")


def check_timeout(timeout_s: float) -> None:
    """Refuse a timeout that nobody can wait for. Raises UsageError."""
    if not timeout_s > 0:  # nan, too
        raise UsageError("a timeout is longer than nothing")
    if timeout_s > LONGEST_S:
        raise UsageError(f"a timeout is at most {LONGEST_S:,} seconds")


def _time(text: str) -> str:
    check_timeout(seconds(text))
    return f"{seconds(text):g}"


def _width(text: str) -> str:
    if text == "auto":
        return text
    if not text.isdecimal() or not 20 <= int(text) <= 10000:
        raise UsageError(f"'{text}' is not a width", "auto, or 20 to 10000 columns")
    return text


def _moment(text: str) -> str:
    return text.strip() or "live"


class Setting(NamedTuple):
    """One setting: what it begins as, what it does, and how its value is understood."""

    default: str
    meaning: str
    understood: Callable[[str], str]


SETTINGS: dict[str, Setting] = {
    "format": Setting("auto", "how answers are shown: " + ", ".join(FORMATS), _choice(*FORMATS)),
    "at": Setting("live", "the moment questions are about: live, 1200, -50, u41, -5m", _moment),
    "timeout": Setting("2", "seconds to wait for an answer", _time),
    "plain": Setting("off", "no terminal escapes at all", _switch),
    "width": Setting("auto", "columns of the screen", _width),
    "pager": Setting("off", "show long answers through $PAGER", _switch),
    "trace": Setting("off", "show where an error came from", _switch),
}


def understood(name: str, value: str) -> str:
    """`value` as the setting `name` takes it. Raises UsageError for either."""
    setting = SETTINGS.get(name)
    if setting is None:
        hint = did_you_mean(name, SETTINGS) or f"there are {', '.join(SETTINGS)}"
        raise UsageError(f"there is no setting '{name}'", hint)
    return setting.understood(value)


def defaults() -> dict[str, str]:
    """Every setting as it begins."""
    return {name: setting.default for name, setting in SETTINGS.items()}
