"""The registry: which words can be typed, and where they come from.

The folder `sanctum.commands` is the registry: one module per word, imported when first typed, and
command files (``*.sanctum``) beside them and in the user's configuration. Other distributions add
commands through the entry-point group ``sanctum.commands``, looked at only for a word that is not
ours, for help and for completion: finding entry points takes longer than a whole answer.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sanctum.errors import SanctumError, UsageError, nearest
from sanctum.shell.cards import Card, card_of_file, card_of_module

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    import click

PACKAGE = "sanctum.commands"
SUFFIX = ".sanctum"


def shipped_folder() -> Path:
    """The folder of the commands that come with Sanctum."""
    return Path(__file__).resolve().parents[1] / "commands"


def user_folder() -> Path:
    """Where a user's own command files are: ``$XDG_CONFIG_HOME/sanctum/commands``."""
    given = os.environ.get("XDG_CONFIG_HOME")
    config = Path(given) if given else Path.home() / ".config"
    return config / "sanctum" / "commands"


class Words(Mapping[str, "click.Command"]):
    """Every command by its word; looking one up imports it, naming them does not.

    Iterating gives our own words first and then those of other distributions. `also` are words
    that are no commands but may have been meant: the program's.
    """

    def __init__(
        self,
        folders: Sequence[Path] | None = None,
        package: str = PACKAGE,
        also: Sequence[str] = (),
    ) -> None:
        self.folders = tuple(folders) if folders is not None else (shipped_folder(), user_folder())
        self.package = package
        self.also = tuple(also)
        self._loaded: dict[str, click.Command] = {}

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Our own words and the files of their modules; nothing is imported."""
        return {
            path.stem.replace("_", "-"): path
            for path in sorted(self.folders[0].glob("*.py"))
            if not path.stem.startswith("_")
        }

    @cached_property
    def files(self) -> dict[str, Path]:
        """Command files by name; a name that is taken already is refused (see `refused`)."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                if path.stem not in self.modules and path.stem not in found:
                    found[path.stem] = path
        return found

    @cached_property
    def refused(self) -> tuple[str, ...]:
        """A sentence for each command file whose name is taken."""
        return tuple(
            f"{path} is not used: there is a command '{path.stem}' already"
            for folder in self.folders
            for path in sorted(folder.glob(f"*{SUFFIX}"))
            if self.files.get(path.stem) != path
        )

    @cached_property
    def others(self) -> dict[str, EntryPoint]:
        """Commands of other distributions; our own words cannot be taken over."""
        from importlib.metadata import entry_points

        return {
            one.name: one
            for one in entry_points(group=self.package)
            if one.name not in self.modules and one.name not in self.files
        }

    def __getitem__(self, word: str) -> click.Command:
        if word not in self._loaded:
            self._loaded[word] = self._load(word)
        return self._loaded[word]

    def __iter__(self) -> Iterator[str]:
        yield from self.modules
        yield from self.others

    def __len__(self) -> int:
        return len(self.modules) + len(self.others)

    def known(self) -> list[str]:
        """Every word that can be typed: commands, command files, commands of others."""
        return [*self.modules, *self.files, *self.others]

    def resolve(self, word: str, *, prefixes: bool = False) -> str:
        """The full word for what was typed; with `prefixes`, a unique beginning is enough.

        Raises UsageError, naming the nearest words.
        """
        if word not in self.modules and word not in self.files:
            self._look_again()
        if word in self.modules or word in self.files:
            return word
        if prefixes:
            begun = [one for one in (*self.modules, *self.files) if one.startswith(word)]
            if len(begun) == 1:
                return begun[0]
            if begun:
                raise UsageError(f"'{word}' begins several words: {', '.join(begun)}")
        if word in self.others:
            return word
        near = nearest(word, [*self.known(), *self.also])
        hint = f"did you mean {' or '.join(near)}?" if near else "help lists the words there are"
        raise UsageError(f"there is no command '{word}'", hint)

    def cards(self) -> list[Card]:
        """One line about every command and command file of ours, without importing any."""
        commands = [card_of_module(word, path) for word, path in self.modules.items()]
        return commands + [card_of_file(word, path) for word, path in self.files.items()]

    def _look_again(self) -> None:
        """Forget the listings: a file dropped into a folder is a word at once."""
        for listing in ("modules", "files", "refused"):
            self.__dict__.pop(listing, None)

    def _load(self, word: str) -> click.Command:
        if word in self.modules:
            source = f"{self.package}.{self.modules[word].stem}"
        elif word in self.others:
            source = self.others[word].value
        else:
            raise KeyError(word)
        import click

        module, _, attribute = source.partition(":")
        try:
            command = getattr(importlib.import_module(module), attribute or "command")
        except Exception as error:  # somebody's module: whatever it raises breaks that word only
            raise SanctumError(
                f"the command '{word}' cannot be loaded: {type(error).__name__}: {error}",
                f"its module is {module}",
            ) from error
        if not isinstance(command, click.Command) or command.name != word:
            name = getattr(command, "name", None)
            raise SanctumError(
                f"the command '{word}' cannot be used: {module} makes '{name}'",
                "a module's name is its command's word",
            )
        return command
