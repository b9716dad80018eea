"""What the recorder asks a replay worker to compute, and what that answers.

Both speak MessagePack over pipes: four bytes of length (little-endian), then one Struct, as
`framed` makes it and `unframed` reads it. Arrays are `Matrix`: float32, little-endian, C order.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import msgspec

IMPORT_PATH = "SANCTUM_REPLAY_PATH"
"""The environment variable with the run's ``sys.path``, a JSON list, that a worker is given."""

GPUS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
"""The environment variables that show a process its GPUs: to a worker they show none."""

LENGTH_BYTES = 4
MOST_BYTES = (1 << 31) - 1
"""The most that one message may have, so that a length that is none is known as such."""


class Matrix(msgspec.Struct, frozen=True, array_like=True):
    """An array of float32."""

    shape: tuple[int, ...]
    data: bytes


class Policy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Weights and how to make a policy of them. `data` is a safetensors file.

    `tied` names tensors that are the same as another -> the one that is in the file.
    """

    update: int
    factory: str
    data: bytes
    about: dict[str, Any] = {}
    tied: dict[str, str] = {}


class Rows(msgspec.Struct, frozen=True, omit_defaults=True):
    """The grounds of n decisions: (n, features), and by head masks (n, options), actions (n,).

    Actions are -1 where a head had no part. `recurrent` is (n, ...) or None.
    """

    observation: Matrix
    masks: dict[str, Matrix] = {}
    actions: dict[str, Matrix] = {}
    recurrent: Matrix | None = None


class _Job(msgspec.Struct, frozen=True, tag_field="is", omit_defaults=True):
    """What all jobs share."""


class Evaluate(_Job, frozen=True, tag="evaluate"):
    """What each policy makes of its rows: as many `rows` as `policies`."""

    policies: list[Policy]
    rows: list[Rows]


class FindFlips(_Job, frozen=True, tag="flip"):
    """The smallest change of each feature of one row that changes the choice of a head.

    `spread` is each feature's standard deviation; `reach` how many of them are searched either way.
    A feature whose spread is 0 is not searched. `wanted` is the option it is to become, None: any
    other. Mask, actions and recurrent state stay as they are.
    """

    policy: Policy
    row: Rows
    head: str
    spread: list[float]
    reach: float
    wanted: int | None = None


class FindSaliency(_Job, frozen=True, tag="saliency"):
    """What carried the log-probability of one option of a head, of one row, from a baseline."""

    policy: Policy
    row: Rows
    head: str
    option: int
    baseline: Matrix


Job = Evaluate | FindFlips | FindSaliency


class _Done(msgspec.Struct, frozen=True, tag_field="is", omit_defaults=True):
    """What all answers share."""


class Evaluated(_Done, frozen=True, tag="evaluated"):
    """The readings of each policy under the record's names: ``probability/op``, ``value``, ..."""

    readings: list[dict[str, Matrix]]
    dtype: str = "float32"
    device: str = "cpu"


class FlipFound(msgspec.Struct, frozen=True):
    """One feature's smallest change: its index, the value it takes, what is chosen then.

    `value` is a short decimal where one does it, so that it can be printed and typed as it is: at
    it the choice differs, nine tenths of the way to it it does not.
    """

    feature: int
    value: float
    choice: int
    probability: float


class FlipsFound(_Done, frozen=True, tag="flips"):
    """All features that can flip the choice alone, smallest change (in spreads) first.

    `choice` and `probability` are those of the row as it is. Where `wanted` is that choice, or no
    other option is legal, nothing is found.
    """

    choice: int
    probability: float
    found: list[FlipFound] = []


class SaliencyFound(_Done, frozen=True, tag="salient"):
    """By feature, in nats; `steps` is how many points the path was cut into."""

    gradient_input: list[float]
    integrated: list[float]
    log_probability: float
    baseline_log_probability: float
    steps: int


class Failed(_Done, frozen=True, tag="failed"):
    """Why it could not be done: one sentence for people, a hint, the traceback for those who ask.

    `kind` is a word to tell them apart. ``no_torch``: it cannot be imported. ``no_factory``: there
    is none, or importing or calling it failed. ``unfit``: the weights are not those of the policy
    it made. ``policy``: the policy failed when it was asked, or cannot be asked this. ``illegal``:
    the row's mask forbids the option that was asked for. ``bad_job``: the job itself is wrong.
    """

    kind: str
    sentence: str
    hint: str | None = None
    traceback: str = ""


Done = Evaluated | FlipsFound | SaliencyFound | Failed

_encoder = msgspec.msgpack.Encoder()
_JOBS: msgspec.msgpack.Decoder[Job] = msgspec.msgpack.Decoder(Job)
_DONE: msgspec.msgpack.Decoder[Done] = msgspec.msgpack.Decoder(Done)


def framed(message: Job | Done) -> bytearray:
    """A message as it goes through a pipe. Raises ValueError when it is too large."""
    data = bytearray(LENGTH_BYTES)
    _encoder.encode_into(message, data, LENGTH_BYTES)
    count = len(data) - LENGTH_BYTES
    if count > MOST_BYTES:
        raise ValueError(f"a message of {count} bytes; {MOST_BYTES} is the most")
    data[:LENGTH_BYTES] = count.to_bytes(LENGTH_BYTES, "little")
    return data


def length(head: bytes) -> int:
    """What the first bytes of a message say of the rest. Raises ValueError for nonsense."""
    count = int.from_bytes(head, "little")
    if len(head) != LENGTH_BYTES or not 0 < count <= MOST_BYTES:
        raise ValueError(f"a message of {count} bytes; 1 to {MOST_BYTES} can be")
    return count


def unframed(stream: BinaryIO) -> bytes | None:
    """The next message's MessagePack; None where the stream is over.

    Raises ValueError for a length that cannot be, EOFError when it ends within a message.
    """
    head = stream.read(LENGTH_BYTES)
    if not head:
        return None
    if len(head) < LENGTH_BYTES:
        raise EOFError("the stream ended within a message")
    count = length(head)
    data = stream.read(count)
    if len(data) < count:
        raise EOFError("the stream ended within a message")
    return data


def job_of(data: bytes) -> Job:
    """Raises msgspec.MsgspecError for anything else."""
    return _JOBS.decode(data)


def done_of(data: bytes) -> Done:
    """Raises msgspec.MsgspecError for anything else."""
    return _DONE.decode(data)
