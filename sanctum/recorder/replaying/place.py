"""Where a run's policy can be made again: its interpreter, its directory, what it imports from."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sanctum.model.jobs import GPUS, IMPORT_PATH
from sanctum.telemetry import RunStarted

_ROOT = Path(__file__).resolve().parents[3]
_OF_AN_INTERPRETER = re.compile(
    r"[/\\](?:python\d[.\d]*[a-z]*(?:[/\\]|\Z)|(?:site|dist)-packages(?:[/\\]|\Z)|python\d+\.zip\Z)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker is started with. `notes` say what of the run's own is gone."""

    python: str
    directory: str
    path: tuple[str, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def command(self) -> list[str]:
        """The worker's command line."""
        return [self.python, "-P", "-m", "sanctum.replay"]

    @property
    def environment(self) -> dict[str, str]:
        """Its environment: no GPU, the run's import path, and Sanctum where it is found."""
        found = {**os.environ, **dict.fromkeys(GPUS, "")}
        found[IMPORT_PATH] = json.dumps(self.path)
        found["PYTHONPATH"] = os.pathsep.join(self._with_sanctum())
        if self.python != sys.executable:
            found.pop("PYTHONHOME", None)
        return found

    def _with_sanctum(self) -> list[str]:
        """The folders in which the worker finds Sanctum; the run's own, where it has one."""
        own = [
            folder
            for folder in self.path
            if (Path(self.directory, folder) / "sanctum" / "replay" / "__main__.py").is_file()
        ]
        return [str(Path(self.directory, folder)) for folder in own[:1]] or [str(_ROOT)]


def place_of(header: RunStarted) -> Place:
    """The place of a run, or what comes near it where its own is gone."""
    notes = []
    python, path = header.python, list(header.path)
    if not (python and os.access(python, os.X_OK) and Path(python).is_file()):
        if python:
            notes.append(f"the run's interpreter {python} is gone: replayed under {sys.executable}")
        python = sys.executable
        path = [one for one in path if not _OF_AN_INTERPRETER.search(one)]
    directory = header.directory
    if not (directory and Path(directory).is_dir()):
        if directory:
            notes.append(f"the run's directory {directory} is gone: replayed in {Path.home()}")
        directory = str(Path.home())
    return Place(python, directory, tuple(path or [directory]), tuple(notes))
