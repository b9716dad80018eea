"""What a fake run answers when asked ``decision``."""

from __future__ import annotations


class FakeDecision:
    """A part of `FakeQueries`."""
