"""What a fake run answers when asked ``metric``."""

from __future__ import annotations


class FakeMetric:
    """A part of `FakeQueries`."""
