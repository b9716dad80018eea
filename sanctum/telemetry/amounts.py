"""Amounts of bytes as people write and read them."""

from __future__ import annotations

import re

KEEP_BYTES = 2 * 1024**3
"""What a record holds at most, its WAL included, unless the trainer says otherwise."""

LEAST_BYTES = 16 * 1024**2
"""The least that a record may be held to: less would keep no stretch worth asking about."""

THINNED = "by plan: the last 20, of older ones ever fewer"
"""The rule by which policy weights go, however small the record."""

_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([KMGT]?)(?:I?B)?\Z", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def bytes_of(text: str) -> int:
    """``500M``, ``2G``, ``1.5 GiB`` or a plain number as bytes; units are powers of 1,024.

    Raises ValueError with what would have been right.
    """
    found = _AMOUNT.match(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is not a number of bytes, such as 500M or 2G")
    return int(float(found[1]) * 1024 ** _POWERS[found[2].upper()])


def spelled(count: float) -> str:
    """Bytes in the largest unit that keeps them above one: ``2.0 GiB``."""
    if count < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TiB"
