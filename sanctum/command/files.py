"""Files that a command writes: kept when they are there already, whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from sanctum.errors import SanctumError, UsageError


def check(path: Path, suffixes: Sequence[str], what: str, *, force: bool) -> None:
    """Refuse a file before anything is asked: an existing one is kept unless `force`.

    `what` it would be is for the sentence about another suffix than `suffixes`.
    """
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"{path} is no {what}", f"its name ends in {_listed(suffixes)}")
    if path.is_dir():
        raise SanctumError(f"{path} is a folder")
    if path.exists() and not force:
        raise SanctumError(f"{path} exists", "--force writes over it")
    if not path.absolute().parent.is_dir():
        raise SanctumError(f"no such folder: {path.parent}")


def put(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file aside, then put it in its place. Raises SanctumError."""
    aside = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        write(aside)
        aside.replace(path)
    except OSError as error:
        raise SanctumError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()


def _listed(suffixes: Sequence[str]) -> str:
    return f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
