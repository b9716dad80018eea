"""Reports as commands make them, for the goldens: every kind of block and of cell."""

from __future__ import annotations

from dataclasses import dataclass

from sanctum.model.answers import At, Verdict
from sanctum.model.readings import LATE, MASKED, NOT_MEASURED, Measured, NonFinite
from sanctum.view import Column, Fact, Facts, Report, Series, Table, Text, Value


@dataclass(frozen=True)
class Env:
    env: int
    accuracy: Value
    loss: Value
    reward: Value
    entropy: Value
    action: str
    contribution: Value
    age: int
    last: str = ""


def judged(env: Env) -> Verdict | None:
    if not isinstance(env.entropy, Measured):
        return "crit"
    return "warn" if env.entropy.value < 0.2 else "ok"


ACTIONS = ("WAIT", "GERMINATE", "CULL", "FOSSILIZE")


def env(number: int) -> Env:
    return Env(
        number,
        Measured(61.25 + number * 1.375),
        Measured(1.5 - number * 0.0625),
        Measured(-0.5 + number * 0.125, 12 if number == 3 else 0, number == 3),
        NonFinite("nan") if number == 5 else Measured(1.25 / (number + 1)),
        ACTIONS[number % 4],
        (Measured(0.0), NOT_MEASURED, MASKED, LATE, Measured(-1.5))[number % 5],
        number * 40,
        "plateau at 62 %, no seed alive since step 900" if number % 7 == 0 else "",
    )


COLUMNS = (
    Column("env", lambda e: e.env, priority=0),
    Column("accuracy", lambda e: e.accuracy, unit="percent", priority=0, digits=1),
    Column("loss", lambda e: e.loss, priority=3, digits=3),
    Column("reward", lambda e: e.reward, digits=2),
    Column("entropy", lambda e: e.entropy, unit="nat", digits=2, verdict=judged),
    Column("action", lambda e: e.action),
    Column("contribution", lambda e: e.contribution, unit="points", priority=2, digits=2),
    Column("age", lambda e: e.age, unit="steps", priority=4),
    Column("last", lambda e: e.last, priority=3, flex=True),
)


def live() -> At:
    return At(step=1240, update=41, time=None, live=True)


def envs() -> Report:
    return Report(
        "envs",
        Table(COLUMNS, [env(number) for number in range(16)]),
        headline="16 environments, 11 in WAIT; worst is 0",
        at=live(),
        run="demo-3",
        next="env 5",
        verdict="crit",
        command="envs",
    )


def brain() -> Report:
    return Report(
        "brain",
        Facts(
            (
                Fact("entropy", Measured(0.12, 50), "nat", "crit", note="warn < 0.3, crit < 0.15"),
                Fact("approx_kl", Measured(0.0), "", "ok", digits=4, note="warn > 0.02"),
                Fact("clip_fraction", Measured(0.31), "", "warn", note="warn > 0.3, crit > 0.5"),
                Fact("explained_variance", NOT_MEASURED),
                Fact("grad_norm", NonFinite("inf", 3), "", "crit", note="never finite is healthy"),
                Fact("grad_norm.blueprint", MASKED, note="one legal action"),
                Fact("value_loss", Measured(12.5, 400, True), note="from u33"),
                Fact("kept", 1_468_006, "bytes"),
                Fact("greedy action", "WAIT", verdict="warn"),
                Fact("record", "/var/lib/sanctum/runs/" + "morphogenesis-" * 6 + "demo-3.sanctum"),
            )
        ),
        Table(
            (
                Column("action", lambda row: row[0], priority=0),
                Column("probability", lambda row: row[1], digits=3),
            ),
            [("WAIT", Measured(0.98)), ("GERMINATE", Measured(0.02)), ("CULL", MASKED)],
            title="actions",
            total=4,
        ),
        headline="the policy waits in 98 % of decisions",
        at=live(),
        run="demo-3",
        notes=("2 of 16 environments sent no step columns for 12 steps",),
        next="why",
        verdict="crit",
        command="brain",
    )


def history() -> Report:
    values: list[Value] = [Measured(1.386 - 0.02 * step) for step in range(60)]
    values[30], values[31], values[45] = NonFinite("nan"), NonFinite("-inf"), NOT_MEASURED
    return Report(
        "history of entropy",
        Series("entropy", tuple(values), "nat", 1181, 1240),
        Series("approx_kl", (), clock="update"),
        Text("ValueError: expected\n\tprobabilities \u2265 0, got \x1b[31m-1\x1b[0m", "traceback"),
        Table((Column("seed", lambda s: s),), (), title="seeds", empty="no live seeds"),
        at=At(step=1240, update=None, time=None, live=False, attempt=2),
        run="demo-3",
        command="history",
    )


REPORTS = {"envs": envs, "brain": brain, "history": history}
