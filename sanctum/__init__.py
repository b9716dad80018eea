"""Sanctum: a debugger for reinforcement-learning runs that you talk to, one line at a time.

``attach`` is the whole of what a trainer needs; everything here is loaded on first use, so that
``import sanctum`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, without its import
if TYPE_CHECKING:
    from sanctum.probe import Run, attach
    from sanctum.telemetry import MASKED, Masked

__version__ = "0.1.0"
__all__ = ["MASKED", "Masked", "Run", "__version__", "attach"]

_HOMES = {
    "attach": "sanctum.probe",
    "Run": "sanctum.probe",
    "MASKED": "sanctum.telemetry",
    "Masked": "sanctum.telemetry",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sanctum' has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
