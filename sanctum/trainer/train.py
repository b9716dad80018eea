"""Training, in the order it happens: act, step, and once a rollout, learn."""

import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from sanctum.trainer.environment import Environment, Episode
from sanctum.trainer.observation import observe
from sanctum.trainer.policy import Tamiyo
from sanctum.trainer.ppo import PPO
from sanctum.trainer.rollout import Rollout, advantages
from sanctum.trainer.settings import Settings
from sanctum.trainer.telemetry import Silence, Telemetry, attached


@dataclass(frozen=True)
class Progress:
    """How far the run is after an update; None where no episode has ended yet."""

    run_id: str
    update: int
    updates: int
    step: int
    """Vector steps done."""
    episode_return: float | None
    """Mean over the latest episodes, as many as there are environments; like the next."""
    accuracy: float | None
    """Mean final accuracy, percent."""
    scalars: dict[str, float | None]
    """The update's own readings."""
    env_steps_per_second: float

    @property
    def line(self) -> str:
        """The progress as one line of text."""
        return "  ".join(
            (
                f"update {self.update}/{self.updates}",
                f"step {self.step}",
                f"return {_number(self.episode_return, '.2f')}",
                f"accuracy {_number(self.accuracy, '.1f')} %",
                f"entropy {_number(self.scalars['entropy'], '.2f')}",
                f"kl {_number(self.scalars['approx_kl'], '.3f')}",
                f"{self.env_steps_per_second:.0f} env steps/s",
            )
        )


@dataclass
class Summary:
    """What a run came to."""

    run_id: str
    policy: Tamiyo
    progress: list[Progress] = field(default_factory=list)
    """One entry an update."""
    episodes: list[Episode] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    """The mean reward of each vector step."""
    op_counts: dict[str, int] = field(default_factory=dict)
    interrupted: bool = False


def train(
    settings: Settings,
    *,
    run_id: str | None = None,
    record: bool = True,
    on_update: Callable[[Progress], None] | None = None,
) -> Summary:
    """Train Tamiyo, attached to Sanctum if `record`. Deterministic for a seed on the CPU.

    `on_update` is called after every update. Ctrl-C ends the run early; the summary says so.
    """
    torch.set_num_threads(settings.threads)
    device = torch.device(settings.device)
    dice = torch.Generator()
    dice.manual_seed(settings.seed)
    environment = Environment(settings)
    policy = Tamiyo.fresh(settings.hidden, dice).to(device)
    learner = PPO(policy, settings, dice)
    run = attached(settings, run_id) if record else Silence(run_id or "unrecorded")
    telemetry = Telemetry(run, environment, settings)
    summary = Summary(run.run_id, policy)
    try:
        with run:
            _loop(settings, environment, policy, learner, telemetry, dice, summary, on_update)
    except KeyboardInterrupt:
        summary.interrupted = True
    return summary


def _loop(
    settings: Settings,
    environment: Environment,
    policy: Tamiyo,
    learner: PPO,
    telemetry: Telemetry,
    dice: torch.Generator,
    summary: Summary,
    on_update: Callable[[Progress], None] | None,
) -> None:
    device = torch.device(settings.device)
    latest: deque[Episode] = deque(maxlen=settings.envs)
    step = 0
    telemetry.policy(0, policy)
    for update in range(1, settings.updates + 1):
        began = time.perf_counter()
        rollout = Rollout.starting(step)
        for _ in range(settings.rollout_steps):
            observation, legal = observe(environment), environment.legal
            with torch.no_grad():
                outlook = policy(observation.to(device), legal.to(device)).cpu()
                actions = outlook.sample(dice)
                log_prob = outlook.log_prob(actions)
            stepped = environment.step(actions)
            rollout.add(
                observation, legal, actions, log_prob, outlook.value, stepped.reward, stepped.ended
            )
            telemetry.step(
                step, observation, legal, outlook, actions, log_prob, stepped, update - 1
            )
            telemetry.renewed(environment.renew_ended())
            summary.rewards.append(float(stepped.reward.mean()))
            summary.episodes.extend(stepped.episodes)
            latest.extend(stepped.episodes)
            step += 1

        with torch.no_grad():
            ahead = policy(observe(environment).to(device), environment.legal.to(device)).cpu()
        values = torch.stack([*rollout.value, ahead.value])
        advantage = advantages(
            torch.stack(rollout.reward),
            values,
            torch.stack(rollout.ended),
            gamma=settings.gamma,
            lam=settings.lam,
        )
        returns = advantage + values[:-1]
        share_left = 1 - (update - 1) / settings.updates
        batch = rollout.batch(advantage, returns, device)
        report = learner.update(batch, share_left=share_left)

        telemetry.update(update, (rollout.first_step, step - 1), report, advantage, returns)
        telemetry.policy(update, policy)
        progress = Progress(
            summary.run_id,
            update,
            settings.updates,
            step,
            _mean([episode.episode_return for episode in latest]),
            _mean([episode.final_accuracy for episode in latest]),
            report.scalars,
            settings.rollout_steps * settings.envs / (time.perf_counter() - began),
        )
        summary.progress.append(progress)
        if on_update is not None:
            on_update(progress)


def print_progress(progress: Progress) -> None:
    """One line on stderr."""
    print(progress.line, file=sys.stderr, flush=True)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
