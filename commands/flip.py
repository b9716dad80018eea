"""``flip N [STEP] [ACTION]``: the smallest change of one feature that changes the choice."""

from __future__ import annotations

import click

from sanctum.command import ENV, Column, Moment, Report, Table, cell, inspect_command
from sanctum.command.replays import exact, options, placed, weights, weights_options, when, word
from sanctum.model.readings import NOT_MEASURED, number
from sanctum.model.replayed import Flip, FlipAnswer

LIMIT = 10

COLUMNS = (
    Column("feature", lambda one: one.feature, priority=0),
    Column("was", lambda one: one.before, priority=1),
    Column("needed", lambda one: exact(one.after), priority=0, align="right"),
    Column("distance", lambda one: one.distance, unit="sd", priority=0, digits=2),
    Column("seen", lambda one: _seen(one), priority=0, align="right"),
    Column("becomes", lambda one: one.choice, priority=0),
)
DETAIL = (
    Column("probability", lambda one: 100 * one.probability, unit="percent", digits=1),
    Column("after", lambda one: one.after),
    Column("change", lambda one: one.after - one.before),
    Column("least", lambda one: one.least),
    Column("greatest", lambda one: one.greatest),
)
"""Of which the screen shows what can be typed."""


@inspect_command(
    "flip",
    group="explain",
    examples=("flip 7", "flip 7 1200", "flip 7 GERMINATE", "flip 7 1200 GERMINATE --with now"),
)
@click.argument("env", type=ENV, metavar="N")
@click.argument("words", metavar="[STEP] [ACTION]", nargs=-1)
@click.option("-n", "--limit", type=click.IntRange(1), default=LIMIT, show_default=True)
@weights_options
def command(
    moment: Moment, env: int, words: tuple[str, ...], limit: int, which: str, trust: bool
) -> Report:
    """Find the smallest change of one feature after which the policy chooses otherwise.

    Each feature is tried alone, both ways, up to a few of its standard deviations (sd); the mask
    and all else stay. The choice is the most probable op, whichever was drawn; with ACTION, the
    changes that make it that one. 90 % of a change does not flip it. Smallest first: what the
    decision hung on. seen: from where to where the feature went of late; a change beyond that asks
    the policy about what it never saw.
    """
    step, action = placed(words)
    then = moment if step is None else moment.to(step)
    answer = then.flip(env, action, which=which, trust=trust)
    shown = answer.flips[:limit]
    return Report(
        f"flip, env {answer.env} at step {answer.step:,}",
        Table(COLUMNS, shown, empty=_empty(answer), total=len(answer.flips), detail=DETAIL),
        headline=_headline(answer),
        notes=_notes(answer),
        at=answer.at,
        next=_next(answer, trust),
    )


def _headline(answer: FlipAnswer) -> str:
    now = f"{answer.choice} ({100 * answer.probability:.0f} %)"
    if answer.forced and not answer.flips:
        return f"forced: {answer.choice} was the only legal option, whatever the policy saw"
    if not answer.flips:
        other = answer.wanted or "anything else"
        return f"no single feature within {answer.reach:g} sd turns {now} into {other}"
    best = answer.flips[0]
    return (
        f"smallest: {best.feature} {cell(best.before)} -> {exact(best.after)} "
        f"({best.distance:+.2f} sd) turns {now} into {best.choice} ({100 * best.probability:.0f} %)"
    )


def _empty(answer: FlipAnswer) -> str:
    if answer.forced:
        return "no other option was legal, and a change of features leaves the mask as it is"
    return f"none of {answer.features} features does it alone, within {answer.reach:g} sd each way"


def _notes(answer: FlipAnswer) -> list[str]:
    found = f"{len(answer.flips)} of {answer.features} features can do it alone, within "
    searched = [f"{found}{answer.reach:g} sd each way"] if answer.flips else []
    best = next(filter(_is_like_seen, answer.flips), None)
    if best is not None and best is not answer.flips[0]:
        change = f"{best.feature} {cell(best.before)} -> {exact(best.after)}"
        searched.append(f"smallest within what was seen: {change} ({best.distance:+.2f} sd)")
    return [
        *searched,
        f"with {weights(answer.which, answer.update)}; the mask stays",
        *answer.notes,
    ]


def _seen(one: Flip) -> str:
    """From where to where the feature went."""
    if NOT_MEASURED in (one.least, one.greatest):
        return "-"
    return f"{cell(one.least, 2)} to {cell(one.greatest, 2)}"


def _is_like_seen(one: Flip) -> bool:
    """Whether the feature has had a value like that."""
    least, greatest = number(one.least), number(one.greatest)
    return least is not None and greatest is not None and least <= one.after <= greatest


def _next(answer: FlipAnswer, trust: bool) -> str:
    ending = options(answer.which, trust)
    if answer.forced and not answer.flips:
        return f"decision {answer.env} {when(answer.at, answer.step)}"
    if not answer.flips:
        return f"saliency {answer.env} {when(answer.at, answer.step)}{ending}"
    return f"what-if {answer.env} {when(answer.at, answer.step)} {_change(answer.flips[0])}{ending}"


def _change(one: Flip) -> str:
    return word(f"{one.feature}={exact(one.after)}")
