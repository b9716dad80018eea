"""Completion at the prompt, from words that are known already: it asks nobody anything."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from sanctum.errors import SanctumError, UsageError
from sanctum.shell.line import parse
from sanctum.shell.place import Place
from sanctum.shell.session import ShellSession
from sanctum.shell.settings import SETTINGS

DEADLINE_S = 0.05
_CAPITALS = re.compile("[A-Z]+")


class LineCompleter(Completer):
    """Words, options, choices, and names of the run as the last prompt knew them."""

    def __init__(self, session: ShellSession, place: Place) -> None:
        self._session = session
        self._place = place

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """What the word at the cursor may become; nothing after 50 ms."""
        deadline = time.monotonic() + DEADLINE_S
        before = document.text_before_cursor
        typed = before.split(" ")[-1]
        for one in self.candidates(before):
            if time.monotonic() > deadline:
                return
            if one.startswith(typed):
                yield Completion(one, start_position=-len(typed))

    def candidates(self, before: str) -> list[str]:
        """All that could stand at the end of `before`, sorted as people would look for it."""
        try:
            words = [word.text for word in parse(before).words]
        except UsageError:  # a quote is still open, or a filter begins
            return []
        if "|" in before:
            return []
        if before and not before[-1].isspace():
            words = words[:-1]
        if not words:
            return [*self._session.registry.modules, *self._session.registry.files]
        try:
            word = self._session.registry.resolve(words[0], prefixes=True)
            command = self._session.registry[word]
        except (SanctumError, KeyError):
            return []
        return self._after(command, words[1:], before.split(" ")[-1])

    def _after(self, command: click.Command, words: list[str], typed: str) -> list[str]:
        options = [
            one for one in command.params if isinstance(one, click.Option) and not one.hidden
        ]
        by_name = {name: one for one in options for name in one.opts}
        last = by_name.get(words[-1]) if words else None
        if last is not None and not last.is_flag:
            return self._values(last, typed)
        if typed.startswith("-"):
            return [name for name in by_name if name not in words]
        free = _free(words, by_name)
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        for argument in arguments:
            if argument.nargs == -1 or free == 0:
                return self._values(argument, typed)
            free -= argument.nargs
        return [name for name in by_name if name not in words]

    def _values(self, param: click.Parameter, typed: str) -> list[str]:
        if isinstance(param.type, click.Choice):
            return [str(one) for one in param.type.choices]
        known = self._place.known
        sources: dict[str, Callable[[], Iterable[str]]] = {
            "ENV": lambda: map(str, range(known.envs)),
            "N": lambda: map(str, range(known.envs)),
            "SEED": lambda: (f"{n}.{slot}" for n in range(known.envs) for slot in known.slots),
            "STAGE": lambda: known.stages,
            "TYPE": lambda: known.event_types,
            "METRIC": lambda: known.metrics,
            "COLUMN": lambda: known.metrics,
            "CONDITION": lambda: known.metrics,
            "WORD": self._session.registry.known,
            "RUN": run_ids,
            "FILE": lambda: [*self._session.registry.files, *paths(typed)],
            "NAME": lambda: SETTINGS,
            "WHEN": lambda: moments(known.last_update),
            "ACTION": lambda: known.actions,
            "FEATURE": lambda: (f"{name}=" for name in known.features),
        }
        shown = _CAPITALS.findall(param.metavar or "")
        names = [param.type.name.upper(), *shown, (param.name or "").upper()]
        found = [name for name in names if name in sources]
        # A word that takes several things in any order completes to each of them.
        wanted = [name for name in shown if name in sources] if param.nargs == -1 else found[:1]
        return [one for name in wanted or found[:1] for one in sources[name]()]


def moments(last_update: int | None) -> list[str]:
    """Moments that can be gone to by a name."""
    updates = [] if last_update is None else [f"u{last_update}"]
    return ["live", "find", *updates, "hall:1", "hall:2", "hall:3"]


def run_ids() -> list[str]:
    """Run ids of the record directory by the names of its files; nothing is opened."""
    from sanctum.wire.places import home

    try:
        return sorted(path.stem for path in home().glob("*.json"))
    except OSError:
        return []


def paths(typed: str) -> list[str]:
    """Files whose path begins with `typed`."""
    folder, slash, begun = typed.rpartition("/")
    try:
        found = sorted(Path(f"{folder}{slash}" or ".").expanduser().iterdir())
    except OSError:
        return []
    return [
        f"{folder}{slash}{one.name}" + ("/" if one.is_dir() else "")
        for one in found
        if one.name.startswith(begun)
    ]


def _free(words: list[str], options: dict[str, click.Option]) -> int:
    """How many words are neither options nor their values."""
    count, place = 0, 0
    while place < len(words):
        option = options.get(words[place])
        if option is None:
            count += 1
        elif not option.is_flag:
            place += 1
        place += 1
    return count
