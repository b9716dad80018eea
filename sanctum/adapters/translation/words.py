"""The words of Esper's telemetry: event types, heads and their choices, stages, severities.

Their order is the one of Esper's own enumerations, so that an index here is an index there.
"""

from __future__ import annotations

OPS = ("WAIT", "GERMINATE", "SET_ALPHA_TARGET", "PRUNE", "FOSSILIZE", "ADVANCE")
BLUEPRINTS = (
    "noop",
    "conv_light",
    "attention",
    "norm",
    "depthwise",
    "bottleneck",
    "conv_small",
    "conv_heavy",
    "lora",
    "lora_large",
    "mlp_small",
    "mlp",
    "flex_attention",
)
STYLES = ("LINEAR_ADD", "LINEAR_MULTIPLY", "SIGMOID_ADD", "GATED_GATE")
TEMPOS = ("FAST", "STANDARD", "SLOW")
ALPHA_TARGETS = {0.5: "HALF", 0.7: "SEVENTY", 1.0: "FULL"}
ALPHA_SPEEDS = ("INSTANT", "FAST", "MEDIUM", "SLOW")
SPEED_STEPS = {"INSTANT": 0, "FAST": 3, "MEDIUM": 5, "SLOW": 8}
"""How many epochs alpha takes to its target."""
ALPHA_CURVES = ("LINEAR", "COSINE", "SIGMOID_GENTLE", "SIGMOID", "SIGMOID_SHARP")

STAGES = (
    "DORMANT",
    "GERMINATED",
    "TRAINING",
    "BLENDING",
    "HOLDING",
    "FOSSILIZED",
    "PRUNED",
    "EMBARGOED",
    "RESETTING",
)
LIVING = frozenset({"GERMINATED", "TRAINING", "BLENDING", "HOLDING", "FOSSILIZED"})
EMPTY = frozenset({"DORMANT", "UNKNOWN"})

HEADS = ("op", "slot", "blueprint", "style", "tempo", "alpha_target", "alpha_speed", "alpha_curve")
"""The op first, since it decides which of the others matter."""

USED = {
    "WAIT": frozenset({"op"}),
    "GERMINATE": frozenset({"op", "slot", "blueprint", "style", "tempo", "alpha_target"}),
    "SET_ALPHA_TARGET": frozenset(
        {"op", "slot", "style", "alpha_target", "alpha_speed", "alpha_curve"}
    ),
    "PRUNE": frozenset({"op", "slot", "alpha_speed", "alpha_curve"}),
    "FOSSILIZE": frozenset({"op", "slot"}),
    "ADVANCE": frozenset({"op", "slot"}),
}
"""The heads whose choice has a meaning for an op."""

SEVERITIES = {
    "debug": "debug",
    "info": "info",
    "warning": "warn",
    "warn": "warn",
    "error": "error",
    "critical": "critical",
}


def choices(slots: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """What each head may choose, the heads in their order."""
    return {
        "op": OPS,
        "slot": slots,
        "blueprint": BLUEPRINTS,
        "style": STYLES,
        "tempo": TEMPOS,
        "alpha_target": tuple(ALPHA_TARGETS.values()),
        "alpha_speed": ALPHA_SPEEDS,
        "alpha_curve": ALPHA_CURVES,
    }
