"""What a fake run answers when asked ``replay``."""

from __future__ import annotations


class FakeReplay:
    """A part of `FakeQueries`."""
