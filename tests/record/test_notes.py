"""Notes on the timeline of a live run, of a recorded one, and where none can be written."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from sanctum.errors import SanctumError, UsageError
from sanctum.record.record import Record
from sanctum.recorder.pulse import LivePulse
from sanctum.recorder.reading import opened
from tests.record.saying import ENVS, Said, ingest, say_step


@pytest.fixture
def to(tmp_path):
    found = ingest(tmp_path / "demo.sanctum.db", host=socket.gethostname())
    for step in range(20):
        say_step(found, Said(), step, {"accuracy": np.full(ENVS, float(step))})
    found.tick()
    yield found
    found.writer.db.close()


def texts(ask, **more):
    return [(one.step, one.text) for one in ask.events_list(type="note", **more).rows]


def test_a_note_in_a_live_run_is_there_at_once_and_after_its_end(to):
    ask = Record(to.reader, to.writer.path, LivePulse(to, to.writer, to.clock), writer=to.writer)
    noted = ask.note_add("  learning rate\nhalved ")
    assert (noted.step, noted.type, noted.severity) == (19, "note", "info")
    assert noted.text == "learning rate halved"
    assert ask.events_list(type="note").rows == [noted]
    to.end("finished")
    to.writer.close(0.0)
    assert texts(opened(to.writer.path)) == [(19, "learning rate halved")]


def test_a_note_in_the_past_stands_there_and_not_before(to):
    ask = Record(to.reader, to.writer.path, LivePulse(to, to.writer, to.clock), writer=to.writer)
    noted = ask.note_add("it began here", at="7")
    assert noted.step == 7
    assert noted.time == to.reader.time_of(1, 7)
    assert texts(ask, at="7") == [(7, "it began here")]
    assert texts(ask) == [(7, "it began here")]
    with pytest.raises(UsageError, match="no event of type 'note'"):
        ask.events_list(type="note", at="6")


def test_a_recorded_run_takes_notes_and_stays_one_file_out_of_wal_mode(to):
    to.end("finished")
    to.writer.close(0.0)
    path = to.writer.path
    ask = opened(path)
    noted = ask.note_add("looked at this again", at="-4")
    assert (noted.step, noted.id > 0) == (15, True)
    assert texts(ask) == [(15, "looked at this again")]
    assert ask.run_read().event_types == ["end", "note"]
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes()[18:20] == b"\1\1"
    assert texts(opened(path)) == [(15, "looked at this again")]
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()


def test_a_record_whose_recorder_died_takes_notes_too(to):
    ask = opened(to.writer.path)
    ask.note_add("it died here")
    assert texts(ask) == [(19, "it died here")]


@pytest.mark.parametrize(("text", "sentence"), [("", "empty"), (" \n\x1b", "empty")])
def test_an_empty_note_is_refused(to, text, sentence):
    with pytest.raises(UsageError, match=sentence):
        Record(to.reader, to.writer.path, writer=to.writer).note_add(text)


def test_a_note_is_one_line_without_control_characters_and_not_endless(to):
    ask = Record(to.reader, to.writer.path, writer=to.writer)
    assert ask.note_add("a\x1b[31mred\x07\u202e b").text == "a [31mred b"
    assert len(ask.note_add("x" * 1000).text) == 1000
    with pytest.raises(UsageError, match="at most 1,000 characters; this one has 1,001"):
        ask.note_add("x" * 1001)


def test_a_record_that_cannot_be_written_to_says_so(to, tmp_path):
    to.end("finished")
    to.writer.close(0.0)
    script = "import sys; from pathlib import Path; from sanctum.recorder.reading import opened\n"
    script += "try: opened(Path(sys.argv[1])).note_add('x')\n"
    script += "except Exception as error: print(type(error).__name__, error)"
    command = [sys.executable, "-c", script, str(to.writer.path)]
    if os.getuid() == 0:
        if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
            pytest.skip("no private mounts here, and root may write everywhere")
        mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        command = ["unshare", "-m", "sh", "-c", mount, str(tmp_path), *command]
        said = subprocess.run(command, capture_output=True, text=True).stdout
    else:
        tmp_path.chmod(0o555)
        to.writer.path.chmod(0o444)
        said = subprocess.run(command, capture_output=True, text=True).stdout
        tmp_path.chmod(0o755)
    assert said.startswith("SanctumError ")
    assert "takes no note" in said


def test_a_run_that_another_machine_may_still_write_is_noted_there(tmp_path):
    path = tmp_path / "far.sanctum.db"
    to = ingest(path, host="elsewhere")
    say_step(to, Said(), 0, {"accuracy": np.zeros(ENVS)})
    to.tick()
    ask = opened(path)
    with pytest.raises(SanctumError, match="was recorded on elsewhere") as refused:
        ask.note_add("x")
    assert refused.value.hint == "ssh -t elsewhere sanctum shell demo"
    to.end("finished")
    to.writer.close(0.0)
    assert opened(path).note_add("x").step == 0


def test_a_note_on_the_past_stands_in_the_timeline_where_it_belongs(to):
    ask = Record(to.reader, to.writer.path, writer=to.writer)
    ask.note_add("late", at="15")
    ask.note_add("early", at="5")
    assert texts(ask) == [(5, "early"), (15, "late")]
