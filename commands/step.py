"""``step``: move on from the moment one is at, by vector steps or by updates."""

from __future__ import annotations

import click

from sanctum.command import Moment, Report, Session, UsageError, inspect_command
from sanctum.command.place import LIVE, go


@inspect_command("step", group="time", of="both", examples=("step -1", "step -10"))
@click.argument("count", metavar="[N]", type=int, default=1)
def command(session: Session, moment: Moment, count: int) -> Report:
    """Move N steps on, or back: -1, +10. From an update (at u41): N updates.

    Steps that were not recorded are passed over. From live one can only go back.
    """
    if moment.at is None:
        if count > 0:
            raise UsageError(f"there is nothing after {LIVE}", "step -1 goes back")
        return go(session, moment, f"{LIVE}{count}" if count else LIVE)
    start = moment.at
    if start.startswith("hall:") and start.count(":") == 1:
        start = f"{start}:{moment.run().at.step}"
    return go(session, moment, f"{start}{count:+d}")
