"""``quit``: leave the shell."""

from __future__ import annotations

from sanctum.command import Report, Session, inspect_command


@inspect_command("quit", group="drive", of="session", examples=("quit",))
def command(session: Session) -> Report:
    """Leave the shell; the run goes on. So does Ctrl-D."""
    session.leave()
    return Report("")
