"""The modules of the run's own that were imported: anew when one of their files is another now.

Who mends a factory asks again at once, and the worker lives on between questions.
"""

from __future__ import annotations

import importlib
import site
import sys
import sysconfig
from pathlib import Path

_LIBRARIES = tuple(
    {
        *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        site.getusersitepackages(),
    }
)
"""Folders of what nobody edits while decisions are replayed."""


class Own:
    """Which files they are of, and when each was written."""

    def __init__(self) -> None:
        self._written: dict[str, int | None] = {}
        self._known: set[str] = set()

    def look(self) -> None:
        """Remember what was imported since."""
        for name in list(sys.modules):
            if name in self._known:
                continue
            self._known.add(name)
            file = _file(name)
            if file is not None:
                self._written[file] = _time(file)

    def forget_changed(self) -> bool:
        """Have all of them imported again, if a file of one has changed; whether that is so."""
        if all(_time(file) == written for file, written in self._written.items()):
            return False
        for name in [name for name in sys.modules if _file(name) is not None]:
            del sys.modules[name]
        importlib.invalidate_caches()
        self._written.clear()
        self._known = set(sys.modules)
        return True


def _file(name: str) -> str | None:
    """The source of a module of the run's own; None for libraries, Sanctum and what has none."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    if name == "__main__" or name.partition(".")[0] == "sanctum" or file.startswith(_LIBRARIES):
        return None
    return file


def _time(file: str) -> int | None:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return None
