import subprocess
import sys

import pytest

from sanctum.cli.program import PROGRAM
from sanctum.command import GROUPS, InspectCommand
from sanctum.shell.words import Words

WORDS = Words()


@pytest.mark.parametrize("word", list(WORDS.modules))
def test_every_module_is_a_command_of_its_word_with_help_and_examples(word):
    command = WORDS[word]
    assert isinstance(command, InspectCommand)
    assert command.group_name in GROUPS
    assert command.help
    assert command.examples
    assert all(example.split()[0] == word for example in command.examples)


def test_cards_say_what_the_commands_say():
    for card in WORDS.cards():
        if card.group != "files":
            command = WORDS[card.word]
            assert card.group == command.group_name, card.word
            first = command.help.strip().splitlines()[0].rstrip(".")
            assert card.line == first, card.word


def test_no_command_takes_a_word_of_the_program():
    assert not set(PROGRAM) & set(WORDS.known())


def test_a_command_file_cannot_take_a_command_s_name(tmp_path):
    (tmp_path / "brain.sanctum").write_text("env 7\n")
    (tmp_path / "mine.sanctum").write_text("env 7\n")
    words = Words((WORDS.folders[0], tmp_path))
    assert "mine" in words.files
    assert "brain" not in words.files
    assert "brain.sanctum is not used" in words.refused[0]


def test_hyphens_in_words_are_underscores_in_files(tmp_path):
    (tmp_path / "what_if.py").write_text("")
    assert list(Words((tmp_path,)).modules) == ["what-if"]


def test_listing_words_imports_no_command():
    code = (
        "import sys; from sanctum.shell.words import Words; Words().known(); Words().cards();"
        "print([name for name in sys.modules if name.startswith('sanctum.commands.')])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
