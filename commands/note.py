"""``note``: put a line of one's own on the timeline of a run."""

from __future__ import annotations

import click

from sanctum.command import Moment, Report, inspect_command


@inspect_command(
    "note",
    group="remember",
    examples=("note learning rate halved", "note --at 1200 'here it began to WAIT'"),
)
@click.argument("text", nargs=-1, required=True)
def command(moment: Moment, text: tuple[str, ...]) -> Report:
    """Put a line on the timeline, now or --at a moment of the past, of a live or a recorded run.

    events shows it, and so does plot. It is kept as long as the record is.
    """
    noted = moment.note(" ".join(text))
    place = "before the first step" if noted.step is None else f"at step {noted.step:,}"
    return Report(f"noted {place}: {noted.text}", next="events --type note")
