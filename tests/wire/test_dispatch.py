from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.errors import UsageError
from sanctum.wire.conversation import Conversation
from sanctum.wire.protocol import methods


class Answers:
    """A record that only knows its own questions' arguments."""

    def __init__(self) -> None:
        self.asked = []

    def env_read(self, env, at=None):
        self.asked.append((env, at))
        if env < 0:
            raise UsageError("no such environment", "0 to 3")
        return {"env": env, "at": at}

    def run_read(self, at=None):
        raise RuntimeError("broken")


def ask(line, api=None):
    said = []
    talk = Conversation(api or Answers(), said.append)
    talk.take(line if isinstance(line, bytes) else json.dumps(line).encode())
    assert len(said) < 2
    assert all(one.endswith(b"\n") for one in said)
    return json.loads(said[0]) if said else None


def request(method="env.read", params=None, **more):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **more}


def test_an_answer_bears_the_requests_id():
    for id in (1, "a", -5):
        found = ask(request(params={"env": 2}, id=id))
        assert (found["id"], found["result"]) == (id, {"env": 2, "at": None})


def test_parameters_by_position_are_those_by_name():
    assert ask(request(params=[2, "u4"]))["result"] == {"env": 2, "at": "u4"}


def test_a_notification_is_done_but_not_answered():
    api = Answers()
    assert ask({"method": "env.read", "params": {"env": 1}}, api) is None
    assert api.asked == [(1, None)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", -32700),
        (b"[1,", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b'{"method":' * 50_000, -32600),
        (b'{"params":' * 50_000, -32700),
        (b"[]", -32600),
        (b"5", -32600),
        (b'{"id": 1}', -32600),
        (b'{"id": 1, "method": 5}', -32600),
        (request("no.such"), -32601),
        (request("env.read"), -32602),
        (request(params={"env": "x"}), -32602),
        (request(params={"env": 1, "more": 2}), -32602),
        (request(params=[1, "u1", 3]), -32602),
        (request("run.read"), -32603),
    ],
)
def test_what_cannot_be_answered_has_its_code(line, code):
    found = ask(line)
    assert found["error"]["code"] == code
    assert "result" not in found


def test_a_refusal_carries_its_sentence_hint_and_exit_code():
    error = ask(request(params={"env": -1}))["error"]
    assert error["message"] == "no such environment"
    assert error["data"] == {"exit_code": 2, "hint": "0 to 3"}


def test_a_batch_is_answered_in_one_line_without_its_notifications():
    calls = [request(params={"env": 1}, id=7), {"method": "env.read", "params": [2]}, 5]
    first, wrong = ask(calls)
    assert (first["id"], first["result"]["env"]) == (7, 1)
    assert (wrong["id"], wrong["error"]["code"]) == (None, -32600)
    assert ask([{"method": "env.read", "params": [2]}]) is None


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_line_is_answered_or_ignored(line):
    found = ask(line)
    assert found != []
    for one in found if isinstance(found, list) else [found] if found else []:
        assert one["jsonrpc"] == "2.0"
        assert ("result" in one) is not ("error" in one)


def test_every_question_is_a_method():
    assert {"run.read", "envs.list", "condition.check", "series.read"} <= set(methods())
