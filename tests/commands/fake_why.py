"""What a fake run answers when asked ``why``."""

from __future__ import annotations


class FakeWhy:
    """A part of `FakeQueries`."""
