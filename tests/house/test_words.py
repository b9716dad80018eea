"""Every word that can be typed has help, an example and a row in the README."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from sanctum.command import InspectCommand
from tests.house.rooms import ROOT

MODULES = sorted(
    path.stem for path in (ROOT / "commands").glob("*.py") if not path.stem.startswith("_")
)
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("word", MODULES)
def test_a_word_has_help_and_an_example_and_a_row_in_the_readme(word: str) -> None:
    command = importlib.import_module(f"sanctum.commands.{word}").command
    assert isinstance(command, InspectCommand)
    assert command.help, "no help"
    assert command.examples, "no example"
    assert f"| `{command.name}" in README


@pytest.mark.parametrize("word", MODULES)
def test_a_command_prints_nothing_itself(word: str) -> None:
    tree = ast.parse((ROOT / "commands" / f"{word}.py").read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "print" not in names


def test_command_files_say_what_they_are_for() -> None:
    files = list((ROOT / "commands").glob("*.sanctum"))
    assert {path.stem for path in files} >= {"triage", "overnight"}
    assert [path.name for path in files if not path.read_text().startswith("# ")] == []


def test_the_readme_begins_with_a_transcript_then_the_two_commands() -> None:
    text = Path(ROOT / "README.md").read_text()
    first = text.index("```")
    install = text.index("python -m pip install -e '.[train]' && sanctum demo")
    test = text.index("python -m pip install -e '.[test]' && python -m pytest")
    assert first < install < test
