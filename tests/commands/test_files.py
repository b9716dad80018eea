"""The command files that ship: every line is a command as it may be typed."""

from __future__ import annotations

import importlib
import math
import shlex
from pathlib import Path

import click
import pytest

from sanctum.model.conditions import parse as parse_condition
from sanctum.model.conditions import truth
from sanctum.shell.line import parse as parse_line

COMMANDS = Path(__file__).parents[2] / "commands"
FILES = ("triage", "overnight")


def lines(name: str) -> list[str]:
    text = (COMMANDS / f"{name}.sanctum").read_text()
    return [line.strip() for line in text.splitlines()]


def typed(name: str) -> list[list[str]]:
    words = [[word.text for word in parse_line(one.lstrip("- "), []).words] for one in lines(name)]
    return [one for one in words if one]


@pytest.mark.parametrize("name", FILES)
def test_the_first_line_says_in_one_line_what_the_file_is_for(name: str) -> None:
    assert lines(name)[0].startswith("# ")


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_a_command_that_understands_its_words(name: str) -> None:
    for word, *rest in typed(name):
        command: click.Command = importlib.import_module(f"sanctum.commands.{word}").command
        command.make_context(word, rest)


def test_triage_goes_on_where_one_answer_is_missing() -> None:
    for line in lines("triage"):
        assert not line or line.startswith(("#", "-", "echo"))


def test_overnight_asks_conditions_that_can_be_understood() -> None:
    conditions = [rest for word, *rest in typed("overnight") if word == "expect"]
    assert len(conditions) == 7
    for condition in conditions:
        parse_condition(" ".join(condition))


@pytest.mark.parametrize(
    ("loss", "holds"), [(None, True), (0.1, True), (math.nan, False), (math.inf, False)]
)
def test_a_loss_may_be_unsaid_but_not_broken(loss: float | None, holds: bool) -> None:
    conditions = [" ".join(rest) for word, *rest in typed("overnight") if "_loss" in "".join(rest)]
    assert len(conditions) == 2
    for condition in conditions:
        assert truth(parse_condition(condition), lambda name, back: loss) is holds


def test_thresholds_of_overnight_are_its_arguments() -> None:
    text = [line for line in lines("overnight") if "${1" in line]
    words = [word.text for word in parse_line(text[0], ["0.25"]).words]
    assert shlex.join(words) == "expect 'entropy is absent or not (entropy < 0.25 for 3)'"
