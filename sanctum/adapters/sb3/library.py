"""What is used of Stable-Baselines3; where it is missing, what to install."""

from __future__ import annotations

INSTALL = "python -m pip install 'sanctum[sb3]'"


class LibraryMissing(ImportError):
    """A library that this adapter is for cannot be imported; the sentence says what to install."""


try:
    from gymnasium import spaces
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.logger import KVWriter
    from stable_baselines3.common.vec_env import VecEnv, VecNormalize
except ImportError as error:
    raise LibraryMissing(f"stable-baselines3 cannot be imported ({error}): {INSTALL}") from error

__all__ = ["BaseAlgorithm", "BaseCallback", "KVWriter", "VecEnv", "VecNormalize", "spaces"]
