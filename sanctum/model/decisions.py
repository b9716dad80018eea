"""``decision.read``: what the policy saw and did for one environment at one step, and what came."""

from __future__ import annotations

from sanctum.model.answers import At, Component, Decision, SeedRow, _Answer
from sanctum.model.readings import NOT_MEASURED, Reading

HORIZONS = (1, 5, 20)
"""Vector steps after which it is looked at what a decision brought."""


class Feature(_Answer, frozen=True):
    """One feature of the observation beside its mean and spread over the window before.

    `distance` is how many standard deviations it lies from that mean, signed.
    """

    name: str
    value: Reading
    mean: Reading = NOT_MEASURED
    spread: Reading = NOT_MEASURED
    distance: Reading = NOT_MEASURED


class HeadOption(_Answer, frozen=True):
    """One option of a head. `rule` is what forbade it, None where it was legal or nobody said.

    `legal` is None where the mask was not said.
    """

    name: str
    probability: Reading = NOT_MEASURED
    logit: Reading = NOT_MEASURED
    legal: bool | None = None
    rule: str | None = None
    chosen: bool = False


class Head(_Answer, frozen=True):
    """One head of a decision with all its options; `chosen` is None where it had no part.

    `normalised` says that the logits are log-probabilities, since the raw ones were not said.
    """

    head: str
    options: list[HeadOption]
    chosen: str | None = None
    entropy: Reading = NOT_MEASURED
    forced: bool | None = None
    normalised: bool = False


class Ahead(_Answer, frozen=True):
    """What the next `steps` vector steps brought, rewards added up, no further than the episode.

    Late where they have not all been yet.
    """

    steps: int
    value: Reading


class Neighbour(_Answer, frozen=True):
    """A past decision upon a like observation, and what came of it.

    `distance` is the root mean square over the features, each in its standard deviations. All from
    `reward` on is as known now.
    """

    env: int
    step: int
    distance: float
    action: str
    target: str | None = None
    reward: Reading = NOT_MEASURED
    ahead: list[Ahead] = []
    value: Reading = NOT_MEASURED
    next_value: Reading = NOT_MEASURED
    advantage: Reading = NOT_MEASURED
    episode_return: Reading = NOT_MEASURED


class DecisionAnswer(_Answer, frozen=True):
    """``decision.read``: `features` are those furthest from their mean first, 1,024 at most.

    The means are over the steps `first_step`..`last_step`, of all environments. `neighbours` are
    the nearest of the `searched` past observations at which another op was taken. `heads` has the
    one whose choice is *the* action first. `ahead` is what came of the decision itself; that, the
    `reward`, the `next_value` and what an update credited are as known now, all else as of `at`.
    `policy_version` is the update whose weights decided. `missing` names what was not said, each
    with the call of the probe that says it, empty where another program's words were recorded.
    """

    at: At
    env: int
    step: int
    decision: Decision
    heads: list[Head] = []
    features: list[Feature] = []
    value: Reading = NOT_MEASURED
    next_value: Reading = NOT_MEASURED
    reward: Reading = NOT_MEASURED
    advantage: Reading = NOT_MEASURED
    episode_return: Reading = NOT_MEASURED
    components: list[Component] = []
    ahead: list[Ahead] = []
    neighbours: list[Neighbour] = []
    searched: int = 0
    first_step: int | None = None
    last_step: int | None = None
    policy_version: int | None = None
    seeds: list[SeedRow] = []
    missing: dict[str, str] = {}
    units: dict[str, str] = {}
