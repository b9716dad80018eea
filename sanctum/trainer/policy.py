"""Tamiyo: the policy that tends the seeds.

Three heads make one action: the op; given the op, the slot; and for GERMINATE the blueprint. What
is illegal has probability exactly 0. Heads that an op does not use count for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sanctum.trainer.actions import Actions, Legal, Op
from sanctum.trainer.blueprints import BLUEPRINTS
from sanctum.trainer.host import SLOTS
from sanctum.trainer.observation import FEATURES

HEADS = ["op", "slot", "blueprint"]


@dataclass(frozen=True)
class Logits:
    """What the heads say of every option before the mask; float32."""

    op: Tensor
    """(batch, ops)."""
    slot: Tensor
    """(batch, ops, slots): given the op."""
    blueprint: Tensor
    """(batch, blueprints): given GERMINATE."""

    def cpu(self) -> "Logits":
        """The same on the CPU."""
        return Logits(self.op.cpu(), self.slot.cpu(), self.blueprint.cpu())


@dataclass(frozen=True)
class Outlook:
    """What the policy makes of a batch of observations: distributions, and the value."""

    op: Tensor
    """(batch, ops) float32 log-probabilities, -inf where illegal."""
    slot: Tensor
    """(batch, ops, slots) float32 log-probabilities given the op; -inf where illegal."""
    blueprint: Tensor
    """(batch, blueprints) float32 log-probabilities given GERMINATE."""
    value: Tensor
    """(batch,) float32: the return expected from here on."""
    logits: Logits
    """What the distributions were made of."""

    @classmethod
    def of(cls, logits: Logits, legal: Legal, value: Tensor) -> "Outlook":
        """The outlook that the heads' logits give over what is legal."""
        return cls(
            log_probabilities(logits.op, legal.ops),
            log_probabilities(logits.slot, legal.slots),
            logits.blueprint.log_softmax(1),
            value,
            logits,
        )

    def cpu(self) -> "Outlook":
        """The same on the CPU, where environments are stepped."""
        return Outlook(*(part.cpu() for part in vars(self).values()))

    def sample(self, generator: torch.Generator) -> Actions:
        """Draw an action for each row with a CPU generator; -1 for a head that is not used."""
        op = _drawn(self.op, generator)
        slot = _drawn(self.slot[torch.arange(len(op)), op], generator)
        blueprint = _drawn(self.blueprint, generator)
        return Actions(
            op,
            slot.masked_fill(op == Op.WAIT, -1),
            blueprint.masked_fill(op != Op.GERMINATE, -1),
        )

    def log_prob(self, actions: Actions) -> Tensor:
        """(batch,) float32: of the whole action, heads that were not used left out."""
        return sum(self.head_log_probs(actions).values(), torch.zeros_like(self.value))

    def head_log_probs(self, actions: Actions) -> dict[str, Tensor]:
        """Each head's share of `log_prob`, 0 where it was not used."""
        slot = self.slot_of(actions.op)
        return {
            "op": _picked(self.op, actions.op),
            "slot": _picked(slot, actions.slot),
            "blueprint": _picked(self.blueprint, actions.blueprint),
        }

    def slot_of(self, op: Tensor) -> Tensor:
        """(batch, slots) log-probabilities of the slot given these ops, (batch,) int64."""
        return self.slot[torch.arange(len(op), device=op.device), op]

    def entropy(self) -> Tensor:
        """(batch,) float32 nats, of the whole action: each head weighs as often as it is used."""
        chance = self.op.exp()
        slots = (chance * entropy(self.slot)).sum(1)
        return entropy(self.op) + slots + chance[:, Op.GERMINATE] * entropy(self.blueprint)


class Tamiyo(nn.Module):
    """A trunk for the three heads and a separate one for the value."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.trunk = _trunk(hidden)
        self.op = nn.Linear(hidden, len(Op))
        self.slot = nn.Linear(hidden, len(Op) * len(SLOTS))
        self.blueprint = nn.Linear(hidden, len(BLUEPRINTS))
        self.critic = nn.Sequential(_trunk(hidden), nn.Linear(hidden, 1))

    @classmethod
    def fresh(cls, hidden: int, generator: torch.Generator) -> "Tamiyo":
        """An untrained policy: orthogonal weights, heads nearly uniform, value nearly 0."""
        made = cls(hidden)
        gains = {made.op: 0.01, made.slot: 0.01, made.blueprint: 0.01, made.critic[1]: 0.1}
        for layer in made.modules():
            if isinstance(layer, nn.Linear):
                gain = gains.get(layer, 2**0.5)
                nn.init.orthogonal_(layer.weight, gain, generator=generator)
                nn.init.zeros_(layer.bias)
        return made

    def forward(self, observation: Tensor, legal: Legal) -> Outlook:
        """The outlook for observations (batch, features) float32."""
        seen = self.trunk(observation)
        slot = self.slot(seen).view(-1, len(Op), len(SLOTS))
        logits = Logits(self.op(seen), slot, self.blueprint(seen))
        return Outlook.of(logits, legal, self.critic(observation).squeeze(1))

    def readings(
        self, observation: Tensor, masks: Mapping[str, Tensor], actions: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """What a record holds of decisions, under its names, from what it holds of their grounds.

        `observation` is (batch, features); `masks` (batch, n) bool and `actions` (batch,) are by
        head: the slots' distribution and mask are those of the op that was chosen.
        """
        seen = self.trunk(observation)
        op, blueprint = self.op(seen), self.blueprint(seen)
        slots = self.slot(seen).view(-1, len(Op), len(SLOTS))
        of_op = slots[torch.arange(len(slots)), actions["op"]]
        return {
            "probability/op": log_probabilities(op, masks["op"]).exp(),
            "probability/slot": log_probabilities(of_op, masks["slot"]).exp(),
            "probability/blueprint": blueprint.softmax(1),
            "logit/op": op,
            "logit/slot": of_op,
            "logit/blueprint": blueprint,
            "value": self.critic(observation).squeeze(1),
        }

    def head_parameters(self) -> dict[str, list[nn.Parameter]]:
        """Each head's own parameters; the trunk belongs to none."""
        return {head: list(self.get_submodule(head).parameters()) for head in HEADS}


def rebuilt(weights: Mapping[str, Tensor], about: Mapping[str, Any]) -> Tamiyo:
    """Tamiyo as it was saved: the factory of its weights, for replay. `about` has ``hidden``."""
    made = Tamiyo(int(about["hidden"]))
    made.load_state_dict(dict(weights))
    return made.eval()


def entropy(log_probs: Tensor) -> Tensor:
    """Nats over the last axis; 0 where nothing is legal."""
    # -inf * 0 is nan, also in the gradient, so illegal choices are taken out before the product.
    finite = log_probs.masked_fill(log_probs.isneginf(), 0.0)
    return -(finite * log_probs.exp()).sum(-1)


def _trunk(hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(len(FEATURES), hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh()
    )


def log_probabilities(logits: Tensor, legal: Tensor) -> Tensor:
    """Log-probabilities over the legal choices; -inf elsewhere, and everywhere if none is legal."""
    # A row without a legal choice would be nan in the softmax, and its gradient with it.
    possible = legal | ~legal.any(-1, keepdim=True)
    return logits.masked_fill(~possible, -torch.inf).log_softmax(-1).masked_fill(~legal, -torch.inf)


def _drawn(log_probs: Tensor, generator: torch.Generator) -> Tensor:
    """One choice a row by the Gumbel trick; its result for a row without legal choice is void."""
    chance = torch.rand(log_probs.shape, generator=generator).clamp(min=1e-20)
    return (log_probs - (-chance.log()).log()).argmax(-1)


def _picked(log_probs: Tensor, choice: Tensor) -> Tensor:
    """The log-probabilities of the choices made, 0 where there was none (-1)."""
    used = choice >= 0
    safe = log_probs.masked_fill(~used.unsqueeze(1), 0.0)
    return safe.gather(1, choice.clamp(min=0).unsqueeze(1)).squeeze(1)
