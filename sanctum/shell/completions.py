"""What completion files say: every word that can be typed, its options, and what follows them.

`completions/` holds the files for bash, zsh and fish, made from this by
``python -m sanctum.cli.completions``; a test keeps them current. The words in them are static, so
completing costs no start of Python; run ids are the names of the run files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import click

from sanctum.shell.words import Words

RUN, FILE = "RUN", "FILE"


@dataclass(frozen=True, slots=True)
class Entry:
    """One word: its line, its options, which of them take a value, and what those values are.

    `values` maps an option to its choices, or to RUN or FILE; `first` is the same for what stands
    right behind the word.
    """

    word: str
    line: str
    options: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    first: str = ""

    @property
    def free(self) -> tuple[str, ...]:
        """Options whose value nobody can know."""
        return tuple(name for name in self.takes if name not in self.values)


def entries(program: Mapping[str, tuple[str, click.Command]]) -> list[Entry]:
    """The words of `program` (line and command), then all commands and command files of ours."""
    words = Words(folders=Words().folders[:1])
    cards = {card.word: card.line for card in words.cards()}
    found = [_entry(word, line, command) for word, (line, command) in program.items()]
    found += [_entry(word, cards[word], words[word]) for word in words.modules]
    return found + [Entry(word, cards[word]) for word in words.files]


def _entry(word: str, line: str, command: click.Command) -> Entry:
    options = [one for one in command.params if isinstance(one, click.Option)]
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    first = _source(arguments[0]) if arguments else ""
    if isinstance(command, click.Group):
        first = " ".join(sorted(command.commands))
    return Entry(
        word,
        line,
        (*(name for one in options for name in one.opts if name.startswith("--")), "--help"),
        tuple(name for one in options if not one.is_flag for name in one.opts),
        {name: of for one in options for name in one.opts if (of := _source(one))},
        first,
    )


def _source(param: click.Parameter) -> str:
    """The values of a parameter: choices, RUN, FILE, or nothing that could be known."""
    if isinstance(param.type, click.Choice):
        return " ".join(str(one) for one in param.type.choices)
    names = ((param.metavar or "").upper(), (param.name or "").upper())
    return next((name for name in names if name in (RUN, FILE)), "")
