"""``why.read`` and ``outcomes.read``: why the policy does what it does, and what ops brought."""

from __future__ import annotations

from typing import Literal

from sanctum.model.answers import ActionShare, At, Component, SeedRow, Standing, Verdict, _Answer
from sanctum.model.decisions import Ahead
from sanctum.model.readings import NOT_MEASURED, Reading

Settled = Literal["no", "yes", "unknown", "not asked"]

CHOSEN = "chosen"
"""The cause where no question was answered with yes: the policy prefers it."""

NO_SEEDS = "no op keeps seeds here"
"""Why there are no ripe seeds in a run that has none at all."""


class Gain(_Answer, frozen=True):
    """What the `steps` steps after an op brought: the mean, its standard error, over `count`.

    Rewards added up, no further than the episode; decisions whose steps have not all been yet are
    left out.
    """

    steps: int
    mean: Reading
    error: Reading
    count: int


class Together(_Answer, frozen=True):
    """Ops that were legal together, and at how many decisions."""

    ops: list[str]
    count: int


class Price(_Answer, frozen=True):
    """The component that an op loses most of at once, beside the rival, and what becomes of that.

    `edges` are as those of the whole reward.
    """

    component: str
    edges: list[Gain]


class Outcome(_Answer, frozen=True):
    """One op over a window: how often it was taken and legal, what it brought.

    `gains` are of the decisions that took it; `others` of those at which it was legal and another
    op was taken. `components` are the means of the reward components at its decisions. `legal` is
    None where the mask was not said. `rules` counts the decisions at which each rule forbade it.

    `edges` are by how much it beat the `rival` where all else was alike: the same time of the run,
    the same stretch of the episode, the same ops legal; `edge_components` the same of each
    component of the reward at once. Their `count` is how many of its decisions had such a match;
    their errors are widened where few episodes speak.
    The rival itself has none. `spread` is the standard deviation of the reward at its decisions.

    Of the decisions that took it: `forced` had no other legal op. At `denied` of them whatever
    begins something (GERMINATE, not CULL) was forbidden though nothing the policy did stood in the
    way: a slot was empty, or nothing was done yet in the episode. `denied_by` counts the ops and
    rules. None where the mask was not said, or no episode was seen to begin. `beside` are the other
    legal ops of the unforced ones.

    In one environment: `legal_now` at its newest decision, `rule_now` what forbids it, both the
    same for `same_steps` decisions; `same_longer` says that these are all that were looked at.
    """

    action: str
    count: int
    legal: int | None
    gains: list[Gain] = []
    others: list[Gain] = []
    components: dict[str, Reading] = {}
    probability: Reading = NOT_MEASURED
    rules: dict[str, int] = {}
    edges: list[Gain] = []
    edge_components: dict[str, Reading] = {}
    price: Price | None = None
    forced: int | None = None
    denied: int | None = None
    denied_by: dict[str, int] = {}
    beside: list[Together] = []
    spread: Reading = NOT_MEASURED
    legal_now: bool | None = None
    rule_now: str | None = None
    same_steps: int | None = None
    same_longer: bool = False


class Call(_Answer, frozen=True):
    """A close call: a decision at which another op was nearly as probable."""

    env: int
    step: int
    action: str
    probability: Reading
    second: str
    second_probability: Reading


class OutcomesAnswer(_Answer, frozen=True):
    """``outcomes.read``: the ops of a window, `decisions` in number, `forced` of them.

    Of `first_step`..`last_step` so many `steps` were looked at: where no window was named, the
    newest and those before at which rare ops were taken. `missing` more lie between them and did
    not arrive, as gaps tell.

    `forced` (one legal op) is None where that was not said, `masked` counts the decisions of which
    it was. `reward_spread` is the standard deviation of the reward over the window, `no_reward` the
    share of decisions whose rewards were all 0 over the longest horizon. `value` and `entropy` are
    means, the latter over unforced decisions. `not_finite` counts the decisions at which a column
    was nan or infinite. `calls` are the closest of all. `rival` is the op that the others are
    compared with: the one that does nothing (WAIT), or else the one that is taken most.
    `return_spread` is the standard deviation of the rewards over the longest horizon. `top_env` is
    the environment that holds the largest part, `top_share`, of the sum of squared advantages.
    """

    at: At
    env: int | None
    first_step: int | None
    last_step: int | None
    decisions: int
    forced: int | None
    ops: list[Outcome]
    reward_spread: Reading = NOT_MEASURED
    masked: int = 0
    no_reward: Reading = NOT_MEASURED
    value: Reading = NOT_MEASURED
    entropy: Reading = NOT_MEASURED
    not_finite: dict[str, int] = {}
    calls: list[Call] = []
    rival: str | None = None
    return_spread: Reading = NOT_MEASURED
    top_env: int | None = None
    top_share: Reading = NOT_MEASURED
    steps: int = 0
    missing: int = 0


class Evidence(_Answer, frozen=True):
    """One number that a question rests on, with its limit and how many samples it is of."""

    name: str
    value: Reading
    unit: str = ""
    limit: str = ""
    count: int | None = None
    note: str = ""


class Question(_Answer, frozen=True):
    """One question of the chain. `settled`: yes stops the chain, for this is the cause.

    `id` is a word to tell them apart (``mask``, ``cost``); `text` the question, `answer` a sentence
    with its numbers; `claim` says it in full, of a cause. An unknown one says in `missing` which
    call of the probe would measure it.
    """

    id: str
    text: str
    settled: Settled
    answer: str = ""
    evidence: list[Evidence] = []
    missing: str = ""
    verdict: Verdict | None = None
    source: str = ""
    claim: str = ""


class WhyAnswer(_Answer, frozen=True):
    """``why.read``: the chain of questions up to the cause, and what is worth seeing beside it.

    `subject` is the op that is explained (``WAIT``), `asked` what was asked about: it, or its
    opposite (``not GERMINATE``). `cause` is the `id` of the question that was answered with yes,
    ``chosen`` where none was; `claim` is the sentence to read first, `try_next` what to type.
    """

    at: At
    env: int | None
    subject: str
    asked: str
    cause: str
    claim: str
    questions: list[Question]
    verdict: Verdict | None = None
    first_step: int | None = None
    last_step: int | None = None
    decisions: int = 0
    actions: list[ActionShare] = []
    entropy: Reading = NOT_MEASURED
    value: Reading = NOT_MEASURED
    ripe: list[SeedRow] = []
    ripe_unknown: str = ""
    ripe_standing: list[Standing] = []
    components: list[Component] = []
    reward: Reading = NOT_MEASURED
    calls: list[Call] = []
    ahead: list[Ahead] = []
    advice: list[str] = []
    try_next: str = ""
