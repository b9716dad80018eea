"""What a trainer says: one Struct per kind of message, tagged and versioned.

On the wire each is MessagePack behind a four-byte length (`frames`); arrays travel as raw bytes.
"""

from __future__ import annotations

from typing import Any

import msgspec

VERSION = 1

Scalar = float | None
Config = dict[str, str | int | float | bool | None]


class _Frame(msgspec.Struct, tag_field="is", omit_defaults=True, gc=False):
    """What all messages share: a tag under ``is``."""


class Array(msgspec.Struct, array_like=True, gc=False):
    """An array as its raw little-endian bytes, C order.

    `dtype` is numpy's short string (``<f4``); `states`, when present, is one byte a cell in the
    same order: 0 value, 1 not measured, 2 masked, 3 late.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes
    states: bytes | None = None


class RunStarted(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="start"):
    """The header of a run; sent once per attempt, and first. `keep_bytes` holds its record.

    `units` are those of columns and scalars that differ from the catalogue's; `inside` names the
    reward components that are already in another one: component -> the one that holds it.
    `trainer` says what trains, where that is known (``stable-baselines3 PPO``). `followed` is the
    file that this process follows while another one trains and writes it: `trainer_pid`, 0 where
    that is not known. `mask_rules` are the rules that may forbid an option, to which the matrices
    ``mask_rule/HEAD`` refer. `path` is where the trainer imports from (``sys.path``), for replay.
    """

    run_id: str
    task: str
    envs: int
    version: int = VERSION
    actions: dict[str, list[str]] = {}
    slots: list[str] = []
    blueprints: list[str] = []
    stages: list[str] = []
    rewards: dict[str, int] = {}
    features: list[str] = []
    rollout_steps: int | None = None
    planned_steps: int | None = None
    planned_updates: int | None = None
    planned_episodes: int | None = None
    config: Config = {}
    policy: str | None = None
    pid: int = 0
    pid_started: float = 0.0
    boot_id: str = ""
    host: str = ""
    argv: list[str] = []
    directory: str = ""
    python: str = ""
    time: float = 0.0
    keep_bytes: int | None = None
    units: dict[str, str] = {}
    inside: dict[str, str] = {}
    trainer: str = ""
    followed: str = ""
    trainer_pid: int = 0
    mask_rules: list[str] = []
    path: list[str] = []


class Settings(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="settings"):
    """What the header should have said but was known only later: `config` joins the header's."""

    config: Config = {}
    planned_steps: int | None = None


class Step(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="step"):
    """One vector step: arrays over environments (or over `envs`, when given).

    `columns` are (E,) arrays by flat name: ``accuracy``, ``reward``, ``reward/rent``,
    ``action/op``. `matrices` are (E, n): ``probability/op``, ``mask/op``, ``logit/op``,
    ``mask_rule/op`` (the index of the rule that forbids an option, negative: it is legal),
    ``observation``, ``recurrent``. Columns ``vital/NAME`` are of the trainer as a whole, the same
    in every environment. `at` is the sender's monotonic clock, in seconds; `time`, here and in what
    follows, is the wall time at which it happened, where an importer knows it (0: when received).
    """

    step: int
    columns: dict[str, Array]
    matrices: dict[str, Array] = {}
    envs: list[int] | None = None
    at: float = 0.0
    time: float = 0.0


class Update(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="update"):
    """One policy update: scalars by metric name, None where not measured.

    Per-head scalars are flattened: ``entropy.op``. `masked` names those that had no meaning.
    `first_step`..`last_step` are the vector steps it learned from, inclusive.
    """

    update: int
    scalars: dict[str, Scalar]
    masked: list[str] = []
    first_step: int | None = None
    last_step: int | None = None
    step: int | None = None
    time: float = 0.0


class SeedState(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="seed"):
    """The state of one seed in one slot of one environment.

    `numbers` holds what was measured by name (alpha, alpha_target, age_steps, stage_steps,
    parameters, contribution in points, improvement in points, gradient_health, ...);
    `gate_inputs` is name -> (value, needed) for the next `gate`, or for the one that `cause` names.
    """

    env: int
    slot: str
    stage: str
    step: int
    blueprint: str | None = None
    numbers: dict[str, Scalar] = {}
    gate: str | None = None
    gate_inputs: dict[str, tuple[Scalar, Scalar]] = {}
    cause: str | None = None
    time: float = 0.0


class EpisodeEnded(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="episode"):
    """One environment finished an episode. Accuracies in percent."""

    env: int
    episode: int
    step: int
    final_accuracy: Scalar = None
    best_accuracy: Scalar = None
    episode_return: Scalar = None
    length: int | None = None
    outcome: str | None = None
    terminated: bool = False
    truncated: bool = False
    numbers: dict[str, Scalar] = {}
    time: float = 0.0


class Message(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="message"):
    """A line for the timeline. Severities: debug, info, warn, error, critical."""

    text: str
    severity: str = "info"
    type: str = "message"
    step: int | None = None
    env: int | None = None
    slot: str | None = None
    data: dict[str, Any] = {}
    time: float = 0.0


class Backfill(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="backfill"):
    """Columns (T, E) for the steps from `first_step` on: advantages, returns, contributions."""

    first_step: int
    columns: dict[str, Array]


class PolicySaved(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="policy"):
    """Policy weights after an update, in a safetensors file that was renamed into place.

    `step` is the last vector step before they acted, None before the first. What else is known of
    them is in the file's header, as `sanctum.telemetry.weights` says.
    """

    update: int
    path: str
    factory: str | None = None
    bytes: int = 0
    step: int | None = None


class Gap(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="gap"):
    """What the probe could not send. `what`: matrices, weights or columns."""

    what: str
    first_step: int
    last_step: int
    count: int
    reason: str


class Beat(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="beat"):
    """Once a second from the probe's thread: the process is there, and how full the queue is.

    `threads` are its Python threads by the system's number, said when they have changed.
    """

    queued_bytes: int = 0
    sent: int = 0
    lost: int = 0
    at: float = 0.0
    threads: dict[int, str] = {}


class Source(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="source"):
    """Where the telemetry comes from, when not from the trainer itself; the newest one counts.

    `kind` is ``esper``, ``tensorboard``, ...; `place` a file, a folder or ``live``. `counts` are
    events by type as they came, `unknown` those of types that nobody knew (kept as events).
    `refused` are sentences with line numbers about what could not be read, `refused_count` how many
    there were in all. `dropped` is what the sender says it dropped, None where it does not tell.
    """

    kind: str
    place: str
    counts: dict[str, int] = {}
    unknown: int = 0
    refused: list[str] = []
    refused_count: int = 0
    dropped: int | None = None
    version: str | None = None


class RunEnded(_Frame, gc=False, omit_defaults=True, tag_field="is", tag="end"):
    """How it ended: finished, interrupted, ended, or exception with its traceback.

    `why` is a sentence where there is something to say: the file stops after 3 of 5 rounds.
    """

    how: str
    exception: str | None = None
    traceback: str | None = None
    step: int | None = None
    why: str | None = None
    time: float = 0.0


Frame = (
    RunStarted
    | Settings
    | Step
    | Update
    | SeedState
    | EpisodeEnded
    | Message
    | Backfill
    | PolicySaved
    | Gap
    | Beat
    | Source
    | RunEnded
)
