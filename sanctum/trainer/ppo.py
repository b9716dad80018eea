"""Clipped PPO, arXiv:1707.06347: one update of the policy from one rollout."""

import math
import time
from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sanctum.trainer.actions import Op
from sanctum.trainer.policy import HEADS, Outlook, Tamiyo, entropy
from sanctum.trainer.rollout import Batch
from sanctum.trainer.settings import Settings


@dataclass(frozen=True)
class Report:
    """What an update measured. None: not measured; a head that was never free is not in `heads`."""

    scalars: dict[str, float | None]
    heads: dict[str, dict[str, float]]


@dataclass(frozen=True)
class _Losses:
    """The parts of one minibatch's loss, and the ratios they rest on."""

    policy: Tensor
    value: Tensor
    entropy: Tensor
    log_ratio: Tensor

    def total(self, settings: Settings, entropy_coefficient: float) -> Tensor:
        critic = settings.value_coefficient * self.value
        return self.policy + critic - entropy_coefficient * self.entropy


class PPO:
    """The learner: the policy's optimiser and the loop over minibatches."""

    def __init__(self, policy: Tamiyo, settings: Settings, generator: torch.Generator) -> None:
        self.policy, self._settings, self._generator = policy, settings, generator
        self._optimizer = torch.optim.Adam(
            policy.parameters(), lr=settings.learning_rate, eps=1e-5, foreach=True
        )

    def update(self, batch: Batch, *, share_left: float) -> Report:
        """Learn from a batch. `share_left`, 1 to 0, is how much of the run is still to come."""
        began = time.perf_counter()
        settings, readings = self._settings, _Readings()
        rate = settings.learning_rate * (0.25 + 0.75 * share_left if settings.anneal else 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        # Advantages are normalised over the rollout; what is reported is the raw spread.
        spread = batch.advantage.std(correction=0)
        normal = (batch.advantage - batch.advantage.mean()) / (spread + 1e-8)
        first_deviation: float | None = None
        for _ in range(settings.epochs):
            kl = []
            for picked in self._minibatches(len(batch), batch.op.device):
                rows = batch.rows(picked)
                outlook = self.policy(rows.observation, rows.legal)
                losses = self._losses(outlook, rows, normal[picked])
                ratio = losses.log_ratio.exp().detach()
                if first_deviation is None:
                    first_deviation = float((ratio - 1).abs().max())
                if self._learned(losses, readings):
                    kl.append(readings.note(losses, ratio, settings.clip))
            if settings.target_kl is not None and kl and sum(kl) / len(kl) > settings.target_kl:
                break
        scalars: dict[str, float | None] = {
            **readings.means(),
            **_spreads(batch),
            **_decisions(self.policy, batch),
            "first_minibatch_ratio_deviation": first_deviation,
            "learning_rate": rate,
            "entropy_coefficient": settings.entropy_coefficient,
            "max_grad_norm": settings.max_grad_norm,
        }
        heads = _head_entropies(self.policy, batch)
        for head, found in heads.items():
            norm = readings.mean(f"grad_norm.{head}")
            if norm is not None:
                found["grad_norm"] = norm
        scalars["update_seconds"] = time.perf_counter() - began
        return Report(scalars, heads)

    def _minibatches(self, rows: int, device: torch.device) -> list[Tensor]:
        """A random order of the rows, cut into nearly equal parts."""
        order = torch.randperm(rows, generator=self._generator).to(device)
        return list(order.tensor_split(min(self._settings.minibatches, rows)))

    def _losses(self, outlook: Outlook, rows: Batch, advantage: Tensor) -> _Losses:
        """Eq. 7 of the paper for the policy, half the squared error for the value."""
        log_ratio = outlook.log_prob(rows.actions) - rows.log_prob
        ratio, clip = log_ratio.exp(), self._settings.clip
        clipped = ratio.clamp(1 - clip, 1 + clip)
        surrogate = torch.minimum(ratio * advantage, clipped * advantage).mean()
        error = (outlook.value - rows.returns).square().mean()
        # In parts of the largest entropy each row could have, so that a row with many legal
        # actions does not pull harder than one with few.
        largest = rows.legal.actions.log()
        bonus = (outlook.entropy() / largest.clamp(min=math.log(2)))[largest > 0]
        mean_bonus = bonus.mean() if len(bonus) else outlook.value.new_zeros(())
        return _Losses(-surrogate, 0.5 * error, mean_bonus, log_ratio)

    def _learned(self, losses: _Losses, readings: "_Readings") -> bool:
        """Take one optimiser step; False, and nothing changed, when something is not finite."""
        loss = losses.total(self._settings, self._settings.entropy_coefficient)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        heads = {
            head: _norm([part.grad for part in parts if part.grad is not None])
            for head, parts in self.policy.head_parameters().items()
        }
        norm = nn.utils.clip_grad_norm_(self.policy.parameters(), self._settings.max_grad_norm)
        if not bool(torch.isfinite(loss) & torch.isfinite(norm)):
            readings.skipped += 1
            return False
        self._optimizer.step()
        readings.add("grad_norm", float(norm))
        for head, head_norm in heads.items():
            readings.add(f"grad_norm.{head}", head_norm)
        return True


class _Readings:
    """What the minibatches of one update showed."""

    def __init__(self) -> None:
        self.skipped = 0
        self._found: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, name: str, value: float) -> None:
        self._found[name].append(value)

    def note(self, losses: _Losses, ratio: Tensor, clip: float) -> float:
        """Keep one minibatch's losses and ratios; its KL, (ratio - 1) - log ratio on average."""
        kl = float((ratio - 1 - losses.log_ratio.detach()).mean())
        self.add("policy_loss", float(losses.policy.detach()))
        self.add("value_loss", float(losses.value.detach()))
        self.add("approx_kl", kl)
        self.add("clip_fraction", float(((ratio - 1).abs() > clip).float().mean()))
        self.add("ratio_mean", float(ratio.mean()))
        self.add("ratio_max", float(ratio.max()))
        return kl

    def mean(self, name: str) -> float | None:
        """None when every minibatch was skipped."""
        found = self._found[name]
        return sum(found) / len(found) if found else None

    def means(self) -> dict[str, float | None]:
        names = ("policy_loss", "value_loss", "approx_kl", "clip_fraction", "ratio_mean")
        largest = self._found["ratio_max"]
        return {
            **{name: self.mean(name) for name in (*names, "grad_norm")},
            "ratio_max": max(largest) if largest else None,
            "skipped_minibatches": float(self.skipped),
            "minibatches": float(len(self._found["grad_norm"]) + self.skipped),
        }


def _norm(gradients: list[Tensor]) -> float:
    return float(torch.stack([gradient.norm() for gradient in gradients]).norm())


def _spreads(batch: Batch) -> dict[str, float | None]:
    """Mean and spread of advantages, returns and values, as they were before the update."""
    found: dict[str, float | None] = {}
    for name in ("advantage", "return", "value"):
        values = getattr(batch, "returns" if name == "return" else name)
        found[f"{name}_mean"] = float(values.mean())
        found[f"{name}_std"] = float(values.std(correction=0))
    variance = float(batch.returns.var(correction=0))
    unexplained = float((batch.returns - batch.value).var(correction=0))
    found["explained_variance"] = 1 - unexplained / variance if variance > 0 else None
    return found


@torch.no_grad()
def _decisions(policy: Tamiyo, batch: Batch) -> dict[str, float | None]:
    """Entropy over unforced decisions as a share of the largest possible; how many were forced."""
    largest = batch.legal.actions.log()
    free = largest > 0
    share = policy(batch.observation, batch.legal).entropy()[free] / largest[free]
    return {
        "entropy": float(share.mean()) if len(share) else None,
        "forced_share": float((~free).float().mean()),
    }


@torch.no_grad()
def _head_entropies(policy: Tamiyo, batch: Batch) -> dict[str, dict[str, float]]:
    """Each head's entropy over the legal choices, where it was used and had more than one."""
    outlook: Outlook = policy(batch.observation, batch.legal)
    slots = batch.slots_legal[torch.arange(len(batch), device=batch.op.device), batch.op]
    kinds = torch.full_like(batch.op, outlook.blueprint.shape[1])
    used = {
        "op": (outlook.op, batch.legal.ops.sum(1)),
        "slot": (outlook.slot_of(batch.op), slots.sum(1)),
        "blueprint": (outlook.blueprint, kinds * (batch.op == Op.GERMINATE)),
    }
    found = {}
    for head in HEADS:
        log_probs, options = used[head]
        free = options > 1
        if free.any():
            share = entropy(log_probs[free]) / options[free].float().log()
            found[head] = {"entropy": float(share.mean())}
    return found
