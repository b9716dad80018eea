"""Policies are made again from their weights and say what they said; or why they cannot."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec
import pytest
import safetensors.torch
import torch

from sanctum.model.jobs import Evaluate, Evaluated, Matrix, Policy, Rows
from sanctum.replay.asking import matrix
from sanctum.replay.jobs import done
from sanctum.replay.policies import MOST, Policies
from sanctum.trainer.actions import Op
from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.host import SLOTS
from sanctum.trainer.observation import FEATURES
from sanctum.trainer.policy import Tamiyo
from tests.replay import policies
from tests.replay.grounds import array, asked, evaluated, failed, made, policy, random, rows
from tests.replay.policies import HERE

NET = made(1, [3, 8], 4)
SEEN = torch.randn(6, 3, generator=random(2))
MASK = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 1], [0, 1, 0, 0]] + [[1, 1, 0, 1]] * 2)
ONE = rows(SEEN)


def test_the_readings_are_those_of_the_policy_that_was_saved() -> None:
    (found,) = evaluated(policy(NET), rows(SEEN, MASK))
    with torch.no_grad():
        wanted = NET.readings(SEEN, {"op": MASK.bool()}, {})
    torch.testing.assert_close(found, wanted)
    assert (found["probability/op"][~MASK.bool()] == 0).all()


def test_several_policies_answer_each_for_its_own_rows() -> None:
    other = made(9, [3, 8], 4)
    found = asked(Evaluate([policy(NET), policy(other)], [rows(SEEN), rows(SEEN[:2])]))
    assert isinstance(found, Evaluated)
    first, second = (array(one["probability/op"]) for one in found.readings)
    assert first.shape == (6, 4)
    assert second.shape == (2, 4)
    assert (first[:2] - second).abs().max() > 1e-3
    assert (found.dtype, found.device) == ("float32", "cpu")


def test_tamiyo_is_made_again() -> None:
    tamiyo = Tamiyo.fresh(16, random(3))
    seen = torch.randn(5, len(FEATURES), generator=random(4))
    masks = {
        "op": torch.ones(5, len(Op)),
        "slot": torch.tensor([[1.0, 0.0] + [1.0] * (len(SLOTS) - 2)]).repeat(5, 1),
        "blueprint": torch.ones(5, len(BLUEPRINTS)),
    }
    actions = {"op": torch.tensor([0.0, 1, 2, 3, 1]), "slot": torch.tensor([-1.0, 0, 2, 0, 2])}
    (found,) = evaluated(
        Policy(
            0,
            "sanctum.trainer.policy:rebuilt",
            safetensors.torch.save(tamiyo.state_dict()),
            {"hidden": 16},
        ),
        Rows(
            matrix(seen),
            {head: matrix(one) for head, one in masks.items()},
            {head: matrix(one) for head, one in actions.items()},
        ),
    )
    with torch.no_grad():
        wanted = tamiyo.readings(
            seen,
            {head: one.bool() for head, one in masks.items()},
            {head: one.long() for head, one in actions.items()},
        )
    torch.testing.assert_close(found, wanted)


def test_one_weight_changed_is_seen() -> None:
    changed = made(1, [3, 8], 4)
    with torch.no_grad():
        changed.op.weight[0, 0] += 0.01
    (was,), (now,) = evaluated(policy(NET), ONE), evaluated(policy(changed), ONE)
    assert (was["probability/op"] - now["probability/op"]).abs().max() > 1e-5
    assert torch.equal(was["value"], now["value"])


def test_tied_weights_are_given_under_all_their_names() -> None:
    square = made(5, [3, 3], 3)
    with torch.no_grad():
        square.op.weight.copy_(square.trunk[0].weight)
    whole = policy(square)
    left = {name: one for name, one in square.state_dict().items() if name != "op.weight"}
    tied = msgspec.structs.replace(
        whole, data=safetensors.torch.save(left), tied={"op.weight": "trunk.0.weight"}
    )
    torch.testing.assert_close(evaluated(tied, ONE), evaluated(whole, ONE), rtol=0, atol=0)
    lost = msgspec.structs.replace(tied, tied={"op.weight": "trunk.9.weight"})
    assert failed(Evaluate([lost], [ONE])).kind == "unfit"


def test_a_module_that_is_held_by_something_else_is_not_in_training_mode_either() -> None:
    (found,) = evaluated(policy(NET, factory=f"{HERE}:holding"), ONE)
    torch.testing.assert_close(found["probability/op"], SEEN.softmax(1))


def test_weights_in_bfloat16_are_read() -> None:
    half = made(1, [3, 8], 4).bfloat16()
    (found,) = evaluated(policy(half), ONE)
    with torch.no_grad():
        wanted = half.float().readings(SEEN, {}, {})
    torch.testing.assert_close(found, wanted)


def test_the_recorded_state_goes_with_the_observation() -> None:
    net = made(6, [5, 8], 3)
    state = torch.randn(6, 2, generator=random(7))
    (found,) = evaluated(policy(net, kind="recurrent"), rows(SEEN, recurrent=matrix(state)))
    with torch.no_grad():
        wanted = net.readings(torch.cat([SEEN, state], 1), {}, {})
    torch.testing.assert_close(found, wanted)


def test_a_recurrent_policy_without_a_recorded_state_is_refused() -> None:
    said = failed(Evaluate([policy(made(6, [5, 8], 3), kind="recurrent")], [ONE]))
    assert said.kind == "policy"
    assert said.sentence == "the policy is recurrent, and the record has no state of it"
    assert said.hint == "run.step(recurrent=...) records it"


def test_a_state_for_a_policy_that_takes_none_is_refused() -> None:
    said = failed(Evaluate([policy(NET)], [rows(SEEN, recurrent=matrix(SEEN))]))
    assert "takes none" in said.sentence


def test_weights_that_do_not_fit_are_named_with_both_shapes() -> None:
    said = failed(Evaluate([policy(NET, sizes=[3, 7])], [ONE]))
    assert said.kind == "unfit"
    assert said.sentence == (
        "the weights of update 3 do not fit the policy: trunk.0.weight is (8, 3) and should be"
        " (7, 3), trunk.0.bias is (8) and should be (7), op.weight is (4, 8) and should be (4, 7)"
        " and 1 more"
    )
    assert "load_state_dict" in said.traceback


def test_weights_that_are_missing_or_too_many_are_named() -> None:
    said = failed(Evaluate([policy(NET, sizes=[3, 8, 8])], [ONE]))
    assert said.sentence.endswith(": not among them: trunk.2.bias, trunk.2.weight")
    said = failed(Evaluate([policy(made(1, [3, 8, 8], 4), sizes=[3, 8])], [ONE]))
    assert said.sentence.endswith(": not in the policy: trunk.2.bias, trunk.2.weight")


def test_what_is_no_file_of_weights_is_refused() -> None:
    said = failed(Evaluate([msgspec.structs.replace(policy(NET), data=b"weights")], [ONE]))
    assert said.kind == "unfit"
    assert said.sentence.startswith("the weights of update 3 cannot be read: ")


FACTORIES = {
    "mine": "the factory 'mine' is not module:function",
    "__main__:made": "the factory __main__:made is in the script that was run itself",
    "no_such_room.at_all:made": "the factory's module no_such_room.at_all is not found",
    f"{HERE}:no_such": f"{HERE} has no no_such",
    f"{HERE}:a_number": f"{HERE}:a_number cannot be called: it is of type int",
    "tests.replay.broken_module:made": "importing tests.replay.broken_module failed:"
    " ModuleNotFoundError: No module named 'no_such_library_anywhere'",
    f"{HERE}:raising": f"{HERE}:raising failed: KeyError: 'hidden'",
    f"{HERE}:leaving": f"{HERE}:leaving failed: SystemExit: 3",
    f"{HERE}:nothing": f"what {HERE}:nothing made, of type NoneType, has no method"
    " readings(observation, masks, actions)",
}


@pytest.mark.parametrize("place", FACTORIES)
def test_a_factory_that_makes_no_policy_is_told_in_a_sentence(place: str) -> None:
    said = failed(Evaluate([policy(NET, factory=place)], [ONE]))
    assert said.kind == "no_factory"
    assert said.sentence == FACTORIES[place]


def test_a_module_that_is_not_found_is_said_with_where_it_was_looked_for() -> None:
    said = failed(Evaluate([policy(NET, factory="no_such_module:made")], [ONE]))
    assert said.sentence == "the factory's module no_such_module is not found"
    assert said.hint is not None
    assert f"first in {sys.path[0]}" in said.hint


def test_the_traceback_of_a_failing_import_is_there_for_who_asks() -> None:
    said = failed(Evaluate([policy(NET, factory="tests.replay.broken_module:made")], [ONE]))
    assert "import no_such_library_anywhere" in said.traceback


def test_a_factory_in_the_script_itself_has_a_hint() -> None:
    said = failed(Evaluate([policy(NET, factory="__main__:made")], [ONE]))
    assert said.hint == "put it into a module of its own that can be imported, and name that"


def test_a_policy_that_fails_when_asked_is_told_in_a_line() -> None:
    said = failed(Evaluate([policy(NET, kind="raising")], [ONE]))
    assert said.kind == "policy"
    assert said.sentence == ("the policy failed: ZeroDivisionError: the trainer's own mistake")
    assert "with a second line" in said.traceback


def test_a_mask_that_the_record_lacks_is_named() -> None:
    said = failed(Evaluate([policy(NET, kind="strict")], [ONE]))
    assert said.sentence == (
        "the policy failed: it wants the mask or action of op, which the record does not have"
    )


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ("list", "the policy's readings are a list, no mapping"),
        ("short", "probability/op is of shape (7, 2) for 6 decisions"),
        ("nothing", "value is of type NoneType, no tensor or array"),
    ],
)
def test_readings_that_are_none_are_refused(found: str, sentence: str) -> None:
    said = failed(Evaluate([policy(NET, factory=f"{HERE}:answering", found=found)], [ONE]))
    assert (said.kind, said.sentence) == ("policy", sentence)


WRONG: dict[str, Rows] = {
    "bytes": Rows(Matrix((2, 3), bytes(20))),
    "flat": Rows(Matrix((6,), bytes(24))),
    "mask": rows(SEEN, MASK[:3]),
    "state": rows(SEEN, recurrent=matrix(SEEN[:1])),
}


@pytest.mark.parametrize("name", WRONG)
def test_rows_that_do_not_go_together_are_no_job(name: str) -> None:
    assert failed(Evaluate([policy(NET)], [WRONG[name]])).kind == "bad_job"


def test_as_many_rows_as_policies_are_wanted() -> None:
    assert failed(Evaluate([policy(NET)], [])).kind == "bad_job"


def test_a_policy_is_made_once_for_several_questions() -> None:
    policies.COUNTED.clear()
    known = Policies()
    for _ in range(3):
        done(Evaluate([policy(NET, factory=f"{HERE}:counting")], [ONE]), known)
    assert len(policies.COUNTED) == 1
    for update in range(MOST + 1):
        done(Evaluate([policy(NET, factory=f"{HERE}:counting", update=update)], [ONE]), known)
    assert len(policies.COUNTED) == 1 + MOST  # one of them is update 3, made before


def test_policies_are_told_apart_by_all_that_makes_them() -> None:
    known = Policies()
    one = policy(NET, factory=f"{HERE}:counting")
    policies.COUNTED.clear()
    others: list[dict[str, Any]] = [
        {},
        {"data": policy(made(2, [3, 8], 4)).data},
        {"about": one.about | {"more": 1}},
        {"update": 4},
    ]
    for change in others:
        known.get(msgspec.structs.replace(one, **change))
    assert len(policies.COUNTED) == len(others)
    assert json.dumps(one.about)
