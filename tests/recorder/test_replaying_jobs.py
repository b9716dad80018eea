"""Jobs for a worker: in turn, cancelled, too long, and what becomes of a worker that dies."""

from __future__ import annotations

import os
import selectors
import signal
import time

import pytest

from sanctum.errors import DeadlinePassed, SanctumError
from sanctum.recorder.replaying import jobs as of_jobs
from sanctum.recorder.replaying.jobs import IDLE_S, LONGEST_S, MOST_WAITING, Jobs
from sanctum.recorder.replaying.place import Place
from sanctum.wire.processes import is_alive
from tests.recorder.stand_in import job, place, plan

WITHIN_S = 20.0


class Loop:
    """A recorder's loop with jobs in it."""

    def __init__(self, at: Place) -> None:
        self.at = at
        self.selector = selectors.DefaultSelector()
        self.jobs = Jobs(self.selector)
        self.answers: list[object] = []

    def ask(self, *asked):
        later = self.jobs.ask(plan(self.at, *asked))
        later.then(self.answers.append)
        return later

    def until(self, is_so) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not is_so():
            assert time.monotonic() < deadline
            for key, events in self.selector.select(0.02):
                key.data(events)
            self.jobs.tick()

    def answered(self, count: int) -> list[object]:
        self.until(lambda: len(self.answers) >= count)
        return self.answers


@pytest.fixture
def loop(tmp_path):
    found = Loop(place(tmp_path))
    yield found
    found.jobs.close()
    found.selector.close()


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when the test says so, for limits that nobody waits for."""
    later = [0.0]
    real = time.monotonic

    class Clock:
        def monotonic(self):
            return real() + later[0]

    monkeypatch.setattr(of_jobs, "time", Clock())
    return later


def gone(pid) -> bool:
    return not is_alive(pid, None)


def test_nothing_is_started_before_it_is_asked_for(loop):
    assert loop.jobs.worker is None


def test_questions_are_answered_in_turn_by_one_worker(loop):
    loop.ask(job(1), job(2))
    loop.ask(job(3))
    first, second = loop.answered(2)
    assert [update for update, _ in (*first, *second)] == [1, 2, 3]
    assert {pid for _, pid in (*first, *second)} == {loop.jobs.worker}


def test_a_worker_that_does_not_read_holds_nobody_up(loop, tmp_path):
    deaf = tmp_path / "deaf"
    deaf.write_text("#!/bin/sh\nexec sleep 1000\n")
    deaf.chmod(0o755)
    loop.at = Place(str(deaf), str(tmp_path), ())
    later = loop.ask(job(1, size=20_000_000))  # its pipe holds 64 kB
    pid = loop.jobs.worker
    for _ in range(5):
        for key, events in loop.selector.select(0):
            key.data(events)
    later.cancel()
    loop.until(lambda: gone(pid))


def test_a_large_job_arrives_whole(loop):
    loop.ask(job(1, size=20_000_000), job(2))
    assert [update for update, _ in loop.answered(1)[0]] == [1, 2]


def test_what_makes_a_job_may_fail_and_the_next_is_answered(loop):
    def broken():
        raise SanctumError("the weights of u1 have just been thinned out")

    bad = plan(loop.at, job(1))
    loop.jobs.ask(type(bad)(bad.place, [broken], bad.finish)).then(loop.answers.append)
    loop.ask(job(2))
    error, second = loop.answered(2)
    assert str(error) == "the weights of u1 have just been thinned out"
    assert second[0][0] == 2


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"exit": 3, "say": "one\nSegfault: here\n"}, "ended with status 3: Segfault: here"),
        ({"signal": signal.SIGKILL}, "was killed by SIGKILL, as the kernel does when memory"),
        ({"signal": signal.SIGTERM}, "was killed by SIGTERM"),
        ({"garbage": True}, "answered what cannot be read"),
    ],
)
def test_a_worker_that_dies_is_said_and_another_answers_the_next(loop, how, sentence):
    loop.ask(job(1, **how))
    loop.ask(job(2))
    error, second = loop.answered(2)
    assert isinstance(error, SanctumError)
    assert error.sentence.startswith(f"the replay worker {sentence}")
    assert error.hint == "ask again: another one is started"
    assert second[0][0] == 2


def test_a_worker_that_dies_between_questions_is_not_missed(loop):
    loop.ask(job(1))
    ((_, pid),) = loop.answered(1)[0]
    os.kill(pid, signal.SIGKILL)
    loop.until(lambda: gone(pid))
    loop.until(lambda: loop.jobs.worker is None)
    loop.ask(job(2))
    assert loop.answered(2)[1][0][0] == 2


def test_a_worker_whose_end_was_not_seen_yet_is_given_nothing(loop):
    loop.ask(job(1))
    ((_, pid),) = loop.answered(1)[0]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + WITHIN_S
    while not gone(pid):  # and nothing is read from its pipes meanwhile
        assert time.monotonic() < deadline
    loop.ask(job(2))
    assert loop.answered(2)[1][0][0] == 2


def test_what_is_cancelled_is_stopped_and_the_next_is_answered(loop):
    later = loop.ask(job(1, sleep=1000))
    loop.ask(job(2))
    first = loop.jobs.worker
    later.cancel()
    assert loop.answered(1)[0][0][0] == 2
    assert loop.jobs.worker != first
    loop.until(lambda: gone(first))


def test_what_waits_is_cancelled_without_a_word_to_the_worker(loop):
    loop.ask(job(1))
    waiting = loop.ask(job(2))
    loop.ask(job(3))
    worker = loop.jobs.worker
    waiting.cancel()
    first, third = loop.answered(2)
    assert (first[0], third[0]) == ((1, worker), (3, worker))


def test_so_many_may_wait_and_no_more(loop):
    for _ in range(MOST_WAITING + 1):
        loop.ask(job(1, sleep=1000))
    with pytest.raises(SanctumError, match="32 replays wait already"):
        loop.ask(job(1))


def test_an_idle_worker_is_let_go(loop, clock):
    loop.ask(job(1))
    ((_, pid),) = loop.answered(1)[0]
    clock[0] = IDLE_S - 10
    loop.jobs.tick()
    assert loop.jobs.worker == pid
    clock[0] = IDLE_S + 1
    loop.jobs.tick()
    assert loop.jobs.worker is None
    loop.until(lambda: gone(pid))


def test_a_job_without_an_end_is_ended(loop, clock):
    loop.ask(job(1, sleep=1000))
    pid = loop.jobs.worker
    clock[0] = LONGEST_S + 1
    (error,) = loop.answered(1)
    assert error.sentence == "the replay took longer than 600 s and was ended"
    loop.until(lambda: gone(pid))


def test_a_run_of_another_place_has_another_worker(loop, tmp_path):
    loop.ask(job(1))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    loop.at = place(elsewhere)
    loop.ask(job(2))
    (first,), (second,) = loop.answered(2)
    assert first[1] != second[1]
    loop.until(lambda: gone(first[1]))


def test_closing_ends_the_worker_in_the_middle_of_a_job(tmp_path):
    loop = Loop(place(tmp_path))
    loop.ask(job(1, sleep=1000))
    pid = loop.jobs.worker
    loop.jobs.close()
    assert gone(pid)
    assert loop.answers == []


def test_an_interpreter_that_cannot_be_run_is_said(loop, tmp_path):
    loop.at = Place(str(tmp_path / "none"), str(tmp_path), ())
    loop.ask(job(1))
    (error,) = loop.answers
    assert error.sentence.startswith("no replay worker can be started")


def test_without_a_loop_it_is_waited_for(tmp_path):
    jobs = Jobs()
    later = jobs.ask(plan(place(tmp_path), job(1), job(2)))
    assert [update for update, _ in jobs.wait(later, WITHIN_S)] == [1, 2]
    slow = jobs.ask(plan(place(tmp_path), job(3, sleep=1000)))
    pid = jobs.worker
    with pytest.raises(DeadlinePassed, match=r"not done within 0.1 s"):
        jobs.wait(slow, 0.1)
    jobs.close()
    assert gone(pid)
