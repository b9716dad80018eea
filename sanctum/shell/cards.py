"""One line about each command, read from its file: listing commands imports none of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_MADE = re.compile(r"@inspect_command\((.*?)\)\s*\n(?:@|def )", re.DOTALL)
_GROUP = re.compile(r"\bgroup=\s*[\"'](\w+)[\"']")
_DOC = re.compile(r"^def \w+\(.*?\"\"\"(.*?)(?:\n|\"\"\")", re.DOTALL | re.MULTILINE)
_MODULE_DOC = re.compile(r"\A\"\"\"(?:``[^`]+``: )?(.*?)(?:\n|\"\"\")")


class Card(NamedTuple):
    """A word, its group (``files`` for a command file) and what it does in one line."""

    word: str
    group: str
    line: str


def card_of_module(word: str, path: Path) -> Card:
    """The card of a command module; a file that reads otherwise gets what its docstring says."""
    text = path.read_text(encoding="utf-8", errors="replace")
    made = _MADE.search(text)
    group = _GROUP.search(made[1]) if made else None
    after = text[made.start() :] if made else ""
    doc = _DOC.search(after) or _MODULE_DOC.search(text)
    line = doc[1].strip().rstrip(".") if doc else ""
    return Card(word, group[1] if group else "drive", line)


def card_of_file(word: str, path: Path) -> Card:
    """The card of a command file: its first comment line."""
    return Card(word, "files", first_comment(path))


def first_comment(path: Path) -> str:
    """The first line of comment in a command file, without its mark; empty when there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                text = line.strip()
                if text.startswith("#") and not text.startswith("#!"):
                    return text.lstrip("# ").rstrip(".")
                if text and not text.startswith("#"):
                    break
    except OSError:
        return ""
    return ""
