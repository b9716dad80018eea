"""Pinned memory on loan; ordinary memory stands in for it, since the loans are what is tested."""

from __future__ import annotations

import pytest
import torch

from sanctum.probe.copies import NoRoom, gather
from sanctum.probe.tensors import SLOTS, OnItsWay, Ring


class Arrived:
    """An event of a copy that is done."""

    def synchronize(self) -> None:
        """Nothing to wait for."""


def ring(most_bytes: int = 1 << 20) -> Ring:
    return Ring(lambda size: torch.empty(size, dtype=torch.uint8), most_bytes)


def test_a_loan_that_nobody_holds_any_more_can_be_lent_again() -> None:
    memory = ring()
    held = [memory.lend(1000) for _ in range(SLOTS)]
    with pytest.raises(NoRoom):
        memory.lend(1000)
    held.pop()
    assert memory.lend(1000).memory.numel() >= 1000


def test_memory_that_would_pass_the_bound_is_not_allocated() -> None:
    memory = ring(most_bytes=4096)
    memory.lend(1024)
    with pytest.raises(NoRoom):
        memory.lend(2048)


def test_what_arrives_is_what_was_sent_in_shape_and_kind() -> None:
    source = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    slot = ring().lend(source.numel() * 4)
    slot.memory[:24].view(torch.float32).view(2, 3).copy_(source)
    array = OnItsWay(slot, source, Arrived()).array()
    assert (array.dtype, array.shape, array.data) == ("<f4", (2, 3), source.numpy().tobytes())


def test_a_reading_without_room_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(tensor: object) -> None:
        raise NoRoom

    monkeypatch.setattr("sanctum.probe.copies._TAKERS", {torch.Tensor: full})
    into: dict[str, object] = {}
    missed: list[str] = []
    gather({"loss": torch.zeros(2), "reward": [1.0, 2.0]}, into, missed)
    assert (list(into), missed) == (["reward"], ["loss"])
