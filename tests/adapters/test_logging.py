"""Log records as events: what they carry, how many of them, and what never happens."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

import pytest

from sanctum.adapters import logging as adapter
from sanctum.adapters.logging import SanctumHandler
from sanctum.probe.direct import direct
from sanctum.telemetry import Message


@pytest.fixture
def heard():
    return []


@pytest.fixture
def run(heard):
    return direct("demo", heard.append)


@pytest.fixture
def log(run):
    """A logger of its own, whose records go to the run alone."""
    logger = logging.getLogger("trainer.loop")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    yield logger
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def said(heard):
    return [one for one in heard if isinstance(one, Message)]


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        *((5, "debug"), (10, "debug"), (20, "info"), (25, "info")),
        *((30, "warn"), (40, "error"), (50, "critical"), (90, "critical")),
    ],
)
def test_a_level_is_a_severity_and_the_loggers_name_a_type(log, run, heard, level, severity):
    log.setLevel(1)
    log.addHandler(SanctumHandler(run))
    log.log(level, "%d of %s", 3, "four")
    (one,) = said(heard)
    assert (one.text, one.severity, one.type) == ("3 of four", severity, "trainer.loop")
    assert one.data["where"].startswith(__file__)


def test_an_exception_brings_its_text_and_traceback(log, run, heard):
    log.addHandler(SanctumHandler(run))
    try:
        raise ValueError("no such mask")
    except ValueError:
        log.exception("update %d failed", 3)
    (one,) = said(heard)
    assert (one.text, one.severity) == ("update 3 failed", "error")
    assert one.data["exception"] == "ValueError: no such mask"
    assert "in test_an_exception_brings" in one.data["traceback"]


def test_extra_says_of_which_environment_slot_and_step(log, run, heard):
    log.addHandler(SanctumHandler(run))
    log.info("culled", extra={"env": 3, "slot": "r0c1", "step": 120})
    log.info("odd", extra={"env": "three", "step": -1})
    first, second = said(heard)
    assert (first.env, first.slot, first.step) == (3, "r0c1", 120)
    assert (second.env, second.slot, second.step) == (None, None, None)


def test_a_level_keeps_lesser_records_out(log, run, heard):
    log.addHandler(SanctumHandler(run, level="WARNING"))
    log.info("quiet")
    log.warning("loud")
    assert [one.text for one in said(heard)] == ["loud"]


def test_a_flood_is_cut_to_its_burst_and_what_was_left_out_is_said(log, run, heard, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(adapter, "monotonic", lambda: now[0])
    handler = SanctumHandler(run, per_second=2, burst=5)
    log.addHandler(handler)
    for number in range(50):
        log.info("tick %d", number)
    assert [one.text for one in said(heard)] == [f"tick {number}" for number in range(5)]
    log.error("and an error gets through")
    assert said(heard)[-1].severity == "error"
    now[0] += 1.0
    log.info("later")
    *_, note, later = said(heard)
    assert note.text == "45 records were left out: trainer.loop logs more than 2 a second"
    assert (note.severity, note.data, later.text) == ("warn", {"left_out": 45}, "later")
    for number in range(10):
        log.info("again %d", number)
    run.close()
    assert said(heard)[-1].data == {"left_out": 9}
    assert handler.left_out == 54


def test_loggers_do_not_share_a_limit_until_there_are_too_many(run, heard, monkeypatch):
    monkeypatch.setattr(adapter, "MAX_LOGGERS", 3)
    handler = SanctumHandler(run, per_second=0.001, burst=1)
    for number in range(6):
        handler.handle(logging.LogRecord(f"l{number}", 20, "f.py", 1, "hello", (), None))
    assert [one.type for one in said(heard)] == ["l0", "l1", "l2", "l3"]
    assert handler.left_out == 2


def test_what_cannot_be_formatted_is_an_event_and_never_an_exception(run, heard):
    class Broken:
        def __str__(self):
            raise RuntimeError("not today")

    handler = SanctumHandler(run)
    given = [("%d apples", ("many",)), ("%s", (Broken(),)), (Broken(), ()), ("x" * 10_000, ())]
    for message, arguments in given:
        handler.handle(logging.LogRecord("a", 20, "f.py", 1, message, arguments, None))
    texts = [one.text for one in said(heard)]
    assert texts[0] == "%d apples ('many',)"
    assert texts[-1].endswith("(10,000 characters)") and len(texts[-1]) < 2_100
    assert len(texts) + handler.failed == 4


def test_sanctums_own_records_are_passed_over_and_nothing_goes_round_in_circles(heard):
    def hear(frame):
        logging.getLogger("trainer.inner").warning("heard %s", type(frame).__name__)
        logging.getLogger("sanctum.recorder").warning("heard too")
        heard.append(frame)

    run = direct("demo", hear)
    handler = SanctumHandler(run)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        logging.getLogger("trainer").warning("once")
        logging.getLogger("sanctum").error("ours")
    finally:
        root.removeHandler(handler)
    assert [one.text for one in said(heard)] == ["once"]


def test_threads_may_log_at_once(log, run, heard):
    log.addHandler(SanctumHandler(run, burst=10_000))
    threads = [
        threading.Thread(target=lambda: [log.info("x") for _ in range(200)], name=f"t{n}")
        for n in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(said(heard)) == 800
    assert {one.data["thread"] for one in said(heard)} == {"t0", "t1", "t2", "t3"}


def test_logging_at_the_end_of_the_interpreter_and_after_the_run_is_harmless(tmp_path):
    code = """
import atexit, logging, sanctum
from sanctum.adapters.logging import SanctumHandler
atexit.register(lambda: logging.warning("very late"))
run = sanctum.attach("late")
logging.getLogger().addHandler(SanctumHandler(run, burst=1, per_second=0.001))
logging.warning("one"); logging.warning("two")
atexit.register(lambda: logging.warning("late"))
import os
if os.fork() == 0:
    logging.warning("in a child"); os._exit(0)
os.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SANCTUM_HOME": str(tmp_path), "SANCTUM_LINGER_S": "0"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    from sanctum.record.reader import Reader
    from sanctum.record.schema import open_read_only

    db = open_read_only(tmp_path / "late.sanctum.db")
    texts = [text for (text,) in Reader(db).rows("SELECT text FROM events WHERE type = 'root'")]
    db.close()
    assert texts == ["one", "2 records were left out: root logs more than 0.001 a second"]
