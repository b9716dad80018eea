"""The vector environment: hosts in training, one step for all of them at a time.

A step does what Tamiyo asks, trains every host on a few minibatches, judges it on held-out samples
with and without each of its seeds, and lets seeds through their gates.

An episode lasts a fixed number of steps, which the observation counts, so its end is part of the
task and not an interruption of it: it is *terminated*, never *truncated*, and nothing is earned
afterwards. A fresh host follows at once; it is what the next observation shows.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sanctum.trainer import data, reward
from sanctum.trainer.actions import Actions, Legal, Op
from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.faults.known import fault_named
from sanctum.trainer.host import Hosts
from sanctum.trainer.rules import legal
from sanctum.trainer.seeds import BLENDED, LIVE, Seeds, Transition
from sanctum.trainer.settings import Settings
from sanctum.trainer.stages import Stage

TREND_STEPS = 5


@dataclass(frozen=True)
class Episode:
    """One finished episode; accuracies in percent."""

    env: int
    number: int
    length: int
    final_accuracy: float
    best_accuracy: float
    episode_return: float
    fossilized: int
    complete: bool
    """False for a first episode that a staggered start made shorter."""


@dataclass(frozen=True)
class Stepped:
    """What a step brought; (envs,) float32 on the CPU unless said otherwise.

    All of it is from before an environment that ended was made anew.
    """

    rewards: dict[str, Tensor]
    reward: Tensor
    ended: Tensor
    """(envs,) bool."""
    accuracy: Tensor
    best_accuracy: Tensor
    loss: Tensor
    validation_loss: Tensor
    parameters: Tensor
    growth: Tensor
    active_seeds: Tensor
    env_step: Tensor
    """(envs,) int64: the step within the episode, from 0."""
    episode: Tensor
    """(envs,) int64."""
    transitions: list[Transition]
    episodes: list[Episode]


class Environment:
    """All environments. Their state may be read between steps; only `step` changes it."""

    def __init__(self, settings: Settings, seed: int | None = None) -> None:
        """Made anew from `seed`, by default that of the settings."""
        self.settings, self._fault = settings, fault_named(settings.fault)
        seed = settings.seed if seed is None else seed
        self.device = torch.device(settings.device)
        envs = settings.envs
        split, dice = torch.Generator(), torch.Generator()
        split.manual_seed(2 * seed)
        dice.manual_seed(2 * seed + 1)
        loaded = data.load(settings.task, envs, settings.validation_size, split)
        self.hosts = Hosts(settings, loaded, dice, self.device)
        self.seeds = Seeds(settings)
        self.env_step = torch.zeros(envs, dtype=torch.int64)
        self.episode = torch.zeros(envs, dtype=torch.int64)
        self.accuracy, self.best_accuracy = torch.zeros(envs), torch.zeros(envs)
        self.loss, self.validation_loss = torch.zeros(envs), torch.zeros(envs)
        self.recent_accuracy = torch.zeros(envs, TREND_STEPS)
        self._episode_return = torch.zeros(envs, dtype=torch.float64)
        self._first_step = torch.zeros(envs, dtype=torch.int64)
        self._since_op = torch.zeros(envs, dtype=torch.int64)
        sizes = [self.hosts.seed_parameters(kind) for kind in range(len(BLUEPRINTS))]
        self._seed_sizes = torch.tensor([*sizes, 0], dtype=torch.float32)
        self._renew(list(range(envs)))
        if settings.stagger:
            self.env_step = torch.arange(envs) * settings.episode_length // envs
            self._first_step = self.env_step.clone()

    @property
    def legal(self) -> Legal:
        """What may be done now."""
        cooling = self._since_op < self.settings.cooldown_steps
        return legal(self.seeds, self.settings.cull_age, cooling)

    @property
    def seed_parameters(self) -> Tensor:
        """(envs, slots) float32: parameters of the seed in each slot."""
        return self._seed_sizes[self.seeds.blueprint]

    @property
    def growth(self) -> Tensor:
        """(envs,) float32: parameters of host and seeds over those of the host."""
        return 1 + self.seed_parameters.sum(1) / self.hosts.host_parameters

    def step(self, actions: Actions) -> Stepped:
        """Do what is asked, which must be legal, and train for a step."""
        seeds, before = self.seeds, self.accuracy
        potential = seeds.potential()
        transitions = self._done(actions)
        acted = self._fault.acted(actions.op != Op.WAIT)
        self._since_op = torch.where(acted, 0, self._since_op + 1)
        seeds.age()
        learned = self.hosts.learn(seeds.lanes(self.device))
        judged = seeds.counterfactuals(self.device)
        loss, accuracy = (reading.cpu() for reading in self.hosts.validate(judged))
        seeds.measured(judged, accuracy, learned.gradient_health.cpu())
        envs = len(before)
        self.loss, self.validation_loss = learned.loss.cpu(), loss[:envs]
        self.accuracy = accuracy[:envs]
        self.best_accuracy = torch.maximum(self.best_accuracy, self.accuracy)
        self.recent_accuracy = torch.cat([self.recent_accuracy[:, 1:], before.unsqueeze(1)], 1)
        contribution, growth = seeds.contribution.clone(), self.growth
        active = seeds.among((*LIVE, *BLENDED)).sum(1)
        transitions += seeds.advance()
        ended = self.env_step + 1 >= self.settings.episode_length
        parts = reward.components(
            reward.Happened(
                actions.op,
                self.accuracy - before,
                contribution,
                seeds.stage == Stage.FOSSILIZED,
                growth - 1,
                potential,
                seeds.potential(),
                ended,
            ),
            self.settings,
        )
        stepped = Stepped(
            parts,
            reward.total(parts),
            ended,
            self.accuracy,
            self.best_accuracy,
            self.loss,
            self.validation_loss,
            growth * self.hosts.host_parameters,
            growth,
            active,
            self.env_step.clone(),
            self.episode.clone(),
            transitions,
            [],
        )
        self._episode_return += stepped.reward
        self.env_step += 1
        over = ended.nonzero().flatten().tolist()
        stepped.episodes.extend(self._finished(env) for env in over)
        return stepped

    def renew_ended(self) -> list[Transition]:
        """Put a fresh host into every environment whose episode is over; what became of seeds."""
        ended = self.env_step >= self.settings.episode_length
        over = ended.nonzero().flatten().tolist()
        gone = (ended.unsqueeze(1) & (self.seeds.stage != Stage.DORMANT)).nonzero().tolist()
        transitions = [self.seeds.leave(env, slot) for env, slot in gone]
        if over:
            self.episode[over] += 1
            self._renew(over)
        return transitions

    def _done(self, actions: Actions) -> list[Transition]:
        found = []
        for env in (actions.op != Op.WAIT).nonzero().flatten().tolist():
            op, slot = int(actions.op[env]), int(actions.slot[env])
            if op == Op.GERMINATE:
                kind = int(actions.blueprint[env])
                self.hosts.plant(env, slot, kind)
                found.append(self.seeds.germinate(env, slot, kind, float(self.accuracy[env])))
            elif op == Op.CULL:
                found.append(self.seeds.cull(env, slot, "CULL"))
            else:
                found.append(self.seeds.fossilize(env, slot))
        return found

    def _finished(self, env: int) -> Episode:
        return Episode(
            env,
            int(self.episode[env]),
            int(self.env_step[env] - self._first_step[env]),
            float(self.accuracy[env]),
            float(self.best_accuracy[env]),
            float(self._episode_return[env]),
            int((self.seeds.stage[env] == Stage.FOSSILIZED).sum()),
            not bool(self._first_step[env]),
        )

    def _renew(self, envs: list[int]) -> None:
        for env in envs:
            self.hosts.renew(env)
            self.seeds.clear(env)
        loss, accuracy = (reading.cpu() for reading in self.hosts.validate_bare(envs))
        self.env_step[envs] = 0
        self._first_step[envs] = 0
        self._since_op[envs] = self.settings.cooldown_steps
        self._episode_return[envs] = 0.0
        for name in ("accuracy", "best_accuracy", "loss", "validation_loss"):
            # What a step has handed out is not changed afterwards.
            reading = getattr(self, name).clone()
            reading[envs] = accuracy if "accuracy" in name else loss
            setattr(self, name, reading)
        self.recent_accuracy[envs] = accuracy.unsqueeze(1)
