"""Fixtures of the trainer's tests."""

from collections.abc import Iterator

import pytest
import torch

from sanctum.trainer import train as training
from tests.trainer.hand_made import NotedRun


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors; more threads only cost."""
    torch.set_num_threads(1)
    yield


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> NotedRun:
    """What a recorded training says, without a recorder."""
    run = NotedRun()
    monkeypatch.setattr(training, "attached", lambda settings, run_id: run)
    return run
