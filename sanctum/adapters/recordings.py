"""Which file of a folder holds Esper's events, and what a run made of a file is called."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sanctum.errors import RecordError

NAMES = ("events.jsonl", "events.jsonl.gz")
_SUFFIXES = re.compile(r"(\.(jsonl|json|ndjson|log|txt))?(\.gz)?$", re.IGNORECASE)
_ANY_NAME = {"events", "telemetry", "esper", "log", "out"}
"""What says nothing about a run when its file is called so; its folder's name does."""


class Recording(NamedTuple):
    """A file of events; `note` says of how many it was taken, empty where there was one."""

    path: Path
    note: str = ""


def recording(path: Path) -> Recording:
    """The file at `path`, or the newest one of the folder at `path`. Raises RecordError."""
    if not path.is_dir():
        return Recording(path)
    try:
        found = [one for name in NAMES for one in (path / name, *path.glob(f"telemetry_*/{name}"))]
        found = sorted(filter(Path.is_file, found), key=_changed, reverse=True)
        others = sorted(one.name for one in path.glob("*.jsonl*"))
        boards = any(True for deep in ("", "*/", "*/*/") for _ in path.glob(f"{deep}*tfevents*"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise RecordError(f"the folder {path} cannot be read: {why}") from error
    if found:
        newest = found[0]
        note = f"the newest of {len(found)}: {newest.relative_to(path)}" if found[1:] else ""
        return Recording(newest, note)
    hint = "one with events.jsonl or telemetry_*/events.jsonl in it was expected"
    if boards:
        hint = f"it holds TensorBoard's event files: sanctum import tensorboard {path}"
    elif others:
        hint = f"it holds {', '.join(others[:4])}: name one of them"
    raise RecordError(f"no event file of Esper's in the folder {path}", hint)


def run_name(path: Path) -> str:
    """What to call the run of a file: its name, or its folder's where its own says nothing."""
    name = _SUFFIXES.sub("", path.name)
    folder = path.absolute().parent.name
    return folder if name.lower() in _ANY_NAME and folder else name


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
