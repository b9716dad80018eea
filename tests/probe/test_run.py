from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import sanctum
from sanctum.telemetry import Backfill, EpisodeEnded, Message, RunEnded, SeedState, Step, Update
from tests.probe.listening import Listener, values


@pytest.fixture
def listener():
    found = Listener()
    yield found
    found.close()


def test_a_copy_is_a_copy(listener):
    run = listener.start()
    array, tensor = np.zeros(3), torch.zeros(3)
    run.step(0, accuracy=array, loss=tensor, rewards={"rent": array}, observation=tensor[:, None])
    array[:], tensor[:] = 7, 7
    (step, _) = listener.heard()
    for one in (*step.columns.values(), *step.matrices.values()):
        assert not values(one).any()


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor([1.5, 2.0]),
        torch.tensor([1.5, 2.0], requires_grad=True),
        torch.tensor([1.5, 2.0], dtype=torch.bfloat16),
        torch.tensor([1.5, 2.0], dtype=torch.float16),
        torch.nn.Parameter(torch.tensor([1.5, 2.0])),
        torch.tensor([[1.5, 0.0], [2.0, 0.0]])[:, 0],
    ],
)
def test_tensors_of_any_kind_arrive_as_their_values(listener, tensor):
    listener.start().step(0, accuracy=tensor)
    (step, _) = listener.heard()
    assert values(step.columns["accuracy"]).tolist() == [1.5, 2.0]
    assert listener.said == []


def test_names_of_a_step_are_flat_and_heads_not_used_are_masked(listener):
    listener.start().step(
        4,
        accuracy=[1, 2],
        value=None,
        rewards={"rent": np.array([0.5, 1.0])},
        actions={"op": torch.tensor([1, -1]), "slot": np.ma.masked_array([0, -1], [True, False])},
        probabilities={"op": np.ones((2, 3))},
        masks={"op": np.ones((2, 3), bool)},
        envs=[0, 3],
    )
    (step, _) = listener.heard()
    assert isinstance(step, Step)
    assert (step.step, step.envs) == (4, [0, 3])
    assert list(step.columns) == ["accuracy", "reward/rent", "action/op", "action/slot"]
    assert list(step.matrices) == ["probability/op", "mask/op"]
    assert values(step.columns["action/op"]).mask.tolist() == [False, True]
    assert values(step.columns["action/slot"]).mask.tolist() == [True, True]


def test_everything_else_arrives_in_order(listener):
    run = listener.start()
    run.step(3, accuracy=[1.0])
    run.update(
        1,
        steps=(0, 3),
        entropy=torch.tensor(0.5),
        kl=sanctum.MASKED,
        lr=None,
        heads={"op": {"e": 1}},
    )
    run.seed(0, "a", "TRAINING", alpha=0.5, gate="G1", gate_inputs={"gain": (None, 2)})
    run.episode(0, 2, final_accuracy=80.0, truncated=True)
    run.message("hi", severity="warn", data={"n": np.int64(3), "x": np.float32(0.5), "big": 2**70})
    run.backfill(0, advantage=np.ones((4, 1)))
    _, update, seed, episode, message, backfill, end = listener.heard()
    assert isinstance(update, Update)
    assert update.scalars == {"entropy": 0.5, "lr": None, "e.op": 1.0}
    assert (update.masked, update.first_step, update.last_step, update.step) == (["kl"], 0, 3, 3)
    assert isinstance(seed, SeedState)
    assert (seed.step, seed.gate_inputs) == (3, {"gain": (None, 2.0)})
    assert isinstance(episode, EpisodeEnded)
    assert (episode.step, episode.truncated) == (3, True)
    assert isinstance(message, Message)
    assert message.data == {"n": 3, "x": 0.5, "big": str(2**70)}
    assert isinstance(backfill, Backfill)
    assert isinstance(end, RunEnded)
    assert (end.how, end.step) == ("finished", 3)


NONSENSE = [
    lambda run: run.step("x"),
    lambda run: run.step(None, accuracy=[1]),
    lambda run: run.step(-1, accuracy=[1]),
    lambda run: run.step(2**80, accuracy=[1]),
    lambda run: run.step(math.nan),
    lambda run: run.step(1, accuracy=["a"]),
    lambda run: run.step(1, accuracy=object()),
    lambda run: run.step(1, accuracy=[[1], [1, 2]]),
    lambda run: run.step(1, accuracy={1: 2}),
    lambda run: run.step(1, rewards=5),
    lambda run: run.step(1, envs=5, accuracy=[1]),
    lambda run: run.step(1, accuracy=torch.zeros(2).to_sparse()),
    lambda run: run.update("x"),
    lambda run: run.update(1, entropy="high"),
    lambda run: run.update(1, entropy=torch.zeros(3)),
    lambda run: run.update(1, steps=5),
    lambda run: run.seed(0, "a", "T", alpha="x"),
    lambda run: run.seed(0, "a", "T", gate_inputs={"g": 1}),
    lambda run: run.seed("zero", "a", "T"),
    lambda run: run.episode(0, None),
    lambda run: run.message("x", severity="loud"),
    lambda run: run.backfill(0, advantage="x"),
]


@pytest.mark.parametrize("call", NONSENSE)
def test_nonsense_never_raises_and_is_said_once(listener, call):
    run = listener.start()
    call(run)
    call(run)
    assert run.refused == 2
    assert len(listener.said) == 1
    assert "was not understood" in listener.said[0]
    first, last, _ = listener.heard()
    assert (first.severity, first.type) == ("warn", "probe")
    assert last.text == "2 calls of the trainer were not understood and left out"


@pytest.mark.parametrize("text", ["caf\udce9", "\0", "x" * 100_000, "\x1b[31m"])
def test_any_text_arrives(listener, text):
    listener.start().message(text, type=text, data={text: text})
    message, _ = listener.heard()
    assert len(message.text) == len(text)
    assert listener.said == []


def test_a_message_that_cannot_be_encoded_stops_nothing(listener):
    run = listener.start()
    run.update(2**70, entropy=0.5)
    run.step(1, accuracy=[1.0])
    step, end = listener.heard()
    assert (step.step, end.how) == (1, "finished")
    assert run.lost == 1
    assert "could not be sent" in listener.said[0]


def test_leaving_by_an_exception_records_it(listener):
    with pytest.raises(ValueError), listener.start():
        raise ValueError("no good")
    (end,) = listener.heard()
    assert (end.how, end.exception) == ("exception", "ValueError: no good")
    assert "in test_leaving_by_an_exception_records_it" in end.traceback


@pytest.mark.parametrize(
    ("raised", "how"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(0), "finished"),
        (SystemExit(3), "exception"),
    ],
)
def test_how_a_run_ends(listener, raised, how):
    with pytest.raises(type(raised)), listener.start():
        raise raised
    assert [one.how for one in listener.heard()] == [how]


def test_close_may_be_called_twice_and_what_follows_is_nothing(listener):
    run = listener.start()
    run.close()
    run.close()
    run.step(1, accuracy=[1.0])
    assert [type(one) for one in listener.heard()] == [RunEnded]
    assert not run.recording
