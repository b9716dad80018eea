"""``python -m sanctum.trainer.baselines``: does the trained policy beat doing nothing, and chance?

For each seed Tamiyo is trained anew; then it, a policy that never germinates and one that picks
among the legal actions at random each play whole episodes on hosts and data that no training saw.
"""

import argparse
import dataclasses
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sanctum.trainer.actions import OPS, Actions, Legal, Op
from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.environment import Environment
from sanctum.trainer.observation import observe
from sanctum.trainer.policy import Logits, Outlook, Tamiyo
from sanctum.trainer.settings import Settings
from sanctum.trainer.train import train

Choose = Callable[[Tensor, Legal], Actions]

UNSEEN = 1_000_000
"""Added to a seed for the environments a policy is judged in."""


@dataclass(frozen=True)
class Score:
    """What a policy reached with one seed, as means over its environments."""

    final_accuracy: float
    """Percent."""
    episode_return: float
    op_share: dict[str, float]
    """Share of all decisions, by op."""


def never(_: Tensor, legal: Legal) -> Actions:
    """Always WAIT."""
    unused = torch.full((len(legal.slots),), -1)
    return Actions(torch.full_like(unused, Op.WAIT), unused, unused)


def chance(generator: torch.Generator) -> Choose:
    """A legal op, then a legal slot and a blueprint, each with equal probability."""

    def choose(_: Tensor, legal: Legal) -> Actions:
        rows = len(legal.slots)
        alike = Logits(
            torch.zeros(legal.ops.shape),
            torch.zeros(legal.slots.shape),
            torch.zeros(rows, len(BLUEPRINTS)),
        )
        return Outlook.of(alike, legal, torch.zeros(rows)).sample(generator)

    return choose


def trained(policy: Tamiyo, generator: torch.Generator) -> Choose:
    """The policy's own choices, drawn from its probabilities as in training."""
    device = next(policy.parameters()).device

    def choose(observation: Tensor, legal: Legal) -> Actions:
        with torch.no_grad():
            outlook = policy(observation.to(device), legal.to(device)).cpu()
        drawn: Actions = outlook.sample(generator)
        return drawn

    return choose


def play(settings: Settings, choose: Choose) -> Score:
    """One whole episode in every environment of the settings' seed."""
    environment = Environment(dataclasses.replace(settings, stagger=False))
    counts: Counter[int] = Counter()
    while True:
        actions = choose(observe(environment), environment.legal)
        counts.update(actions.op.tolist())
        stepped = environment.step(actions)
        if stepped.episodes:
            break
    return Score(
        statistics.fmean(episode.final_accuracy for episode in stepped.episodes),
        statistics.fmean(episode.episode_return for episode in stepped.episodes),
        {name: counts[op] / counts.total() for op, name in enumerate(OPS)},
    )


def compare(settings: Settings) -> dict[str, Score]:
    """The three policies with one seed, in the same environments."""
    policy = train(settings, record=False).policy
    unseen = dataclasses.replace(settings, seed=settings.seed + UNSEEN)
    dice = torch.Generator()
    dice.manual_seed(unseen.seed)
    return {
        "trained": play(unseen, trained(policy, dice)),
        "never germinate": play(unseen, never),
        "random": play(unseen, chance(dice)),
    }


def table(scores: Sequence[dict[str, Score]]) -> str:
    """Means over seeds, with the standard deviation over seeds."""
    lines = [f"{'policy':<16}{'final accuracy %':>18}{'return':>18}   share of ops, percent"]
    for policy in scores[0]:
        found = [each[policy] for each in scores]
        accuracy = _spread([score.final_accuracy for score in found])
        episode_return = _spread([score.episode_return for score in found])
        shares = "  ".join(
            f"{op} {100 * statistics.fmean(score.op_share[op] for score in found):.1f}"
            for op in OPS
        )
        lines.append(f"{policy:<16}{accuracy:>18}{episode_return:>18}   {shares}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, play, print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m sanctum.trainer.baselines", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument("--seeds", type=int, default=10, help="how many (default: 10)")
    parser.add_argument("--updates", type=int, default=40, help="of each training (default: 40)")
    parser.add_argument("--task", choices=("digits", "spirals"), default="digits")
    parser.add_argument("--quick", action="store_true", help="two seeds, ten updates")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    given = parser.parse_args(arguments)
    seeds, updates = (2, 10) if given.quick else (given.seeds, given.updates)
    overrides = dict(each.partition("=")[::2] for each in given.overrides)
    settings = Settings(task=given.task, updates=updates).with_overrides(overrides)
    began, scores = time.perf_counter(), []
    for seed in range(seeds):
        scores.append(compare(dataclasses.replace(settings, seed=seed)))
        print(f"seed {seed} done, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"{settings.task}, {seeds} seeds, {updates} updates each; mean +- standard deviation")
    print(table(scores))


def _spread(values: list[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.2f} +- {deviation:.2f}"


if __name__ == "__main__":
    main()
