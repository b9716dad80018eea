from __future__ import annotations

import struct

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.telemetry import (
    Array,
    Backfill,
    Beat,
    EpisodeEnded,
    Frame,
    Gap,
    Message,
    RunEnded,
    RunStarted,
    SeedState,
    Step,
    Update,
)
from sanctum.telemetry.arrays import MASKED_CELL, pack, unpack
from sanctum.telemetry.frames import MAX_FRAME_BYTES, FrameError, FrameReader, encode

words = st.text(max_size=12)
numbers = st.floats(allow_nan=False)
steps = st.integers(0, 2**62)
arrays = st.builds(Array, words, st.tuples(steps), st.binary(max_size=40), st.none() | st.binary())
scalars = st.dictionaries(words, st.none() | numbers, max_size=3)
frames = st.one_of(
    st.builds(RunStarted, words, words, st.integers(0, 4096), config=st.just({"lr": 0.1})),
    st.builds(Step, steps, st.dictionaries(words, arrays, max_size=3), at=numbers),
    st.builds(Update, steps, scalars, st.lists(words, max_size=3)),
    st.builds(SeedState, steps, words, words, steps, numbers=scalars),
    st.builds(EpisodeEnded, steps, steps, steps, terminated=st.booleans()),
    st.builds(Message, words, data=st.dictionaries(words, st.integers(-(2**63), 2**63 - 1))),
    st.builds(Backfill, steps, st.dictionaries(words, arrays, max_size=2)),
    st.builds(Gap, words, steps, steps, steps, words),
    st.builds(Beat, steps, steps, steps, numbers),
    st.builds(RunEnded, words, st.none() | words),
)


@settings(deadline=None)
@given(st.lists(frames, max_size=5), st.lists(st.integers(1, 30)))
def test_frames_come_back_however_the_bytes_were_split(sent: list[Frame], cuts: list[int]):
    data = b"".join(encode(frame) for frame in sent)
    reader, got = FrameReader(), []
    for cut in cuts:
        got += reader.feed(data[:cut])
        data = data[cut:]
    got += reader.feed(data)
    assert got == sent
    assert reader.refused == 0


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), frames)
def test_bodies_that_are_no_frames_are_counted_and_those_after_them_arrive(bodies, frame):
    reader = FrameReader()
    data = b"".join(struct.pack("<I", len(body)) + body for body in bodies) + encode(frame)
    got = list(reader.feed(data))
    assert got[-1] == frame
    assert reader.refused == len(bodies) + 1 - len(got)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_give_frames_or_a_frame_error(pieces):
    reader = FrameReader()
    try:
        for piece in pieces:
            list(reader.feed(piece))
    except FrameError:
        announced = struct.unpack("<I", bytes(reader._held[:4]))[0]
        assert announced > MAX_FRAME_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"\x91" * 100_000,
        msgspec.msgpack.encode({"is": "message", "text": "x"})[:-1] + b"\xff",
        b"\x82\xa2is\xa7message\xa4text\xa2\xff\xfe",
        b"\x82\xa2is\xa7message\xa4data" + b"\x81\xa1a" * 100_000 + b"\xc0",
        b"",
    ],
)
def test_hostile_bodies_are_refused(body):
    reader = FrameReader()
    assert list(reader.feed(struct.pack("<I", len(body)) + body)) == []
    assert reader.refused == 1


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", "<i8", "|u1", "|b1", "<u4"])
def test_an_array_comes_back_as_it_was(dtype):
    values = np.arange(12).reshape(3, 4).astype(dtype)
    got, states = unpack(pack(values))
    assert states is None
    assert got.dtype == values.dtype
    assert np.array_equal(got, values)


def test_the_wire_holds_c_order_whatever_the_array_was():
    values = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(unpack(pack(values.T))[0], values.T)
    assert np.array_equal(unpack(pack(values[:, ::2]))[0], values[:, ::2])


def test_masked_cells_stay_masked_and_are_not_zero():
    values = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
    got, states = unpack(pack(values))
    assert states.tolist() == [0, MASKED_CELL, 0]
    assert np.isnan(got[1])


@pytest.mark.parametrize(
    "array",
    [
        Array("<f4", (4,), b"123"),
        Array("<f4", (4,), b"x" * 12),
        Array("|O", (1,), b"x" * 8),
        Array("<f4,<f4", (1,), b"x" * 8),
        Array("<c8", (1,), b"x" * 8),
        Array("<f3", (1,), b"abc"),
        Array("nonsense", (1,), b"x" * 8),
        Array("<f4", (1,), b"1234", b"\x07"),
        Array("<f4", (1,), b"1234", b""),
    ],
)
def test_bytes_that_do_not_fit_their_description_are_a_value_error(array):
    with pytest.raises(ValueError):
        unpack(array)


@settings(deadline=None)
@given(arrays)
def test_any_array_unpacks_or_is_a_value_error(array):
    try:
        values, _ = unpack(array)
    except ValueError:
        return
    assert values.dtype.kind in "biuf"


def test_what_is_no_number_cannot_be_packed():
    for values in (np.array(["a"]), np.array([None]), np.array([1j])):
        with pytest.raises(TypeError, match="numbers"):
            pack(values)
