"""Where exported files go: folders that are made, and taken away again when they stay empty."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path

from sanctum.errors import SanctumError, UsageError

AS_HINT = "give it another name in the tables: --as NAME"


def made_folder(folder: Path, below: str, stack: ExitStack) -> Path:
    """A folder below `folder`, made when missing; one that stays empty goes with the stack.

    Raises UsageError, SanctumError.
    """
    place = folder / below
    fresh = [one for one in (place, *place.parents) if not one.exists()]

    def tidy() -> None:
        for one in fresh:
            with suppress(OSError):
                one.rmdir()

    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; a folder is expected")
    stack.callback(tidy)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(place, error) from error
    return place


def fit_name(run: str) -> str:
    """A run's name as a file's, whatever a foreign record calls itself."""
    return (
        "".join(one if one.isalnum() or one in "._-" else "-" for one in run).lstrip(".") or "run"
    )


def unwritable(path: Path, error: OSError) -> SanctumError:
    """The sentence of a file that cannot be written."""
    why = os.strerror(error.errno).lower() if error.errno else str(error)
    return SanctumError(f"{path} cannot be written: {why}")
