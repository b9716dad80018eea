"""Seeds as columns: each state of a seed becomes cells named ``seed/SLOT/FIELD``, each change of
stage an event. A seed is born when a slot that was empty says a stage that lives.

A gate that the cause of a state names (``gate blend``, ``FOSSILIZE``) has judged: it let the seed
through, or kept it where it was, which is an event too; what it looked at is with the event, for it
may be older than the readings. Any other gate is the next one, a reading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from sanctum.model.readings import number
from sanctum.record.columns import Columns
from sanctum.record.reader import Reader
from sanctum.record.stages import is_alive
from sanctum.record.writer import Writer
from sanctum.telemetry import SeedState

_WORDS = re.compile(r"[^\w.]+")


class Lifecycles:
    """Remembers the stage of every slot; `event` writes to the timeline."""

    def __init__(self, writer: Writer, event: Callable[..., None]) -> None:
        self._writer = writer
        self._event = event
        self._stages: dict[tuple[int, str], str] = {}
        self._numbers: dict[tuple[int, str], tuple[int, set[str]]] = {}
        self._adds: dict[tuple[int, str], float] = {}

    def forget(self) -> None:
        """A new attempt: nothing is known of any slot."""
        self._stages.clear()
        self._numbers.clear()
        self._adds.clear()

    def recall(self, reader: Reader, attempt: int, step: int) -> None:
        """Take stages and contributions from the record, where an earlier recorder left them."""
        columns = Columns(reader, attempt, step)
        for name in columns.names:
            if name.startswith("seed/") and name.endswith("/stage"):
                slot = name.removeprefix("seed/").removesuffix("/stage")
                for env in range(reader.envs(attempt)):
                    stage = columns.word(name, env)
                    if stage is not None:
                        self._stages[env, slot] = stage
                        self._recall_adds(columns, env, slot)

    def _recall_adds(self, columns: Columns, env: int, slot: str) -> None:
        born = columns.step_of(f"seed/{slot}/born", env) or 0
        adds = number(columns.reading(f"seed/{slot}/contribution", env, not_before=born))
        if adds is not None:
            self._adds[env, slot] = adds

    def columns(self, state: SeedState, now: float) -> Iterator[tuple[str, float | None]]:
        """The cells of one state, by column; a change of stage is written as an event.

        The event does not repeat the readings: the cells of its step have them. Only what a seed
        added when that was measured last is with its end, too, lest its whole life be searched.
        """
        place = (state.env, state.slot)
        before = self._stages.get(place)
        if before is None or not is_alive(before):
            self._adds.pop(place, None)
        adds = state.numbers.get("contribution")
        if adds is not None:
            self._adds[place] = adds
        prefix = f"seed/{state.slot}/"
        yield prefix + "stage", self._writer.code(state.stage)
        if before != state.stage:
            self._stages[place] = state.stage
            yield prefix + "since", state.step - _unseen(state, before, "stage_steps")
            if is_alive(state.stage) and (before is None or not is_alive(before)):
                yield prefix + "born", state.step - _unseen(state, before, "age_steps")
                step, names = self._numbers.get(place, (-1, set()))
                if step == state.step:  # of another seed, within this very step
                    yield from ((prefix + name, None) for name in sorted(names))
                    names.clear()
            self._changed(state, before, now)
        elif has_judged(state):
            self._kept(state, now)
        if state.blueprint is not None:
            yield prefix + "blueprint", self._writer.code(state.blueprint)
        said = {name for name, value in state.numbers.items() if value is not None}
        step, names = self._numbers.get(place, (-1, set()))
        self._numbers[place] = state.step, said | names if step == state.step else said
        for name in said:
            yield prefix + name, state.numbers[name]
        if state.gate is not None and not has_judged(state):
            yield prefix + "gate", self._writer.code(state.gate)
            for name, (value, needed) in state.gate_inputs.items():
                yield f"{prefix}gate/{name}", value
                yield f"{prefix}needs/{name}", needed

    def _changed(self, state: SeedState, before: str | None, now: float) -> None:
        if before is None and not is_alive(state.stage):
            return
        cause = f" ({state.cause})" if state.cause else ""
        kind = f"{state.blueprint}: " if state.blueprint else ""
        data: dict[str, Any] = {"from": before, "to": state.stage, "cause": state.cause}
        if state.blueprint:
            data["blueprint"] = state.blueprint
        adds = self._adds.get((state.env, state.slot))
        if adds is not None and not is_alive(state.stage):
            data["contribution"] = adds
        if has_judged(state):
            data |= _judgement(state)
        self._event(
            "info",
            "stage",
            f"{kind}{before or 'DORMANT'} -> {state.stage}{cause}",
            now,
            state.step,
            state.env,
            state.slot,
            data,
        )

    def _kept(self, state: SeedState, now: float) -> None:
        """A gate kept a seed from what was tried: once a try, so for those who ask alone."""
        judgement = _judgement(state)
        if judgement["passed"] and state.gate_inputs:  # it is something else that kept it
            return
        data = {"cause": state.cause, "blueprint": state.blueprint, **judgement, "passed": False}
        lacking = ", ".join(judgement["checks_failed"]) or "nobody said why"
        self._event(
            "debug",
            "gate",
            f"gate {state.gate} keeps {state.blueprint or 'the seed'} in {state.stage}: {lacking}",
            now,
            state.step,
            state.env,
            state.slot,
            data,
        )


def has_judged(state: SeedState) -> bool:
    """Whether the gate of a state is the one that its cause speaks of."""
    if not state.gate or not state.cause:
        return False
    return state.gate.casefold() in _WORDS.split(state.cause.casefold())


def _judgement(state: SeedState) -> dict[str, Any]:
    """What a gate looked at, and what it found missing."""
    failed = [
        f"{name} not measured" if value is None else f"{name} {value + 0.0:.3g} of {needed:g}"
        for name, (value, needed) in state.gate_inputs.items()
        if needed is not None and (value is None or not value >= needed)
    ]
    return {
        "gate": state.gate,
        "passed": not failed,
        "checks_failed": failed,
        "inputs": {name: list(one) for name, one in state.gate_inputs.items()},
    }


def _unseen(state: SeedState, before: str | None, reading: str) -> float:
    """How long a seed lived (or was in its stage) before its slot was first heard of; else 0.

    What was said of the slot before its birth was said of another seed.
    """
    age = state.numbers.get(reading)
    return age if before is None and age is not None and math.isfinite(age) else 0.0
