"""Policy weights on their way to the record: copied in the call, written by a thread of their own.

They never go through the queue: each save is one safetensors file beside the record, written aside
and renamed; only then is the recorder told. At most `MOST_WAITING` saves wait for the disk; one
that comes while so many do is left out and counted. When one may be made, `saves` decides.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sanctum.probe.pace import Pace
from sanctum.probe.plain import plain, text
from sanctum.telemetry import PolicySaved
from sanctum.telemetry.weights import PART, file_name

MOST_WAITING = 2
_NAMES = {
    **{f"f{size}": f"F{size * 8}" for size in (2, 4, 8)},
    **{f"i{size}": f"I{size * 8}" for size in (1, 2, 4, 8)},
    **{f"u{size}": f"U{size * 8}" for size in (1, 2, 4, 8)},
    "b1": "BOOL",
}


class Kept(Protocol):
    """A copy of one tensor: safetensors' name of its dtype, its shape, its size in bytes."""

    dtype: str
    shape: tuple[int, ...]
    used_bytes: int

    def data(self) -> memoryview:
        """Its bytes, little-endian in C order; waits for a device. The writing thread's."""


class _Array:
    """A numpy array, copied."""

    def __init__(self, array: np.ndarray[Any, np.dtype[Any]]) -> None:
        self.dtype, self.shape = _NAMES[array.dtype.str[1:]], array.shape
        self.used_bytes = array.nbytes
        self._bytes = array.astype(array.dtype.newbyteorder("<")).tobytes()

    def data(self) -> memoryview:
        return memoryview(self._bytes)


@dataclass(slots=True)
class Saving:
    """One save: `tensors` by name, `tied` names -> the one they are the same as."""

    frame: PolicySaved
    tensors: dict[str, Kept]
    metadata: dict[str, str]


def saving(frame: PolicySaved, weights: Any, about: Mapping[str, Any]) -> Saving:
    """Copy the weights of a module or a mapping of tensors, and say in a header what they are.

    Tensors that share their memory whole are copied once. What is no tensor of a kind that
    safetensors knows is left out, by name in ``about["left_out"]``. Raises TypeError for what holds
    no weights at all, NoRoom while a device records a graph.
    """
    state = weights.state_dict() if hasattr(weights, "state_dict") else weights
    if not isinstance(state, Mapping):
        raise TypeError(f"a module or its state_dict was expected, not {type(weights).__name__}")
    tensors: dict[str, Kept] = {}
    tied: dict[str, str] = {}
    left_out: dict[str, str] = {}
    known: dict[Any, str] = {}
    for given, value in state.items():
        name = text(given)
        try:
            same, one = _kept(value)
        except (TypeError, KeyError) as error:
            left_out[name] = f"{type(value).__name__}: {error}"
            continue
        if same is not None and same in known:
            tied[name] = known[same]
        else:
            tensors[name] = one()
            if same is not None:
                known[same] = name
    if not tensors:
        raise TypeError("there are no weights in it")
    more = {**plain(about), **({"left_out": left_out} if left_out else {})}
    if frame.factory is not None and frame.factory.partition(":")[0] == "__main__":
        frame.factory = None
        more["no_factory"] = "one in __main__ cannot be imported elsewhere: put it into a module"
    if frame.step is not None and frame.step < 0:
        frame.step = None
    metadata = {"update": str(frame.update), "about": json.dumps(more), "tied": json.dumps(tied)}
    if frame.step is not None:
        metadata["step"] = str(frame.step)
    if frame.factory is not None:
        metadata["factory"] = text(frame.factory)
    return Saving(frame, tensors, metadata)


def _kept(value: Any) -> tuple[Any, Callable[[], Kept]]:
    """What two names of the same tensor have in common (None: nothing), and how to copy it."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.str[1:] not in _NAMES:
            raise TypeError(f"no tensor of {array.dtype}")
        return None, lambda: _Array(array)
    if any(one.__module__.partition(".")[0] == "torch" for one in type(value).__mro__):
        from sanctum.probe.tensors import kept

        return kept(value)
    raise TypeError("no tensor")


def blocks(saved: Saving) -> Iterator[bytes | memoryview]:
    """The file in pieces: the header's length, the header, and tensor after tensor.

    Larger items first, so that each tensor is aligned.
    """
    order = sorted(saved.tensors, key=lambda name: (-_item_bytes(saved.tensors[name]), name))
    header: dict[str, Any] = {"__metadata__": saved.metadata}
    end = 0
    for name in order:
        one = saved.tensors[name]
        header[name] = {
            "dtype": one.dtype,
            "shape": list(one.shape),
            "data_offsets": [end, end + one.used_bytes],
        }
        end += one.used_bytes
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    yield len(head).to_bytes(8, "little")
    yield head
    for name in order:
        yield saved.tensors[name].data()


def _item_bytes(one: Kept) -> int:
    count = int(np.prod(one.shape, dtype=np.int64))
    return one.used_bytes // count if count else 1


class Policies:
    """Writes saves one after the other; the thread starts with the first.

    `put` is given the frame of each file that is in its place, `failed` what went wrong and with
    which frame; both are called on the writing thread. With `at_once` all happens in the call, and
    at no pace: there is no trainer to be held up.
    """

    def __init__(
        self,
        put: Callable[[PolicySaved], None],
        failed: Callable[[PolicySaved, Exception], None],
        *,
        at_once: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self._put = put
        self._failed = failed
        self._at_once = at_once
        self.pace = pace or Pace(is_free=at_once)
        self._waiting: queue.Queue[tuple[Path, Saving] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._counting = threading.Lock()
        self._under_way = 0
        self._count = 0

    @property
    def is_busy(self) -> bool:
        """Whether so many wait that none can be added."""
        return self._under_way >= MOST_WAITING

    def save(self, run_id: str, folder: Path, one: Saving) -> None:
        """Write it into `folder`, soon."""
        with self._counting:
            self._count += 1
            self._under_way += 1
            path = folder / file_name(run_id, os.getpid(), self._count)
            if self._thread is None and not self._at_once:
                self._thread = threading.Thread(
                    target=self._run, name="sanctum-policies", daemon=True
                )
                self._thread.start()
        if self._at_once:
            self._write(path, one)
        else:
            self._waiting.put((path, one))

    def finish(self, within_s: float) -> bool:
        """Write what waits, at most `within_s` long; False: something is left."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(within_s)
        return self._under_way == 0

    def _run(self) -> None:
        while (found := self._waiting.get()) is not None:
            with self.pace.working():
                self._write(*found)

    def _write(self, path: Path, one: Saving) -> None:
        aside = path.with_name(path.name + PART)
        try:
            try:
                with open(aside, "wb", opener=_private) as file:
                    for block in blocks(one):
                        file.write(block)
                one.frame.path, one.frame.bytes = str(path), aside.stat().st_size
                aside.replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    aside.unlink()
                raise
            self._put(one.frame)
        except Exception as error:
            self._failed(one.frame, error)
        finally:
            with self._counting:
                self._under_way -= 1


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)
