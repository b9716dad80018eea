"""Jobs and answers as they go through a pipe."""

from __future__ import annotations

import io

import msgspec
import pytest

from sanctum.model import jobs
from sanctum.model.jobs import (
    Evaluate,
    Evaluated,
    Failed,
    FindFlips,
    FindSaliency,
    FlipFound,
    FlipsFound,
    Matrix,
    Policy,
    Rows,
    SaliencyFound,
    done_of,
    framed,
    job_of,
    unframed,
)

POLICY = Policy(3, "mine:made", b"weights", {"hidden": 4}, {"b": "a"})
ROW = Rows(
    Matrix((1, 2), bytes(8)),
    {"op": Matrix((1, 3), bytes(12))},
    {"op": Matrix((1,), bytes(4))},
    Matrix((1, 1), bytes(4)),
)
JOBS = [
    Evaluate([POLICY], [ROW]),
    FindFlips(POLICY, ROW, "op", [1.0, 0.0], 5.0, 2),
    FindSaliency(POLICY, ROW, "op", 1, Matrix((1, 2), bytes(8))),
]
ANSWERS = [
    Evaluated([{"value": Matrix((1,), bytes(4))}], "bfloat16"),
    FlipsFound(1, 0.5, [FlipFound(0, 0.25, 2, 0.75)]),
    SaliencyFound([0.5], [0.25], -0.5, -0.75, 32),
    Failed("unfit", "they do not fit", "a hint", "a traceback"),
]


def test_a_stream_of_messages_is_read_as_it_was_written() -> None:
    stream = io.BytesIO(b"".join(framed(one) for one in JOBS))
    for job in JOBS:
        data = unframed(stream)
        assert data is not None
        assert job_of(data) == job
    assert unframed(stream) is None


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: type(one).__name__)
def test_an_answer_is_read_as_it_was_written(answer: jobs.Done) -> None:
    data = unframed(io.BytesIO(framed(answer)))
    assert data is not None
    assert done_of(data) == answer


def test_a_stream_that_ends_within_a_message_is_an_error() -> None:
    whole = framed(JOBS[0])
    for end in (1, 3, 4, len(whole) - 1):
        with pytest.raises(EOFError):
            unframed(io.BytesIO(whole[:end]))


@pytest.mark.parametrize("head", [bytes(4), b"\xff\xff\xff\xff"])
def test_a_length_that_cannot_be_is_an_error(head: bytes) -> None:
    with pytest.raises(ValueError, match="can be"):
        unframed(io.BytesIO(head + bytes(100)))


def test_what_is_too_large_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_BYTES", 40)
    framed(Failed("policy", "short"))
    with pytest.raises(ValueError, match="40 is the most"):
        framed(JOBS[0])


def test_an_answer_is_no_job() -> None:
    with pytest.raises(msgspec.MsgspecError):
        job_of(msgspec.msgpack.encode(ANSWERS[0]))
