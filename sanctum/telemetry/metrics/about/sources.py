"""The sources of thresholds, spelled out: in the catalogue they are words in brackets."""

from __future__ import annotations

SOURCES = {
    "PPO37": "The 37 implementation details of PPO (Huang et al., 2022)",
    "SB3": "Stable-Baselines3's documentation of its logger",
    "JONES": "Debugging RL, without the agonizing pain (Jones)",
    "SCHULMAN": "The nuts and bolts of deep RL research (Schulman)",
    "ESPER": "the limits of Esper's own panel and anomaly detector",
    "ours": "chosen here, to be tuned",
}


def spelled(source: str) -> str:
    """``[PPO37], [ESPER]`` in words."""
    keys = source.replace("[", "").replace("]", "").split(", ") if source else []
    return "; ".join(SOURCES[key] for key in keys)
