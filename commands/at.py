"""``at``: move to a moment of the past, or back to now; say where one is."""

from __future__ import annotations

import click

from sanctum.command import Moment, Report, Session, UsageError, inspect_command, replace_report
from sanctum.command.place import go, here


@inspect_command("at", group="time", of="both", examples=("at -50", "at u41", "at live"))
@click.argument("when", metavar="[WHEN]", required=False)
def command(session: Session, moment: Moment, when: str | None) -> Report:
    """Ask about another moment from here on: a step, an update, so long ago; or live.

    1200 is a vector step, -50 so many steps back, u41 an update, -5m and 14:05:30 times, hall:2
    an entry of the hall of fame, find where the last find was true. The prompt shows it; `--at`
    does it for one question. Without WHEN: say where you are.
    """
    if when is None:
        said = here(moment)
        return replace_report(said, next="at -50" if moment.at is None else "at live")
    if when.strip() == "find":
        found = session.remembered()
        if found is None:
            raise UsageError(
                "nothing was found so far in this session",
                "as in find 'entropy < 0.5', then at find",
            )
        when = found
    return go(session, moment, when)
