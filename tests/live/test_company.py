from __future__ import annotations

import subprocess
import sys

import pytest

from sanctum.errors import UsageError
from sanctum.wire.client import open_run
from sanctum.wire.places import reap
from tests.live.running import asking, ready, state, until

pytestmark = pytest.mark.live


def test_a_second_live_trainer_gets_an_id_of_its_own_and_is_told(home):
    first, second = home.train("steps(0, 3); forever()"), None
    assert ready(first) == "demo"
    second = home.train("steps(0, 9); forever()")
    assert ready(second) == "demo-2"
    for run_id, last in (("demo", 2), ("demo-2", 8)):
        with asking(run_id) as ask:
            assert ask.run_read().at.step == last
    newest = open_run(timeout_s=10)
    assert (newest.run_id, newest.others) == ("demo-2", ("demo",))
    newest.close()
    second.kill()
    assert "in use by a live trainer" in second.communicate()[1]


def test_a_finished_id_goes_on_in_its_record_as_the_second_attempt(home):
    home.train("steps(0, 3); run.seed(0, 'a', 'TRAINING'); run.close()").communicate(timeout=20)
    until(lambda: state().word == "finished")
    again = home.train("steps(1, 5); forever()")
    assert ready(again) == "demo"
    with asking() as ask:
        found = ask.run_read()
        assert [one.how for one in found.attempts] == ["finished", "going on"]
        assert (found.at.attempt, found.first_step, found.at.step) == (2, 1, 5)
        assert ask.seeds_list().total == 0
    again.kill()
    assert "recorded before; this goes on" in again.communicate()[1]


def test_attaching_again_ends_the_first_run(home):
    trainer = home.train(
        "steps(0, 3); first = run\n"
        "run = sanctum.attach('other', task='t', envs=2); assert not first.recording\n"
        "steps(0, 7); forever()"
    )
    assert ready(trainer) == "other"
    until(lambda: state("demo").word == "finished")
    assert state("other").word == "live"


def test_two_shells_at_once_are_both_answered(home):
    ready(home.train("steps(0, 3); forever()"))
    with asking() as one, asking() as two:
        for _ in range(5):
            assert one.env_read(0).row.accuracy.value == two.env_read(0).row.accuracy.value == 2
        with pytest.raises(UsageError, match="no environment 7: this run has 2, 0 to 1"):
            one.env_read(7)


def test_a_recorded_run_is_read_by_one_reader_for_all(home, monkeypatch):
    monkeypatch.setenv("SANCTUM_LINGER_S", "2")
    home.train("steps(0, 3)").communicate(timeout=20)
    until(lambda: home.file().recorder == 0)
    path = home.folder / "runs" / "demo.sanctum.db"
    openings = [open_run(name, timeout_s=10) for name in ("demo", "dem", str(path))]
    for connection in openings:
        assert connection.queries().run_read().at.step == 2
    sockets = list((home.folder / "run" / "sanctum").iterdir())
    assert len(sockets) == 1
    for connection in openings:
        connection.close()
    until(lambda: not sockets[0].exists())


def test_reaping_ends_recorders_that_linger(home):
    trainer = home.train("steps(0, 3); forever()")
    ready(trainer)
    assert reap() == []
    trainer.kill()
    trainer.wait()
    assert [one.run_id for one in reap()] == ["demo"]
    assert not home.file().has_recorder


def test_without_a_place_to_write_the_trainer_trains_on_and_says_so_once(home, monkeypatch):
    monkeypatch.setenv("SANCTUM_HOME", "/dev/null/runs")
    trainer = home.train("steps(0, 3); print('trained', run.recording, run.lost, flush=True)")
    said, errors = trainer.communicate(timeout=20)
    assert said.split() == ["trained", "False", "3"]
    assert len(errors.splitlines()) == 1
    assert "training goes on, nothing is recorded" in errors


def test_an_attached_trainer_has_loaded_nothing_of_the_shell(home):
    trainer = home.train(
        "steps(0, 1); print(*[one for one in ('rich', 'click', 'prompt_toolkit', 'sqlite3',"
        " 'torch') if one in sys.modules], 'end', flush=True)"
    )
    assert trainer.communicate(timeout=20)[0].split() == ["end"]


def test_importing_sanctum_loads_next_to_nothing():
    code = "import sys; before = set(sys.modules); import sanctum; "
    code += "print(*[one for one in set(sys.modules) - before if not one.startswith('sanctum')])"
    found = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    loaded = set(found.stdout.split())
    assert not loaded & {"numpy", "msgspec", "torch", "rich", "click", "subprocess", "socket"}
