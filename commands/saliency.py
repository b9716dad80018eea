"""``saliency N [STEP] [ACTION]``: which features carried an op."""

from __future__ import annotations

import math

import click

from sanctum.command import ENV, Column, Moment, Report, Table, cell, inspect_command
from sanctum.command.readings import listed
from sanctum.command.replays import options, placed, weights, weights_options, when
from sanctum.model.readings import number
from sanctum.model.replayed import SaliencyAnswer

LIMIT = 10
ALLOWED = 0.01
"""The share of the difference by which the parts may miss it."""

COLUMNS = (
    Column("feature", lambda one: one.feature, priority=0),
    Column("value", lambda one: one.value, priority=1),
    Column("baseline", lambda one: one.baseline, priority=2),
    Column("integrated", lambda one: one.integrated, unit="nats", priority=0, digits=3),
    Column("gradient x input", lambda one: one.gradient_input, unit="nats", priority=1, digits=3),
)


@inspect_command(
    "saliency",
    group="explain",
    examples=("saliency 7", "saliency 7 1200", "saliency 7 GERMINATE", "saliency 7 u12 GERMINATE"),
)
@click.argument("env", type=ENV, metavar="N")
@click.argument("words", metavar="[STEP] [ACTION]", nargs=-1)
@click.option("-n", "--limit", type=click.IntRange(1), default=LIMIT, show_default=True)
@weights_options
def command(
    moment: Moment, env: int, words: tuple[str, ...], limit: int, which: str, trust: bool
) -> Report:
    """Show which features carried an op (by default the one taken), for it and against it.

    integrated: integrated gradients of its log-probability, from a baseline observation to the one
    that was seen (arXiv:1703.01365): above 0 the feature made the op more likely than at the
    baseline, below 0 less; all of them add up to the whole difference. gradient x input: the slope
    here times the value, which misses what is saturated.
    """
    step, action = placed(words)
    then = moment if step is None else moment.to(step)
    answer = then.saliency(env, action, which=which, trust=trust)
    off = number(answer.error)
    return Report(
        f"saliency of {answer.action}, env {answer.env} at step {answer.step:,}",
        Table(
            COLUMNS,
            answer.features[:limit],
            empty="the policy sees no features",
            total=len(answer.features),
        ),
        headline=_headline(answer),
        notes=_notes(answer),
        verdict=None if off is None else "ok" if off <= ALLOWED else "warn",
        at=answer.at,
        next=f"flip {answer.env} {when(answer.at, answer.step)}{options(answer.which, trust)}",
    )


def _headline(answer: SaliencyAnswer) -> str:
    carried = [f"{one.feature} {one.integrated:+.2f}" for one in answer.features if one.integrated]
    here, there = _chance(answer.log_probability), _chance(answer.baseline_log_probability)
    return f"{answer.action} {here} (baseline {there}): {listed(carried) or 'nothing carried it'}"


def _chance(log_probability: float) -> str:
    return f"{100 * math.exp(log_probability):.1f} %"


def _notes(answer: SaliencyAnswer) -> list[str]:
    difference = answer.log_probability - answer.baseline_log_probability
    off = number(answer.error)
    error = "" if off is None else f", error {'under 0.01' if off < 1e-4 else f'{100 * off:.2g}'} %"
    return [
        f"integrated adds up to {cell(answer.total)} of {cell(difference)} nats{error}, over "
        f"{answer.steps} points",
        f"baseline: {answer.baseline}",
        f"with {weights(answer.which, answer.update)}",
        *answer.notes,
    ]
