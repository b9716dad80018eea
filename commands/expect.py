"""``expect``: turn the state of a run into an exit code."""

from __future__ import annotations

import click

from sanctum.command import (
    ENV,
    ExpectationFailed,
    Fact,
    Facts,
    Moment,
    NoDataYet,
    Report,
    cell,
    inspect_command,
)
from sanctum.model.answers import ConditionAnswer


@inspect_command(
    "expect", group="drive", examples=("expect entropy > 0.3", "expect 'accuracy > 40' --env 7")
)
@click.argument("condition", metavar="CONDITION", nargs=-1, required=True)
@click.option("--env", type=ENV, metavar="N", help="of one environment rather than of the policy")
def command(moment: Moment, condition: tuple[str, ...], env: int | None) -> Report:
    """Check that a condition holds.

    Exit code 6 when it does not, 7 when it cannot be known. The condition may be typed without
    quotes: comparisons joined by and, or, not; `for N` for so many in a row; `is absent`.
    """
    answer = moment.check(" ".join(condition), env=env)
    if answer.holds is None:
        raise NoDataYet(f"cannot tell whether {answer.condition}: {answer.why or 'no data yet'}")
    if not answer.holds:
        raise ExpectationFailed(f"{answer.condition} does not hold", _values(answer))
    return Report(
        f"{answer.condition} holds",
        Facts(Fact(name, value) for name, value in answer.values.items()),
        at=answer.at,
        verdict="ok",
    )


def _values(answer: ConditionAnswer) -> str | None:
    """The values a condition rested on, in one line."""
    where = "" if answer.at.step is None else f" at step {answer.at.step}"
    said = ", ".join(f"{name} is {cell(value)}" for name, value in answer.values.items())
    return said + where if said else None
