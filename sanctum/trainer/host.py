"""The hosts: narrow networks, one for each environment, trained together.

A host is an input layer, a row of three cells side by side, and an output layer that reads their
sum. A cell squeezes the activations through very few units, so much is lost. The slot beside a cell
can hold a seed, which reads what the cell reads; alpha times its answer is added to the cell's.
Parameters are one flat row a host, and one flat row a seed, so a batch of networks is a batch of
rows.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sanctum.trainer.adam import RowAdam
from sanctum.trainer.blueprints import BLUEPRINTS, Shape, unpacked
from sanctum.trainer.data import Data
from sanctum.trainer.lanes import Lanes, lanes
from sanctum.trainer.settings import Settings

SLOTS = ["r0c0", "r0c1", "r0c2"]

HEALTHY_SHARE = 0.25
"""Size of a seed's gradient, beside its host's, from which on it is in full health."""


@dataclass(frozen=True)
class Learned:
    """What a few minibatches did."""

    loss: Tensor
    """(envs,) float32: mean training loss of the hosts as they are."""
    gradient_health: Tensor
    """(envs, slots) float32, 0 to 1; nan where no seed learned."""


class Hosts:
    """All host networks and all seeds in them: parameters, optimisers and data."""

    def __init__(
        self, settings: Settings, data: Data, generator: torch.Generator, device: torch.device
    ) -> None:
        self._settings, self._generator, self.device = settings, generator, device
        self._data = Data(*(part.to(device) for part in vars(data).values()))
        width, envs = settings.host_width, settings.envs
        squeezed = len(SLOTS) * settings.cell_width
        inputs, classes = data.inputs.shape[1], data.classes
        self._shapes: tuple[Shape, ...] = (
            (inputs, width),
            (width,),
            (width, squeezed),
            (squeezed,),
            (squeezed, width),
            (width,),
            (width, classes),
            (classes,),
        )
        self.host_parameters = sum(math.prod(shape) for shape in self._shapes)
        self._sizes = [blueprint.parameters(width) for blueprint in BLUEPRINTS]
        # From the norm of a seed's gradient to its root mean square.
        self._shrink = torch.tensor(self._sizes, dtype=torch.float32, device=device).rsqrt()
        self._hosts = torch.zeros(envs, self.host_parameters, device=device)
        self._seeds = torch.zeros(envs * len(SLOTS), max(self._sizes), device=device)
        self._host_adam = RowAdam(envs, self.host_parameters, device)
        self._seed_adam = RowAdam(envs * len(SLOTS), max(self._sizes), device)
        self._every = torch.arange(envs, device=device)
        self._validation = (
            self._data.inputs[self._data.validation],
            self._data.labels[self._data.validation],
        )

    def renew(self, env: int) -> None:
        """Put a fresh, untrained host into this environment."""
        parts = []
        for shape in self._shapes:
            spread = 1 / math.sqrt(shape[0]) if len(shape) > 1 else 0.0
            parts.append(torch.randn(math.prod(shape), generator=self._generator) * spread)
        self._hosts[env] = torch.cat(parts).to(self.device)
        self._host_adam.forget(self._every[env : env + 1])

    def plant(self, env: int, slot: int, blueprint: int) -> None:
        """Put a fresh seed of this blueprint into a slot."""
        row = env * len(SLOTS) + slot
        fresh = BLUEPRINTS[blueprint].initial(self._settings.host_width, self._generator)
        self._seeds[row] = 0.0
        self._seeds[row, : len(fresh)] = fresh.to(self.device)
        self._seed_adam.forget(torch.tensor([row], device=self.device))

    def seed_parameters(self, blueprint: int) -> int:
        """How many parameters a seed of this blueprint has."""
        return self._sizes[blueprint]

    def learn(self, passes: Lanes) -> Learned:
        """Train hosts and seeds on a few minibatches.

        A seed with a lane of its own learns from the loss of that lane, in which it is switched on
        and everything else is held fixed; its host does not notice.
        """
        entries = passes.env * len(SLOTS) + passes.slot
        rows = entries.index_select(0, passes.learning)
        losses, healths = [], []
        for _ in range(self._settings.host_minibatches):
            inputs, labels = self._data.batch(self._settings.batch_size, self._generator)
            hosts = self._hosts.clone().requires_grad_()
            seeds = self._seeds.index_select(0, entries).requires_grad_()
            labels = torch.cat([labels, labels.index_select(0, passes.extra_env)])
            loss = _cross_entropy(self._outputs(hosts, seeds, passes, inputs), labels)
            leaves = [hosts, seeds] if len(entries) else [hosts]
            host_gradient, *found = torch.autograd.grad(loss.sum(), leaves)
            losses.append(loss[: len(self._every)].detach())
            rate = self._settings.host_learning_rate
            self._host_adam.step(self._hosts, self._every, host_gradient, rate)
            if found:
                # Entries that do not learn have gradients too; they are of copies, and go no
                # further.
                gradient = found[0].index_select(0, passes.learning)
                rate = self._settings.seed_learning_rate
                self._seed_adam.step(self._seeds, rows, gradient, rate)
                host_size = host_gradient.norm(dim=1) / math.sqrt(self.host_parameters)
                size = gradient.norm(dim=1) * self._shrink.index_select(0, passes.kind)
                full = HEALTHY_SHARE * host_size.index_select(0, rows // len(SLOTS)) + 1e-12
                healths.append((size / full).clamp_(max=1.0))
        health = torch.full((len(self._seeds),), math.nan, device=self.device)
        if healths:
            health[rows] = torch.stack(healths).mean(0)
        return Learned(torch.stack(losses).mean(0), health.view(-1, len(SLOTS)))

    @torch.no_grad()
    def validate(self, passes: Lanes) -> tuple[Tensor, Tensor]:
        """Loss of the hosts, (envs,), and accuracy in percent of every lane, (lanes,), float32.

        Both on the held-out samples.
        """
        inputs, labels = self._validation
        outputs = self._outputs(self._hosts, self._planted(passes), passes, inputs)
        loss = _cross_entropy(outputs[: len(labels)], labels)
        labels = torch.cat([labels, labels.index_select(0, passes.extra_env)])
        return loss, 100 * (outputs.argmax(2) == labels).float().mean(1)

    @torch.no_grad()
    def validate_bare(self, envs: list[int]) -> tuple[Tensor, Tensor]:
        """Loss and accuracy in percent of some hosts without any seed, (n,) float32 each."""
        inputs, labels = (part[envs] for part in self._validation)
        rows = torch.zeros(len(envs), len(SLOTS))
        bare = lanes(rows, rows.long(), rows.bool(), rows, self.device)
        outputs = self._outputs(self._hosts[envs], self._planted(bare), bare, inputs)
        return _cross_entropy(outputs, labels), 100 * (outputs.argmax(2) == labels).float().mean(1)

    @torch.no_grad()
    def outputs(self, passes: Lanes, inputs: Tensor) -> Tensor:
        """Logits of every lane, (lanes, batch, classes), for inputs (envs, batch, inputs)."""
        return self._outputs(self._hosts, self._planted(passes), passes, inputs)

    def _planted(self, passes: Lanes) -> Tensor:
        """The parameters of each entry's seed, a copy."""
        return self._seeds.index_select(0, passes.env * len(SLOTS) + passes.slot)

    def _outputs(self, hosts: Tensor, seeds: Tensor, passes: Lanes, inputs: Tensor) -> Tensor:
        """Logits of every lane; `hosts` are rows of parameters, `seeds` those of the entries."""
        weight, bias, in_weight, in_bias, out_weight, out_bias, head, head_bias = unpacked(
            hosts, self._shapes
        )
        read = torch.tanh(torch.bmm(inputs, weight) + bias)
        # The cells of a row stand side by side, so their squeezing is one product.
        squeezed = torch.tanh(torch.bmm(read, in_weight) + in_bias)
        summed = torch.bmm(squeezed, out_weight) + out_bias
        if len(passes.extra_env):
            # Extra lanes see their host through detach: no gradient reaches it from them.
            summed, head, head_bias = (
                torch.cat([part, part.detach().index_select(0, passes.extra_env)])
                for part in (summed, head, head_bias)
            )
        if len(passes.env):
            both = torch.cat([read, read.detach()])
            seen_by = both.index_select(0, passes.env + len(read) * passes.extra)
            entries = torch.split_with_sizes(seen_by, passes.counts)
            added = [
                blueprint.added(rows[:, :size], seen)
                for blueprint, size, rows, seen in zip(
                    BLUEPRINTS,
                    self._sizes,
                    torch.split_with_sizes(seeds, passes.counts),
                    entries,
                    strict=True,
                )
                if len(rows)
            ]
            summed = summed.index_add(0, passes.lane, passes.alpha * torch.cat(added))
        return torch.bmm(summed, head) + head_bias


def _cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Mean over each lane's batch, (lanes,); torch's own is slow on the CPU for few classes."""
    right = outputs.gather(2, labels.unsqueeze(2)).squeeze(2)
    return (outputs.logsumexp(2) - right).mean(1)
