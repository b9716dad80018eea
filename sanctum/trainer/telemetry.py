"""What the trainer tells Sanctum: the run, its steps, seeds, episodes and updates.

Everything goes through the calls that any trainer has. `Silence` stands in when nothing is
recorded.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

import sanctum
from sanctum.trainer import blueprints, reward
from sanctum.trainer.actions import OPS, Actions, Legal, Op
from sanctum.trainer.environment import Environment, Episode, Stepped
from sanctum.trainer.host import SLOTS
from sanctum.trainer.observation import FEATURES
from sanctum.trainer.policy import HEADS, Outlook, Tamiyo
from sanctum.trainer.ppo import Report
from sanctum.trainer.rules import RULES
from sanctum.trainer.seeds import Transition
from sanctum.trainer.settings import Settings
from sanctum.trainer.stages import STAGES, Stage

LOW_ENTROPY = 0.1
FACTORY = "sanctum.trainer.policy:rebuilt"

_GONE = (Stage.CULLED, Stage.EMBARGOED, Stage.DORMANT)
_Numbers = dict[str, list[list[float]]]


class Silence:
    """A run that nobody records."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id

    def step(self, step: int, /, **columns: Any) -> None:
        """Nothing."""

    def update(self, update: int, /, **scalars: Any) -> None:
        """Nothing."""

    def seed(self, env: int, slot: str, stage: str, /, **state: Any) -> None:
        """Nothing."""

    def episode(self, env: int, episode: int, /, **result: Any) -> None:
        """Nothing."""

    def message(self, text: str, /, **about: Any) -> None:
        """Nothing."""

    def backfill(self, first_step: int, /, **columns: Any) -> None:
        """Nothing."""

    def save_policy(self, update: int, weights: Any, /, **about: Any) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def __enter__(self) -> "Silence":
        return self

    def __exit__(self, *failure: Any) -> None:
        self.close()


def attached(settings: Settings, run_id: str | None) -> sanctum.Run:
    """Sanctum, attached to this process."""
    steps = settings.updates * settings.rollout_steps
    length, envs = settings.episode_length, settings.envs
    offsets = [env * length // envs if settings.stagger else 0 for env in range(envs)]
    return sanctum.attach(
        run_id,
        task=settings.task,
        envs=envs,
        actions={"op": OPS, "slot": SLOTS, "blueprint": blueprints.NAMES},
        slots=SLOTS,
        blueprints=blueprints.NAMES,
        stages=STAGES,
        rewards=dict.fromkeys(reward.COMPONENTS, 1),
        features=FEATURES,
        rollout_steps=settings.rollout_steps,
        planned_steps=steps,
        planned_updates=settings.updates,
        planned_episodes=sum((steps + offset) // length for offset in offsets),
        config=settings.as_dict(),
        mask_rules=RULES,
    )


class Telemetry:
    """Says what happened, step by step and update by update."""

    def __init__(
        self, run: sanctum.Run | Silence, environment: Environment, settings: Settings
    ) -> None:
        self.run, self._environment, self._settings = run, environment, settings
        self._gone: list[Transition] = []
        self._refused: set[tuple[int, int]] = set()

    def step(
        self,
        step: int,
        observation: Tensor,
        legal: Legal,
        outlook: Outlook,
        actions: Actions,
        log_prob: Tensor,
        stepped: Stepped,
        policy_version: int,
    ) -> None:
        """One vector step: what was seen and done, what followed, and what became of the seeds."""
        chosen = torch.arange(len(actions.op)), actions.op
        slots_legal = legal.slots[chosen]
        acting, sprouting = slots_legal.any(1), actions.op == Op.GERMINATE
        kinds_legal = sprouting.unsqueeze(1).expand(-1, len(blueprints.NAMES))
        largest = legal.actions.log()
        entropy = outlook.entropy().cpu() / largest
        self.run.step(
            step,
            rewards=stepped.rewards,
            actions={"op": actions.op, "slot": actions.slot, "blueprint": actions.blueprint},
            probabilities={
                "op": outlook.op.exp(),
                "slot": _where(acting, outlook.slot_of(actions.op).exp()),
                "blueprint": _where(sprouting, outlook.blueprint.exp()),
            },
            logits={
                "op": outlook.logits.op,
                "slot": _where(acting, outlook.logits.slot[chosen]),
                "blueprint": _where(sprouting, outlook.logits.blueprint),
            },
            masks={"op": legal.ops, "slot": slots_legal, "blueprint": kinds_legal},
            mask_rules={"op": legal.op_rules, "slot": legal.rules},
            observation=observation,
            reward=stepped.reward,
            value=outlook.value,
            log_prob=log_prob,
            entropy=_where(largest > 0, entropy),
            done=stepped.ended,
            accuracy=stepped.accuracy,
            best_accuracy=stepped.best_accuracy,
            loss=stepped.loss,
            val_loss=stepped.validation_loss,
            parameters=stepped.parameters,
            growth=stepped.growth,
            active_seeds=stepped.active_seeds,
            env_step=stepped.env_step,
            episode=stepped.episode,
            policy_version=np.full(len(actions.op), policy_version),
        )
        for left in self._gone:
            slot = SLOTS[left.slot]
            self.run.seed(left.env, slot, left.after.name, step=step, cause=left.cause)
        self._gone = []
        due = step % self._settings.seed_every == 0
        if due or stepped.transitions:
            numbers = self._numbers()
            for transition in stepped.transitions:
                self._transition(step, transition, numbers)
            if due:
                for env, slot in (self._environment.seeds.stage > 0).nonzero().tolist():
                    self._seed(step, env, slot, numbers)
        for env in (~stepped.validation_loss.isfinite()).nonzero().flatten().tolist():
            self.run.message(
                f"environment {env}: validation loss of the host is not finite",
                severity="error",
                type="host_not_finite",
                env=env,
                step=step,
            )
        for episode in stepped.episodes:
            self._episode(step, episode)

    def renewed(self, gone: list[Transition]) -> None:
        """Seeds that left with their hosts; said with the next step, the first without them."""
        self._gone = gone

    def update(
        self,
        update: int,
        steps: tuple[int, int],
        report: Report,
        advantage: Tensor,
        returns: Tensor,
    ) -> None:
        """One policy update, and what its steps were worth; (steps, envs) float32 both."""
        masked = {"entropy": sanctum.MASKED, "grad_norm": sanctum.MASKED}
        heads = {head: {**masked, **report.heads.get(head, {})} for head in HEADS}
        self.run.update(update, steps=steps, heads=heads, **report.scalars)
        self.run.backfill(steps[0], advantage=advantage, returns=returns)
        skipped, entropy = report.scalars["skipped_minibatches"], report.scalars["entropy"]
        if skipped:
            self.run.message(
                f"update {update}: {skipped:.0f} minibatches were not finite and were left out",
                severity="warn",
                type="minibatches_skipped",
                step=steps[1],
                data={"update": update, "skipped": skipped},
            )
        if entropy is not None and entropy < LOW_ENTROPY:
            self.run.message(
                f"update {update}: entropy {entropy:.3f} is below {LOW_ENTROPY:g}",
                severity="warn",
                type="entropy_low",
                step=steps[1],
                data={"update": update, "entropy": entropy},
            )

    def policy(self, update: int, policy: Tamiyo) -> None:
        """The weights that act from the next step on; update 0 made none yet."""
        self.run.save_policy(
            update,
            policy,
            factory=FACTORY,
            algorithm="PPO",
            hidden=self._settings.hidden,
            features=FEATURES,
        )

    def _transition(self, step: int, moved: Transition, numbers: _Numbers) -> None:
        slot = SLOTS[moved.slot]
        kind = None if moved.blueprint is None else blueprints.NAMES[moved.blueprint]
        gone = moved.after in _GONE
        self.run.seed(
            moved.env,
            slot,
            moved.after.name,
            step=step,
            blueprint=kind,
            gate=moved.gate,
            gate_inputs=moved.inputs,
            cause=moved.cause,
            **({} if gone else _of(numbers, moved.env, moved.slot)),
        )
        place = (moved.env, moved.slot)
        if not moved.refused:
            self._refused.discard(place)
        elif place not in self._refused:
            self._refused.add(place)
            self.run.message(
                f"gate {moved.gate} refused the {kind} seed: {_lacking(moved)}",
                type="gate_refused",
                env=moved.env,
                slot=slot,
                step=step,
                data={"cause": moved.cause, "blueprint": kind, "stage": moved.before.name},
            )

    def _seed(self, step: int, env: int, slot: int, numbers: _Numbers) -> None:
        seeds = self._environment.seeds
        kind, stage = int(seeds.blueprint[env, slot]), Stage(int(seeds.stage[env, slot]))
        gate, inputs = seeds.ahead(env, slot)
        self.run.seed(
            env,
            SLOTS[slot],
            stage.name,
            step=step,
            blueprint=blueprints.NAMES[kind] if kind >= 0 else None,
            gate=gate,
            gate_inputs=inputs,
            **({} if stage in _GONE else _of(numbers, env, slot)),
        )

    def _numbers(self) -> _Numbers:
        """Every reading of every slot; taken at once, for reading tensors cell by cell is slow."""
        seeds, environment = self._environment.seeds, self._environment
        readings = {
            "alpha": seeds.alpha,
            "alpha_target": (seeds.stage >= Stage.BLENDING).float(),
            "age_steps": seeds.age_steps,
            "stage_steps": seeds.stage_steps,
            "parameters": environment.seed_parameters,
            "contribution": seeds.contribution,
            "trial_gain": seeds.trial_gain,
            "improvement": environment.accuracy.unsqueeze(1) - seeds.accuracy_before,
            "gradient_health": seeds.gradient_health,
        }
        return {name: reading.tolist() for name, reading in readings.items()}

    def _episode(self, step: int, episode: Episode) -> None:
        self.run.episode(
            episode.env,
            episode.number,
            step=step,
            final_accuracy=episode.final_accuracy,
            best_accuracy=episode.best_accuracy,
            episode_return=episode.episode_return,
            length=episode.length,
            outcome="complete" if episode.complete else "shortened by the staggered start",
            terminated=True,
            truncated=False,
            fossilized=episode.fossilized,
        )


def _lacking(moved: Transition) -> str:
    """Which inputs kept a gate shut."""
    parts = []
    for name, (value, needed) in (moved.inputs or {}).items():
        if value is None:
            parts.append(f"{name} not measured")
        elif value < needed:
            parts.append(f"{name} {value:.2f} < {needed:g}")
    return ", ".join(parts)


def _of(numbers: _Numbers, env: int, slot: int) -> dict[str, Any]:
    """One seed's readings; None is what was not measured."""
    found = {name: reading[env][slot] for name, reading in numbers.items()}
    return {name: None if math.isnan(value) else value for name, value in found.items()}


def _where(meant: Tensor, values: Tensor) -> "np.ma.MaskedArray[Any, Any]":
    """Values whose rows had no meaning where `meant`, (rows,) bool, is false."""
    array, hidden = values.detach().cpu().numpy(), ~meant.cpu().numpy()
    if array.ndim > 1:
        hidden = np.broadcast_to(hidden[:, None], array.shape)
    return np.ma.MaskedArray(array, mask=hidden)
