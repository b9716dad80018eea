"""What an answer holds: frozen Structs, one per question, units in the names, absences kept.

Accuracies are in percent, contributions and improvements in percentage points, times in seconds
since the epoch, ages in vector steps. `at` is the moment an answer speaks of.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from sanctum.model.readings import NOT_MEASURED, Reading

Verdict = Literal["ok", "warn", "crit"]
State = Literal[
    "starting",
    "live",
    "stale",
    "silent",
    "finished",
    "interrupted",
    "ended",
    "failed",
    "killed",
    "died",
]


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all answers share."""


class Lost(_Answer, frozen=True):
    """Telemetry that did not arrive: what, over which steps, how often, why.

    `first_step` is None before the first step, `last_step` None when the end is not known.
    """

    what: str
    first_step: int | None
    last_step: int | None
    count: int
    reason: str


class At(_Answer, frozen=True):
    """The moment an answer speaks of.

    `update` is the last policy update at or before `step`; None before the first. `live` says that
    it was asked as of now, in a run whose trainer is there. In an entry of the hall of fame, `hall`
    is its rank and `run_id` the run it came from. `gaps` are the newest stretches of telemetry
    that did not arrive by then, oldest of them first.
    """

    step: int | None
    update: int | None
    time: float | None
    live: bool
    attempt: int = 1
    hall: int | None = None
    run_id: str | None = None
    gaps: list[Lost] = []


class RunState(_Answer, frozen=True):
    """How the run is, as of the moment asked about.

    `since_s` is the age of the newest telemetry in seconds (live, stale) or the time since the end.
    `why` is a sentence: the exception, the signal, the reason of a stall. `signal` names what
    killed it (``SIGKILL``), None when nothing did or that is not known. `traceback` is the
    trainer's: of its exception, or of all threads when a signal killed it.
    """

    word: State
    since_s: float | None = None
    why: str | None = None
    exception: str | None = None
    traceback: str | None = None
    signal: str | None = None


class Size(_Answer, frozen=True):
    """Bytes of one class of data in the record, and the steps they span."""

    what: str
    used_bytes: int
    rows: int
    first_step: int | None = None
    last_step: int | None = None


class Dropped(_Answer, frozen=True):
    """A class of data that gave way to newer data: over which steps, how much, by which rule.

    `planned` is what goes by plan, whatever the size of the record.
    """

    what: str
    first_step: int
    last_step: int
    used_bytes: int
    rule: str
    planned: bool = False


class Attempt(_Answer, frozen=True):
    """One attempt of the run: a trainer's process from its start to its end."""

    attempt: int
    pid: int
    started: float
    first_step: int | None
    last_step: int | None
    how: str


class Header(_Answer, frozen=True):
    """What the trainer said of itself at the start."""

    run_id: str
    task: str
    envs: int
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
    config: dict[str, Any] = {}
    pid: int = 0
    host: str = ""
    argv: list[str] = []
    directory: str = ""
    started: float = 0.0
    units: dict[str, str] = {}
    inside: dict[str, str] = {}
    trainer: str = ""
    mask_rules: list[str] = []
    policy: str | None = None


class SourceSaid(_Answer, frozen=True):
    """Where the telemetry of an imported or followed run comes from, and what came.

    `counts` are events by their type there, `unknown` those of a type that nobody knew (they are
    events here too). `refused` are sentences with line numbers about what could not be read, the
    first of `refused_count`. `dropped` is what the sender dropped, None where it does not tell.
    """

    kind: str
    place: str
    counts: dict[str, int] = {}
    unknown: int = 0
    refused: list[str] = []
    refused_count: int = 0
    dropped: int | None = None
    version: str | None = None


class RunAnswer(_Answer, frozen=True):
    """``run.read``: the header, how the run is, its clocks, throughput and record.

    `recording` is False while nothing reaches the disk: for `stopped_s` seconds, because of
    `stopped_why`. `keep_bytes` is what the record may hold, `dropped` what gave way. `source` is
    None when the trainer itself speaks.
    """

    at: At
    header: Header
    state: RunState
    record: str
    used_bytes: int
    recording: bool
    first_step: int | None = None
    last_step: int | None = None
    last_update: int | None = None
    episodes: int = 0
    events: int = 0
    steps_per_s: Reading = NOT_MEASURED
    steps_per_s_run: Reading = NOT_MEASURED
    lost: list[Lost] = []
    lost_count: int = 0
    sizes: list[Size] = []
    attempts: list[Attempt] = []
    columns: list[str] = []
    metrics: list[str] = []
    event_types: list[str] = []
    keep_bytes: int | None = None
    dropped: list[Dropped] = []
    stopped_s: float | None = None
    stopped_why: str | None = None
    source: SourceSaid | None = None


class Health(_Answer, frozen=True):
    """The health of one environment: a word, why, and how bad.

    `since_best` are the steps since its best accuracy of this episode, as far as that is known.
    """

    word: str
    reason: str
    verdict: Verdict | None = None
    since_best: Reading = NOT_MEASURED


class EnvRow(_Answer, frozen=True):
    """One environment at a moment. `action` is the op chosen, `target` the slot it was for.

    `columns` are all other measured columns by name; `age_steps` is the age of its newest row.
    """

    env: int
    health: Health
    age_steps: int | None = None
    episode: Reading = NOT_MEASURED
    env_step: Reading = NOT_MEASURED
    accuracy: Reading = NOT_MEASURED
    best_accuracy: Reading = NOT_MEASURED
    loss: Reading = NOT_MEASURED
    reward: Reading = NOT_MEASURED
    value: Reading = NOT_MEASURED
    entropy: Reading = NOT_MEASURED
    active_seeds: Reading = NOT_MEASURED
    seeds: list[str] = []
    action: str | None = None
    target: str | None = None
    columns: dict[str, Reading] = {}


class EnvsAnswer(_Answer, frozen=True):
    """``envs.list``. `unknown` rows were left out since the condition could not be decided.

    `units` are those of columns that differ from the catalogue's.
    """

    at: At
    rows: list[EnvRow]
    shown: int
    total: int
    unknown: int = 0
    units: dict[str, str] = {}


class GateInput(_Answer, frozen=True):
    """One input of a seed's next gate: its value, what is needed, whether that holds.

    `passed` is None when the value is absent: a gate fails closed on missing evidence.
    """

    name: str
    value: Reading
    needed: Reading
    passed: bool | None = None


class SeedRow(_Answer, frozen=True):
    """One seed in one slot of one environment at a moment.

    `alpha_to_go_steps` is when alpha reaches its target at the pace of its last reports: inf where
    it does not move towards it. `numbers` is whatever else was measured of it, by name. `rules`
    says which rule forbids each op in this slot, None: it is legal; ops of which nobody said
    anything are not in it.
    """

    env: int
    slot: str
    stage: str
    blueprint: str | None = None
    alpha: Reading = NOT_MEASURED
    alpha_target: Reading = NOT_MEASURED
    age_steps: Reading = NOT_MEASURED
    stage_steps: Reading = NOT_MEASURED
    parameters: Reading = NOT_MEASURED
    contribution: Reading = NOT_MEASURED
    improvement: Reading = NOT_MEASURED
    gradient_health: Reading = NOT_MEASURED
    gate: str | None = None
    gate_inputs: list[GateInput] = []
    said_age_steps: int | None = None
    numbers: dict[str, Reading] = {}
    rules: dict[str, str | None] = {}
    alpha_to_go_steps: Reading = NOT_MEASURED


class Standing(_Answer, frozen=True):
    """How a seed stands that is ripe or stuck, beside its row.

    `since_steps` counts the steps for which FOSSILIZE has been legal and was not taken, or for
    which its gate has been shut although its time had come. `probability` is what the policy gave
    FOSSILIZE at its newest decision there. `usual_steps` is the median time that seeds spent in
    its stage before they got past it, `usual_count` how many did.
    """

    since_steps: Reading = NOT_MEASURED
    probability: Reading = NOT_MEASURED
    usual_steps: Reading = NOT_MEASURED
    usual_count: int = 0


class SeedsAnswer(_Answer, frozen=True):
    """``seeds.list``: the seeds that live, ranked; and how many slots are in each stage.

    Where ripe or stuck ones were asked for, `standing` has one entry a row. `legality` says whose
    mask told what is legal: of the ``slot``, of the ``env`` alone, or ``unsaid``. `left_out` counts
    seeds that are not among the rows, by why.
    """

    at: At
    rows: list[SeedRow]
    shown: int
    total: int
    stages: dict[str, int] = {}
    unranked: int = 0
    standing: list[Standing] = []
    legality: Literal["", "slot", "env", "unsaid"] = ""
    left_out: dict[str, int] = {}


class Blueprint(_Answer, frozen=True):
    """What became of the seeds of one blueprint, or of all, so far.

    `alive` are neither kept nor removed; `lost` were alive when their environment began anew.
    `success` is the share of those kept among those kept or removed, `blended` counts seeds that
    began to blend, `blend_success` is the share of those that got past it among those whose
    blending is over. `lifespan` is the mean age in steps at which seeds were removed.
    `contribution` is the mean, in points, of the last that was measured of each seed, whether it
    lives, was kept or has ended; `measured` of them had one. `recent` of the last `RECENT_SEEDS`
    that were germinated are of it.
    """

    blueprint: str
    germinated: int = 0
    alive: int = 0
    fossilized: int = 0
    pruned: int = 0
    lost: int = 0
    blended: int = 0
    success: Reading = NOT_MEASURED
    blend_success: Reading = NOT_MEASURED
    lifespan: Reading = NOT_MEASURED
    contribution: Reading = NOT_MEASURED
    recent: int = 0
    measured: int = 0


RECENT_SEEDS = 100
"""Over how many seeds it is counted what the policy picks of late."""


class Grave(_Answer, frozen=True):
    """Seeds of one blueprint that ended for one reason: how many, how old, what they added last.

    `contribution` is the mean of their last readings, `measured` how many of them had one.
    """

    blueprint: str
    reason: str
    count: int
    age_steps: Reading = NOT_MEASURED
    contribution: Reading = NOT_MEASURED
    measured: int = 0


class BlueprintsAnswer(_Answer, frozen=True):
    """``blueprints.list``: what became of the seeds, by blueprint and in all.

    `graveyard` holds those that were removed or lost, the most frequent first; empty unless it was
    asked for.
    """

    at: At
    rows: list[Blueprint]
    total: Blueprint
    graveyard: list[Grave] = []


class Event(_Answer, frozen=True):
    """One line of the timeline."""

    id: int
    step: int | None
    time: float
    severity: str
    type: str
    text: str
    env: int | None = None
    slot: str | None = None
    attempt: int = 1
    data: dict[str, Any] = {}


class EventsAnswer(_Answer, frozen=True):
    """``events.list``: the newest `shown` of `total`, oldest of them first.

    `severities` counts what matched the other filters, by severity; `types` what matched all
    filters but that of the type, by type.
    """

    at: At
    rows: list[Event]
    shown: int
    total: int
    severities: dict[str, int] = {}
    types: dict[str, int] = {}


class Curve(_Answer, frozen=True):
    """Points of one metric over steps or updates; decimated points keep their min and max.

    `low` and `high` are empty unless `decimated`. `at` is None in a curve within an answer.
    `dropped` says which steps gave way and are left out, None: none did.
    """

    metric: str
    unit: str
    clock: Literal["step", "update"]
    steps: list[int]
    values: list[Reading]
    low: list[Reading] = []
    high: list[Reading] = []
    decimated: bool = False
    at: At | None = None
    dropped: str | None = None


class SeedLife(_Answer, frozen=True):
    """One seed of a slot in short: from the step `born` on, to `ended`; None: it is still there.

    `stage` is the last it lived in, `reason` what ended it. `contribution` was the last that was
    measured.
    """

    blueprint: str | None
    born: int
    ended: int | None
    stage: str
    reason: str | None = None
    contribution: Reading = NOT_MEASURED


class SeedAnswer(_Answer, frozen=True):
    """``seed.read``: one seed, its readings over time, and what happened to it.

    `row` is None when the slot is empty and nothing was ever in it. `events` are those of its life,
    and the curves too; of an empty slot, of the last seed in it. `units` are those of its further
    numbers. `decisions` are those about it. `lives` are the newest seeds of the slot, the last one
    first, of `lives_count`.
    """

    at: At
    env: int
    slot: str
    row: SeedRow | None
    alpha: Curve | None
    contribution: Curve | None
    events: list[Event]
    units: dict[str, str] = {}
    gradient: Curve | None = None
    decisions: list[Decision] = []
    lives: list[SeedLife] = []
    lives_count: int = 0


class Choice(_Answer, frozen=True):
    """What one head chose: the option, its probability, the head's entropy, whether it had to.

    `option` is None where the head had no part in the decision.
    """

    head: str
    option: str | None
    probability: Reading = NOT_MEASURED
    entropy: Reading = NOT_MEASURED
    forced: bool | None = None


class Decision(_Answer, frozen=True):
    """One decision: the op, its target, its probability, and what came of it.

    `executed` is the op that was carried out, where that was said: a choice that is not valid may
    give way to another. `success` says whether it could be done. `probabilities` are those of ops
    that were said. `choices` are of all heads, in the newest decision only. `return_5` are the
    rewards of 5 vector steps from it on, added up, no further than the episode; late where they
    have not all been yet.
    """

    step: int
    action: str | None
    target: str | None
    blueprint: str | None
    probability: Reading
    value: Reading
    reward: Reading
    forced: bool | None
    executed: str | None = None
    success: bool | None = None
    entropy: Reading = NOT_MEASURED
    probabilities: dict[str, Reading] = {}
    choices: list[Choice] = []
    return_5: Reading = NOT_MEASURED


class Component(_Answer, frozen=True):
    """One reward component: as of the last step, and over the window.

    `share` is its part of the sum of absolute means; `sign` is how it enters the total. One that is
    `inside` another component is a part of that, and not added again. `episode` is what it came to
    since the environment's episode began, where one environment was asked about in full.
    """

    name: str
    last: Reading
    mean: Reading
    spread: Reading
    share: Reading
    sign: int = 1
    inside: str | None = None
    episode: Reading = NOT_MEASURED


class ActionReward(_Answer, frozen=True):
    """The reward that came with an op, over the window, and how many times it was taken."""

    action: str
    count: int
    mean: Reading
    components: dict[str, Reading] = {}


class RewardsAnswer(_Answer, frozen=True):
    """``rewards.read``: of one environment, or the mean over all when `env` is None.

    `residual` is the total minus the signed sum of the components at the last step,
    `worst_residual` the largest over the window by absolute value. The window is
    `first_step`..`last_step`.
    """

    at: At
    env: int | None
    components: list[Component]
    total: Component
    residual: Reading
    worst_residual: Reading
    first_step: int | None
    last_step: int | None
    rows: int
    actions: list[ActionReward] = []


class EnvAnswer(_Answer, frozen=True):
    """``env.read``: one environment in full.

    `units` are those of columns that differ from the catalogue's. `episode_first_step` is where its
    episode began, None where nobody says; `changes` are the events of slots in the steps of its
    decisions, which tell what came of them.
    """

    at: At
    row: EnvRow
    seeds: list[SeedRow]
    decisions: list[Decision]
    rewards: RewardsAnswer | None
    accuracy: Curve | None
    events: list[Event]
    units: dict[str, str] = {}
    episode_first_step: int | None = None
    changes: list[Event] = []


class PolicyReading(_Answer, frozen=True):
    """One policy metric: its value, verdict, the thresholds that made it, and what it rests on.

    `age_updates` counts updates since it was measured; `previous` is its value one update earlier.
    """

    name: str
    value: Reading
    unit: str
    group: str
    meaning: str
    verdict: Verdict | None
    thresholds: str
    age_updates: int | None
    previous: Reading = NOT_MEASURED


class ActionShare(_Answer, frozen=True):
    """How often one op is taken, in four readings over the window.

    `share`: of all decisions. `unforced_share`: of decisions with more than one legal op.
    `opportunity_rate`: times taken over times legal. `mean_probability`: the policy's own, where
    it was legal. `executed_count`: times it was carried out, chosen or in place of another.
    `success`: share of its choices that could be done. `q`: what the critic expects of it, of the
    last update that said so.
    """

    action: str
    count: int
    share: Reading
    unforced_count: int
    unforced_share: Reading
    legal_count: int
    opportunity_rate: Reading
    mean_probability: Reading
    executed_count: int | None = None
    success: Reading = NOT_MEASURED
    q: Reading = NOT_MEASURED


class HeadShare(_Answer, frozen=True):
    """What one head did over the window: how often it was used and forced, how sure it was.

    `used`: decisions it had a part in. `forced_share`, `entropy` and `probability` (of what it
    chose) are means over those.
    """

    head: str
    used: int
    forced_share: Reading = NOT_MEASURED
    entropy: Reading = NOT_MEASURED
    probability: Reading = NOT_MEASURED


class PolicyAnswer(_Answer, frozen=True):
    """``policy.read``: every reading of the last update, and what the policy does.

    The window of the actions is `first_step`..`last_step`, `decisions` in number; `env` restricts
    them to one environment. `update_step` is the step the update was made at. At `told` decisions
    the probabilities of all ops are known, None: nothing was said of them. `heads` are all heads.
    """

    at: At
    readings: list[PolicyReading]
    actions: list[ActionShare]
    decisions: int
    unforced: int | None
    first_step: int | None
    last_step: int | None
    update_step: int | None = None
    update_age_s: float | None = None
    env: int | None = None
    told: int | None = None
    heads: list[HeadShare] = []


class Vital(_Answer, frozen=True):
    """One reading of the machine or the telemetry; `note` says what an absent one lacks.

    `group` is empty but for what the trainer says of itself: phases, observation, ...
    """

    name: str
    value: Reading
    unit: str
    verdict: Verdict | None = None
    note: str = ""
    group: str = ""


class VitalsAnswer(_Answer, frozen=True):
    """``vitals.read``: the machine, the throughput and the telemetry."""

    at: At
    readings: list[Vital]
    notes: list[str] = []


class ConditionAnswer(_Answer, frozen=True):
    """``condition.check``: whether it holds; None when it cannot be known, and why.

    `values` are the names it used with what they were.
    """

    at: At
    condition: str
    holds: bool | None
    values: dict[str, Reading] = {}
    why: str = ""


class Stretch(_Answer, frozen=True):
    """Steps (or updates) over which a condition held without a break.

    `first` and `last` count what the search's clock counts; `last` is None when it still held at
    the end. `first_step` and `last_step` are vector steps, `count` how many moments it held at,
    `time` when it began, `values` what its names were then.
    """

    first: int
    last: int | None
    first_step: int
    last_step: int | None
    count: int
    time: float | None = None
    values: dict[str, Reading] = {}


class FindAnswer(_Answer, frozen=True):
    """``condition.find``: when a condition became true and stopped, oldest first.

    `held`, `unknown` and `checked` count moments: at which it held, could not be known, all.
    `dropped` says which steps gave way and were not searched, None: none did.
    """

    at: At
    condition: str
    env: int | None
    clock: Literal["step", "update"]
    stretches: list[Stretch]
    shown: int
    total: int
    held: int
    unknown: int
    checked: int
    dropped: str | None = None


class Episode(_Answer, frozen=True):
    """One episode of one environment that has ended. Accuracies in percent."""

    env: int
    episode: int
    step: int
    first_step: int | None
    time: float
    final_accuracy: Reading = NOT_MEASURED
    best_accuracy: Reading = NOT_MEASURED
    episode_return: Reading = NOT_MEASURED
    length: int | None = None
    outcome: str | None = None
    terminated: bool = False
    truncated: bool = False
    numbers: dict[str, Reading] = {}
    attempt: int = 1


class EpisodesAnswer(_Answer, frozen=True):
    """``episodes.list``: episodes that have ended by the moment, in the order asked for."""

    at: At
    rows: list[Episode]
    shown: int
    total: int


class HallEntry(_Answer, frozen=True):
    """One episode in the hall of fame: `rank` 1 is the best of the task, by peak accuracy.

    `accuracy` is the peak in percent, `best_step` where it was; `fall` how many points it had lost
    by the end. `seeds` are those alive at the peak (``r0c1 norm FOSSILIZED``), `growth` their
    parameters. `id` names the entry for good; ranks change.
    """

    rank: int
    id: int
    run_id: str
    env: int
    episode: int
    first_step: int
    best_step: int
    last_step: int
    accuracy: Reading
    final_accuracy: Reading = NOT_MEASURED
    fall: Reading = NOT_MEASURED
    episode_return: Reading = NOT_MEASURED
    growth: Reading = NOT_MEASURED
    seeds: list[str] = []
    attempt: int = 1
    time: float | None = None
    pinned: bool = False
    used_bytes: int = 0


class HallAnswer(_Answer, frozen=True):
    """``hall.list``: the best episodes of all runs of a task, then what is pinned beyond them."""

    task: str
    path: str
    rows: list[HallEntry]
    size: int = 10


class StacksAnswer(_Answer, frozen=True):
    """``trainer.stacks``: every Python thread of the trainer, the one that runs last; or why not.

    `text` is None when the trainer could not answer; `why` then says what holds it and what to do.
    `process` is what the system calls its state: running, sleeping, stopped, ...
    """

    text: str | None
    process: str
    why: str | None = None
    time: float | None = None


class RunSummary(_Answer, frozen=True):
    """One line of ``runs``: what is known of a record without opening a connection."""

    run_id: str
    state: str
    task: str = ""
    envs: int | None = None
    started: float | None = None
    ended: float | None = None
    last_step: int | None = None
    used_bytes: int | None = None
    path: str = ""
    host: str = ""
    pid: int | None = None
    recorder: int | None = None
    note: str = ""


class DiskUse(_Answer, frozen=True):
    """What a run, or a hall of fame, takes on disk; `beside_bytes` are its log and small files.

    `is_prunable`: it has ended, and ``runs --prune`` may delete it.
    """

    name: str
    state: str
    record_bytes: int
    wal_bytes: int = 0
    beside_bytes: int = 0
    is_prunable: bool = False

    @property
    def used_bytes(self) -> int:
        """All of it."""
        return self.record_bytes + self.wal_bytes + self.beside_bytes


class Prunable(_Answer, frozen=True):
    """What may be deleted: runs with all their files (`used_bytes`), and files without a record."""

    runs: list[RunSummary]
    orphans: list[str] = []
    orphan_bytes: int = 0

    @property
    def used_bytes(self) -> int:
        """What would become free."""
        return self.orphan_bytes + sum(run.used_bytes or 0 for run in self.runs)
