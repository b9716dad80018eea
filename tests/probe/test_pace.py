"""How often weights are saved: what it costs stays below 1 % of the time, and nothing is silent."""

from __future__ import annotations

import gc
import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sanctum.probe.pace import CREDIT_S, SHARE, Pace
from sanctum.probe.saves import Saves
from sanctum.telemetry import Gap, Message, PolicySaved
from tests.probe.listening import Listener


class Time:
    """Time that passes when told to: of the run, and of threads at work."""

    def __init__(self) -> None:
        self.now = 0.0
        self.worked = 0.0

    def pace(self) -> Pace:
        return Pace(lambda: self.now, lambda: self.worked)

    def save(self, pace: Pace, cost_s: float) -> bool:
        """Make a save of that cost if it may be made; saves take no time of the run here."""
        if not pace.allows:
            return False
        pace.begin()
        with pace.working():
            self.worked += cost_s
        return True


def made(updates: int, each_s: float, cost_s: float) -> list[int]:
    """Which updates' weights are saved, where each update takes so long and a save costs that."""
    time = Time()
    pace, found = time.pace(), []
    for update in range(updates):
        if time.save(pace, cost_s):
            found.append(update)
        time.now += each_s
    return found


@pytest.mark.parametrize("cost_ms", [0.5, 1.0, 2.5])
def test_small_weights_are_saved_after_every_update(cost_ms):
    assert made(2000, 0.3, cost_ms / 1000) == list(range(2000))


def test_large_weights_are_saved_as_often_as_costs_one_percent():
    found = made(2000, 1.0, 0.5)
    assert found[0] == 0
    assert len(found) == pytest.approx(2000 * 1.0 * SHARE / 0.5, abs=2)
    gaps = [after - before for before, after in itertools.pairwise(found[1:])]
    assert max(gaps) - min(gaps) <= 1


@given(
    st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 5)), min_size=1, max_size=60),
)
def test_the_cost_stays_below_its_share(updates):
    time = Time()
    pace = time.pace()
    dearest = 0.0
    for took_s, cost_s in updates:
        dearest = max(dearest, cost_s)
        time.save(pace, cost_s)
        assert pace.spent_s <= CREDIT_S + SHARE * time.now + dearest
        time.now += took_s


def test_the_first_is_saved_whatever_it_costs():
    time = Time()
    pace = time.pace()
    assert time.save(pace, 1000.0)
    assert not time.save(pace, 0.0)
    time.now = 200_000.0
    assert time.save(pace, 0.0)


class Module(torch.nn.Module):
    """A policy whose weights say of which update they are."""

    def __init__(self) -> None:
        super().__init__()
        self.update = torch.nn.Parameter(torch.zeros(1))

    def learn(self, update: int) -> None:
        with torch.no_grad():
            self.update.fill_(float(update))


@pytest.fixture
def slow():
    """A run in which every save costs a second, and no time passes."""
    found = Listener()
    found.start()
    time = Time()

    def worked():
        time.worked += 0.5
        return time.worked

    run = found.run
    run._saves = Saves(
        run._put, run._not_kept, run._say_skipped, pace=Pace(lambda: time.now, worked)
    )
    yield found
    found.close()


def updates_saved(frames) -> list[int]:
    return [frame.update for frame in frames if isinstance(frame, PolicySaved)]


def learn(run, module, updates) -> None:
    """As trainers do: act, learn, say so, save."""
    for update in updates:
        run.step(update * 10, reward=[0.0])
        module.learn(update)
        run.update(update, entropy=0.5)
        run.save_policy(update, module)


def test_what_is_left_out_by_plan_is_said_once_and_is_not_lost(slow):
    module = Module()
    learn(slow.run, module, range(5))
    slow.run.step(50, reward=[0.0])
    heard = slow.heard()
    assert updates_saved(heard) == [0]
    (said,) = [frame for frame in heard if isinstance(frame, Message)]
    assert said.severity == "info"
    assert "the weights of update 1 were not saved" in said.text
    assert "held to 1 % of the time" in said.text
    assert not any(isinstance(frame, Gap) for frame in heard)
    assert slow.run.lost == 0


@pytest.mark.parametrize("as_mapping", [False, True])
def test_the_last_weights_are_made_up_for_when_the_run_ends_with_them(slow, as_mapping, tmp_path):
    slow.run.record = str(tmp_path / "demo.sanctum.db")
    module = Module()
    learn(slow.run, module, range(3))
    module.learn(3)
    slow.run.save_policy(3, module.state_dict() if as_mapping else module)
    heard = slow.heard()
    assert updates_saved(heard) == [0, 3]
    from safetensors.torch import load_file

    last = [frame for frame in heard if isinstance(frame, PolicySaved)][-1]
    assert load_file(last.path)["update"].item() == 3.0


def test_weights_that_may_have_changed_since_are_not_passed_off_as_the_last(slow):
    module = Module()
    learn(slow.run, module, range(3))
    slow.run.step(30, reward=[0.0])
    module.learn(3)
    assert updates_saved(slow.heard()) == [0]


def test_weights_of_an_update_that_was_not_saved_are_not_passed_off_either(slow):
    module = Module()
    learn(slow.run, module, range(3))
    module.learn(3)
    slow.run.update(3, entropy=0.5)
    assert updates_saved(slow.heard()) == [0]


def test_a_module_is_not_kept_alive_for_it(slow):
    module = Module()
    learn(slow.run, module, range(3))
    del module
    gc.collect()
    assert updates_saved(slow.heard()) == [0]
