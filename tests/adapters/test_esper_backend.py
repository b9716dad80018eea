"""A back end of ours in a hub of Esper's shape: what is emitted arrives, whatever it is."""

from __future__ import annotations

import copy
import gzip
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import sanctum.adapters.esper
from sanctum.adapters.esper import SanctumBackend
from sanctum.probe.direct import direct
from sanctum.probe.run import Run
from sanctum.telemetry import Frame, Gap, RunEnded, Source
from tests.adapters.stand_in import esper

RECORDING = Path(__file__).parent / "data" / "esper_short.jsonl.gz"
ALL_LINES = gzip.decompress(RECORDING.read_bytes()).splitlines()
LINES = ALL_LINES[:600]
WITHIN_S = 10.0


class Stage:
    """A hub with our back end in it, and what its runs are told."""

    def __init__(self, leyline: ModuleType, output: ModuleType) -> None:
        self.output = output
        self.hub = output.get_hub()
        self.frames: dict[str, list[Frame]] = {}
        self.backend = SanctumBackend("demo", opens=self.open)
        self.event_of = leyline.event_of

    def open(self, run_id: str, time: float, **about: object) -> Run:
        return direct(run_id, self.frames.setdefault(run_id, []).append)

    def events(self) -> list[object]:
        return [self.event_of(line) for line in LINES]

    def of(self, kind: type[Frame], run_id: str = "demo") -> list[Frame]:
        return [one for one in self.frames.get(run_id, []) if isinstance(one, kind)]

    @property
    def source(self) -> Source:
        return self.of(Source)[-1]

    @property
    def ended(self) -> RunEnded:
        (end,) = self.of(RunEnded)
        return end

    def until(self, what) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not what():
            assert time.monotonic() < deadline, f"not within {WITHIN_S} s"
            time.sleep(0.005)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with esper() as (leyline, output):
        made = Stage(leyline, output)
        yield made
        made.hub.close()
        made.backend.close()


def kinds(lines: list[bytes]) -> Counter[str]:
    """How many events of each type stand in these lines, snapshots by their kind."""
    found: Counter[str] = Counter()
    for line in lines:
        event = json.loads(line)
        kind = event["event_type"]
        found[f"{kind}/{event['data']['kind']}" if kind == "ANALYTICS_SNAPSHOT" else kind] += 1
    return found


def test_every_event_that_went_through_the_hub_is_counted_by_its_type(stage):
    stage.hub.add_backend(stage.backend)
    for number, event in enumerate(stage.events()):
        stage.hub.emit(event)
        if number % 50 == 0:
            stage.hub.flush()
    stage.hub.close()
    assert stage.source.counts == kinds(LINES)
    assert (stage.source.unknown, stage.source.refused_count) == (0, 0)
    assert stage.source.kind == "esper" and stage.source.place == "live"
    assert stage.backend.runs == ["demo"]


def test_a_burst_of_a_thousand_loses_nothing(stage):
    stage.hub.add_backend(stage.backend)
    stage.until(lambda: stage.backend._hub.roomy)
    events = (stage.events() * (1 + 1000 // len(LINES)))[:1000]
    for event in events:
        stage.hub.emit(event)
    stage.hub.close()
    assert sum(stage.source.counts.values()) == 1000
    assert stage.source.dropped == 0
    assert stage.of(Gap) == []


def test_what_the_hub_dropped_is_a_gap(stage):
    class OtherHub:
        """Of a version whose queues are not to be found."""

        _backends = [stage.backend]

        def get_backend_stats(self) -> dict[str, dict[str, int]]:
            return {"SanctumBackend": {"dropped_events": 7}}

        def get_health_snapshot(self) -> dict[str, int]:
            return {"hub_dropped_events": 5}

    stage.output._global_hub = OtherHub()
    stage.backend.start()
    for event in stage.events()[:100]:
        stage.backend.emit(event)
    stage.backend.close()
    assert stage.source.dropped == 12
    assert sum(gap.count for gap in stage.of(Gap)) == 12


def test_a_hub_that_tells_nothing_leaves_the_drops_unknown(stage):
    class MuteHub:
        _backends = [stage.backend]

    stage.output._global_hub = MuteHub()
    stage.backend.start()
    for event in stage.events()[:100]:
        stage.backend.emit(event)
    stage.backend.close()
    assert stage.source.dropped is None


def test_what_finds_the_queue_full_is_lost_and_said(stage, monkeypatch):
    monkeypatch.setattr(sanctum.adapters.esper, "ROOM", 40)
    monkeypatch.setattr("sanctum.adapters.draining.WAKE_S", 60.0)
    stage.backend.start()
    for event in stage.events()[:100]:
        stage.backend.emit(event)
    stage.backend.close()
    assert stage.backend.lost == 60
    assert stage.source.dropped == 60
    assert sum(gap.count for gap in stage.of(Gap)) == 60


def test_what_is_emitted_before_the_start_or_after_the_end_is_counted_not_raised(stage):
    event = stage.events()[0]
    stage.backend.emit(event)
    stage.backend.start()
    stage.backend.emit(event)
    stage.backend.close()
    for _ in range(3):
        stage.backend.emit(event)
    assert stage.backend.unheard == 4
    assert sum(stage.source.counts.values()) == 1


def test_starting_and_closing_twice_is_once(stage):
    stage.backend.start()
    stage.backend.start()
    stage.backend.emit(stage.events()[0])
    stage.backend.close()
    stage.backend.close()
    assert len(stage.of(RunEnded)) == 1
    assert sum(stage.source.counts.values()) == 1


def test_a_back_end_that_nobody_started_closes_without_a_word(stage, capsys):
    stage.backend.close()
    assert stage.frames == {}
    assert capsys.readouterr() == ("", "")


def test_a_hub_that_is_reset_before_any_event_is_said_to_record_nothing(stage, capsys):
    stage.hub.add_backend(stage.backend)
    stage.hub.reset()
    stage.hub.emit(stage.events()[0])
    assert "before any event came: nothing is recorded" in capsys.readouterr().err
    assert stage.frames == {}


def test_a_script_that_left_before_any_event_is_no_loss(stage, capsys):
    stage.backend.start()
    try:
        sys.exit(2)
    except SystemExit:
        stage.backend.close()
    assert capsys.readouterr().err == ""


def test_events_of_many_threads_all_arrive(stage):
    stage.backend.start()
    events = stage.events()
    stage.backend.emit(events[0])
    parts = [events[1 + part :: 8] for part in range(8)]
    threads = [
        threading.Thread(target=lambda part=part: [stage.backend.emit(one) for one in part])
        for part in parts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.backend.close()
    assert sum(stage.source.counts.values()) == len(LINES)


class Exploding:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> object:
        raise RuntimeError(f"no {name}")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_no_event_is_refused_and_the_next_one_is_taken(stage):
    stage.backend.start()
    events = stage.events()
    wrong = [None, 3, "EPOCH_COMPLETED", object(), {}, {"event_type": 5}, Exploding()]
    stage.backend.emit(events[0])
    for one in wrong:
        stage.backend.emit(one)
    for event in events[1:]:
        stage.backend.emit(event)
    stage.backend.close()
    assert stage.source.refused_count == len(wrong)
    assert any("NoneType" in line for line in stage.source.refused)
    assert sum(stage.source.counts.values()) == len(LINES)


def test_an_event_type_of_tomorrow_is_counted_as_unknown(stage):
    stage.backend.start()
    stage.backend.emit(stage.events()[0])
    stage.backend.emit({"event_type": "TEA_SERVED", "data": {"cups": 3}})
    stage.backend.close()
    assert stage.source.unknown == 1
    assert stage.source.counts["TEA_SERVED"] == 1


def test_payloads_that_others_share_are_not_changed(stage):
    events = stage.events()
    before = copy.deepcopy(events)
    stage.backend.start()
    for event in events:
        stage.backend.emit(event)
    stage.backend.close()
    assert events == before


def test_an_exception_in_training_is_how_the_run_failed(stage):
    stage.hub.add_backend(stage.backend)

    def train() -> None:
        for event in stage.events()[:60]:
            stage.hub.emit(event)
        raise FloatingPointError("the loss is not finite")

    with pytest.raises(FloatingPointError):
        try:
            train()
        finally:
            stage.hub.close()
    assert stage.ended.how == "exception"
    assert stage.ended.exception == "FloatingPointError: the loss is not finite"
    assert "in train" in stage.ended.traceback
    assert sum(stage.source.counts.values()) == 60


def test_ctrl_c_interrupts_the_run(stage):
    stage.hub.add_backend(stage.backend)
    with pytest.raises(KeyboardInterrupt):
        try:
            stage.hub.emit(stage.events()[0])
            raise KeyboardInterrupt
        finally:
            stage.hub.close()
    assert stage.ended.how == "interrupted"


def test_a_run_that_stops_before_its_episodes_are_over_has_ended_not_finished(stage):
    stage.hub.add_backend(stage.backend)
    for event in stage.events()[:60]:
        stage.hub.emit(event)
    stage.hub.close()
    assert stage.ended.how == "ended"


def test_a_run_whose_episodes_are_all_over_is_finished(stage):
    stage.hub.add_backend(stage.backend)
    stage.until(lambda: stage.backend._hub.roomy)
    planned = (b'"max_batches": 5', b'"n_episodes": 40', b'"total_episodes": 40')
    fewer = (b'"max_batches": 1', b'"n_episodes": 8', b'"total_episodes": 8')
    for line in ALL_LINES:
        for before, after in zip(planned, fewer, strict=True):
            line = line.replace(before, after)
        stage.hub.emit(stage.event_of(line))
        if b"BATCH_EPOCH_COMPLETED" in line:
            break
    stage.hub.close()
    assert stage.ended.how == "finished"


def test_an_exception_before_training_leaves_no_run(stage):
    stage.hub.add_backend(stage.backend)
    with pytest.raises(OSError):
        try:
            raise OSError("no such data set")
        finally:
            stage.hub.close()
    assert stage.frames == {} and stage.backend.runs == []


@pytest.mark.parametrize("wake_s", [0.01, 60.0], ids=["meanwhile", "at the end"])
def test_groups_one_after_the_other_are_two_runs(stage, monkeypatch, wake_s):
    monkeypatch.setattr("sanctum.adapters.draining.WAKE_S", wake_s)
    stage.backend.start()
    for group in "AB":
        for event in stage.events():
            event.group_id = group
            stage.backend.emit(event)
    stage.backend.close()
    assert stage.backend.runs == ["demo-A", "demo-B"]
    for run_id in stage.backend.runs:
        assert len(stage.of(RunEnded, run_id)) == 1
        assert sum(stage.of(Source, run_id)[-1].counts.values()) == len(LINES)


def test_a_hub_that_was_reset_takes_a_back_end_again(stage):
    stage.hub.add_backend(stage.backend)
    stage.hub.emit(stage.events()[0])
    stage.output.reset_hub()
    assert len(stage.of(RunEnded)) == 1
    stage.hub.add_backend(stage.backend)
    stage.until(lambda: stage.backend._hub.roomy)
    stage.hub.emit(stage.events()[0])
    stage.hub.close()
    assert len(stage.of(RunEnded)) == 2
    assert stage.backend.unheard == 0


def test_a_forked_worker_ends_nothing(stage):
    stage.hub.add_backend(stage.backend)
    stage.hub.emit(stage.events()[0])
    stage.hub.flush()
    if (child := os.fork()) == 0:
        stage.backend.close()
        os._exit(0 if stage.backend._drain is not None else 1)
    assert os.waitpid(child, 0)[1] == 0
    for event in stage.events()[1:90]:
        stage.hub.emit(event)
    stage.hub.close()
    assert sum(stage.source.counts.values()) == 90


def test_a_worker_that_imports_the_training_script_attaches_nothing(stage, monkeypatch):
    import multiprocessing.process

    worker = multiprocessing.process.current_process()
    monkeypatch.setattr(worker, "_inheriting", True, raising=False)
    stage.backend.start()
    stage.backend.emit(stage.events()[0])
    stage.backend.close()
    assert stage.frames == {} and stage.backend.unheard == 1


def test_the_thread_of_ours_is_named_and_does_not_hold_a_process_up(stage):
    stage.backend.start()
    (ours,) = [one for one in threading.enumerate() if one.name == "sanctum-esper"]
    assert ours.daemon
    stage.backend.close()
    assert not ours.is_alive()


def test_nothing_of_esper_is_imported(stage):
    for name in [one for one in sys.modules if one.partition(".")[0] == "esper"]:
        del sys.modules[name]
    stage.backend.start()
    stage.backend.emit({"event_type": "TRAINING_STARTED", "data": {}})
    stage.backend.close()
    assert "esper" not in sys.modules
