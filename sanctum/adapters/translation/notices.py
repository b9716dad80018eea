"""Events that are lines of the timeline and nothing more: alarms, trends, checkpoints, topology."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.values import number, told, whole, word

Says = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Notice:
    """The type a line has here, and its text. `of_env`: whether the event's env_id is one."""

    type: str
    text: Says
    of_env: bool = True


def _trend(word_: str) -> Says:
    def text(data: Mapping[str, Any]) -> str:
        return (
            f"{word_}: rolling accuracy {_of(data, 'prev_rolling_avg_accuracy', 'percent')}"
            f" -> {_of(data, 'rolling_avg_accuracy', 'percent')}"
            f" in round {whole(data.get('batch_idx'))}"
        )

    return text


def _anomaly(data: Mapping[str, Any]) -> str:
    kind = (word(data.get("anomaly_type")) or "anomaly").replace("_", " ")
    return word(data.get("detail")) or kind


def _fell(data: Mapping[str, Any]) -> str:
    return (
        f"round accuracy {_of(data, 'current_acc', 'percent')} is"
        f" {_of(data, 'drop_percent', 'percent')} below its rolling mean"
        f" {_of(data, 'rolling_avg_acc', 'percent')}"
    )


def _rolled_back(data: Mapping[str, Any]) -> str:
    why = word(data.get("panic_reason")) or word(data.get("reason")) or "no reason given"
    loss, limit = number(data.get("loss_at_panic")), number(data.get("loss_threshold"))
    at = "" if loss is None else f", validation loss {loss:.4g}"
    over = "" if limit is None else f" (limit {limit:.4g})"
    return f"rolled back by the governor: {why.removeprefix('governor_')}{at}{over}"


def _hacking(data: Mapping[str, Any]) -> str:
    pattern = (word(data.get("pattern")) or "a pattern").replace("_", " ")
    return (
        f"reward hacking suspected ({pattern}): contribution"
        f" {_of(data, 'seed_contribution', 'points')} of an improvement of"
        f" {_of(data, 'total_improvement', 'points')}"
    )


def _memory(data: Mapping[str, Any]) -> str:
    return (
        f"GPU memory {_of(data, 'gpu_allocated_gb', 'GB')} of {_of(data, 'gpu_total_gb', 'GB')}"
        f" in use, limit {number(data.get('threshold'))}"
    )


def _allocator(data: Mapping[str, Any]) -> str:
    held = number(data.get("reserved_bytes"))
    used = number(data.get("allocated_bytes"))
    sizes = ", ".join(
        f"{(size or 0) / 1e9:.2f} GB {what}"
        for size, what in ((used, "in use"), (held, "held"))
        if size is not None
    )
    return f"{word(data.get('device')) or 'the device'}: {sizes or 'no sizes given'}"


def _topology(data: Mapping[str, Any]) -> str:
    role = (word(data.get("manifest_role")) or "topology").replace("_", " ")
    match = data.get("manifest_match")
    same = "" if match is None else f", {'reproduced' if match else 'not reproduced'}"
    return (
        f"topology ({role}): {whole(data.get('fossilized_seed_count'))} seeds kept in"
        f" {whole(data.get('slot_count'))} slots{same}"
    )


def _checkpoint(data: Mapping[str, Any]) -> str:
    done = whole(data.get("start_episode"))
    return f"checkpoint {word(data.get('path')) or ''} loaded, {done} episodes done before"


def _stable(data: Mapping[str, Any]) -> str:
    return (
        f"the host counts as stable after {whole(data.get('stable_count'))} epochs,"
        f" validation loss {_of(data, 'val_loss')}"
    )


def _table(data: Mapping[str, Any]) -> str:
    done = whole(data.get("episodes_completed"))
    return "blueprint statistics" + ("" if done is None else f" after {done} episodes")


def _heuristic(data: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value}"
        for name, value in told(data).items()
        if name != "kind" and isinstance(value, str | int | float)
    )


_ANOMALY = Notice("", _anomaly)
NOTICES: dict[str, Notice] = {
    "PLATEAU_DETECTED": Notice("plateau", _trend("plateau")),
    "DEGRADATION_DETECTED": Notice("degradation", _trend("degradation")),
    "IMPROVEMENT_DETECTED": Notice("improvement", _trend("improvement")),
    "PERFORMANCE_DEGRADATION": Notice("performance_degradation", _fell, of_env=False),
    "GRADIENT_ANOMALY": _ANOMALY,
    "RATIO_EXPLOSION_DETECTED": _ANOMALY,
    "RATIO_COLLAPSE_DETECTED": _ANOMALY,
    "VALUE_COLLAPSE_DETECTED": _ANOMALY,
    "GRADIENT_PATHOLOGY_DETECTED": _ANOMALY,
    "NUMERICAL_INSTABILITY_DETECTED": _ANOMALY,
    "GOVERNOR_ROLLBACK": Notice("rollback", _rolled_back),
    "REWARD_HACKING_SUSPECTED": Notice("reward_hacking", _hacking),
    "MEMORY_WARNING": Notice("memory_warning", _memory, of_env=False),
    "ALLOCATOR_STATS": Notice("allocator", _allocator, of_env=False),
    "TOPOLOGY_MANIFEST_RECORDED": Notice("topology", _topology),
    "CHECKPOINT_LOADED": Notice("checkpoint", _checkpoint, of_env=False),
    "TAMIYO_INITIATED": Notice("tamiyo_initiated", _stable),
    "ANALYTICS_SNAPSHOT/summary_table": Notice("summary_table", _table, of_env=False),
    "ANALYTICS_SNAPSHOT/heuristic_config": Notice("heuristic_config", _heuristic, of_env=False),
    "ANALYTICS_SNAPSHOT/heuristic_warning": Notice("heuristic_warning", _heuristic, of_env=False),
    "ANALYTICS_SNAPSHOT/heuristic_episode": Notice("heuristic_episode", _heuristic),
    "ANALYTICS_SNAPSHOT/throughput": Notice("throughput", _heuristic),
    "ANALYTICS_SNAPSHOT/reward_summary": Notice("reward_summary", _heuristic),
    "ANALYTICS_SNAPSHOT/mask_hit_rates": Notice("mask_hit_rates", _heuristic, of_env=False),
}
"""Esper's kinds of events -> how they are told."""


def type_of(event: Event) -> str:
    """The type of the line here; of an anomaly its own name."""
    notice = NOTICES[event.kind]
    return notice.type or word(event.data.get("anomaly_type")) or event.type.lower()


def _of(data: Mapping[str, Any], name: str, unit: str = "") -> str:
    value = number(data.get(name))
    if value is None:
        return "not measured"
    return f"{value:.2f} {unit}".rstrip() if unit != "percent" else f"{value:.2f}%"
