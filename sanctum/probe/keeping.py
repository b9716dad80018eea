"""What the record may hold: as `attach` was told, as the environment says, or the usual amount."""

from __future__ import annotations

import os
from collections.abc import Callable

from sanctum.telemetry.amounts import KEEP_BYTES, LEAST_BYTES, bytes_of, spelled

VARIABLE = "SANCTUM_KEEP_BYTES"


def keep_bytes(given: int | str | None, say: Callable[[str], None]) -> int:
    """Bytes that the record may hold; what makes no sense is said, and the usual amount taken."""
    wanted = os.environ.get(VARIABLE) or None if given is None else given
    if wanted is None:
        return KEEP_BYTES
    try:
        found = bytes_of(wanted) if isinstance(wanted, str) else int(wanted)
    except (TypeError, ValueError, OverflowError) as error:
        say(f"sanctum: keep_bytes: {error}; the record is held to {spelled(KEEP_BYTES)}")
        return KEEP_BYTES
    if found < LEAST_BYTES:
        say(f"sanctum: keep_bytes is at least {spelled(LEAST_BYTES)}, which is taken")
    return max(found, LEAST_BYTES)
