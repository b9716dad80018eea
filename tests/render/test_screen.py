from __future__ import annotations

import io
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from sanctum.render import Screen, default_format

UTF8 = {"LANG": "en_US.UTF-8"}
XTERM = {"TERM": "xterm-256color", **UTF8}


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class AsciiTerminal(Terminal):
    encoding = "ascii"


def test_a_terminal_gets_tables_in_colour() -> None:
    screen = Screen.of(Terminal(), XTERM)
    assert screen == Screen(80, 24, False, True, True, True, True)
    assert default_format(screen) == "table"


@pytest.mark.parametrize("term", ["dumb", "", "unknown", "no-such-terminal", "../xterm"])
def test_a_terminal_without_escapes_gets_plain_text(term: str) -> None:
    screen = Screen.of(Terminal(), {**XTERM, "TERM": term, "FORCE_COLOR": "1"})
    assert (screen.escapes, screen.color, screen.bold) == (False, False, False)
    assert screen.interactive
    assert default_format(screen) == "plain"


def test_no_term_at_all_is_a_dumb_terminal() -> None:
    assert not Screen.of(Terminal(), UTF8).escapes


@pytest.mark.parametrize("term", ["xterm", "screen.xterm-256color", "tmux-256color", "linux"])
def test_common_terminals_are_known_without_a_database(term: str) -> None:
    assert Screen.of(Terminal(), {"TERM": term, **UTF8}).escapes


def test_a_terminal_is_known_by_its_entry(tmp_path: Path) -> None:
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "qterm").touch()
    environ = {"TERM": "qterm", **UTF8}
    assert not Screen.of(Terminal(), environ).escapes
    assert Screen.of(Terminal(), {**environ, "TERMINFO": str(tmp_path)}).escapes


def test_a_vt100_has_bold_and_no_colour() -> None:
    screen = Screen.of(Terminal(), {"TERM": "vt100", **UTF8})
    assert (screen.color, screen.bold) == (False, True)


def test_force_color_does_not_make_a_pipe_a_terminal() -> None:
    screen = Screen.of(io.StringIO(), {**XTERM, "FORCE_COLOR": "1", "COLUMNS": "200"})
    assert (screen.interactive, screen.escapes, screen.color) == (False, False, False)
    assert default_format(screen) == "plain"


def test_no_color_leaves_a_table_without_colour_or_bold() -> None:
    screen = Screen.of(Terminal(), {**XTERM, "NO_COLOR": "1"})
    assert (screen.escapes, screen.color, screen.bold) == (True, False, False)
    assert default_format(screen) == "table"


def test_plain_means_no_escapes_on_any_terminal() -> None:
    screen = Screen.of(Terminal(), XTERM, plain=True)
    assert (screen.escapes, screen.interactive) == (False, True)
    assert default_format(screen) == "plain"


@pytest.mark.parametrize(
    "said",
    [
        {"LANG": "C"},
        {"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"},
        {"LANG": "C", "LC_CTYPE": "C.UTF-8"},
        {"LANG": "en_US.UTF-8", "SANCTUM_ASCII": "1"},
    ],
)
def test_a_c_locale_gets_ascii_even_where_python_says_utf8(said: dict[str, str]) -> None:
    assert Screen.of(Terminal(), said).encoding_ascii


def test_a_c_locale_gets_no_escapes() -> None:
    screen = Screen.of(Terminal(), {**XTERM, "LANG": "C"})
    assert (screen.escapes, screen.color, screen.bold) == (False, False, False)
    assert default_format(screen) == "plain"


@pytest.mark.parametrize("said", [{}, UTF8, {"LC_CTYPE": "C.UTF-8"}, {"LC_ALL": "C.UTF-8"}])
def test_other_locales_get_what_their_stream_can_encode(said: dict[str, str]) -> None:
    assert not Screen.of(Terminal(), said).encoding_ascii
    assert Screen.of(AsciiTerminal(), said).encoding_ascii


def test_the_width_is_the_asked_one_then_columns_then_80() -> None:
    assert Screen.of(Terminal(), {**XTERM, "COLUMNS": "120"}, width=60).width == 60
    assert Screen.of(Terminal(), {**XTERM, "COLUMNS": "120", "LINES": "40"}).width == 120
    assert Screen.of(Terminal(), {**XTERM, "COLUMNS": "wide"}).width == 80
    assert Screen.of(Terminal(), XTERM, width=3).width == 20


def test_a_closed_stream_is_not_a_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert not Screen.of(stream, XTERM).interactive


@pytest.fixture
def terminal() -> Iterator[tuple[int, io.TextIOWrapper]]:
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        yield leader, stream
    os.close(leader)


def test_a_real_terminal_says_its_size(terminal: tuple[int, io.TextIOWrapper]) -> None:
    import fcntl
    import struct
    import termios

    leader, stream = terminal
    assert Screen.of(stream, XTERM).width == 80  # a pty begins with no size at all
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    screen = Screen.of(stream, XTERM)
    assert (screen.width, screen.height) == (120, 40)
