"""Makes the README's transcripts: ``python -m tests.transcript RUN [README.md]``.

Every line ``$ sanctum ...`` or ``sanctum NAME> ...`` in a ``console`` block is run in a terminal of
80 columns against RUN, and what it printed takes the place of what stood below it. Folders of this
machine are written as anyone's.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pexpect

from sanctum.wire.places import home

COLUMNS, LINES = 80, 60
BIN = Path(sys.executable).parent
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_TYPED = re.compile(r"(?:\$ sanctum |sanctum \S+ \S+ \S+> )(?P<words>.*)\Z")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


def answer(words: str, run: str) -> str:
    """What the shell prints for a line, colours left out."""
    shown, _ = pexpect.run(
        f"{sys.executable} -m sanctum exec -c {_quoted(words)} --run {run}",
        withexitstatus=True,
        env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "LANG": "C.UTF-8"},
        dimensions=(LINES, COLUMNS),
        timeout=30,
        encoding="utf-8",
    )
    said = _ESCAPE.sub("", shown).replace("\r", "")
    for here, anywhere in ((str(home()), "~/.local/state/sanctum/runs"), (f"{BIN}/", "")):
        said = said.replace(here, anywhere)
    return "\n".join(line.rstrip() for line in said.split("\n")).strip("\n")


def remade(text: str, run: str) -> str:
    """The README with every transcript made anew."""

    def block(found: re.Match[str]) -> str:
        parts = []
        for line in found[1].split("\n"):
            typed = _TYPED.match(line)
            if typed is not None:
                parts.append(f"{line}\n{answer(typed['words'], run)}\n")
        return "```console\n" + "\n".join(parts) + "```"

    return _BLOCK.sub(block, text)


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "'\\''") + "'"


def main() -> None:
    """Remake the transcripts of a file."""
    run, path = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "README.md")
    path.write_text(remade(path.read_text(), run))


if __name__ == "__main__":
    main()
