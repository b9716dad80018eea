"""A real run, asked while it goes on and again, about the same moments, when it is over."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sanctum.shell.dispatch import Dispatcher
from sanctum.shell.output import Output
from sanctum.shell.session import ShellSession
from sanctum.wire.client import open_run
from tests.live.running import asking, state, until

pytestmark = pytest.mark.live

LOOK = (
    *("run", "run --more", "overwatch", "envs", "envs --more --sort -loss"),
    *("envs --where 'accuracy < 80 and reward > -1'", "env 1", "env 3 --more"),
    *("brain", "brain --more", "actions", "actions 2", "rewards", "rewards 1 --actions"),
    *("seeds top", "seeds bottom --more", "seeds oldest", "seed 1.r0c0", "seed 2.r0c1 --more"),
    *("events", "events --severity warn", "events --env 1", "vitals", "episodes"),
    *("history accuracy", "history entropy", "find 'entropy < 0.95'", "find 'reward > 0' --env 2"),
)
"""Every look command and those about time; not ``envs --cards``, which shows the hall as it is."""

PAUSES = (0, 7, 60, 130, -3, 200, -5)
"""Steps, and updates with a minus, after which the trainer waits to be asked about."""

CLOCK_OF_ASKING = {
    "live": "a field: whether it was asked of the newest moment",
    "state": "a fact: how the run is, with how long it was silent",
    "speed now": "a fact",
    "speed": "a fact, of the last seconds",
    "record size": "a fact",
    "steps now": "a fact",
    "since last telemetry": "a fact",
    "telemetry queued": "a fact",
}
"""What is left out since it speaks of when the question was asked, not of the moment."""

MACHINE = "vitals"
"""The command whose answer is otherwise a reading of the machine now, and a sample of the past."""

AGO = re.compile(r", [\d.]+m?s ago|^(live|as it was then): ")
"""How long ago the last update was, by the clock; and whether it is now."""

HOW_IT_IS = re.compile(r"^(live: last telemetry .*|as of step \d+: the run was going on)$")
"""The headline of ``run``: how the run is, not what it did."""


@pytest.fixture
def trainer(home):
    script = Path(__file__).with_name("pausing_trainer.py")
    pauses = ",".join(map(str, PAUSES))
    process = subprocess.Popen(
        [sys.executable, str(script), "demo", pauses],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    home.processes.append(process)
    return process


class Asker:
    """Asks commands as the shell does, and gives their answers as programs get them."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.session = ShellSession("demo", opener=lambda run: open_run(run, timeout_s=10))
        self.dispatcher = Dispatcher(self.session, Output(self.out, self.out, {}))

    def __call__(self, line: str, at: str = "") -> object:
        self.dispatcher.line(f"{line} {at} --format json")
        said = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        if not said.startswith("{"):
            return said
        answer = stripped(json.loads(said))
        if line == MACHINE:
            rows = answer["blocks"][0]["rows"]
            return [one for one in rows if one["name"] in ("steps over the run", "telemetry lost")]
        return answer


def stripped(data):
    """An answer without what speaks of the clock of asking."""
    if isinstance(data, dict):
        return {key: stripped(one) for key, one in data.items() if key not in CLOCK_OF_ASKING}
    if isinstance(data, list):
        return [
            stripped(one)
            for one in data
            if not (isinstance(one, dict) and one.get("name") in CLOCK_OF_ASKING)
        ]
    return AGO.sub("", HOW_IT_IS.sub("", data)) if isinstance(data, str) else data


def test_what_was_answered_live_is_answered_of_the_past(trainer):
    ask, then = Asker(), {}
    for _ in PAUSES:
        step = int(trainer.stdout.readline())
        until(lambda step=step: is_told(step))
        then[step] = {line: ask(line) for line in LOOK}
        trainer.stdin.write("go\n")
        trainer.stdin.flush()
    assert trainer.wait(30) == 0
    until(lambda: state().word == "finished")
    assert len(then) == len(PAUSES) and max(then) > 200
    for step, answers in then.items():
        for line, answer in answers.items():
            assert list(told_apart(ask(line, f"--at {step}"), answer)) == [], f"{line} at {step}"
    ask.session.close()


def told_apart(now, then, path=""):
    """Where two answers differ, with both sides."""
    if isinstance(now, dict) and isinstance(then, dict):
        for key in dict.fromkeys((*now, *then)):
            yield from told_apart(now.get(key), then.get(key), f"{path}/{key}")
    elif isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        for place, (one, other) in enumerate(zip(now, then, strict=True)):
            name = one.get("name", place) if isinstance(one, dict) else place
            yield from told_apart(one, other, f"{path}/{name}")
    elif now != then:
        yield path, now, then


def is_told(step):
    with asking() as asked:
        return any(one.text == f"paused at {step}" for one in asked.events_list(limit=3).rows)
