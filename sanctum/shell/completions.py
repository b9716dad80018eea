"""What completion files say: every word that can be typed, its options, and what follows them.

`completions/` holds the files for bash, zsh and fish, made from this by
``python -m sanctum.cli.completions``; a test keeps them current. The words in them are static, so
completing costs no start of Python; run ids are the names of the run files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import click

from sanctum.command import FORMATS
from sanctum.shell.words import Words

RUN, FILE, WORD = "RUN", "FILE", "WORD"

COMMON = {
    "--run": RUN,
    "--at": "",
    "--format": " ".join(FORMATS),
    "--timeout": "",
    "--wait": "",
}
"""Options of every command that asks a run, with the values they take."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One word: its line, its own options, which of them take a value, and what those values are.

    `values` maps an option to its choices, or to RUN, FILE or WORD; `first` is the same for what
    stands right behind the word. `asks` says that it asks a run: it has the COMMON options too.
    """

    word: str
    line: str
    options: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    first: str = ""
    asks: bool = True

    @property
    def free(self) -> tuple[str, ...]:
        """Options whose value nobody can know."""
        return tuple(name for name in self.takes if name not in self.values)


def entries(program: Mapping[str, tuple[str, click.Command]]) -> list[Entry]:
    """The words of `program` (line and command), then all commands and command files of ours."""
    words = Words(folders=Words().folders[:1])
    cards = {card.word: card.line for card in words.cards()}
    found = [_entry(word, line, command, False) for word, (line, command) in program.items()]
    found += [
        _entry(word, cards[word], words[word], getattr(words[word], "asks", True))
        for word in words.modules
    ]
    return found + [Entry(word, cards[word]) for word in words.files]


def _entry(word: str, line: str, command: click.Command, asks: bool) -> Entry:
    kinds = _within(command)
    within = list(kinds.values()) or [command]
    params = [one for each in within for one in each.params]
    options = [one for one in params if isinstance(one, click.Option) and not one.hidden]
    if asks:
        options = [one for one in options if one.opts[0] not in COMMON]
    first = next((_source(one) for one in params if isinstance(one, click.Argument)), "")
    if kinds:
        first = " ".join(sorted(kinds))
    names = [name for one in options for name in one.opts if name.startswith("--")]
    takes = [name for one in options if not one.is_flag for name in one.opts]
    return Entry(
        word,
        line,
        tuple(dict.fromkeys(names)),
        tuple(dict.fromkeys(takes)),
        {name: of for one in options for name in one.opts if (of := _source(one))},
        first,
        asks,
    )


def _within(command: click.Command) -> dict[str, click.Command]:
    """The commands of a group, which may load them only now; none of any other."""
    if not isinstance(command, click.Group):
        return {}
    context = click.Context(command)
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {name: one for name, one in found.items() if one is not None}


def _source(param: click.Parameter) -> str:
    """The values of a parameter: choices, RUN, FILE, WORD, or nothing that could be known."""
    if isinstance(param.type, click.Choice):
        return " ".join(str(one) for one in param.type.choices)
    names = ((param.metavar or "").upper(), (param.name or "").upper())
    return next((name for name in names if name in (RUN, FILE, WORD)), "")
