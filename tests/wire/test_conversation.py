"""Answers that come later: in any order, in batches, and not at all when nobody waits for them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sanctum.errors import NoDataYet
from sanctum.wire.conversation import Conversation
from sanctum.wire.later import Later


class Slow:
    """A record whose environments are answered when the test says so; env 0 at once."""

    def __init__(self) -> None:
        self.later: dict[int, Later] = {}
        self.given_up: list[int] = []

    def env_read(self, env, at=None):
        if env == 0:
            return {"env": 0}
        if env == 99:
            done = Later()
            done.done({"env": 99})
            return done
        self.later[env] = Later(lambda: self.given_up.append(env))
        return self.later[env]

    def done(self, env, result=None):
        self.later[env].done({"env": env} if result is None else result)


class Talk(Conversation):
    """A conversation with such a record, and what was said in it."""

    def __init__(self) -> None:
        self.api = Slow()
        self.lines: list[bytes] = []
        super().__init__(self.api, self.lines.append)

    @property
    def said(self):
        return [json.loads(one) for one in self.lines]

    def ask(self, *calls):
        self.take(json.dumps(calls[0] if len(calls) == 1 else calls).encode())


def env(number, **more):
    return {"jsonrpc": "2.0", "id": number, "method": "env.read", "params": [number], **more}


def cancel(which, **more):
    return {"jsonrpc": "2.0", "method": "request.cancel", "params": {"id": which}, **more}


def test_answers_come_as_they_are_done_under_their_ids():
    talk = Talk()
    talk.ask(env(1))
    talk.ask(env(2))
    talk.ask(env(0))
    assert [one["id"] for one in talk.said] == [0]
    talk.api.done(2)
    talk.api.done(1)
    assert [(one["id"], one["result"]["env"]) for one in talk.said] == [(0, 0), (2, 2), (1, 1)]


def test_what_is_done_before_it_is_waited_for_is_answered_at_once():
    talk = Talk()
    talk.ask(env(99))
    assert talk.said[0]["result"] == {"env": 99}


def test_a_refusal_that_comes_later_is_the_refusal_it_is():
    talk = Talk()
    talk.ask(env(1))
    refused = NoDataYet("no weights", "run.save_policy(...) keeps them")
    refused.add_note("Traceback: there")
    talk.api.done(1, refused)
    talk.ask(env(2))
    talk.api.done(2, ZeroDivisionError("oops"))
    first, second = (one["error"] for one in talk.said)
    assert (first["code"], first["message"]) == (-32000, "no weights")
    assert first["data"] == {
        "exit_code": 7,
        "hint": "run.save_policy(...) keeps them",
        "trace": "Traceback: there",
    }
    assert (second["code"], "oops" in second["message"]) == (-32603, True)


def test_what_cannot_be_encoded_later_is_an_error_not_a_silence():
    talk = Talk()
    talk.ask(env(1))
    talk.api.done(1, object())
    assert talk.said[0]["error"]["code"] == -32603


def test_a_batch_waits_for_its_last_answer_and_keeps_their_order():
    talk = Talk()
    talk.ask(env(1), env(0), {"method": "env.read", "params": [0]}, 5, env(2))
    talk.api.done(2)
    assert talk.lines == []
    talk.api.done(1)
    (batch,) = talk.said
    assert [one["id"] for one in batch] == [1, 0, None, 2]


def test_a_batch_of_which_one_is_cancelled_is_answered_all_the_same():
    talk = Talk()
    talk.ask(env(1), env(2))
    talk.ask(cancel(1))
    assert talk.api.given_up == [1]
    talk.api.done(2)
    (batch,) = talk.said
    assert batch[0]["error"]["code"] == -32800
    assert batch[1]["result"] == {"env": 2}


def test_cancelling_gives_up_that_request_alone():
    talk = Talk()
    talk.ask(env(1))
    talk.ask(env(2))
    talk.ask(cancel(1))
    assert talk.api.given_up == [1]
    talk.api.done(1)
    talk.api.done(2)
    assert [("error" in one, one["id"]) for one in talk.said] == [(True, 1), (False, 2)]


def test_cancelling_what_is_not_there_does_nothing():
    talk = Talk()
    talk.ask(cancel(7))
    talk.ask(cancel(7, id=8))
    talk.ask(cancel("x", id=9, params={"no": 1}))
    first, second = talk.said
    assert (first["id"], first["result"]) == (8, 0)
    assert (second["id"], second["error"]["code"]) == (9, -32602)


def test_a_peer_that_leaves_is_owed_nothing():
    talk = Talk()
    for number in (1, 2):
        talk.ask(env(number))
    talk.api.done(1)
    talk.leave()
    assert talk.api.given_up == [2]
    talk.api.done(2)
    assert len(talk.lines) == 1


def test_what_nobody_wants_answered_is_not_worked_out():
    talk = Talk()
    talk.ask({"method": "env.read", "params": [1]})
    assert talk.api.given_up == [1]
    assert talk.lines == []


@given(st.permutations(range(1, 6)), st.sets(st.integers(1, 5)))
def test_every_request_has_one_answer_whatever_the_order(order, cancelled):
    talk = Talk()
    for number in range(1, 6):
        talk.ask(env(number))
    for number in order:
        if number in cancelled:
            talk.ask(cancel(number))
        talk.api.done(number)
    assert sorted(one["id"] for one in talk.said) == [1, 2, 3, 4, 5]
    assert {one["id"] for one in talk.said if "error" in one} == cancelled
