"""``why [N] [ACTION]``: why the policy does what it does, as a chain of questions."""

from __future__ import annotations

import click

from sanctum.command import Moment, Report, inspect_command
from sanctum.command.reasons import meant, reasons


@inspect_command(
    "why",
    group="explain",
    examples=("why", "why 7", "why GERMINATE", "why 7 WAIT", "why --more", "why --at u12"),
)
@click.argument("words", metavar="[N] [ACTION]", nargs=-1)
@click.option("--more", is_flag=True, help="all evidence; the questions after the cause, too")
def command(moment: Moment, words: tuple[str, ...], more: bool) -> Report:
    """Ask why the policy takes an action: by default WAIT, or whatever it takes most.

    Questions in the order of cause and effect, up to the first yes: it counts only if it accounts
    for most of the decisions. Each with its number, its limit and how many it is of (n); se:
    standard errors, sd: standard deviations. What ops bring is compared with waiting where all else
    was alike: the same time, stretch of the episode and legal ops. ?: nobody measured it. Below,
    what the policy sees: mean probabilities where legal, entropy, value, ripe seeds, the reward.
    """
    env, slot, action = meant(words)
    return reasons(moment, moment.why(env=env, slot=slot, action=action), more)
