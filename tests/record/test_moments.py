from __future__ import annotations

import contextlib
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanctum.errors import NoDataYet, SanctumError, UsageError
from sanctum.record.record import Record
from sanctum.telemetry import EpisodeEnded, Message, SeedState, Step, Update
from sanctum.telemetry.arrays import pack
from tests.record.saying import ENVS, ingest

QUESTIONS = {
    "envs": lambda ask, at: ask.envs_list(at=at),
    "envs where": lambda ask, at: ask.envs_list(at=at, where="accuracy < 50 for 2"),
    "env": lambda ask, at: ask.env_read(1, at=at),
    "policy": lambda ask, at: ask.policy_read(at=at),
    "rewards": lambda ask, at: ask.rewards_read(at=at),
    "rewards of one": lambda ask, at: ask.rewards_read(at=at, env=2),
    "seeds": lambda ask, at: ask.seeds_list(at=at),
    "seed": lambda ask, at: ask.seed_read(1, "a", at=at),
    "events": lambda ask, at: ask.events_list(at=at, limit=None),
    "series": lambda ask, at: ask.series_read("accuracy", at=at, env=0),
    "condition": lambda ask, at: ask.condition_check("entropy < 0.5 or accuracy > 50", at=at),
}


def record(to, tmp_path):
    return Record(to.reader, tmp_path / "demo.sanctum.db")


@pytest.fixture
def to(tmp_path):
    found = ingest(
        tmp_path / "demo.sanctum.db",
        block_rows=16,
        actions={"op": ["WAIT", "GROW"]},
        slots=["a", "b"],
        rewards={"gain": 1, "rent": -1},
        rollout_steps=8,
    )
    yield found
    found.writer.db.close()


def live_through(to, steps=100):
    """A run with everything in it; gives the answers as they were at each step, by question."""
    chance = random.Random(3)
    said = []
    for step in range(0, steps * 2, 2):
        gain, rent = np.random.rand(ENVS), np.random.rand(ENVS)
        columns = {"reward": gain - rent, "reward/gain": gain, "reward/rent": rent}
        columns["accuracy"] = np.random.rand(ENVS) * 100
        columns["action/op"] = np.random.randint(0, 2, ENVS)
        if step > 90:
            columns["reward/late"] = np.zeros(ENVS)
            columns["new"] = np.ones(ENVS)
        matrices = {"probability/op": np.full((ENVS, 2), 0.5), "mask/op": np.ones((ENVS, 2), bool)}
        to.take(
            Step(
                step,
                {name: pack(values) for name, values in columns.items()},
                {name: pack(values) for name, values in matrices.items()},
                None if step % 3 else [0, 1, 2],
            )
        )
        if chance.random() < 0.4:
            slot, stage = chance.choice("abz"), chance.choice(["TRAINING", "CULLED", "DORMANT"])
            numbers = {"alpha": chance.random(), "contribution": chance.gauss(0, 1)}
            to.take(SeedState(chance.randrange(ENVS), slot, stage, step, "conv", numbers))
        if chance.random() < 0.2:
            to.take(SeedState(0, "b", "TRAINING", step + 2, "conv", {"age_steps": 1.0}))
        if chance.random() < 0.3:
            severity = chance.choice(["info", "warn", "error"])
            to.take(Message(f"at {step}", severity, chance.choice(["note", "odd"]), step))
        if step % 14 == 0:
            to.take(Update(step // 14, {"entropy": chance.random()}, [], None, None, step))
        if step % 20 == 0:
            to.take(EpisodeEnded(1, step // 20, step))
        said.append(step)
        yield step


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_answer_at_a_step_knows_what_came_later(to, tmp_path, name):
    ask, question = record(to, tmp_path), QUESTIONS[name]
    then = {}
    for step in live_through(to):
        try:
            then[step] = question(ask, None)
        except SanctumError as error:
            then[step] = str(error)
    to.end("finished")
    for step, answer in then.items():
        try:
            now = question(ask, str(step))
        except SanctumError as error:
            now = str(error)
        assert stripped(now) == stripped(answer), step


def stripped(answer):
    """An answer without what says that it was asked live."""
    import msgspec

    data = msgspec.to_builtins(answer)
    if isinstance(data, dict):
        data.get("at", {}).pop("live", None)
        data.pop("update_age_s", None)
    return data


def test_the_moments_a_person_can_type(to, tmp_path):
    for _ in live_through(to, 50):
        pass
    ask = record(to, tmp_path)

    def step(at):
        return ask.run_read(at=at).at.step

    assert (step("40"), step("41"), step("1,0"), step(" 12 ")) == (40, 40, 10, 12)
    assert (step("-1"), step("-0"), step("-7")) == (96, 98, 84)
    assert (step("u2"), step("u0")) == (28, 0)
    assert ask.policy_read(at="u2").at.update == 2
    assert (step("live"), step("now"), step(None)) == (98, 98, 98)
    assert step("-0.0s") == 98
    with pytest.raises(UsageError, match=r"-4000 is before the first step.* 0 to 98"):
        step("-4000")
    with pytest.raises(UsageError, match="an empty moment"):
        step(" ")
    with pytest.raises(UsageError, match=r"99 is after the last step; there are steps 0 to 98"):
        step("99")
    with pytest.raises(UsageError, match="no update u77: there are u0 to u7"):
        step("u77")
    with pytest.raises(UsageError, match="is before the first step"):
        step("-9000d")
    with pytest.raises(UsageError, match="no time of day"):
        step("25:00")
    with pytest.raises(UsageError, match="a limit of 0"):
        ask.envs_list(limit=0)


def test_a_moment_moves_on_by_recorded_steps_or_by_updates(to, tmp_path):
    for _ in live_through(to, 50):
        pass
    ask = record(to, tmp_path)

    def place(at):
        found = ask.run_read(at=at).at
        return found.step, found.update

    assert place("40-3") == place("41 - 3") == (34, 2)
    assert place("40+1") == place("41+1") == (42, 3)
    assert place("0+49") == place("live") == place("live-0") == (98, 7)
    assert place("live-5") == place("-5") == (88, 6)
    assert place("u2+1") == (42, 3)
    assert place("u2-2") == (0, 0)
    assert place("-40+33") == place("-7")
    with pytest.raises(UsageError, match=r"0\+50 is after the last step; there are steps 0 to 98"):
        place("0+50")
    with pytest.raises(UsageError, match="live-50 is before the first step"):
        place("live-50")
    with pytest.raises(UsageError, match=r"u7\+1 is no update: there are u0 to u7"):
        place("u7+1")
    with pytest.raises(UsageError, match="u2-5 is no update: there are u0 to u7"):
        place("u2-5")
    with pytest.raises(UsageError, match="'40-x' is no moment"):
        place("40-x")
    with pytest.raises(UsageError, match="is no moment"):
        place("1" + "-1" * 5000)


def test_an_update_at_the_same_step_as_the_one_asked_for_is_not_in_the_answer(to, tmp_path):
    to.take(Step(0, {"accuracy": pack(np.zeros(ENVS))}))
    for number, entropy in ((1, 0.9), (2, 0.1)):
        to.take(Update(number, {"entropy": entropy}, [], None, None, 0))
    found = record(to, tmp_path).policy_read(at="u1")
    assert [one.value.value for one in found.readings if one.name == "entropy"] == [0.9]


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_a_usage_error(typed):
    ask = ANY.setdefault("ask", _any_record())
    with contextlib.suppress(UsageError, NoDataYet):
        ask.run_read(at=typed)


@pytest.mark.parametrize(
    "typed", ["9" * 400, "u" + "9" * 400, "-" + "9" * 400, "-" + "9" * 99 + "s"]
)
def test_absurd_numbers_are_usage_errors(typed):
    with pytest.raises(UsageError):
        ANY.setdefault("ask", _any_record()).run_read(at=typed)


ANY: dict[str, Record] = {}


def _any_record():
    import tempfile
    from pathlib import Path

    path = Path(tempfile.mkdtemp()) / "demo.sanctum.db"
    to = ingest(path)
    to.take(Step(5, {"accuracy": pack(np.zeros(ENVS))}))
    return Record(to.reader, path)


def test_before_the_first_step_a_question_says_so(to, tmp_path):
    ask = record(to, tmp_path)
    assert ask.run_read().at.step is None
    for question in (ask.envs_list, lambda: ask.env_read(0), ask.rewards_read):
        with pytest.raises(NoDataYet, match="has not reported a step yet"):
            question()
    with pytest.raises(NoDataYet):
        ask.envs_list(at="3")
    assert ask.policy_read().decisions == 0
