"""What a terminal can do, decided here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

NARROWEST = 20
"""Columns below which a screen is taken for this wide."""

_WIDTH, _HEIGHT = 80, 24
_ESCAPELESS = frozenset({"", "dumb", "unknown", "emacs", "network", "dialup", "plugboard"})
_COMMON = ("xterm", "screen", "tmux", "vt", "linux", "rxvt", "ansi", "cygwin", "putty", "konsole")
_DATABASES = (
    "/etc/terminfo",
    "/lib/terminfo",
    "/usr/share/terminfo",
    "/usr/lib/terminfo",
    "/usr/share/lib/terminfo",
    "/usr/local/share/terminfo",
)


@dataclass(frozen=True, slots=True)
class Screen:
    """What the output can show.

    `escapes` says that it understands terminal escapes at all, `color` and `bold` that we may use
    them, `interactive` that a person sits before it: without, plain text is as wide as it needs.
    """

    width: int = _WIDTH
    height: int = _HEIGHT
    encoding_ascii: bool = False
    color: bool = False
    bold: bool = False
    escapes: bool = False
    interactive: bool = False

    @classmethod
    def of(
        cls,
        stream: Any,
        environ: Mapping[str, str],
        *,
        plain: bool = False,
        width: int | None = None,
    ) -> Screen:
        """The screen behind `stream`.

        Only `isatty` makes a terminal: FORCE_COLOR does not. TERM and a locale that is C by name
        decide about escapes, NO_COLOR about colour and bold; the stream's encoding, the locale and
        SANCTUM_ASCII about characters; COLUMNS and LINES, before the terminal itself, about the
        size. `plain` means no escapes.
        """
        interactive = _is_terminal(stream)
        term = environ.get("TERM", "")
        escapes = interactive and not plain and _is_known(term, environ) and not _is_c(environ)
        dressed = escapes and not environ.get("NO_COLOR")
        columns, rows = _size(stream, interactive)
        return cls(
            width=max(width or _count(environ, "COLUMNS") or columns, NARROWEST),
            height=_count(environ, "LINES") or rows,
            encoding_ascii=_is_ascii(stream, environ),
            color=dressed and not term.startswith("vt"),
            bold=dressed,
            escapes=escapes,
            interactive=interactive,
        )


def default_format(screen: Screen) -> Literal["table", "plain"]:
    """How an answer is shown when nobody said: tables on a capable terminal, else plain text."""
    return "table" if screen.interactive and screen.escapes else "plain"


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # not a file, or closed
        return False


def _is_known(term: str, environ: Mapping[str, str]) -> bool:
    """Whether `term` names a terminal that takes escapes.

    Common names are known without asking: machines exist that lack their entry. For others the
    terminfo directories say.
    """
    if term in _ESCAPELESS or "/" in term or "\0" in term:
        return False
    if term.startswith(_COMMON):
        return True
    places = (f"{ord(term[0]):x}", term[0])
    return any(
        Path(database, place, term).exists() for database in _databases(environ) for place in places
    )


def _databases(environ: Mapping[str, str]) -> list[str]:
    own = [environ.get("TERMINFO", ""), *environ.get("TERMINFO_DIRS", "").split(":")]
    home = environ.get("HOME")
    if home:
        own.append(f"{home}/.terminfo")
    return [place for place in own if place] + list(_DATABASES)


def _is_ascii(stream: Any, environ: Mapping[str, str]) -> bool:
    """Whether only ASCII can be shown. Without a locale, the stream is believed."""
    if environ.get("SANCTUM_ASCII"):
        return True
    encoding = str(getattr(stream, "encoding", None) or "utf-8").lower()
    if not encoding.startswith(("utf", "cp65001", "gb18030")):
        return True
    return _is_c(environ)


def _is_c(environ: Mapping[str, str]) -> bool:
    """Whether the locale is C by name.

    Python turns the C locale into UTF-8 for itself, so its stream says UTF-8 where the terminal
    cannot.
    """
    said = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if said == environ.get("LC_CTYPE") == "C.UTF-8" and not environ.get("LC_ALL"):
        said = environ.get("LANG") or said  # Python set LC_CTYPE, and LANG is what the user said
    return said in ("C", "POSIX")


def _size(stream: Any, interactive: bool) -> tuple[int, int]:
    if interactive:
        try:
            columns, rows = os.get_terminal_size(stream.fileno())
        except (AttributeError, ValueError, OSError):
            columns, rows = 0, 0
        return columns or _WIDTH, rows or _HEIGHT
    return _WIDTH, _HEIGHT


def _count(environ: Mapping[str, str], name: str) -> int:
    said = environ.get(name, "")
    return int(said) if said.isdecimal() and len(said) < 6 else 0
