"""What Esper's reward is made of, mode by mode: which components add up to the total.

Two of them are stored positive and subtracted. What is in another component already is named in
`INSIDE`. Modes that do not split their reward have no components: only the total is known. The
basic modes do not send their term for accuracy: what the others leave of the total stands for it.
"""

from __future__ import annotations

SHAPED = {
    "bounded_attribution": 1,
    "blending_warning": 1,
    "holding_warning": 1,
    "pbrs_bonus": 1,
    "synergy_bonus": 1,
    "compute_rent": 1,
    "alpha_shock": 1,
    "occupancy_rent": -1,
    "fossilized_rent": -1,
    "action_shaping": 1,
    "terminal_bonus": 1,
    "escrow_forfeit": 1,
    "hindsight_credit": 1,
}
REST = "unattributed"
BASIC = {
    "compute_rent": 1,
    "pbrs_bonus": 1,
    "fossilize_terminal_bonus": 1,
    "drip_this_epoch": 1,
    REST: 1,
}
INSIDE = {"ratio_penalty": "bounded_attribution", "escrow_delta": "bounded_attribution"}

SUMMANDS: dict[str, dict[str, int]] = {
    "shaped": {name: sign for name, sign in SHAPED.items() if name != "escrow_forfeit"},
    "escrow": SHAPED,
    "basic": {name: sign for name, sign in BASIC.items() if name != "drip_this_epoch"},
    "basic_plus": BASIC,
    "sparse": {},
    "minimal": {},
    "simplified": {},
    "loss": {},
}
"""Reward mode -> its summands, with the sign by which each enters the total."""

PARTS = {"shaped": ("ratio_penalty",), "escrow": ("ratio_penalty", "escrow_delta")}
"""Reward mode -> the components that are inside another one."""

UNWRITTEN = frozenset(
    {
        "stage_bonus",
        "fossilize_terminal_bonus",
        "drip_this_epoch",
        "drip_immediate_bonus",
        "drip_deferred_total",
        "num_drip_sources",
        "ratio_penalty",
        "escrow_delta",
        "escrow_credit_prev",
        "escrow_credit_target",
        "escrow_credit_next",
        "escrow_forfeit",
        "synergy_bonus",
        "hindsight_credit",
    }
    | SHAPED.keys()
)
"""Fields whose 0 says nothing in a mode that does not write them: left out until they are not 0."""

ELSEWHERE = frozenset(
    {"action_name", "action_success", "epoch", "val_acc", "total_reward", "new_drip_state"}
)
"""What a decision's reward repeats of the decision itself."""


def summands(mode: str | None) -> dict[str, int]:
    """The components of a mode with their signs; those of ``shaped`` for one nobody knows."""
    return SUMMANDS.get((mode or "shaped").lower(), SUMMANDS["shaped"])
