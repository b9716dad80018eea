"""The carry: what was last said of every single-valued column before a block begins."""

from __future__ import annotations

import msgspec
import numpy as np

from sanctum.record.blocks import Latest
from sanctum.record.cells import squeeze, unsqueeze


class CarryRow(msgspec.Struct, array_like=True):
    """One column of a stored carry."""

    name: str
    dtype: str
    values: bytes
    states: bytes
    steps: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[CarryRow])


def pack_carry(carry: dict[str, Latest]) -> bytes | None:
    """A carry as bytes for the file; None when nothing is carried."""
    if not carry:
        return None
    rows = [
        CarryRow(
            name,
            one.values.dtype.str,
            one.values.tobytes(),
            one.states.tobytes(),
            one.steps.tobytes(),
        )
        for name, one in sorted(carry.items())
    ]
    return squeeze(_encoder.encode(rows))


def unpack_carry(data: bytes | None) -> dict[str, Latest]:
    """The carry that `pack_carry` was given."""
    if data is None:
        return {}
    return {
        row.name: Latest(
            np.frombuffer(row.values, row.dtype).reshape(-1, 1),
            np.frombuffer(row.states, np.uint8),
            np.frombuffer(row.steps, np.int64),
        )
        for row in _decoder.decode(unsqueeze(data))
    }
