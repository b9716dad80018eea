"""Torch tensors: the one file of the probe that knows torch, loaded when one is handed over.

A CPU tensor is a view that the caller copies. A CUDA tensor is copied on a stream of our own into
pinned memory that was allocated before; the sender waits for that copy, the training thread never.
Weights are too many for that memory: they are copied on the device and fetched by another thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import torch

from sanctum.probe.copies import NoRoom
from sanctum.telemetry import Array

SLOTS, LEAST_BYTES, MOST_BYTES = 64, 1024, 64 * 1024 * 1024


class Slot:
    """A piece of pinned memory on loan; it goes back when nothing refers to the loan any more."""

    def __init__(self, memory: torch.Tensor, free: deque[torch.Tensor]) -> None:
        self.memory = memory
        self._free = free

    def __del__(self) -> None:
        self._free.append(self.memory)


class Ring:
    """Pinned memory in slots of a few sizes, each size allocated once, when it is first seen.

    `lend` is the training thread's; slots come back from any thread.
    """

    def __init__(
        self, allocate: Callable[[int], torch.Tensor], most_bytes: int = MOST_BYTES
    ) -> None:
        self._allocate = allocate
        self._left = most_bytes
        self._free: dict[int, deque[torch.Tensor]] = {}

    def lend(self, used_bytes: int) -> Slot:
        """A slot of at least so many bytes. Raises NoRoom."""
        size = LEAST_BYTES
        while size < used_bytes:
            size *= 2
        free = self._free.get(size)
        if free is None:
            count = min(SLOTS, self._left // size)
            if count < 2:
                raise NoRoom
            self._left -= count * size
            whole = self._allocate(count * size)
            free = self._free[size] = deque(torch.split(whole, size))
        try:
            return Slot(free.popleft(), free)
        except IndexError:
            raise NoRoom from None


class OnItsWay:
    """A device's tensor whose copy is under way. `array()` waits for it; not for the trainer."""

    def __init__(self, slot: Slot, source: torch.Tensor, event: Any) -> None:
        self._slot = slot
        self._event = event
        self._dtype, self._shape = source.dtype, tuple(source.shape)
        self.used_bytes = source.numel() * source.element_size()

    def array(self) -> Array:
        """The copied values, once they have arrived."""
        self._event.synchronize()
        values = self._slot.memory[: self.used_bytes].view(self._dtype).view(self._shape).numpy()
        return Array(values.dtype.str, values.shape, values.tobytes())


class Weight:
    """A copy of a tensor of weights, on its device; `data` fetches it.

    It is what `sanctum.probe.policies` keeps of one; `dtype` is safetensors' name.
    """

    def __init__(self, source: torch.Tensor) -> None:
        self.dtype, self.shape = _WEIGHTS[source.dtype], tuple(source.shape)
        self.used_bytes = source.numel() * source.element_size()
        self._copy = source.clone(memory_format=torch.contiguous_format)
        self._made: Any = None
        if source.is_cuda:
            self._made = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._made.record(torch.cuda.current_stream(source.device))

    def data(self) -> memoryview:
        """Its bytes. Waits for the device; for the writing thread, never for the trainer's."""
        found = self._copy
        if self._made is not None:
            device = _Device.of(found.device)
            with torch.cuda.device(found.device), torch.cuda.stream(device.stream):
                device.stream.wait_event(self._made)
                found = found.cpu()
        return found.cpu().reshape(-1).view(torch.uint8).numpy().data


_WEIGHTS = {
    getattr(torch, name): short
    for name, short in (
        ("float64", "F64"),
        ("float32", "F32"),
        ("float16", "F16"),
        ("bfloat16", "BF16"),
        ("float8_e4m3fn", "F8_E4M3"),
        ("float8_e5m2", "F8_E5M2"),
        ("int64", "I64"),
        ("int32", "I32"),
        ("int16", "I16"),
        ("int8", "I8"),
        ("uint8", "U8"),
        ("bool", "BOOL"),
    )
    if hasattr(torch, name)
}


def kept(tensor: Any) -> tuple[Any, Callable[[], Weight]]:
    """What other names of the same tensor have in common, and how to copy it.

    A CUDA tensor is copied on its device, on the caller's stream: nobody waits, and the device
    holds its bytes twice until they are fetched. Raises TypeError for a kind of tensor that
    cannot be kept, NoRoom while a graph is being captured.
    """
    if not isinstance(tensor, torch.Tensor):
        raise TypeError("no tensor")
    source = tensor.detach()
    if source.layout is not torch.strided or source.is_meta or source.dtype not in _WEIGHTS:
        raise TypeError(f"a tensor of {source.dtype}, {source.layout} on {source.device}")
    if source.is_cuda and torch.cuda.is_current_stream_capturing():
        raise NoRoom("a graph was being captured")
    place = (source.device, source.data_ptr(), source.dtype, source.shape, source.stride())
    return (place if source.numel() else None), lambda: Weight(source)


class _Device:
    """The copying stream of one device, and the pinned memory it fills."""

    _all: dict[Any, _Device] = {}
    _making = threading.Lock()

    def __init__(self, device: torch.device) -> None:
        self.stream: Any = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.ring = Ring(lambda size: torch.empty(size, dtype=torch.uint8, pin_memory=True))

    @classmethod
    def of(cls, device: torch.device) -> _Device:
        """The one of that device, made at its first tensor."""
        with cls._making:
            if device not in cls._all:
                cls._all[device] = cls(device)
            return cls._all[device]


def taken(tensor: Any) -> npt.NDArray[Any] | OnItsWay:
    """A CPU tensor as a numpy view; a CUDA tensor as a copy on its way. Raises NoRoom.

    Half precision that numpy lacks becomes float32. Other devices' tensors are copied in the call.
    """
    if tensor.is_cpu:
        try:
            plain: npt.NDArray[Any] = tensor.numpy()
            return plain
        except (RuntimeError, TypeError):
            pass  # it carries a gradient, or a dtype that numpy lacks
    given = tensor.detach()
    if given.is_cuda:
        return _sent_for(given)
    if given.dtype is torch.bfloat16:
        given = given.float()
    array: npt.NDArray[Any] = given.cpu().numpy()
    return array


def _sent_for(given: torch.Tensor) -> OnItsWay:
    if torch.cuda.is_current_stream_capturing():
        raise NoRoom
    device = _Device.of(given.device)
    producer = torch.cuda.current_stream(given.device)
    with torch.cuda.device(given.device), torch.cuda.stream(device.stream):
        device.stream.wait_stream(producer)
        given.record_stream(device.stream)
        source = given.float() if given.dtype is torch.bfloat16 else given
        source = source.contiguous()
        slot = device.ring.lend(source.numel() * source.element_size())
        used = source.numel() * source.element_size()
        slot.memory[:used].view(source.dtype).view(source.shape).copy_(source, non_blocking=True)
        event: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(device.stream)
    return OnItsWay(slot, source, event)
