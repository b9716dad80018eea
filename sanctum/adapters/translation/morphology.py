"""The log of morphology actions: its rows of one action become one event of the seed's history."""

from __future__ import annotations

from typing import Any

from sanctum.adapters.translation.event import Event
from sanctum.adapters.translation.telling import Telling
from sanctum.adapters.translation.values import exact, flag, number, told, word

_BACK = frozenset({"rollback", "cooldown", "audit"})
_DONE = frozenset({"commit", "fossilization"})
_CHOICES = (
    "style",
    "blend_id",
    "tempo_idx",
    "alpha_target",
    "alpha_speed",
    "alpha_curve",
    "alpha_algorithm",
    "alpha_algorithm_selected",
    "action_success",
)


class Morphology:
    """Folds the rows of each action; an action is said once its environment goes on."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._open: dict[str, dict[str, Any]] = {}

    def take(self, event: Event, env: int, step: int) -> None:
        """One row of the log."""
        row, id = event.data, word(event.data.get("action_id"))
        if id is None:
            raise ValueError("it has no action_id")
        phase = word(row.get("phase")) or "?"
        action = self._open.get(id)
        if action is None:
            action = self._open[id] = {
                "env": env,
                "step": step,
                "operation": word(row.get("operation")),
                "action_id": id,
                "phases": [],
                "approved": None,
                "reason": None,
                "blocked": None,
            }
        action["phases"].append(phase)
        for name, value in told(row).items():
            if name not in ("phase", "env_id", "slot_id", "operation", "action_id"):
                action[name] = exact(value) if name == "rng_seed" else value
        approved = flag(row.get("governor_approved"))
        action["approved"] = action["approved"] if approved is None else approved
        action["reason"] = word(row.get("governor_reason")) or action["reason"]
        action["blocked"] = word(row.get("governor_blocked_factor")) or action["blocked"]
        action["slot"] = event.slot or action.get("slot")
        action["blueprint"] = word(row.get("blueprint_id")) or action.get("blueprint")
        worst = action.get("severity", "debug")
        action["severity"] = worst if event.severity == "debug" else event.severity

    def decided(self, env: int, data: Any) -> None:
        """The environment's decision came: what it chose belongs to its action."""
        for id in [id for id, action in self._open.items() if action["env"] == env]:
            action = self._open.pop(id)
            if action["operation"] == word(data.get("action_name")):
                action.update({name: data[name] for name in _CHOICES if data.get(name) is not None})
            self._say(action)

    def flush(self) -> None:
        """Say what is open still: no decision followed it."""
        waiting, self._open = self._open, {}
        for action in waiting.values():
            self._say(action)

    def _say(self, action: dict[str, Any]) -> None:
        env, step, slot = action.pop("env"), action.pop("step"), action.pop("slot")
        severity = action.pop("severity")
        for name in ("governor_approved", "governor_reason", "governor_blocked_factor"):
            action.pop(name, None)
        action.pop("blueprint_id", None)
        self._telling.message(
            _text(action),
            "morphology",
            severity=severity,
            env=env,
            slot=slot,
            step=step,
            data=action,
        )


def _text(action: dict[str, Any]) -> str:
    kind = f" {action['blueprint']}" if action.get("blueprint") else ""
    what = f"{action['operation'] or 'an action'}{kind}"
    phases = set(action["phases"])
    if phases & _BACK:
        loss = number(action.get("watch_window_evidence"))
        why = "" if loss is None else f" at loss {loss:.4g}"
        return f"{what} undone by the governor{why}"
    if action["approved"] is False:
        return f"{what} blocked: {action['blocked'] or action['reason'] or 'no reason given'}"
    if phases & _DONE:
        return f"{what} done"
    if "dispatch" in phases or action.get("action_success") is False:
        return f"{what} tried, without effect"
    return f"{what}: {', '.join(action['phases'])}"
