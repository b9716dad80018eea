"""Makes the README's transcripts: ``python -m tests.transcript RUN [README.md]``.

Every line ``$ sanctum WORD ...`` or ``sanctum NAME> ...`` in a ``console`` block is run in a
terminal of 80 columns against RUN, the lines of a block in one session, and what it printed takes
the place of what stood below it. Blocks that begin with one of the program's own words stay as they
are. Folders of this machine are written as anyone's.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pexpect

from sanctum.cli.program import PROGRAM
from sanctum.wire.places import home

COLUMNS, LINES = 80, 24
BIN = Path(sys.executable).parent
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_TYPED = re.compile(r"(?:\$ sanctum |sanctum \S+ (?:\S+ )?\S+> )(?P<words>.*)\Z")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
_CUT = "=== the next answer ==="


def answers(lines: list[str], run: str) -> list[str]:
    """What the shell prints for each line, typed one after the other; colours left out."""
    typed = [one for line in lines for one in (line, f"echo {_CUT}")]
    shown, _ = pexpect.run(
        f"{sys.executable} -m sanctum exec {' '.join(f'-c {_quoted(one)}' for one in typed)}"
        f" --run {run}",
        withexitstatus=True,
        env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "LANG": "C.UTF-8"},
        dimensions=(LINES, COLUMNS),
        timeout=60,
        encoding="utf-8",
    )
    said = _ESCAPE.sub("", shown).replace("\r", "")
    for here, anywhere in ((str(home()), "~/.local/state/sanctum/runs"), (f"{BIN}/", "")):
        said = said.replace(here, anywhere)
    said = "\n".join(line.rstrip() for line in said.split("\n"))
    return [one.strip("\n") for one in said.split(_CUT)[: len(lines)]]


def remade(text: str, run: str) -> str:
    """The README with every transcript made anew."""

    def block(found: re.Match[str]) -> str:
        typed = [one for line in found[1].split("\n") if (one := _TYPED.match(line))]
        if not typed or typed[0]["words"].split()[0] in PROGRAM:
            return found[0]
        said = answers([one["words"] for one in typed], run)
        parts = [f"{one[0]}\n{text}\n" for one, text in zip(typed, said, strict=True)]
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
