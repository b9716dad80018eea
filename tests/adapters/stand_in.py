"""The stand-in for Esper: its package on the path, and its parts without importing by name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent / "fake_esper"


@contextmanager
def esper() -> Iterator[tuple[ModuleType, ModuleType]]:
    """Its ``leyline`` (events) and ``nissa.output`` (the hub), new; gone afterwards."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield (
            importlib.import_module("esper.leyline"),
            importlib.import_module("esper.nissa.output"),
        )
    finally:
        sys.path.remove(str(FOLDER))
        for name in [one for one in sys.modules if one.partition(".")[0] == "esper"]:
            del sys.modules[name]
