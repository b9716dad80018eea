"""Settings of a run as scripts write them: a table in a text, hyperparameters, a name."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any, TypedDict

_TABLE = ("|param|value|", "|-|-|")
_NAME = re.compile(r"(?P<task>.+)__(?P<experiment>.+)__(?P<seed>-?\d+)__(?P<time>\d+)\Z")
_TASKS = ("env_id", "env_name", "env", "task", "gym_id")
_PLANS = ("total_timesteps", "total_steps", "num_frames", "max_steps")
_WORDS = {"True": True, "False": False, "None": None}


class Named(TypedDict, total=False):
    """What the name of a run's folder says of it; see `named`."""

    task: str
    trainer: str
    config: dict[str, Any]


def named(name: str) -> Named:
    """What is in a name such as ``CartPole-v1__ppo__1__1700000000``: task, script, seed, time."""
    found = _NAME.match(name)
    if found is None:
        return Named()
    return Named(
        task=found["task"],
        trainer=found["experiment"],
        config={"seed": int(found["seed"]), "exp_name": found["experiment"]},
    )


def table(text: str) -> dict[str, Any]:
    """The settings in a Markdown table of two columns, ``|param|value|``; none in another text."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or tuple(line.replace(" ", "") for line in lines[:2]) != _TABLE:
        return {}
    found = {}
    for line in lines[2:]:
        name, bar, value = line.removeprefix("|").removesuffix("|").partition("|")
        if bar:
            found[name.strip()] = valued(value.strip())
    return found


def valued(text: str) -> Any:
    """What a setting's text stands for: a number, a truth, nothing, or itself."""
    if text in _WORDS:
        return _WORDS[text]
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def task_of(settings: Mapping[str, Any]) -> str:
    """The task that settings name; empty where they name none."""
    return next((str(settings[one]) for one in _TASKS if settings.get(one)), "")


def planned_steps(settings: Mapping[str, Any]) -> int | None:
    """How many steps the run means to make, where settings say so."""
    for name in _PLANS:
        value = settings.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1:
            return int(value)
    return None
