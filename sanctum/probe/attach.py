"""``sanctum.attach``: start the recorder, give a `Run`; without one the trainer trains on."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sanctum.probe import endings, keeping
from sanctum.probe.backlog import Backlog
from sanctum.probe.hello import About, hello
from sanctum.probe.launch import Link, RecorderFailed, launch
from sanctum.probe.restarts import Restarts
from sanctum.probe.run import Run, say
from sanctum.probe.sender import Sender
from sanctum.probe.witness import Witness, witness
from sanctum.telemetry import RunStarted

REPLAYING = "SANCTUM_REPLAYING"
"""The environment variable that is set where decisions are replayed, and in what is started there.

A module that trains as it is imported would begin a record of its own.
"""


def attach(
    run_id: str | None = None,
    *,
    task: str = "",
    envs: int = 1,
    actions: Mapping[str, Sequence[str]] | None = None,
    slots: Sequence[str] = (),
    blueprints: Sequence[str] = (),
    stages: Sequence[str] = (),
    rewards: Mapping[str, int] | None = None,
    inside: Mapping[str, str] | None = None,
    features: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
    rollout_steps: int | None = None,
    planned_steps: int | None = None,
    planned_updates: int | None = None,
    planned_episodes: int | None = None,
    config: Mapping[str, Any] | None = None,
    policy: str | Callable[..., Any] | None = None,
    trainer: str = "",
    mask_rules: Sequence[str] = (),
    keep_bytes: int | str | None = None,
) -> Run:
    """Attach Sanctum to this process; the first and only call a trainer needs.

    `actions` are the names per head, `rewards` the components with the sign by which they enter the
    total (+1 or -1), `inside` those of them that are part of another one already, `features` the
    names of the observation's columns, `units` those of columns that differ from the catalogue's,
    `policy` the function that rebuilds the policy, or its ``"module:function"``, `trainer` what
    trains, `mask_rules` the names of the rules that may forbid an option. The record holds
    `keep_bytes` at most (a number or ``"500M"``; else ``$SANCTUM_KEEP_BYTES``, else 2 GiB); the
    oldest gives way. A `run_id` that a live trainer uses is not shared: ``run.run_id`` is the one
    given. Attaching again ends this process's earlier run.
    Never raises for want of a recorder: it says so once and the `Run` does nothing.
    """
    for earlier in endings.live():
        earlier.close()
    about = About(
        task=task,
        envs=envs,
        actions=actions,
        slots=slots,
        blueprints=blueprints,
        stages=stages,
        rewards=rewards,
        inside=inside,
        features=features,
        units=units,
        rollout_steps=rollout_steps,
        planned_steps=planned_steps,
        planned_updates=planned_updates,
        planned_episodes=planned_episodes,
        config=config,
        policy=policy,
        trainer=trainer,
        mask_rules=mask_rules,
    )
    return begun(hello(run_id, about), keep_bytes)


def begun(header: RunStarted, keep_bytes: int | str | None = None) -> Run:
    """The run of `header`, with a recorder of its own; other runs of this process go on.

    Raises SystemExit in a process that replays decisions: nothing is trained there.
    """
    if os.environ.get(REPLAYING):
        raise SystemExit(
            "it attaches Sanctum: training belongs under if __name__ == '__main__', or elsewhere"
        )
    header.keep_bytes = keeping.keep_bytes(keep_bytes, say)
    run = Run(header.run_id, Backlog(), say)
    seen = witness()
    try:
        link = launch(header, seen)
    except RecorderFailed as failed:
        say(f"sanctum: {failed.sentence}; training goes on, nothing is recorded")
        if seen is not None:
            seen.close()
        return run
    if link.note:
        say(f"sanctum: {link.note}")
    run.run_id = header.run_id = link.run_id
    header.pid_started = link.pid_started
    run._listen(_sender(run, link, header, seen), link.record, seen)
    endings.watch(run)
    return run


def _sender(run: Run, link: Link, header: RunStarted, seen: Witness | None) -> Sender:
    """The sender of a run, which starts the recorder again with the same header when it dies."""

    def lost(why: str) -> None:
        say(f"sanctum: {why}; training goes on, what follows is not recorded")

    def complain(what: str) -> None:
        say(f"sanctum: {what}; more of these are counted, not said")

    def again() -> socket.socket:
        found = launch(header, seen)
        if found.run_id != header.run_id:
            say(f"sanctum: {found.note}")
        run.run_id = header.run_id = found.run_id
        run.record = found.record
        return found.socket

    restarts = Restarts(again, lambda what: say(f"sanctum: {what}"))
    return Sender(run._backlog, link.socket, lost, complain, restarts, seen)
