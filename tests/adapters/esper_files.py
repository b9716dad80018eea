"""Small recordings of Esper's, made by hand: whole runs in a few lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.adapters.esper_events import action, batch, epoch, started, updated

ENVS, EPOCHS = 2, 3


def events(rounds: int = 2, planned: int = 2, accuracy: float = 50.0) -> list[dict[str, Any]]:
    """A run of so many of its planned rounds, of two environments and three epochs each."""
    found = [started(ENVS, EPOCHS, planned)]
    for number in range(rounds):
        for inner in range(1, EPOCHS + 1):
            places = [(env, number * ENVS + env) for env in range(ENVS)]
            found += [epoch(env, inner, at, val_accuracy=accuracy) for env, at in places]
            found += [action(env, inner, episode=at) for env, at in places]
        found += [updated(number + 1), batch(number + 1, ENVS, planned)]
    return found


def text(found: Iterable[dict[str, Any]]) -> str:
    """Events as lines."""
    return "".join(json.dumps(one) + "\n" for one in found)


def written(path: Path, *, rounds: int = 2, planned: int = 2, accuracy: float = 50.0) -> Path:
    """A recording at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(events(rounds, planned, accuracy)))
    return path
