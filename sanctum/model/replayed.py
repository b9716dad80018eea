"""``replay.*``: decisions evaluated again, questioned, and searched for what would change them.

`which` names a policy's weights: ``then`` (those that acted), ``now`` (the newest that were kept)
or ``hall:K`` (those that acted at the peak of an entry of the hall of fame).
"""

from __future__ import annotations

from sanctum.model.answers import At, _Answer
from sanctum.model.readings import NOT_MEASURED, Reading

TOLERANCE = 1e-5
"""The largest difference of a probability at which a decision counts as reproduced."""

DISTRIBUTION = "distribution"
"""The head of continuous actions, whose options are the numbers of their distribution."""


class OptionAgain(_Answer, frozen=True):
    """One option of a head: what the record says of it, and what came out now."""

    name: str
    legal: bool | None
    recorded: Reading
    again: Reading


class HeadAgain(_Answer, frozen=True):
    """One head evaluated again."""

    head: str
    options: list[OptionAgain]


class Evaluation(_Answer, frozen=True):
    """A decision evaluated with one policy's weights: those of `update`.

    `reproduced` is None where there is nothing to compare. `acted` says whether these are the very
    weights that decided then, None: the record does not tell. `difference` is the largest of a
    probability (of the value or log-probability, where the run said no probabilities: `compared`).
    `value_difference` is that of the value, which has to be the same too. `choice` is the most
    probable option of the main head.
    """

    which: str
    update: int
    acted: bool | None
    reproduced: bool | None
    difference: Reading
    compared: str
    choice: str | None = None
    value: Reading = NOT_MEASURED
    recorded_value: Reading = NOT_MEASURED
    heads: list[HeadAgain] = []
    dtype: str = ""
    device: str = "cpu"
    value_difference: Reading = NOT_MEASURED


class ReplayAnswer(_Answer, frozen=True):
    """``replay.run``: one decision evaluated again with each of the weights that can be had.

    `kept` are the updates whose weights the record has, oldest first. `absent` says of each `which`
    that cannot be had why not, and `missing` of what the record lacks to compare with which call of
    the probe says it (empty for an adapter's run).
    """

    at: At
    env: int
    step: int
    action: str | None
    choice: str | None
    evaluations: list[Evaluation]
    absent: dict[str, str] = {}
    kept: list[int] = []
    tolerance: float = TOLERANCE
    factory: str = ""
    notes: list[str] = []
    missing: dict[str, str] = {}


class StretchRow(_Answer, frozen=True):
    """One decision of a stretch, then and now. `update` is the policy that is evaluated as then.

    `acted` says whether its weights are those that decided, None: the record does not tell.
    """

    step: int
    action: str | None
    update: int
    recorded: Reading
    then: Reading
    now: Reading
    then_choice: str | None
    now_choice: str | None
    difference: Reading
    reproduced: bool | None
    disagrees: bool
    acted: bool | None = None


class StretchAnswer(_Answer, frozen=True):
    """``replay.stretch``: every decision of a stretch evaluated with the weights of then and now.

    `recorded`, `then` and `now` of a row are the probability of the op that was taken. `disagrees`:
    the most probable op of then and of now differ. `reproduced` counts rows.
    """

    at: At
    env: int
    first_step: int
    last_step: int
    now_update: int
    rows: list[StretchRow]
    reproduced: int
    compared: int
    disagreements: int
    worst: Reading = NOT_MEASURED
    tolerance: float = TOLERANCE
    notes: list[str] = []


class Change(_Answer, frozen=True):
    """One feature that was changed; `distance` is the change in standard deviations."""

    feature: str
    before: float
    after: float
    distance: Reading = NOT_MEASURED


class OptionMoved(_Answer, frozen=True):
    """One option of the main head before and after a change."""

    name: str
    legal: bool | None
    before: Reading
    after: Reading


class WhatIfAnswer(_Answer, frozen=True):
    """``replay.whatif``: the probabilities of an observation as it was, and with features changed.

    The mask stays as it was.
    """

    at: At
    env: int
    step: int
    which: str
    update: int
    changes: list[Change]
    head: str
    options: list[OptionMoved]
    choice_before: str | None
    choice_after: str | None
    value_before: Reading = NOT_MEASURED
    value_after: Reading = NOT_MEASURED
    notes: list[str] = []


class SweepPoint(_Answer, frozen=True):
    """The probabilities of the options, in order, with the feature at `feature_value`."""

    feature_value: float
    probabilities: list[Reading]
    choice: str | None
    value: Reading = NOT_MEASURED


class SweepAnswer(_Answer, frozen=True):
    """``replay.sweep``: one feature taken through a range, everything else as it was."""

    at: At
    env: int
    step: int
    which: str
    update: int
    feature: str
    recorded: float
    head: str
    options: list[str]
    points: list[SweepPoint]
    notes: list[str] = []


class Flip(_Answer, frozen=True):
    """A change of one feature, just large enough that the policy's choice becomes `choice`.

    `distance` is the change in standard deviations of the feature, signed, `probability` that of
    the choice after it. `least` and `greatest` are what the feature was over the steps that the
    standard deviations are of: beyond them it is a value that the policy never saw.
    """

    feature: str
    before: float
    after: float
    distance: float
    choice: str
    probability: float
    least: Reading = NOT_MEASURED
    greatest: Reading = NOT_MEASURED


class FlipAnswer(_Answer, frozen=True):
    """``replay.flip``: the smallest change of each feature that flips the choice, smallest first.

    The choice is the most probable option of the main head; `wanted` what it should become, None:
    anything else. Searched was each feature alone, within `reach` standard deviations. `forced`
    says that no other option was legal, None: the record does not tell.
    """

    at: At
    env: int
    step: int
    which: str
    update: int
    head: str
    choice: str
    probability: float
    wanted: str | None
    flips: list[Flip]
    features: int
    reach: float
    notes: list[str] = []
    forced: bool | None = None


class Salient(_Answer, frozen=True):
    """What one feature has to do with the log-probability of an option, in nats, signed."""

    feature: str
    value: float
    baseline: float
    gradient_input: float
    integrated: float


class SaliencyAnswer(_Answer, frozen=True):
    """``replay.saliency``: gradient x input, and integrated gradients (arXiv:1703.01365, eq. 1).

    Of the log-probability of `action`; `features` are those of the largest integrated gradient
    first. Integrated from the baseline (`baseline` says which), they add up to `log_probability`
    minus `baseline_log_probability` but for `error`, a share of that difference.
    """

    at: At
    env: int
    step: int
    which: str
    update: int
    head: str
    action: str
    features: list[Salient]
    log_probability: float
    baseline_log_probability: float
    total: float
    error: Reading
    steps: int
    baseline: str
    notes: list[str] = []
