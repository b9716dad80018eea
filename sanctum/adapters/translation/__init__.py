"""Esper's telemetry events in Sanctum's words; where the events come from is the caller's.

`Translator` takes them one by one, in order, and speaks to one run per group.
"""

from sanctum.adapters.translation.translator import Translator

__all__ = ["Translator"]
