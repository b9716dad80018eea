"""``attach``: talk to another run from here on."""

from __future__ import annotations

import click

from sanctum.command import Report, Session, inspect_command


@inspect_command("attach", group="drive", of="session", examples=("attach demo-3",))
@click.argument("name", metavar="RUN")
def command(session: Session, name: str) -> Report:
    """Talk to another run: live or recorded, by its id or by the path of its record."""
    answer = session.attach(name).run()
    return Report(
        f"attached to {answer.header.run_id}: {answer.header.task}, {answer.state.word}",
        at=answer.at,
        run=answer.header.run_id,
    )
