"""``episodes.list``: episodes that have ended."""

from __future__ import annotations

from sanctum.model.answers import EpisodesAnswer
from sanctum.record.moments import Scope


def episodes_list(
    of: Scope, env: int | None = None, sort: str = "step", limit: int | None = 20
) -> EpisodesAnswer:
    """Episodes that have ended by the moment."""
    raise NotImplementedError
