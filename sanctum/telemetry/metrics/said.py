"""Which call of the probe says a metric, and what there is one of."""

from __future__ import annotations

from sanctum.telemetry.metrics.columns import BESIDE_THE_REWARD, ENVIRONMENTS, SEEDS

_OF_SEEDS = frozenset(one.name for one in SEEDS)
_OF_ENVIRONMENTS = frozenset(one.name for one in (*ENVIRONMENTS, *BESIDE_THE_REWARD))
_LATER = ("advantage", "returns")
_ARGUMENTS = {
    "reward/": "rewards",
    "vital/": "vitals",
    "action/": "actions",
}
_MATRICES = {"probability": "probabilities", "confidence": "probabilities", "forced": "masks"}


def per(name: str) -> str:
    """What there is one of: ``update``, ``environment``, ``seed``, or ``run``."""
    if name in _OF_SEEDS:
        return "seed"
    if name.startswith("vital/"):
        return "run"
    of_environments = name.startswith(("reward/", "context/", "action/"))
    if of_environments or {name, name.partition(".")[0]} & (_OF_ENVIRONMENTS - {"entropy"}):
        return "environment"
    return "update"


def call(name: str, of: str | None = None) -> str:
    """The call of the probe that says it, as one would type it; `of` as `per` has it."""
    kind = of or per(name)
    if kind == "seed":
        return f"run.seed(env, slot, stage, {name}=...)"
    if kind == "update":
        stem, dot, head = name.partition(".")
        if dot:
            return f'run.update(u, heads={{"{head}": {{"{stem}": ...}}}})'
        return f"run.update(u, {_argument(name)})"
    if name in _LATER:
        return f"run.backfill(first_step, {name}=...)"
    if name.partition(".")[0] in _MATRICES:
        return f"run.step(step, {_MATRICES[name.partition('.')[0]]}=...)"
    for prefix, argument in _ARGUMENTS.items():
        if name.startswith(prefix):
            return f'run.step(step, {argument}={{"{name.removeprefix(prefix)}": ...}})'
    return f"run.step(step, {_argument(name)})"


def _argument(name: str) -> str:
    return f"{name}=..." if name.isidentifier() else f'**{{"{name}": ...}}'
