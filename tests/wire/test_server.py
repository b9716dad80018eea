from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import stat
import threading
import time

import pytest

from sanctum.errors import ConnectionLost, DeadlinePassed, SanctumError, UsageError
from sanctum.wire.client import Connection
from sanctum.wire.later import Later
from sanctum.wire.protocol import methods
from sanctum.wire.server import MAX_REQUEST_BYTES, Server, is_own


class Answers:
    """A record with questions that can be held up and one whose answer is large."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.later: list[Later] = []
        self.given_up = threading.Event()

    def replay_run(self, env, at=None, hall=None, trust=False):
        self.later.append(Later(self.given_up.set))
        return self.later[-1]

    def env_read(self, env, at=None):
        if env == 99:
            assert self.gate.wait(10)
        if env == 98:
            raise UsageError("no environment 98", "there are 16")
        return {"env": env, "text": "x" * 200_000 if env == 97 else ""}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "s"


@pytest.fixture
def server(place):
    selector = selectors.DefaultSelector()
    found = Server(selector, place, Answers())
    going = threading.Event()

    def loop():
        while not going.is_set():
            for key, events in selector.select(0.02):
                key.data(events)

    thread = threading.Thread(target=loop)
    thread.start()
    yield found
    found._api.gate.set()
    going.set()
    thread.join(10)
    found.close()
    selector.close()


def connected(place):
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(10)
    link.connect(str(place))
    return link


def line(env, id=1):
    call = {"jsonrpc": "2.0", "id": id, "method": "env.read", "params": {"env": env}}
    return json.dumps(call).encode() + b"\n"


def read_lines(link, count):
    held = b""
    while held.count(b"\n") < count:
        data = link.recv(1 << 20)
        assert data, held
        held += data
    return [json.loads(one) for one in held.splitlines()]


def test_the_socket_is_this_users_alone(server, place):
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@pytest.mark.parametrize(("uid", "own"), [(os.getuid(), True), (0, True), (None, True)])
def test_this_user_and_root_may_ask(uid, own):
    assert is_own(uid) is own


def test_another_user_may_not_ask():
    assert not is_own(os.getuid() + 12345)


def test_requests_arrive_however_they_were_cut(server, place):
    with connected(place) as link:
        for byte in line(1) + b"\n\n" + line(2, "b"):
            link.sendall(bytes([byte]))
        first, second = read_lines(link, 2)
    assert (first["result"]["env"], second["id"]) == (1, "b")


def test_garbage_gets_an_error_and_the_next_question_its_answer(server, place):
    with connected(place) as link:
        link.sendall(b"\x00\xffgarbage\n" + b"[" * 50_000 + b"\n" + line(3))
        *wrong, right = read_lines(link, 3)
    assert [one["error"]["code"] for one in wrong] == [-32700, -32700]
    assert right["result"]["env"] == 3


def test_a_line_too_large_is_said_and_hung_up_on_and_others_are_served(server, place):
    with connected(place) as link, connected(place) as other:
        with contextlib.suppress(OSError):
            for _ in range(MAX_REQUEST_BYTES // 65536 + 1):
                link.sendall(b"x" * 65536)
        with contextlib.suppress(ConnectionResetError):
            (said,) = read_lines(link, 1)
            assert said["error"]["message"].startswith("a request is longer than")
            assert not link.recv(65536)
        other.sendall(line(1))
        assert read_lines(other, 1)[0]["result"]["env"] == 1


def test_a_peer_that_does_not_read_blocks_nobody(server, place):
    with connected(place) as slow, connected(place) as quick:
        slow.setblocking(False)
        for _ in range(50):
            slow.send(line(97))
        for _ in range(5):
            quick.sendall(line(1))
            assert read_lines(quick, 1)[0]["result"]["env"] == 1
        slow.setblocking(True)
        assert len(read_lines(slow, 50)) == 50


def test_a_socket_that_was_swept_away_is_made_anew(server, place):
    with connected(place) as before:
        before.sendall(line(3))
        assert read_lines(before, 1)[0]["result"]["env"] == 3
        place.unlink()
        server.keep_reachable()
        with connected(place) as link:
            link.sendall(line(1))
            assert read_lines(link, 1)
        before.sendall(line(2))
        assert read_lines(before, 1)[0]["result"]["env"] == 2


def test_closing_leaves_a_socket_that_another_made(tmp_path):
    place, selector = tmp_path / "s", selectors.DefaultSelector()
    first = Server(selector, place, Answers())
    second = Server(selector, place, Answers())
    first.close()
    assert place.exists()
    second.close()
    assert not place.exists()
    selector.close()


def test_a_late_answer_is_not_taken_for_the_next_questions(server, place):
    link = connected(place)
    connection = Connection(link, "demo", live=True)
    method = method_that_gives_anything()
    with pytest.raises(DeadlinePassed, match="no answer from demo within"):
        connection.ask(method, {"env": 99}, 0.05)
    server._api.gate.set()
    assert connection.ask(method, {"env": 4}, 10)["env"] == 4
    connection.close()


def test_a_refusal_comes_through_as_it_was(server, place):
    connection = Connection(connected(place), "demo", live=True)
    with pytest.raises(UsageError, match="no environment 98") as refused:
        connection.ask(method_that_gives_anything(), {"env": 98}, 5)
    assert refused.value.hint == "there are 16"
    connection.close()


def test_an_answer_in_unknown_words_is_said_to_be_one(server, place):
    connection = Connection(connected(place), "demo", live=True)
    with pytest.raises(SanctumError, match="words unknown here"):
        connection.queries(5).env_read(1)
    connection.close()


def test_a_recorder_that_hangs_up_is_a_lost_connection():
    ours, theirs = socket.socketpair()
    connection = Connection(ours, "demo", live=True)
    theirs.close()
    started = time.monotonic()
    with pytest.raises(ConnectionLost, match="the recorder of demo went away"):
        connection.queries(5).run_read()
    assert time.monotonic() - started < 4
    connection.close()


def replay(id):
    call = {"jsonrpc": "2.0", "id": id, "method": "replay.run", "params": {"env": 1}}
    return json.dumps(call).encode() + b"\n"


def test_an_answer_that_is_worked_out_holds_up_nothing(server, place):
    with connected(place) as link:
        link.sendall(replay(1) + line(2, 2))
        (first,) = read_lines(link, 1)
        assert first["id"] == 2
        in_the_loop(server, lambda: server._api.later[0].done({"text": "x" * 300_000}))
        (second,) = read_lines(link, 1)
    assert (second["id"], len(second["result"]["text"])) == (1, 300_000)


def test_who_hangs_up_gives_up(server, place):
    with connected(place) as link:
        link.sendall(replay(1) + line(2, 2))
        read_lines(link, 1)
        assert not server._api.given_up.is_set()
    assert server._api.given_up.wait(10)


def test_a_question_that_took_too_long_is_given_up_and_the_next_answered(server, place):
    connection = Connection(connected(place), "demo", live=True)
    with pytest.raises(DeadlinePassed, match=r"within 0.05 s") as late:
        connection.queries(0.05).replay_run(1)
    assert late.value.hint == "try --timeout 10"
    assert server._api.given_up.wait(10)
    assert connection.ask(method_that_gives_anything(), {"env": 4}, 10)["env"] == 4
    connection.close()


def test_what_a_worker_answers_is_waited_for_longer_and_said_to_be_slow(place, monkeypatch):
    clock = Clock(monkeypatch)
    ours, theirs = socket.socketpair()
    connection = Connection(Patient(ours, clock), "demo", live=True)
    said = []
    connection.waits = lambda: said.append(clock.now)
    for method, waited in ("run.read", 2), ("replay.run", 60):
        clock.now = 0.0
        with pytest.raises(DeadlinePassed, match=f"within {waited} s"):
            connection.ask(methods()[method], {"env": 1}, None)
        assert clock.now == pytest.approx(waited)
    assert said == [1.0]
    clock.now = 0.0
    with pytest.raises(DeadlinePassed, match="within 5 s"):
        connection.ask(methods()["replay.run"], {"env": 1}, 5.0)
    ours.close()
    theirs.close()


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self, monkeypatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("sanctum.wire.client.time.monotonic", lambda: self.now)


class Patient:
    """A socket on which nothing ever comes; waiting takes that clock's time alone."""

    def __init__(self, link, clock) -> None:
        self.sendall, self.close = link.sendall, link.close
        self._clock = clock
        self._within_s = 0.0

    def settimeout(self, within_s):
        self._within_s = within_s

    def recv(self, count):
        self._clock.now += self._within_s
        raise TimeoutError


def in_the_loop(server, call):
    """Have the server's own thread call it, as a worker's pipe would."""
    ours, theirs = socket.socketpair()

    def told(_):
        server._selector.unregister(theirs)
        theirs.close()
        call()

    server._selector.register(theirs, selectors.EVENT_READ, told)
    ours.close()


def method_that_gives_anything():
    from dataclasses import replace

    return replace(methods()["env.read"], answer=dict)
