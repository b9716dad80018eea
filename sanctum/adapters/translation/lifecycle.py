"""A seed's life out of Esper's events: states, gates, and what they are due to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanctum.adapters.translation import causes, gates
from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.matrices import Matrix
from sanctum.adapters.translation.slots import Seed, Slots
from sanctum.adapters.translation.telling import Telling
from sanctum.adapters.translation.values import flag, mapping, number, others, whole, word
from sanctum.adapters.translation.words import LIVING, SPEED_STEPS

AGGREGATE = "__aggregate__"
"""What a heuristic run says in place of its slots."""

_NOT_COMPARED = ("GERMINATED", "TRAINING")
"""Stages whose improvement since they began is written as 0 and was not measured."""
_ALPHAS = ("upstream_alpha_sum", "downstream_alpha_sum")
_INTERACTIONS = ("interaction_sum", "boost_received")
_OF_SEED = frozenset(
    {
        "stage",
        "blueprint_id",
        "accuracy_delta",
        "epochs_in_stage",
        "alpha",
        "grad_ratio",
        "has_vanishing",
        "has_exploding",
        "contribution_velocity",
        "age_steps",
        *_ALPHAS,
        *_INTERACTIONS,
        *("step", "slot", "env", "blueprint", "cause", "gate", "gate_inputs"),
    }
)
"""What an epoch says of a seed, and the words that mean something else here."""


class Lifecycle:
    """Speaks of the seeds of one group; `slots` remembers what is where."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self.slots = Slots()
        self._accuracy: dict[int, float | None] = {}
        self._pruning: dict[tuple[int, str], dict[str, Any]] = {}

    def rebuilt(self, env: int, step: int) -> None:
        """A new episode: whatever was in the slots is gone with the host."""
        for slot in self.slots.clear(env):
            self._state(env, slot, "DORMANT", step, cause=causes.REBUILT)

    def epoch(self, env: int, step: int, data: Mapping[str, Any], matrix: Matrix | None) -> None:
        """The seeds as they were at the end of an epoch, before the action."""
        accuracy = self._accuracy[env] = number(data.get("val_accuracy"))
        seeds = data.get("seeds")
        if not isinstance(seeds, Mapping) or AGGREGATE in seeds:
            return
        blending = [s for s in seeds.values() if (number(mapping(s).get("alpha")) or 0.0) > 0]
        active = len(matrix.slots) if matrix is not None else len(blending)
        for slot, one in seeds.items():
            said = mapping(one)
            stage = word(said.get("stage"))
            if stage is not None:
                self._snapshot(env, slot, stage, step, said, accuracy, matrix, active)
        for slot, _ in self.slots.of(env):
            if slot not in seeds:
                self.slots.enter(env, slot, "DORMANT")
                self._state(env, slot, "DORMANT", step, cause=causes.UNTOLD)

    def germinated(self, event: Event, env: int, step: int) -> None:
        """SEED_GERMINATED."""
        data, slot = event.data, _slot(event)
        seed = Seed(
            "GERMINATED",
            word(data.get("blueprint_id")),
            whole(data.get("params")),
            self._accuracy.get(env),
        )
        self.slots.germinate(env, slot, seed)
        self._state(
            env,
            slot,
            "GERMINATED",
            step,
            seed.blueprint,
            causes.op_of(data) or "GERMINATE",
            alpha=number(data.get("alpha")),
            parameters=seed.parameters,
            stage_steps=0.0,
            age_steps=0.0,
            blend_steps=number(data.get("blend_tempo_epochs")),
        )
        size = "" if seed.parameters is None else f", {seed.parameters:,} parameters"
        self._telling.of(
            event,
            f"{seed.blueprint or 'a seed'} germinated{size}",
            "germinated",
            env=env,
            step=step,
        )

    def changed(self, event: Event, env: int, step: int) -> None:
        """SEED_STAGE_CHANGED."""
        data, slot, stage = event.data, _slot(event), word(event.data.get("to_stage"))
        if stage is None:
            raise ValueError("it names no stage to go to")
        before = self.slots.get(env, slot)
        was_dying = before is not None and before.is_dying
        cause = causes.of_stage(data, was_dying=was_dying and stage == "PRUNED")
        seed = self.slots.enter(env, slot, stage)
        if cause == causes.DYING:
            seed.is_dying, seed.alpha_target = True, 0.0
        numbers: dict[str, float | None] = {}
        if stage in LIVING:
            numbers = {
                "alpha": number(data.get("alpha")),
                "stage_steps": 0.0,
                "alpha_target": seed.alpha_target,
                "improvement": self._improvement(env, seed, data.get("accuracy_delta")),
                "gradient_ratio": _gradient(data),
            }
        state = self._state(env, slot, stage, step, seed.blueprint, cause, **numbers)
        if stage == "PRUNED":
            self._pruning[env, slot] = state

    def gate(self, event: Event, env: int, step: int) -> None:
        """SEED_GATE_EVALUATED: an event, and what the gate lacks as inputs of the seed."""
        data, slot = event.data, _slot(event)
        seed = self.slots.get(env, slot)
        text = gates.text(data, None if seed is None else seed.blueprint)
        self._telling.of(event, text, "gate", env=env, step=step)
        gate = word(data.get("gate"))
        if gate is not None and seed is not None and flag(data.get("passed")) is False:
            passed, failed = data.get("checks_passed"), data.get("checks_failed")
            inputs = gates.inputs(gates.words(passed), gates.words(failed))
            self._state(env, slot, seed.stage, step, seed.blueprint, gate=gate, gate_inputs=inputs)

    def fossilized(self, event: Event, env: int, step: int) -> None:
        """SEED_FOSSILIZED: the stage change came before."""
        data, slot = event.data, _slot(event)
        seed = self.slots.enter(env, slot, "FOSSILIZED")
        seed.blueprint = word(data.get("blueprint_id")) or seed.blueprint
        added = whole(data.get("params_added"))
        self._state(
            env,
            slot,
            "FOSSILIZED",
            step,
            seed.blueprint,
            causes.op_of(data),
            alpha=number(data.get("alpha")),
            contribution=number(data.get("counterfactual")),
            parameters=added,
        )
        self._telling.of(
            event, f"{_ended(seed, data)} fossilized for good", "fossilized", env=env, step=step
        )

    def pruned(self, event: Event, env: int, step: int) -> None:
        """SEED_PRUNED: the stage change came before, and learns its cause here."""
        data, slot = event.data, _slot(event)
        cause = causes.of_pruning(data)
        state = self._pruning.pop((env, slot), None)
        seed = self.slots.enter(env, slot, "PRUNED")
        seed.blueprint = word(data.get("blueprint_id")) or seed.blueprint
        if state is None:
            self._state(env, slot, "PRUNED", step, seed.blueprint, cause)
        else:
            state["cause"] = cause
        self._telling.of(
            event, f"{_ended(seed, data)} pruned: {cause}", "pruned", env=env, step=step
        )

    def decided(self, env: int, step: int, data: Mapping[str, Any]) -> None:
        """Where alpha is to go, which only the decision tells."""
        slot, op = word(data.get("slot_id")), word(data.get("action_name"))
        seed = self.slots.get(env, slot) if slot is not None else None
        if slot is None or seed is None or not flag(data.get("action_success")):
            return
        if op in ("GERMINATE", "SET_ALPHA_TARGET"):
            seed.alpha_target = number(data.get("alpha_target"))
        elif op == "PRUNE" and seed.stage in LIVING:
            seed.alpha_target, seed.is_dying = 0.0, True
            steps = SPEED_STEPS.get(word(data.get("alpha_speed")) or "")
            over = "" if not steps else f" over {steps} epochs"
            kind = f"{seed.blueprint}: " if seed.blueprint else ""
            text = f"{kind}to be pruned: alpha falls to 0{over}, the seed is dying"
            self._telling.message(text, "dying", env=env, slot=slot, step=step)
        else:
            return
        self._state(env, slot, seed.stage, step, alpha_target=seed.alpha_target)

    def contributes(self, env: int, slot: str, step: int, points: float | None) -> None:
        """What the seed that was acted on adds, where no matrix told it."""
        seed = self.slots.get(env, slot)
        if seed is not None and seed.stage in LIVING and points is not None:
            self._state(env, slot, seed.stage, step, contribution=points)

    def shapley(self, env: int, step: int, values: Mapping[str, Any]) -> None:
        """Shapley values of the seeds that are there."""
        for slot, one in values.items():
            seed = self.slots.get(env, slot)
            if seed is not None:
                said = mapping(one)
                self._state(
                    env,
                    slot,
                    seed.stage,
                    step,
                    shapley=number(said.get("mean")),
                    shapley_std=number(said.get("std")),
                )

    def step_over(self) -> None:
        """Nothing more of the step will come: prunings that were not explained stay so."""
        self._pruning.clear()

    def _snapshot(
        self,
        env: int,
        slot: str,
        stage: str,
        step: int,
        said: Mapping[str, Any],
        accuracy: float | None,
        matrix: Matrix | None,
        active: int,
    ) -> None:
        """One seed at the end of an epoch."""
        before = self.slots.get(env, slot)
        cause = causes.UNTOLD if before is None or before.stage != stage else None
        seed = self.slots.enter(env, slot, stage)
        seed.blueprint = word(said.get("blueprint_id")) or seed.blueprint
        if stage not in LIVING:
            steps = number(said.get("epochs_in_stage"))
            self._state(env, slot, stage, step, seed.blueprint, cause, stage_steps=steps)
            return
        alpha = number(said.get("alpha"))
        velocity = number(said.get("contribution_velocity"))
        delta = number(said.get("accuracy_delta"))
        is_blended = bool(alpha)
        numbers = {
            **others(said, _OF_SEED),
            "alpha": alpha,
            "alpha_target": seed.alpha_target,
            "stage_steps": number(said.get("epochs_in_stage")),
            "parameters": seed.parameters,
            "improvement": self._improvement(env, seed, None),
            "stage_improvement": delta if delta or stage not in _NOT_COMPARED else None,
            "contribution": None if matrix is None else matrix.contributions.get(slot),
            "contribution_velocity": velocity if velocity or is_blended else None,
            "gradient_health": _gradient(said),
            "vanishing": number(said.get("has_vanishing")),
            "exploding": number(said.get("has_exploding")),
            **{name: number(said.get(name)) for name in _ALPHAS},
            **_interactions(slot, said, matrix, active),
        }
        if numbers["gradient_health"] is None:
            numbers["vanishing"] = numbers["exploding"] = None
        self._state(env, slot, stage, step, seed.blueprint, cause, **numbers)

    def _improvement(self, env: int, seed: Seed, said: Any) -> float | None:
        """Points since germination: from the host's accuracies where both are known."""
        accuracy = self._accuracy.get(env)
        if seed.born_accuracy is not None and accuracy is not None:
            return accuracy - seed.born_accuracy
        return number(said)

    def _state(
        self,
        env: int,
        slot: str,
        stage: str,
        step: int,
        blueprint: str | None = None,
        cause: str | None = None,
        **numbers: Any,
    ) -> dict[str, Any]:
        """Say a state once the step's row is written; its `cause` may be amended until then."""
        state: dict[str, Any] = {"blueprint": blueprint, "cause": cause, **numbers}
        run = self._telling.run
        self._telling.say(lambda: run.seed(env, slot, stage, step=step, **state))
        return state


def _slot(event: Event) -> str:
    if event.slot is None:
        raise ValueError("it names no slot")
    return event.slot


def _gradient(said: Mapping[str, Any]) -> float | None:
    """A reading of a seed's gradients. Exactly 0 without a flag is written for *not measured*."""
    value = number(said.get("grad_ratio"))
    flagged = flag(said.get("has_vanishing")) or flag(said.get("has_exploding"))
    return None if value == 0.0 and not flagged else value


def _interactions(
    slot: str, said: Mapping[str, Any], matrix: Matrix | None, active: int
) -> dict[str, float | None]:
    """Interactions with other seeds. Esper evaluates pairs of 3 or 4 active seeds alone; of two
    they follow from the matrix, otherwise its 0 means that none was measured.
    """
    if matrix is not None and len(matrix.slots) == 2 and slot in matrix.slots:
        points = matrix.synergy
        if points is not None:
            return {"interaction_sum": points, "boost_received": max(points, 0.0)}
    values = {name: number(said.get(name)) for name in _INTERACTIONS}
    if active in (3, 4) and number(said.get("alpha")):
        return values
    return {name: value or None for name, value in values.items()}


def _ended(seed: Seed, data: Mapping[str, Any]) -> str:
    """A seed at its end: its kind, its age, what it brought."""
    age, points = whole(data.get("epochs_total")), number(data.get("counterfactual"))
    old = "" if age is None else f" after {age} epochs"
    adds = "" if points is None else f", contribution {points:+.2f} points"
    return f"{seed.blueprint or 'the seed'}{old}{adds}"
