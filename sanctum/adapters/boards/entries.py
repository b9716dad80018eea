"""What an event file of TensorBoard says, entry by entry, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

SCALAR: Final = "scalar"
TEXT: Final = "text"
SETTINGS: Final = "hparams"
RESUMED: Final = "session"
"""The writer began anew at this step: what earlier ones said from there on is void."""

KEPT = frozenset({SCALAR, TEXT, SETTINGS, RESUMED})
ELSEWHERE = frozenset(
    {"histogram", "image", "audio", "video", "graph", "mesh", "pr_curve", "custom_scalars"}
    | {"projector", "tensor", "log"}
)
"""Kinds that TensorBoard shows and Sanctum does not."""


class Entry(NamedTuple):
    """One thing that was said. `value` is a number, a text, or settings by name.

    `kind` is one of `KEPT`, one of `ELSEWHERE` (`value` is None), or whatever a plug-in is called.
    `time` is since the epoch, in seconds.
    """

    time: float
    step: int
    kind: str
    tag: str = ""
    value: float | str | Mapping[str, Any] | None = None
