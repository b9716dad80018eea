"""``sanctum --help``: the program's words, then the commands by group, one line each."""

from __future__ import annotations

from sanctum.cli.program import PROGRAM
from sanctum.shell.cards import Card
from sanctum.shell.words import Words

GROUPS = ("look", "explain", "diagnose", "time", "remember", "drive", "files")

USAGE = """\
usage: sanctum                    talk to the newest live run
       sanctum shell [RUN]        talk to a live or recorded run
       sanctum WORD [ARGS]        ask one question, print one answer
       sanctum exec [FILE] [-c LINE]...

A debugger for reinforcement-learning runs that you talk to, line by line.
"""

ENDING = """
options of every WORD: --format table|plain|json|csv|md; if it asks a run:
  --run RUN, --at WHEN, --timeout S, --wait S; SANCTUM_RUN stands in for --run.
exit codes: 0 ok, 1 failed, 2 usage, 3 no such run, 4 connection lost, 5 late,
  6 an expect failed, 7 no data yet, 130 interrupted.
"""


def overview() -> str:
    """The help of the program; no command is imported for it."""
    cards = Words().cards()
    parts = [USAGE, _section("program", [Card(word, "", line) for word, line in PROGRAM.items()])]
    for group in GROUPS:
        found = [card for card in cards if card.group == group]
        if found:
            parts.append(_section("command files" if group == "files" else group, found))
    return "".join([*parts, ENDING])


def _section(title: str, cards: list[Card]) -> str:
    lines = [f"  {card.word:<12} {_short(card.line)}".rstrip() for card in cards]
    return "\n".join(["", title, *lines, ""])


def _short(line: str) -> str:
    return line if len(line) <= 63 else line[:60].rstrip() + "..."
