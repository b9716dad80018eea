"""Where an answer goes instead of the screen: ``brain > f.txt``, and how that is told apart.

A ``>`` is a redirect only when it is bare and the last word but one (or glued to the last), and
what follows is not a number. Inside a condition what follows must plainly be a file, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from sanctum.errors import SanctumError
from sanctum.shell.line import Word

CONDITIONS = frozenset({"CONDITION", "EXPR"})
"""Metavars of parameters that hold a condition, which may be typed without quotes."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?%?\Z", re.IGNORECASE)
_FILE = re.compile(r".*(/|\.(txt|log|json|jsonl|csv|tsv|md|out)\Z)", re.IGNORECASE)
_GLUED = re.compile(r"(>>|>!|>)(.*)\Z")


class Target(NamedTuple):
    """A file to write an answer to; `mode` is ``>`` (new), ``>>`` (at its end) or ``>!`` (anew)."""

    path: Path
    mode: str

    def check(self) -> None:
        """Refuse before anything is asked: an existing file is kept unless ``>!``."""
        if self.mode == ">" and self.path.exists():
            raise SanctumError(f"{self.path} exists", ">! writes over it, >> adds to it")
        if not self.path.absolute().parent.is_dir():
            raise SanctumError(f"no such folder: {self.path.parent}")

    def write(self, text: str) -> None:
        """Put `text` into the file. Raises SanctumError when the system refuses."""
        try:
            with self.path.open(
                {">": "x", ">>": "a"}.get(self.mode, "w"), encoding="utf-8"
            ) as file:
                file.write(text)
        except FileExistsError:
            self.check()
        except OSError as error:
            raise SanctumError(f"cannot write {self.path}: {error.strerror}") from error


def redirected(
    command: click.Command | None, words: Sequence[Word]
) -> tuple[Sequence[Word], Target | None]:
    """The words without their redirect, and the redirect, if there is one."""
    if len(words) < 2:
        return words, None
    mark, last = words[-2], words[-1]
    glued = _GLUED.match(last.text) if last.bare else None
    if mark.bare and mark.text in (">", ">>", ">!"):
        mode, path, rest = mark.text, last.text, words[:-2]
    elif glued is not None and glued[2] and not glued[2].startswith("="):
        mode, path, rest = glued[1], glued[2], words[:-1]
    else:
        return words, None
    if mode == ">":
        if _NUMBER.match(path):
            return words, None
        if len(rest) in _condition_places(command, words) and not _FILE.match(path):
            return words, None
    return rest, Target(Path(path).expanduser(), mode)


def joined(command: click.Command, words: Sequence[Word]) -> list[str]:
    """The words as arguments; a condition typed as several words after its option is made one."""
    options = _condition_options(command)
    arguments: list[str] = []
    place = 0
    while place < len(words):
        text = words[place].text
        arguments.append(text)
        place += 1
        if text in options:
            end = _condition_end(command, words, place)
            if end > place:
                arguments.append(" ".join(word.text for word in words[place:end]))
            place = end
    return arguments


def _condition_places(command: click.Command | None, words: Sequence[Word]) -> set[int]:
    """Places among the arguments (0 is the word itself) that belong to a condition."""
    if command is None:
        return set()
    if any(isinstance(one, click.Argument) and one.metavar in CONDITIONS for one in command.params):
        return set(range(1, len(words)))
    places: set[int] = set()
    options = _condition_options(command)
    for place, word in enumerate(words):
        if word.text in options:
            places.update(range(place + 1, _condition_end(command, words, place + 1)))
    return places


def _condition_options(command: click.Command) -> set[str]:
    return {
        name
        for one in command.params
        if isinstance(one, click.Option) and one.metavar in CONDITIONS
        for name in one.opts
    }


def _condition_end(command: click.Command, words: Sequence[Word], start: int) -> int:
    """Where a condition that begins at `start` ends: after a quoted word, else at an option."""
    if start < len(words) and " " in words[start].text:
        return start + 1
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    end = start
    while end < len(words) and words[end].text.partition("=")[0] not in known:
        end += 1
    return end
