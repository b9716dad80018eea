"""What was typed before, across sessions: one line each, readable by its owner only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History

KEPT_LINES = 2000
READ_BYTES = 256 * 1024
TRIM_BYTES = 1024 * 1024


def history_path() -> Path | None:
    """The history file: ``$SANCTUM_HISTORY`` (/dev/null for none), else in the XDG state folder."""
    given = os.environ.get("SANCTUM_HISTORY")
    if given is not None:
        return None if given in ("", "/dev/null") else Path(given).expanduser()
    state = os.environ.get("XDG_STATE_HOME")
    folder = Path(state) if state else Path.home() / ".local" / "state"
    return folder / "sanctum" / "history"


class CappedHistory(History):
    """The newest lines of the history file; read when first needed, and only its end.

    A file that cannot be read or written means a history of this session only.
    """

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._path = path or history_path()

    def load_history_strings(self) -> Iterable[str]:
        """Lines, newest first."""
        if self._path is None:
            return []
        return list(reversed(_tail(self._path)))[:KEPT_LINES]

    def store_string(self, string: str) -> None:
        """Add what was typed; pasted lines become one line each."""
        lines = [line for line in string.splitlines() if line.strip()]
        if self._path is None or not lines:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._path.exists() and self._path.stat().st_size > TRIM_BYTES:
                _write(self._path, _tail(self._path)[-KEPT_LINES:], os.O_TRUNC)
            _write(self._path, lines, os.O_APPEND)
        except OSError:
            self._path = None


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - READ_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return lines[1:] if size > READ_BYTES else lines


def _write(path: Path, lines: list[str], how: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
