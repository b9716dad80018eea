"""What a trainer says: message Structs, frames on the wire, and the metric catalogue."""

from __future__ import annotations

from typing import Final

from sanctum.telemetry.messages import (
    Array,
    Backfill,
    Beat,
    Config,
    EpisodeEnded,
    Frame,
    Gap,
    Message,
    PolicySaved,
    RunEnded,
    RunStarted,
    SeedState,
    Settings,
    Source,
    Step,
    Update,
)

__all__ = [
    "MASKED",
    "NOTE",
    "SEVERITIES",
    "Array",
    "Backfill",
    "Beat",
    "Config",
    "EpisodeEnded",
    "Frame",
    "Gap",
    "Masked",
    "Message",
    "PolicySaved",
    "RunEnded",
    "RunStarted",
    "SeedState",
    "Settings",
    "Source",
    "Step",
    "Update",
]

NOTE = "note"
"""The type of events that a person wrote."""

SEVERITIES = ("debug", "info", "warn", "error", "critical")


class Masked:
    """The type of `MASKED`: a reading that had no meaning, such as the gradient of a head that
    had one legal action. Neither zero nor *not measured*.
    """

    def __repr__(self) -> str:
        return "MASKED"


MASKED: Final = Masked()
