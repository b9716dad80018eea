import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanctum.errors import UsageError
from sanctum.shell.line import parse


def texts(line, arguments=None):
    return [word.text for word in parse(line, arguments).words]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("   ", []),
        ("env 7", ["env", "7"]),
        ("  env\t7  ", ["env", "7"]),
        ("echo 'a  b' c", ["echo", "a  b", "c"]),
        ('echo "it\'s" a\\ b', ["echo", "it's", "a b"]),
        ('echo ""', ["echo", ""]),
        ("brain # how is it", ["brain"]),
        ("# nothing", []),
        ("echo a#b", ["echo", "a#b"]),
        ('echo "a \\" b"', ["echo", 'a " b']),
        ("echo $1 $HOME", ["echo", "$1", "$HOME"]),
    ],
)
def test_a_line_is_words(line, words):
    assert texts(line) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("env $1", ["env", "7"]),
        ("env ${1}", ["env", "7"]),
        ("echo ${3:-none} ${2:-x}", ["echo", "none", "a b"]),
        ("echo ${3:-}", ["echo", ""]),
        ("echo $2", ["echo", "a b"]),
        ("echo $@", ["echo", "7", "a b"]),
        ('echo "$@"', ["echo", "7 a b"]),
        ("echo x$#y", ["echo", "x2y"]),
        ("echo $$1 '$1' \"\\$1\"", ["echo", "$1", "$1", "$1"]),
        ('expect "entropy > ${3:-0.3}"', ["expect", "entropy > 0.3"]),
    ],
)
def test_arguments_are_put_in(line, words):
    assert texts(line, ["7", "a b"]) == words


def test_an_argument_cannot_become_syntax():
    line = parse("echo $1", ["x | rm -rf y # z > f"])
    assert [word.text for word in line.words] == ["echo", "x | rm -rf y # z > f"]
    assert line.filter is None
    assert not line.words[1].bare


@pytest.mark.parametrize("line", ["env $3", "echo ${9}", "echo $0", "echo $HOME", "echo $"])
def test_an_argument_that_is_not_there_is_refused(line):
    with pytest.raises(UsageError):
        parse(line, ["7", "8"])


@pytest.mark.parametrize("line", ["echo 'a", 'echo "a', "| grep x", "events |", "events |  "])
def test_an_open_quote_or_half_a_filter_is_refused(line):
    with pytest.raises(UsageError):
        parse(line)


@pytest.mark.parametrize("line", ["events | grep 'a b' | head", "events|grep 'a b' | head"])
def test_a_filter_keeps_its_text(line):
    assert parse(line).filter == "grep 'a b' | head"
    assert [word.text for word in parse(line).words] == ["events"]


def test_a_quoted_bar_is_no_filter():
    assert parse("echo 'a | b'").filter is None


@given(st.text(), st.one_of(st.none(), st.lists(st.text())))
def test_any_text_is_words_or_a_usage_error(text, arguments):
    with contextlib.suppress(UsageError):
        parse(text, arguments)


@given(st.lists(st.text()))
def test_all_arguments_arrive_as_they_were_given(arguments):
    assert texts("echo $@", arguments)[1:] == arguments
