"""The prompt of a capable terminal: history, completion, Ctrl-R; by prompt_toolkit."""

from __future__ import annotations

import os
import sys

from prompt_toolkit import PromptSession
from prompt_toolkit.data_structures import Size
from prompt_toolkit.filters import is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.search import accept_search
from prompt_toolkit.shortcuts import CompleteStyle

from sanctum.shell.completer import LineCompleter
from sanctum.shell.history import CappedHistory
from sanctum.shell.place import Place
from sanctum.shell.session import ShellSession


class Prompt:
    """Reads lines. Cursor position is never asked for: not every link answers."""

    def __init__(self, session: ShellSession, place: Place) -> None:
        output = Vt100_Output(
            sys.stdout,
            get_size=_size,
            term=os.environ.get("TERM"),
            enable_bell=False,
            enable_cpr=False,
        )
        self._session: PromptSession[str] = PromptSession(
            history=CappedHistory(),
            completer=LineCompleter(session, place),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            enable_suspend=True,
            search_ignore_case=True,
            key_bindings=_keys(),
            output=output,
        )

    def read(self, prompt: str) -> str:
        """One line, or several that were pasted. Raises EOFError and KeyboardInterrupt."""
        return self._session.prompt(prompt)


def _keys() -> KeyBindings:
    """Enter in a search runs what was found, as in bash."""
    keys = KeyBindings()

    @keys.add("enter", filter=is_searching)
    def _(event: KeyPressEvent) -> None:
        accept_search()
        event.app.current_buffer.validate_and_handle()

    return keys


def _size() -> Size:
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        columns, rows = 0, 0
    return Size(rows=rows or 24, columns=columns or 80)
