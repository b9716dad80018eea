"""A decision of the policy (``last_action``) as cells: choices, confidence, value and reward."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sanctum.adapters.translation import rewards
from sanctum.adapters.translation.row import Row
from sanctum.adapters.translation.values import flag, mapping, number, whole, word
from sanctum.adapters.translation.words import ALPHA_TARGETS, HEADS, OPS, USED, choices
from sanctum.telemetry import MASKED

WHOLE_DISTRIBUTION = 0.999
"""From here on the probabilities that were sent are all there are."""

_SAID_AS = {"alpha_curve": "curve"}
"""Heads that Esper's telemetry of heads calls otherwise."""

_HEADS = tuple(
    (
        head,
        f"action/{head}",
        f"{_SAID_AS.get(head, head)}_entropy",
        f"{_SAID_AS.get(head, head)}_confidence",
        f"entropy.{head}",
        f"confidence.{head}",
        f"{head}_masked",
        f"forced.{head}",
    )
    for head in HEADS
)
_EVERY_HEAD = frozenset(HEADS)
_PROBABILITY = {op: f"probability.{op}" for op in OPS}


class Decisions:
    """Writes decisions into rows; `odd` is told of choices that are none, by a sentence."""

    def __init__(
        self, slots: tuple[str, ...], reward_mode: str | None, odd: Callable[[str, str], None]
    ) -> None:
        self._index = {
            head: {name: index for index, name in enumerate(names)}
            for head, names in choices(slots).items()
        }
        self._odd = odd
        self._mode = (reward_mode or "shaped").lower()
        self._summands = rewards.summands(reward_mode)
        self._modes: dict[int, str] = {}

    def rewarded_as(self, env: int, mode: str | None) -> bool:
        """Environment `env` has a reward mode of its own; whether that is news, and another one."""
        mode = (mode or self._mode).lower()
        is_news = self._modes.get(env, self._mode) != mode
        self._modes[env] = mode
        return is_news

    def put(self, row: Row, env: int, data: Mapping[str, Any]) -> None:
        """Everything a decision says, into the row of its step."""
        op = word(data.get("action_name"))
        self._heads(row, env, data, op)
        self._distribution(row, env, data, op)
        row.put("reward", env, number(data.get("total_reward")))
        row.put("value", env, number(data.get("value_estimate")))
        row.put("entropy_nats", env, number(data.get("decision_entropy")))
        row.put("success", env, number(data.get("action_success")))
        parts = data.get("reward_components")
        if isinstance(parts, Mapping):
            self._reward(row, env, parts)
            self._rest(row, env, parts, number(data.get("total_reward")))
            executed = word(parts.get("action_name"))
        else:
            executed = op if flag(data.get("action_success")) else None
        if executed is not None:
            row.put("executed", env, self._index["op"].get(executed))
        for name, value in mapping(data.get("observation_stats")).items():
            row.put_all(f"vital/observation_{name}", number(value))

    def _heads(self, row: Row, env: int, data: Mapping[str, Any], op: str | None) -> None:
        said = mapping(data.get("head_telemetry"))
        used = USED.get(op or "", _EVERY_HEAD)
        for head, action, entropy_key, sure_key, entropy, confidence, masked, forced in _HEADS:
            row.put(forced, env, number(data.get(masked)))
            if head not in used:
                row.put(action, env, MASKED)
                if said:
                    row.put(entropy, env, MASKED)
                    row.put(confidence, env, MASKED)
                continue
            row.put(action, env, self._choice(head, data, op))
            spread, sure = number(said.get(entropy_key)), number(said.get(sure_key))
            row.put(confidence, env, sure)
            is_forced = spread == 0.0 and sure == 1.0
            row.put(entropy, env, MASKED if is_forced else spread)
            if head == "op":
                row.put("entropy", env, MASKED if is_forced else spread)

    def _choice(self, head: str, data: Mapping[str, Any], op: str | None) -> int | None:
        """The index that a head chose, None where it was not said."""
        if head == "tempo":
            return whole(data.get("tempo_idx"))
        if head == "alpha_target":
            goal = number(data.get("alpha_target"))
            name = None if goal is None else ALPHA_TARGETS.get(round(goal, 3), f"{goal:g}")
        else:
            key = {"op": "action_name", "slot": "slot_id", "blueprint": "blueprint_id"}
            name = word(data.get(key.get(head, head)))
        if name is None:
            return None
        index = self._index[head].get(name)
        if index is None:
            self._odd(f"choice of {head}", f"the {head} head chose {name}, which is not known")
        return index

    def _distribution(self, row: Row, env: int, data: Mapping[str, Any], op: str | None) -> None:
        """Probabilities of ops: the chosen one's and those of the alternatives that were sent."""
        sure = number(data.get("action_confidence"))
        if op is None or sure is None:
            return
        sent = {op: sure}
        for pair in data.get("alternatives") or ():
            if isinstance(pair, list | tuple) and len(pair) == 2:
                chance = number(pair[1])
                if chance is not None:
                    sent[str(pair[0])] = chance
        for name, chance in sent.items():
            row.put(_PROBABILITY.get(name, f"probability.{name}"), env, chance)
        if sum(sent.values()) >= WHOLE_DISTRIBUTION and sent.keys() <= set(OPS):
            row.put_matrix("op", env, [sent.get(name, 0.0) for name in OPS])

    def _reward(self, row: Row, env: int, parts: Mapping[str, Any]) -> None:
        """The components that add up, what is inside of them, and what stands beside them."""
        mode = self._modes.get(env, self._mode)
        splits = rewards.summands(mode)
        is_split = splits == self._summands and bool(splits)
        inside = rewards.PARTS.get(mode, ()) if is_split else ()
        for name, given in parts.items():
            value = number(given)
            if name in splits and is_split:
                row.put(f"reward/{name}", env, MASKED if value is None else value)
            elif name in inside:
                row.put(f"reward/{name}", env, value)
            elif name not in rewards.ELSEWHERE and (value or name not in rewards.UNWRITTEN):
                row.put(self._beside(name, is_split), env, value)

    def _rest(self, row: Row, env: int, parts: Mapping[str, Any], total: float | None) -> None:
        """What a basic mode does not send of its reward: what the others leave."""
        splits = rewards.summands(self._modes.get(env, self._mode))
        if rewards.REST not in splits or splits != self._summands:
            return
        others = [(sign, number(parts.get(name))) for name, sign in splits.items()]
        known = sum(sign * value for sign, value in others if value is not None)
        row.put(f"reward/{rewards.REST}", env, None if total is None else total - known)

    def _beside(self, name: str, is_split: bool) -> str:
        """Where a field goes that is no summand of the mode: one that adds elsewhere may add."""
        adds = rewards.SHAPED.get(name, 0) == 1 and is_split and self._mode in rewards.PARTS
        return f"reward/{name}" if adds else f"context/{name}"
