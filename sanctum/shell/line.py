"""A typed line as words, with what was quoted kept apart from what may have a meaning.

    env 7 | grep nan      a bare | starts a filter: the rest belongs to the system's shell
    echo "it's $1" '$2'   double quotes join words, single quotes also keep $ as it is
    brain  # a remark     a # that begins a word ends the line

`$1`, `${2:-default}`, `$@` and `$#` are replaced only where arguments are given (scripts), and what
they bring is always text: an argument cannot become a filter, a redirect or a second word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sanctum.errors import UsageError

_DOLLAR = re.compile(r"\$(?:(?P<one>[0-9@#$])|\{(?P<braced>[0-9]+|@|#)(?::-(?P<default>[^}]*))?\})")


class Word(NamedTuple):
    """One word; `bare` when nothing in it was quoted, escaped or replaced."""

    text: str
    bare: bool = True


class Line(NamedTuple):
    """The words of a line, and the text of the filter after the first bare ``|``, if any."""

    words: tuple[Word, ...]
    filter: str | None = None


def parse(text: str, arguments: Sequence[str] | None = None) -> Line:
    """`text` as words. Raises UsageError for an open quote or an argument that is missing."""
    return _Reader(text, arguments).line()


class _Reader:
    """One pass over a line, a character at a time."""

    def __init__(self, text: str, arguments: Sequence[str] | None) -> None:
        self.text = text
        self.arguments = arguments
        self.at = 0
        self.words: list[Word] = []
        self.held: list[str] = []
        self.started = False
        self.bare = True

    def line(self) -> Line:
        while self.at < len(self.text):
            one = self.text[self.at]
            if one.isspace():
                self.end_word()
                self.at += 1
            elif one == "#" and not self.started:
                break
            elif one == "|":
                self.end_word()
                return Line(tuple(self.words), self._filter())
            else:
                self._part(one)
        self.end_word()
        return Line(tuple(self.words))

    def end_word(self) -> None:
        if self.started:
            self.words.append(Word("".join(self.held), self.bare))
        self.held, self.started, self.bare = [], False, True

    def _filter(self) -> str:
        rest = self.text[self.at + 1 :].strip()
        if not rest:
            raise UsageError("nothing after |", "a command is expected, as in: events | grep nan")
        if not self.words:
            raise UsageError("nothing before |", "a question is expected, as in: events | grep nan")
        return rest

    def _part(self, one: str) -> None:
        if one == "'":
            end = self.text.find("'", self.at + 1)
            self._quoted(end, one)
            self.held.append(self.text[self.at + 1 : end])
            self.at = end + 1
        elif one == '"':
            self._double()
        elif one == "\\" and self.at + 1 < len(self.text):
            self._keep(self.text[self.at + 1], 2, bare=False)
        elif one == "$" and self.arguments is not None:
            self._dollar(joined=False)
        else:
            self._keep(one, 1)

    def _double(self) -> None:
        start = self.at
        self.started, self.bare = True, False
        self.at += 1
        while self.at < len(self.text):
            one = self.text[self.at]
            if one == '"':
                self.at += 1
                return
            if one == "\\" and self.text[self.at + 1 : self.at + 2] in ('"', "\\", "$"):
                self._keep(self.text[self.at + 1], 2, bare=False)
            elif one == "$" and self.arguments is not None:
                self._dollar(joined=True)
            else:
                self._keep(one, 1)
        self.at = start
        self._quoted(-1, '"')

    def _quoted(self, end: int, quote: str) -> None:
        if end < 0:
            raise UsageError(f"the quote {quote} at column {self.at + 1} is not closed")
        self.started, self.bare = True, False

    def _keep(self, text: str, taken: int, bare: bool = True) -> None:
        self.started = True
        self.bare = self.bare and bare
        self.held.append(text)
        self.at += taken

    def _dollar(self, *, joined: bool) -> None:
        found = _DOLLAR.match(self.text, self.at)
        if found is None:
            raise UsageError(
                f"what {self.text[self.at : self.at + 8]!r} stands for is not known",
                "there are $1, ${2:-default}, $@ and $#; $$ is a dollar",
            )
        name = found["one"] or found["braced"]
        arguments = self.arguments or ()
        if name == "@" and not joined:
            self._spread(arguments)
            self.at = found.end()
            return
        self._keep(self._value(name, found["default"], arguments), len(found[0]), bare=False)

    def _spread(self, arguments: Sequence[str]) -> None:
        for place, argument in enumerate(arguments):
            if place:
                self.end_word()
            self.started, self.bare = True, False
            self.held.append(argument)

    def _value(self, name: str, default: str | None, arguments: Sequence[str]) -> str:
        if name == "$":
            return "$"
        if name == "#":
            return str(len(arguments))
        if name == "@":
            return " ".join(arguments)
        number = int(name)
        if number == 0:
            raise UsageError("$0 is not an argument", "arguments begin at $1")
        if number <= len(arguments):
            return arguments[number - 1]
        if default is not None:
            return default
        given = f"{len(arguments)} given" if arguments else "none given"
        raise UsageError(f"argument ${number} is missing ({given})")
