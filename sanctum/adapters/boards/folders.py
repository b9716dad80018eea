"""Which folders of a log directory hold runs of their own, and which are parts of another's.

`add_scalars` and `add_hparams` of a writer put files into folders below its own; scripts put one
folder a run below the log directory.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sanctum.adapters.boards.entries import SCALAR, SETTINGS, Entry

Look = Callable[[Path], Iterable[Entry]]
LOOK_AT = 8
_HPARAMS = ("experiment", "session_start_info", "session_end_info")
"""What `add_hparams` writes at once; a run of its own ends much later."""


@dataclass(slots=True)
class Part:
    """A folder with event files of a run; `name` comes after its tags, empty: they are as said."""

    path: Path
    name: str = ""

    def files(self) -> list[Path]:
        """Its event files as they are now, by name."""
        return event_files(self.path)

    def tag(self, tag: str) -> str:
        """A tag of this part as the run's."""
        return f"{tag}/{self.name}" if self.name else tag


@dataclass(slots=True)
class Folder:
    """The folders of one run: its own, and those that are parts of it."""

    path: Path
    name: str
    parts: list[Part] = field(default_factory=list)


def event_files(folder: Path) -> list[Path]:
    """The event files in a folder, by name: the time they were begun stands in it."""
    try:
        found = [one for one in folder.iterdir() if "tfevents" in one.name and one.is_file()]
    except OSError:
        return []
    return sorted(found)


def folders(root: Path, look: Look) -> list[Folder]:
    """The runs in and below `root`, by name. `look` gives the first entries of an event file."""
    found: dict[Path, Folder] = {}
    for place, below, _ in os.walk(root, followlinks=True):
        below.sort()
        path = Path(place)
        files = event_files(path)
        if not files:
            continue
        above = next((found[one] for one in path.parents if one in found), None)
        name = None if above is None else _part_of(above, path, files[0], look)
        if above is not None and name is not None:
            above.parts.append(Part(path, name))
        else:
            found[path] = Folder(path, _called(root, path), [Part(path)])
    return list(found.values())


def _part_of(above: Folder, path: Path, file: Path, look: Look) -> str | None:
    """What a folder adds to the tags of the run above it; None when it is a run of its own."""
    first = list(itertools.islice(look(file), LOOK_AT))
    if path.parent != above.path:
        return None
    if sum(one.kind == SETTINGS for one in first) == len(_HPARAMS):
        return ""
    tags = {one.tag for one in first if one.kind == SCALAR}
    if len(tags) == 1:
        stem = f"{tags.pop().replace('/', '_')}_"
        if path.name.startswith(stem):
            return path.name.removeprefix(stem)
    return None


def _called(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path != root else root.resolve().name
