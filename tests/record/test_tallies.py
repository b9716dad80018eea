"""Tallies of seeds: whatever was put aside, they count what one counts by hand, at any moment."""

from __future__ import annotations

import itertools
import sqlite3
import statistics
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from sanctum.model.answers import RECENT_SEEDS, BlueprintsAnswer
from sanctum.model.readings import MASKED, NOT_MEASURED, Measured, Reading, number
from sanctum.record.questions import tallies
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.telemetry import SeedState
from tests.record.saying import ENVS
from tests.record.test_standing import Told

KINDS, SLOTS = ("conv", "norm", None), ("a", "b")
ALIVE = ("TRAINING", "BLENDING", "HOLDING", "FOSSILIZED")
OVER = ("CULLED", "DORMANT")
STEPS = 160
MOMENTS = (0, 1, 7, 40, 41, 90, 130, STEPS - 2)


@dataclass
class One:
    """A seed as one notes it down by hand."""

    kind: str
    born: int
    stage: str
    seen: list[tuple[str, int]]
    ended: int | None = None
    why: str | None = None
    adds: float | None = None


@dataclass
class Heard:
    """Everything that was said of seeds, in its order, and the step at which it was said."""

    said: list[tuple[int, SeedState]] = field(default_factory=list)

    def lives(self, upto: int, env: int | None) -> list[One]:
        found: list[One] = []
        there: dict[tuple[int, str], One] = {}
        for said, state in self.said:
            if said > upto or env not in (None, state.env):
                continue
            place = (state.env, state.slot)
            one = there.get(place)
            if one is None:
                if state.stage in OVER:
                    continue
                one = there[place] = One("unnamed", state.step, "", [])
                found.append(one)
            if one.kind == "unnamed" and state.stage != one.stage:
                one.kind = state.blueprint or one.kind
            one.stage = state.stage
            adds = state.numbers.get("contribution")
            one.adds = one.adds if adds is None else adds
            if state.stage in OVER:
                one.ended, one.why = state.step, state.cause
                del there[place]
            elif state.stage not in {name for name, _ in one.seen}:
                one.seen.append((state.stage, state.step))
        return found


def mean(values: list[float]) -> float | None:
    return statistics.fmean(values) if values else None


def near(found: Reading, wanted: float | None, absent: Reading) -> bool:
    if wanted is None:
        return found == absent
    return isinstance(found, Measured) and found.value == pytest.approx(wanted)


def check(found: BlueprintsAnswer, lives: list[One]) -> None:
    """What is answered is what one counts by hand."""
    recent = Counter(one.kind for one in lives[-RECENT_SEEDS:])
    by = {row.blueprint: row for row in found.rows}
    assert set(by) == {one.kind for one in lives}
    for row in [*found.rows, found.total]:
        mine = [one for one in lives if row is found.total or one.kind == row.blueprint]
        stages = [{name for name, _ in one.seen} for one in mine]
        kept = ["FOSSILIZED" in one for one in stages]
        pairs = list(zip(mine, kept, strict=True))
        gone = [one for one, kept in pairs if one.stage == "CULLED" and not kept]
        assert row.germinated == len(mine)
        assert row.fossilized == sum(kept)
        assert row.alive == sum(one.ended is None and not kept for one, kept in pairs)
        assert row.pruned == len(gone)
        assert row.lost == sum(one.stage == "DORMANT" and not kept for one, kept in pairs)
        assert row.blended == sum("BLENDING" in one for one in stages)
        over = sum(kept) + len(gone)
        assert near(row.success, sum(kept) / over if over else None, MASKED)
        ages = [float(one.ended - one.born) for one in gone if one.ended is not None]
        assert near(row.lifespan, mean(ages), MASKED)
        adds = [one.adds for one in mine if one.adds is not None]
        assert row.measured == len(adds)
        assert near(row.contribution, mean(adds), NOT_MEASURED)
        assert row.recent == sum(recent.values() if row is found.total else [recent[row.blueprint]])
    dead = [one for one in lives if one.ended is not None]
    dead = [one for one in dead if "FOSSILIZED" not in {name for name, _ in one.seen}]
    count = Counter((one.kind, one.why or "nobody said why") for one in dead)
    assert {(one.blueprint, one.reason): one.count for one in found.graveyard} == count
    for grave in found.graveyard:
        mine = [one for one in dead if one.kind == grave.blueprint]
        mine = [one for one in mine if (one.why or "nobody said why") == grave.reason]
        adds = [one.adds for one in mine if one.adds is not None]
        assert near(grave.contribution, mean(adds), NOT_MEASURED)
        ages = [float(one.ended - one.born) for one in mine if one.ended is not None]
        assert near(grave.age_steps, mean(ages), NOT_MEASURED)


def play(told: Told, heard: Heard, seed: int, *, late: bool) -> None:
    """Seeds that come and go at random; of some it is said `late`, after newer steps."""
    random = np.random.default_rng(seed)
    at: dict[tuple[int, str], str] = {}
    behind: list[SeedState] = []
    for step in range(STEPS):
        told.step(step)
        now: list[SeedState] = []
        if random.random() < 0.3:
            now, behind = behind, []
        for env, slot in itertools.product(range(ENVS), SLOTS):
            if random.random() < 0.35:
                now.append(_next(random, at, env, slot, step, measured=not late))
        for state in now:
            if late and state.step == step and random.random() < 0.2:
                behind.append(state)
                continue
            heard.said.append((step, state))
            told.to.take(state)


def _next(
    random: Any, at: dict[tuple[int, str], str], env: int, slot: str, step: int, *, measured: bool
) -> SeedState:
    before = at.get((env, slot), "DORMANT")
    choices = ALIVE if before not in OVER else ("TRAINING",)
    stage = str(random.choice([*choices, *OVER]))
    at[env, slot] = stage
    kind = KINDS[random.integers(len(KINDS))] if before in OVER else None
    is_measured = measured and stage not in OVER and random.random() < 0.5
    numbers = {"contribution": float(random.normal())} if is_measured else {}
    cause = None if random.random() < 0.2 else str(random.choice(["CULL", "episode ended"]))
    return SeedState(env, slot, stage, step, kind, numbers, None, {}, cause)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("every", [5, 64])
def test_what_is_tallied_in_parts_is_what_one_counts_by_hand_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int, late: bool
) -> None:
    monkeypatch.setattr(tallies, "EVERY", every)
    monkeypatch.setattr(tallies, "MARKS", 8)
    told, heard = Told(tmp_path), Heard()
    play(told, heard, every, late=late)
    check(told.ask.blueprints_list(graveyard=True), heard.lives(STEPS, None))
    assert number(told.ask.blueprints_list().total.success) is not None
    for step in MOMENTS:
        check(told.ask.blueprints_list(str(step), graveyard=True), heard.lives(step, None))
        check(told.ask.blueprints_list(str(step), True, 1), heard.lives(step, 1))


_CHANGES = "SELECT step, env, slot, data FROM events WHERE type = 'stage' ORDER BY id"


def _changed(step: int, env: int, slot: str, data: bytes) -> tuple[int, SeedState]:
    told = msgspec.msgpack.decode(data)
    kind, cause = told.get("blueprint"), told["cause"]
    return step, SeedState(env, slot, told["to"], step, kind, {}, None, {}, cause)


def test_where_nobody_knows_when_something_was_said_its_step_decides_in_whatever_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "EVERY", 5)
    told, heard = Told(tmp_path), Heard()
    play(told, heard, 3, late=True)
    told.to.writer.close(1.0)
    with sqlite3.connect(tmp_path / "run.db") as db:
        db.execute("UPDATE events SET said = NULL")
        heard.said = [_changed(*row) for row in db.execute(_CHANGES)]
    ask = Record(Reader(open_read_only(tmp_path / "run.db")), tmp_path / "run.db")
    for step in MOMENTS:
        check(ask.blueprints_list(str(step), graveyard=True), heard.lives(step, None))


def test_a_file_is_gone_on_with_from_what_its_recorder_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "EVERY", 32)
    told, heard = Told(tmp_path), Heard()
    play(told, heard, 4, late=False)
    writer, reader = told.to.writer, told.to.reader
    for _ in range(STEPS):
        tallies.go_on(writer, reader, 1)
    writer.close(1.0)
    with sqlite3.connect(tmp_path / "run.db") as db:
        last = "(SELECT max(last) FROM tallies)"
        gone = db.execute(f"DELETE FROM events WHERE id <= {last}").rowcount
    assert gone > 64
    ask = Record(Reader(open_read_only(tmp_path / "run.db")), tmp_path / "run.db")
    check(ask.blueprints_list(graveyard=True), heard.lives(STEPS, None))


def test_what_another_program_put_aside_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "EVERY", 32)
    told, heard = Told(tmp_path), Heard()
    play(told, heard, 5, late=False)
    told.to.writer.insert("INSERT INTO tallies VALUES (1, 40, 9, 0, x'93')")
    check(told.ask.blueprints_list(graveyard=True), heard.lives(STEPS, None))
    check(told.ask.blueprints_list("90", graveyard=True), heard.lives(90, None))
