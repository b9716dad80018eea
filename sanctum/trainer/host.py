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
from torch.nn import functional

from sanctum.trainer.adam import RowAdam
from sanctum.trainer.blueprints import BLUEPRINTS, Shape, unpacked
from sanctum.trainer.data import Data
from sanctum.trainer.lanes import Lanes
from sanctum.trainer.settings import Settings

SLOTS = ["r0c0", "r0c1", "r0c2"]


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
        self._hosts = torch.zeros(envs, self.host_parameters, device=device)
        self._seeds = torch.zeros(envs * len(SLOTS), max(self._sizes), device=device)
        self._host_adam = RowAdam(*self._hosts.shape, device)
        self._seed_adam = RowAdam(*self._seeds.shape, device)
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

    def learn(self, lanes: Lanes) -> Learned:
        """Train hosts and seeds on a few minibatches.

        A seed with a lane of its own learns from the loss of that lane, in which it is switched on
        and everything else is held fixed; its host does not notice.
        """
        learning = [(group, group.seeds[: group.learning]) for group in lanes.groups]
        rows = torch.cat([self._every[:0], *(seeds for _, seeds in learning)])
        sizes = torch.cat(
            [
                self._every[:0],
                *(torch.full_like(seeds, self._sizes[group.blueprint]) for group, seeds in learning),
            ]
        )
        losses, healths = [], []
        for _ in range(self._settings.host_minibatches):
            inputs, labels = self._data.batch(self._settings.batch_size, self._generator)
            hosts = self._hosts.clone().requires_grad_()
            seeds = self._seeds[rows].requires_grad_()
            loss, _ = self._judged(self._outputs(hosts, seeds, lanes, inputs), labels, lanes)
            leaves = [hosts, seeds] if len(rows) else [hosts]
            host_gradient, *seed_gradient = torch.autograd.grad(loss.sum(), leaves)
            losses.append(loss[: len(self._every)].detach())
            self._host_adam.step(
                self._hosts, self._every, host_gradient, self._settings.host_learning_rate
            )
            for gradient in seed_gradient:
                self._seed_adam.step(self._seeds, rows, gradient, self._settings.seed_learning_rate)
                host_rms = host_gradient.square().mean(1).sqrt()[rows // len(SLOTS)]
                seed_rms = (gradient.square().sum(1) / sizes).sqrt()
                healths.append((seed_rms / (0.1 * host_rms + 1e-12)).clamp(max=1.0))
        health = torch.full((len(self._seeds),), math.nan, device=self.device)
        if healths:
            health[rows] = torch.stack(healths).mean(0)
        return Learned(torch.stack(losses).mean(0), health.view(-1, len(SLOTS)))

    @torch.no_grad()
    def validate(self, lanes: Lanes) -> tuple[Tensor, Tensor]:
        """Loss and accuracy in percent of every lane on its held-out samples, (lanes,) float32."""
        inputs, labels = self._validation
        return self._judged(self._outputs(self._hosts, None, lanes, inputs), labels, lanes)

    @torch.no_grad()
    def outputs(self, lanes: Lanes, inputs: Tensor) -> Tensor:
        """Logits of every lane, (lanes, batch, classes), for inputs (envs, batch, inputs)."""
        return self._outputs(self._hosts, None, lanes, inputs)

    def _outputs(
        self, hosts: Tensor, learning_seeds: Tensor | None, lanes: Lanes, inputs: Tensor
    ) -> Tensor:
        """Logits of every lane. `learning_seeds` are the rows that learn, in the groups' order."""
        weight, bias, in_weight, in_bias, out_weight, out_bias, head, head_bias = unpacked(
            hosts, self._shapes
        )
        read = torch.tanh(torch.baddbmm(bias, inputs, weight))
        # The cells of a row stand side by side, so their squeezing is one product.
        squeezed = torch.tanh(torch.baddbmm(in_bias, read, in_weight))
        summed = torch.baddbmm(out_bias, squeezed, out_weight)
        extra = lanes.extra_env
        if len(extra):
            # Extra lanes see their host through detach: no gradient reaches it from them.
            read = torch.cat([read, read.detach()[extra]])
            summed = torch.cat([summed, summed.detach()[extra]])
            head = torch.cat([head, head.detach()[extra]])
            head_bias = torch.cat([head_bias, head_bias.detach()[extra]])
        taken = 0
        for group in lanes.groups:
            size = self._sizes[group.blueprint]
            rows = self._seeds[group.seeds, :size]
            if learning_seeds is not None:
                taught = learning_seeds[taken : taken + group.learning, :size]
                rows = torch.cat([taught, rows[group.learning :]])
                taken += group.learning
            added = BLUEPRINTS[group.blueprint].added(rows, read[group.lanes])
            summed = summed.index_add(0, group.lanes, group.alpha * added)
        return torch.baddbmm(head_bias, summed, head)

    def _judged(self, outputs: Tensor, labels: Tensor, lanes: Lanes) -> tuple[Tensor, Tensor]:
        """Mean loss and accuracy in percent of every lane; labels are (envs, batch)."""
        labels = torch.cat([labels, labels[lanes.extra_env]])
        loss = functional.cross_entropy(outputs.transpose(1, 2), labels, reduction="none").mean(1)
        right = (outputs.argmax(2) == labels).float().mean(1)
        return loss, 100 * right
