"""Signs: the single bytes that a recorder says to its trainer, after the line that greets it.

Frames go one way only; these go the other way.
"""

from __future__ import annotations

from typing import Final

ALIVE: Final = b"."
"""Once a second: the recorder is there and takes what it is sent."""

TAKEN: Final = b"!"
"""How the run ended is in the record."""

LEAVING: Final = b"q"
"""The recorder was told to end, and is not to be started again."""

STACKS: Final = b"?"
"""Somebody asks what the trainer's Python threads are doing: write it to the file for stacks."""
