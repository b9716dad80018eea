"""A disk that takes nothing while a run goes on: training, answers, and what is said of it."""

from __future__ import annotations

import resource

from sanctum.shell.place import Place
from sanctum.shell.session import ShellSession
from tests.live.running import asking, ready, until

STEPPING = """
ready()
step = 0
while True:
    steps(step, 1)
    step += 1
    time.sleep(0.005)
"""


def test_training_and_answers_go_on_while_the_disk_takes_nothing(home):
    trainer = home.train(STEPPING)
    ready(trainer)
    with asking() as ask:
        until(lambda: (ask.run_read().last_step or 0) > 20)
        recorder = home.file().recorder
        before = resource.prlimit(recorder, resource.RLIMIT_FSIZE)
        resource.prlimit(recorder, resource.RLIMIT_FSIZE, (4096, before[1]))
        answer = until(lambda: None if (found := ask.run_read()).recording else found)
        assert answer.stopped_s is not None
        assert answer.stopped_why == "the disk takes nothing: disk I/O error"
        assert answer.state.word == "live"
        stopped_at = answer.last_step
        until(lambda: ask.envs_list().at.step > stopped_at + 100)
        assert ask.envs_list().rows[1].accuracy.value > stopped_at + 100
        session = ShellSession("demo")
        prompt = Place(session).text()
        session.close()
        assert prompt.startswith("sanctum demo live not recording "), prompt
        assert trainer.poll() is None
        resource.prlimit(recorder, resource.RLIMIT_FSIZE, before)
        until(lambda: ask.run_read().recording)
        said = until(lambda: rows if len(rows := ask.events_list(type="recorder").rows) == 2 else 0)
        assert "recording stopped: the disk takes nothing" in said[0].text
        assert said[1].text.endswith("nothing lost")
        assert ask.run_read().lost == []
        last = ask.run_read().last_step
        assert len(ask.series_read("accuracy", env=0, last=last + 1, points=10**6).steps) >= last
