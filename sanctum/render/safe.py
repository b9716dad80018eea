"""Text hygiene: what a trainer wrote never reaches a terminal as an escape, and widths in cells."""

from __future__ import annotations

import unicodedata

MARK = "~"
"""What stands where text was cut."""

_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def text(given: str, ascii_only: bool = False) -> str:
    """`given` on one line with everything that does not print shown escaped (``\\x1b``).

    That is controls, bidirectional and invisible marks, lone surrogates, unassigned code points and
    variation selectors; also all that is not ASCII when `ascii_only`.
    """
    if given.isascii() and given.isprintable():
        return given
    return "".join(_shown(character, ascii_only) for character in given)


def lines(given: str, ascii_only: bool = False) -> list[str]:
    """`given` line by line, tabs widened, each line as `text` gives it."""
    broken = given.replace("\r\n", "\n").split("\n")
    return [text(line.expandtabs(8), ascii_only) for line in broken]


def _shown(character: str, ascii_only: bool) -> str:
    if character.isascii():
        return character if character.isprintable() else _escaped(character)
    if ascii_only or unicodedata.category(character) in _UNSHOWN or _selects(character):
        return _escaped(character)
    return character


def _selects(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(shown: str) -> int:
    """How many terminal cells `shown` takes; it has gone through `text`."""
    if shown.isascii():
        return len(shown)
    return sum(map(_cells, shown))


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def pad(shown: str, cells: int, right: bool = False) -> str:
    """`shown` filled with spaces to `cells`, against the right edge if `right`."""
    spaces = " " * (cells - width(shown))
    return spaces + shown if right else shown + spaces


def cut(shown: str, cells: int) -> str:
    """`shown` in at most `cells`, with a mark at its end where something went."""
    if width(shown) <= cells:
        return shown
    return _head(shown, cells - 1) + MARK if cells > 0 else ""


def _head(shown: str, cells: int) -> str:
    if shown.isascii():
        return shown[: max(cells, 0)]
    used = 0
    for at, character in enumerate(shown):
        used += _cells(character)
        if used > cells:
            return shown[:at]
    return shown


def fold(shown: str, cells: int, rest: int | None = None) -> list[str]:
    """`shown` in lines of at most `cells` (the later ones `rest`), broken at spaces if it can be.

    Only the spaces at a break go. At least two cells, so that a wide character has room.
    """
    room = max(cells, 2)
    folded = []
    while width(shown) > room:
        head = _head(shown, room)
        space = head.rfind(" ") if shown[len(head)] != " " else len(head)
        if space > 0 and head[:space].strip():
            folded.append(shown[:space].rstrip())
            shown = shown[space:].lstrip()
        else:
            folded.append(head)
            shown = shown[len(head) :]
        room = max(cells if rest is None else rest, 2)
    if shown or not folded:
        folded.append(shown)
    return folded
