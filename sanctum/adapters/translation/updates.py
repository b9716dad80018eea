"""A PPO update in the catalogue's names; what it did not measure is told from what is 0.

Fields that nobody writes, readings of a level that was not on, and ratios that are 1 because there
was one inner epoch come as numbers too: here they become *not measured* or *masked*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanctum.adapters.translation.values import flag, mapping, number, numbers, told
from sanctum.adapters.translation.words import HEADS, OPS
from sanctum.telemetry import MASKED

Scalars = dict[str, Any]
"""Name -> a number, None (not measured) or `MASKED`."""

SAME_RATIO = 1e-4
"""How far importance ratios may be from 1 where the policy that acted is the one that learns."""

_NAMES = {
    "kl_divergence": "approx_kl",
    "lr": "learning_rate",
    "entropy_coef": "entropy_coefficient",
    "pre_norm_advantage_mean": "advantage_mean",
    "pre_norm_advantage_std": "advantage_std",
    "advantage_mean": "advantage_mean_normalised",
    "advantage_std": "advantage_std_normalised",
    "entropy": "entropy_weighted",
}
_ELSEWHERE = frozenset(
    {
        "batch",
        "inner_epoch",
        "skipped",
        "update_time_ms",
        "pre_clip_grad_norm",
        "op_q_values",
        "op_valid_mask",
        "layer_gradient_health",
        "head_nan_detected",
        "head_inf_detected",
    }
)
_NEVER_WRITTEN = frozenset(
    {"entropy_loss", "loss_scale", "amp_overflow_detected", "update_skipped"}
)
_AT_DEBUG_LEVEL = frozenset({"nan_grad_count", "inf_grad_count", "dead_layers", "exploding_layers"})
_OF_RATIO = frozenset(
    {
        "approx_kl",
        "clip_fraction",
        "clip_fraction_positive",
        "clip_fraction_negative",
        "ratio_mean",
        "ratio_min",
        "ratio_max",
        "ratio_std",
        "joint_ratio_max",
    }
)
_OF_SPREAD = frozenset({"advantage_skewness", "advantage_kurtosis"})
_PER_HEAD = ("entropy", "grad_norm", "learnable_fraction", "ratio_max", "clip_fraction")
_GRADIENT_HEADS = (*HEADS, "value", "q")


def is_skipped(data: Mapping[str, Any]) -> bool:
    """Whether there was no update, and its numbers are placeholders."""
    return bool(flag(data.get("skipped")) or flag(data.get("update_skipped")))


def scalars(data: Mapping[str, Any], *, is_on_cpu: bool) -> Scalars:
    """Everything numeric that PPO_UPDATE_COMPLETED says."""
    found: Scalars = {}
    per_head = _per_head(data)
    for name, given in data.items():
        if name in _ELSEWHERE or name in per_head:
            continue
        if name.endswith("_gradient_state"):
            continue
        value = number(given)
        if name in _NEVER_WRITTEN and not value:
            continue
        if name.startswith("cuda_") and is_on_cpu and not value:
            continue
        found[_NAMES.get(name, name)] = value
    for name in per_head.values():
        stem, head = name.rsplit(".", 1)
        found[name] = number(data.get(f"head_{head}_{stem}"))
    if found.get("grad_norm") is None:
        found["grad_norm"] = number(data.get("pre_clip_grad_norm"))
    took = number(data.get("update_time_ms"))
    found["update_seconds"] = None if took is None else took / 1000
    _critic(found, data)
    _gradients(found, data)
    _ratios(found)
    _heads(found)
    if "entropy.op" in found:
        found["entropy"] = found.get("choice_entropy.op", found["entropy.op"])
    _q(found, data)
    return found


def ratios_are_one(found: Mapping[str, Any]) -> bool:
    """Whether the ratios say nothing: what learns is what acted, as with one inner epoch."""
    least, most = found.get("ratio_min"), found.get("ratio_max")
    if not isinstance(least, float) or not isinstance(most, float):
        return False
    return max(abs(least - 1.0), abs(most - 1.0)) <= SAME_RATIO


def gradients(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the update says of gradients in words: the state of each head, the health of layers."""
    about: dict[str, Any] = {
        "states": told({h: data.get(f"head_{h}_gradient_state") for h in _GRADIENT_HEADS}),
        "nan": _latched(data, "head_nan_detected"),
        "inf": _latched(data, "head_inf_detected"),
    }
    layers = {
        name: health
        for name, one in mapping(data.get("layer_gradient_health")).items()
        if (health := number(one)) is not None
    }
    if layers:
        about["layers"] = layers
    return {name: one for name, one in about.items() if one}


def _per_head(data: Mapping[str, Any]) -> dict[str, str]:
    """Esper's name of each reading of a head -> the name here: ``entropy.slot``."""
    return {
        f"head_{head}_{kind}": f"{kind}.{head}"
        for head in _GRADIENT_HEADS
        for kind in _PER_HEAD
        if f"head_{head}_{kind}" in data
    }


def _critic(found: Scalars, data: Mapping[str, Any]) -> None:
    if found.get("explained_variance") is None and flag(data.get("ev_low_return_variance")):
        found["explained_variance"] = MASKED
    for name in _OF_SPREAD:
        value = found.get(name)
        if value is not None and value != value:
            found[name] = MASKED


def _gradients(found: Scalars, data: Mapping[str, Any]) -> None:
    """Layers are looked at on the debug level alone; a head's norm is as its state says."""
    layers = mapping(data.get("layer_gradient_health"))
    if layers:
        healths = [one for given in layers.values() if (one := number(given)) is not None]
        found["layer_gradient_health_min"] = min(healths, default=None)
    else:
        for name in _AT_DEBUG_LEVEL:
            found[name] = found.get(name) or None
    for head in _GRADIENT_HEADS:
        state, name = data.get(f"head_{head}_gradient_state"), f"grad_norm.{head}"
        if state == "not_learnable":
            found[name] = MASKED
        elif state in ("missing", "skipped"):
            found[name] = None
        elif state == "nonfinite" and found.get(name) is None:
            found[name] = float("nan")
    for what in ("nan", "inf"):
        for head, one in mapping(data.get(f"head_{what}_detected")).items():
            found[f"{what}_latch.{head}"] = number(one)


def _ratios(found: Scalars) -> None:
    if ratios_are_one(found):
        for name in found:
            if name in _OF_RATIO or name.startswith(("ratio_max.", "clip_fraction.")):
                found[name] = MASKED


def _heads(found: Scalars) -> None:
    """Esper's entropies are means over all steps, with 0 where a head had no choice.

    ``choice_entropy`` is the mean where it had one: a head that is seldom asked is not collapsed,
    and a policy that is mostly forced is not decided.
    """
    for head in HEADS:
        share, mean = found.get(f"learnable_fraction.{head}"), found.get(f"entropy.{head}")
        if share == 0.0:
            for name in ("entropy", "ratio_max", "clip_fraction", "choice_entropy"):
                found[f"{name}.{head}"] = MASKED
        elif isinstance(share, float) and isinstance(mean, float):
            found[f"choice_entropy.{head}"] = mean / share


def _q(found: Scalars, data: Mapping[str, Any]) -> None:
    """Q of each op, masked where the op was not valid in the state that was sampled."""
    values, valid = numbers(data.get("op_q_values")), numbers(data.get("op_valid_mask"))
    for place, (op, value) in enumerate(zip(OPS, values, strict=False)):
        is_valid = place >= len(valid) or bool(valid[place])
        found[f"q.{op}"] = value if is_valid else MASKED
    if valid and not any(valid):
        found["q_variance"] = found["q_spread"] = MASKED


def _latched(data: Mapping[str, Any], name: str) -> list[str]:
    return [head for head, one in mapping(data.get(name)).items() if flag(one)]
