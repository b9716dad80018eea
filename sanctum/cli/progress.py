"""How far an import has come, said to a person who waits for it at a terminal."""

from __future__ import annotations

import time
from pathlib import Path

from sanctum.cli.events import Tell
from sanctum.shell.output import Output

SAY_EVERY_S = 2.0


def teller(output: Output, path: Path | None) -> Tell | None:
    """Says on a terminal, every two seconds, how far it has come."""
    if not output.errors.isatty():
        return None
    whole = 0 if path is None else path.stat().st_size
    said = time.monotonic()

    def tell(events: int, read: int) -> None:
        nonlocal said
        if time.monotonic() - said > SAY_EVERY_S:
            said = time.monotonic()
            share = f"{100 * read / whole:.0f} %, " if whole else ""
            output.say(f"{share}{events:,} events so far ...")

    return tell
