"""``why-not N ACTION``: why the policy does not take an action, in one environment or slot."""

from __future__ import annotations

import click

from sanctum.command import Moment, Report, UsageError, inspect_command
from sanctum.command.reasons import meant, reasons


@inspect_command(
    "why-not",
    group="explain",
    examples=("why-not 7 GERMINATE", "why-not 7.r0c1 FOSSILIZE", "why-not GERMINATE"),
)
@click.argument("words", metavar="[N|SEED] ACTION", nargs=-1)
@click.option("--more", is_flag=True, help="all evidence")
def command(moment: Moment, words: tuple[str, ...], more: bool) -> Report:
    """Ask why an action is not taken: is it legal, what forbids it, what does the seed lack.

    Of an environment, whether it is legal now, by which rule not, and since how many steps; of a
    seed's slot also its stage and what its next gate still needs. Then what the policy gives it,
    what it brought elsewhere after 1, 5 and 20 steps beside waiting, and what it costs.
    """
    env, slot, action = meant(words)
    if action is None and slot is None:
        raise UsageError("which action?", "why-not 7 GERMINATE, or why-not 7.r0c1 FOSSILIZE")
    return reasons(moment, moment.why(env=env, slot=slot, action=action, negated=True), more)
