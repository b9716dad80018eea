"""Frames on the wire from the probe to the recorder: a four-byte length, then MessagePack."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from sanctum.errors import SanctumError
from sanctum.telemetry.messages import Frame

MAX_FRAME_BYTES = 256 * 1024 * 1024
_LENGTH = struct.Struct("<I")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Frame)


class FrameError(SanctumError):
    """Bytes that are not a frame; the stream cannot be trusted after it."""


def encode(frame: Frame) -> bytes:
    """One frame as bytes, its length first."""
    body = _encoder.encode(frame)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into frames, however the bytes were split on the way."""

    def __init__(self) -> None:
        self._held = bytearray()
        self.refused = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete with `data`.

        A frame whose body is not one of ours is counted in `refused` and left out; a length
        beyond `MAX_FRAME_BYTES` raises FrameError, since nothing after it can be found.
        """
        self._held += data
        at = 0
        try:
            while len(self._held) - at >= _LENGTH.size:
                (size,) = _LENGTH.unpack_from(self._held, at)
                if size > MAX_FRAME_BYTES:
                    raise FrameError(
                        f"a frame of {size} bytes was announced; {MAX_FRAME_BYTES} is the limit"
                    )
                end = at + _LENGTH.size + size
                if len(self._held) < end:
                    break
                with memoryview(self._held) as held:
                    body = bytes(held[at + _LENGTH.size : end])
                at = end
                try:
                    frame = _decoder.decode(body)
                except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
                    self.refused += 1
                else:
                    yield frame
        finally:
            del self._held[:at]
