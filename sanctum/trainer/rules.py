"""The mask rules: what forbids an op in a slot, and so what is legal."""

from enum import IntEnum

import torch
from torch import Tensor

from sanctum.trainer.actions import LEGAL, Legal, Op
from sanctum.trainer.seeds import LIVE, Seeds
from sanctum.trainer.stages import Stage


class Rule(IntEnum):
    """What forbids an op in a slot, from what is far from allowing it to what is near."""

    NO_SLOT = 0
    NO_LIVE_SEED = 1
    IS_FOSSIL = 2
    HOLDS_FOSSIL = 3
    TAKEN = 4
    RESTING = 5
    NOT_HOLDING = 6
    TOO_YOUNG = 7
    COOLING_DOWN = 8


_WORDS = {
    Rule.NO_SLOT: "WAIT names no slot",
    Rule.NO_LIVE_SEED: "no live seed here",
    Rule.IS_FOSSIL: "seed is a fossil",
    Rule.HOLDS_FOSSIL: "slot holds a fossil",
    Rule.TAKEN: "slot is taken",
    Rule.RESTING: "slot is resting",
    Rule.NOT_HOLDING: "seed is not in HOLDING",
    Rule.TOO_YOUNG: "seed is too young to cull",
    Rule.COOLING_DOWN: "cooling down",
}

RULES = [_WORDS[rule] for rule in Rule]
"""The rules in a person's words, by number."""

_EMPTY = (Rule.NO_SLOT, LEGAL, Rule.NO_LIVE_SEED, Rule.NO_LIVE_SEED)
_RESTING = (Rule.NO_SLOT, Rule.RESTING, Rule.NO_LIVE_SEED, Rule.NO_LIVE_SEED)
_GROWING = (Rule.NO_SLOT, Rule.TAKEN, LEGAL, Rule.NOT_HOLDING)
_HELD = (Rule.NO_SLOT, Rule.TAKEN, LEGAL, LEGAL)
_FOSSIL = (Rule.NO_SLOT, Rule.HOLDS_FOSSIL, Rule.IS_FOSSIL, Rule.IS_FOSSIL)

_OF_STAGE = {
    Stage.DORMANT: _EMPTY,
    Stage.GERMINATED: _GROWING,
    Stage.TRAINING: _GROWING,
    Stage.BLENDING: _GROWING,
    Stage.HOLDING: _HELD,
    Stage.FOSSILIZED: _FOSSIL,
    Stage.CULLED: _RESTING,
    Stage.EMBARGOED: _RESTING,
}
_BY_STAGE = torch.tensor([_OF_STAGE[stage] for stage in Stage], dtype=torch.int8)
"""(stages, ops): what the stage of a slot alone says of each op."""


def legal(seeds: Seeds, cull_age: int, cooling: Tensor) -> Legal:
    """What no rule forbids; `cooling` are the environments in a cool-down, (envs,) bool.

    Where more than one rule forbids an op in a slot, the slot's own counts: the cool-down is named
    only where nothing else stands in the way.
    """
    rules = _BY_STAGE[seeds.stage].transpose(1, 2).contiguous()
    young = seeds.among(LIVE) & (seeds.age_steps < cull_age)
    rules[:, Op.CULL].masked_fill_(young, Rule.TOO_YOUNG)
    germinate = rules[:, Op.GERMINATE]
    germinate.masked_fill_((germinate == LEGAL) & cooling.unsqueeze(1), Rule.COOLING_DOWN)
    return Legal(rules == LEGAL, rules)
