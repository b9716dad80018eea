"""The hello of a run: what a trainer, or an adapter on its behalf, says of itself at the start."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from sanctum.probe.plain import import_path, setting, text
from sanctum.telemetry import RunStarted


class About(TypedDict, total=False):
    """The keywords of `sanctum.attach` that describe the run; what they mean is said there."""

    task: str
    envs: int
    actions: Mapping[str, Sequence[str]] | None
    slots: Sequence[str]
    blueprints: Sequence[str]
    stages: Sequence[str]
    rewards: Mapping[str, int] | None
    inside: Mapping[str, str] | None
    features: Sequence[str]
    units: Mapping[str, str] | None
    rollout_steps: int | None
    planned_steps: int | None
    planned_updates: int | None
    planned_episodes: int | None
    config: Mapping[str, Any] | None
    policy: str | Callable[..., Any] | None
    trainer: str
    mask_rules: Sequence[str]


def hello(run_id: str | None, about: About) -> RunStarted:
    """The first message of a run, with this process as its trainer."""
    task = text(about.get("task", ""))
    wanted = text(run_id or f"{_word(task) or 'run'}-{time.strftime('%m%d-%H%M%S')}")
    policy = about.get("policy")
    return RunStarted(
        wanted,
        task,
        int(about.get("envs", 1)),
        actions={text(head): _texts(names) for head, names in _items(about.get("actions"))},
        slots=_texts(about.get("slots", ())),
        blueprints=_texts(about.get("blueprints", ())),
        stages=_texts(about.get("stages", ())),
        rewards={text(name): 1 if sign >= 0 else -1 for name, sign in _items(about.get("rewards"))},
        inside={text(part): text(whole) for part, whole in _items(about.get("inside"))},
        features=_told_apart(about.get("features", ())),
        units={text(name): text(unit) for name, unit in _items(about.get("units"))},
        rollout_steps=about.get("rollout_steps"),
        planned_steps=about.get("planned_steps"),
        planned_updates=about.get("planned_updates"),
        planned_episodes=about.get("planned_episodes"),
        config={text(key): setting(value) for key, value in _items(about.get("config"))},
        policy=import_path(policy),
        trainer=text(about.get("trainer", "")),
        mask_rules=_texts(about.get("mask_rules", ())),
        path=_texts(sys.path),
        pid=os.getpid(),
        host=socket.gethostname(),
        argv=_texts(sys.argv),
        directory=_directory(),
        python=text(sys.executable),
        time=time.time(),
    )


def _items(given: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    return [] if given is None else list(given.items())


def _word(text: str) -> str:
    return "".join(one for one in text if one.isalnum() or one in "-_")


def _texts(words: Sequence[Any]) -> list[str]:
    return [text(word) for word in words]


def _told_apart(words: Sequence[Any]) -> list[str]:
    """Names that can be typed: none is empty, and no two are the same."""
    found: dict[str, None] = {}
    for place, word in enumerate(words):
        name = text(word).strip() or f"feature {place}"
        found[f"{name} ({place})" if name in found else name] = None
    return list(found)


def _directory() -> str:
    try:
        return text(Path.cwd())
    except OSError:
        return ""
