"""Stable-Baselines3: ``model.learn(steps, callback=SanctumCallback())`` attaches Sanctum."""

from sanctum.adapters.sb3.callback import SanctumCallback
from sanctum.adapters.sb3.library import LibraryMissing

__all__ = ["LibraryMissing", "SanctumCallback"]
