"""A run that answers from memory: what the shell's tests talk to."""

import time
from dataclasses import dataclass, field

from sanctum.errors import ConnectionLost, DeadlinePassed, NoDataYet, NoSuchRun
from sanctum.model.answers import (
    ActionShare,
    At,
    Component,
    ConditionAnswer,
    Curve,
    EnvAnswer,
    EnvRow,
    EnvsAnswer,
    Event,
    EventsAnswer,
    Header,
    Health,
    PolicyAnswer,
    PolicyReading,
    RewardsAnswer,
    RunAnswer,
    RunState,
    SeedsAnswer,
)
from sanctum.model.readings import NOT_MEASURED, reading


@dataclass
class FakeRun:
    """`Queries` of a run whose state a test may change at any time.

    `trouble` is raised by the next question (and only once when `once`); `asked` are the questions.
    """

    run_id: str = "demo-3"
    word: str = "live"
    since_s: float = 0.1
    update: int | None = 41
    pid: int = 100
    warnings: int = 0
    entropy: float | None = 0.5
    envs: int = 16
    trouble: Exception | None = None
    once: bool = True
    silent_s: float = 0.0
    asked: list[str] = field(default_factory=list)

    def _ask(self, name: str) -> At:
        self.asked.append(name)
        if self.silent_s:
            time.sleep(self.silent_s)
        if self.trouble is not None:
            trouble = self.trouble
            if self.once:
                self.trouble = None
            raise trouble
        return At(1200, self.update, 1.7e9, True)

    def note_add(self, text, at=None):
        moment = self._ask("note_add")
        return Event(1, moment.step, moment.time, "info", "note", text)

    def run_read(self, at=None):
        moment = self._ask("run_read")
        header = Header(
            self.run_id,
            "digits",
            self.envs,
            actions={"op": ["WAIT", "GERMINATE"], "slot": ["r0c0", "r0c1"]},
            features=["loss", "trend"],
            slots=["r0c0", "r0c1"],
            stages=["DORMANT", "TRAINING"],
            pid=self.pid,
            started=float(self.pid),
        )
        return RunAnswer(
            moment,
            header,
            RunState(self.word, self.since_s),
            "/records/demo-3",
            4096,
            True,
            first_step=0,
            last_step=1200,
            last_update=self.update,
            columns=["accuracy", "reward"],
            metrics=["entropy", "approx_kl"],
            event_types=["nan", "message"],
        )

    def events_list(self, at=None, severity=None, type=None, env=None, since=None, limit=20, **_):
        moment = self._ask("events_list")
        rows = [
            Event(n, n, 1.7e9 + n, "warn", "nan" if n % 2 else "message", f"what {n}")
            for n in range(self.warnings)
        ]
        shown = rows[-limit:] if limit else rows
        return EventsAnswer(moment, shown, len(shown), len(rows), {"warn": len(rows)})

    def envs_list(self, at=None, where=None, sort="env", limit=None):
        moment = self._ask(f"envs_list {where}" if where else "envs_list")
        rows = [EnvRow(n, Health("ok", "fine", "ok"), 0) for n in range(self.envs)]
        return EnvsAnswer(moment, rows, len(rows), len(rows))

    def env_read(self, env, at=None):
        moment = self._ask(f"env_read {env}")
        row = EnvRow(env, Health("ok", "fine", "ok"), 0)
        return EnvAnswer(moment, row, [], [], None, None, [])

    def policy_read(self, at=None, env=None, window=None):
        moment = self._ask("policy_read")
        entropy = PolicyReading(
            "entropy", reading(self.entropy), "0-1", "health", "spread", "ok", "warn < 0.3", 0
        )
        share = ActionShare("WAIT", 9, reading(0.9), 8, reading(0.8), 9, reading(1), reading(0.7))
        return PolicyAnswer(moment, [entropy], [share], 10, 9, 1, 1200, 1200, 0.5)

    def rewards_read(self, at=None, env=None, window=None):
        moment = self._ask("rewards_read")
        one = Component("gain", reading(1.0), reading(1.0), reading(0.0), reading(1.0))
        zero = reading(0.0)
        return RewardsAnswer(moment, env, [one], one, zero, zero, 0, 1200, 100)

    def seeds_list(
        self, at=None, sort="-contribution", limit=None, stage=None, env=None, choice=None
    ):
        return SeedsAnswer(self._ask("seeds_list"), [], 0, 0)

    def series_read(self, metric, at=None, env=None, last=None, points=200, since=None):
        self._ask(f"series_read {metric}")
        return Curve(metric, "", "step", [1, 2], [reading(1.0), reading(2.0)])

    def condition_check(self, condition, env=None, at=None):
        moment = self._ask(f"condition_check {condition}")
        values = {"entropy": NOT_MEASURED if self.entropy is None else reading(self.entropy)}
        if self.entropy is None:
            return ConditionAnswer(moment, condition, None, values, "entropy was never sent")
        limit = float(condition.split()[-1])
        return ConditionAnswer(moment, condition, self.entropy > limit, values)


@dataclass
class FakeConnection:
    """A connection to a `FakeRun`."""

    run: FakeRun
    run_id: str
    others: tuple[str, ...] = ()
    live: bool = True
    closed: bool = False
    timeouts: list[float | None] = field(default_factory=list)

    def queries(self, timeout_s=None):
        self.timeouts.append(timeout_s)
        if self.closed:
            raise ConnectionLost("the recorder went away")
        return self.run

    def close(self):
        self.closed = True


class FakeHome:
    """The runs there are: opens connections as `sanctum.wire.client.open_run` does."""

    def __init__(self, *runs: FakeRun) -> None:
        self.runs = list(runs)
        self.opened: list[FakeConnection] = []

    def open(self, name=None):
        if name is None and not self.runs:
            raise NoSuchRun("no live run", "start one: sanctum demo")
        found = self.runs[0] if name is None else None
        for run in self.runs:
            if run.run_id == name:
                found = run
        if found is None:
            raise NoSuchRun(f"no run '{name}'")
        others = tuple(run.run_id for run in self.runs[1:]) if name is None else ()
        connection = FakeConnection(found, found.run_id, others)
        self.opened.append(connection)
        return connection


LOST = ConnectionLost("the recorder of demo-3 went away")
LATE = DeadlinePassed("no answer from demo-3 within 2 s")
NOTHING = NoDataYet("no update yet")
