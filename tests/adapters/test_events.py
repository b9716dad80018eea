"""Esper's event objects as the dicts of its JSON lines."""

from __future__ import annotations

import copy
import dataclasses
import enum
import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
import torch

from sanctum.adapters.events import plain_event
from tests.adapters.stand_in import esper


class Stage(enum.IntEnum):
    TRAINING = 3


class Phase(enum.StrEnum):
    COMMIT = "commit"


class Colour(enum.Enum):
    RED = object()


@dataclasses.dataclass(frozen=True, slots=True)
class Nested:
    mean: object
    empty: object = None


@dataclasses.dataclass(slots=True)
class Payload:
    env_id: int
    values: object


@dataclasses.dataclass
class Telling:
    secret: int = 1

    def to_dict(self) -> dict[str, object]:
        return {"kind": "told", "share": (1, 2)}


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


@dataclasses.dataclass
class Event:
    data: object
    event_type: object = "EPOCH_COMPLETED"
    timestamp: object = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    event_id: str = "x"
    seed_id: str | None = None
    slot_id: str | None = None
    epoch: int | None = 4
    group_id: str = "A"
    message: str = ""
    severity: str = "info"


def test_an_event_is_what_its_json_line_would_be():
    with esper() as (leyline, _):
        line = json.dumps(
            {
                "event_id": "e",
                "event_type": "EPOCH_COMPLETED",
                "timestamp": "2026-01-02T03:04:05.678901+00:00",
                "seed_id": None,
                "slot_id": None,
                "epoch": 17,
                "group_id": "default",
                "message": "",
                "data": {"env_id": 3, "seeds": {"r0c0": {"alpha": 0.4}}, "env_accuracies": [1, 2]},
                "severity": "info",
            }
        )
        event = leyline.event_of(line)
        assert plain_event(event) == json.loads(line)


def value(given: object) -> object:
    return plain_event(Event(Payload(0, given)))["data"]["values"]


@pytest.mark.parametrize(
    "given, told",
    [
        (None, None),
        (True, True),
        (0, 0),
        (18446744073709551615, 18446744073709551615),
        ((1, (2.5, "x")), [1, [2.5, "x"]]),
        ({3: (True,)}, {"3": [True]}),
        (Stage.TRAINING, 3),
        (Phase.COMMIT, "commit"),
        (Colour.RED, "RED"),
        ({Phase.COMMIT: 1}, {"commit": 1}),
        (np.float64(1.5), 1.5),
        (np.float32(1.5), 1.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        (torch.tensor(2.5), 2.5),
        (torch.tensor([1, 2], dtype=torch.bfloat16), [1.0, 2.0]),
        (torch.ones(3, requires_grad=True), [1.0, 1.0, 1.0]),
        (torch.empty(3, device="meta"), None),
        (np.zeros((100, 100)), "ndarray[100, 100]"),
        (Nested((1,)), {"mean": [1], "empty": None}),
        (Unspeakable(), "Unspeakable"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
    ],
)
def test_values_become_what_json_would_hold(given, told):
    found = value(given)
    assert found == told and type(found) is type(told)


def test_nan_stays_nan_and_is_no_zero():
    assert math.isnan(value(float("nan")))
    assert math.isnan(value(np.float32("nan")))


def test_a_payload_that_tells_its_own_dict_is_believed():
    assert plain_event(Event(Telling()))["data"] == {"kind": "told", "share": [1, 2]}


def test_a_payload_whose_to_dict_fails_is_read_by_its_fields(monkeypatch):
    def broken(self: Telling) -> dict[str, object]:
        raise KeyError("kind")

    monkeypatch.setattr(Telling, "to_dict", broken)
    assert plain_event(Event(Telling()))["data"] == {"secret": 1}


def test_what_hangs_together_in_a_circle_ends_somewhere():
    ring: list[object] = []
    ring.append(ring)
    assert json.dumps(value(ring)).count("[") < 20


def test_nothing_of_an_event_is_changed():
    event = Event(Payload(1, {"a": [1, {"b": (2,)}], "c": np.arange(3).tolist()}))
    before = copy.deepcopy(event)
    told = plain_event(event)
    told["data"]["values"]["a"].append("mine")
    assert event == before


def test_a_dict_of_a_lines_shape_is_an_event():
    assert plain_event({"event_type": "X", "data": {"t": (1,)}}) == {
        "event_type": "X",
        "data": {"t": [1]},
    }


@pytest.mark.parametrize("given", [None, 3, "EPOCH_COMPLETED", object(), {}, Event(1), Event("x")])
def test_what_is_no_event_is_refused_with_a_sentence(given):
    with pytest.raises(TypeError, match=r"is no event|is no payload"):
        plain_event(given)
