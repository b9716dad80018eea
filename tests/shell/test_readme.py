import re
import textwrap
from pathlib import Path

from sanctum.shell.words import Words, shipped_folder

README = shipped_folder() / "README.md"


def block(start):
    """The code block of the README that begins so."""
    found = re.search(rf"```{start}.*?```", README.read_text(), re.DOTALL)
    return found[0].removesuffix("```").split("\n", 1)[1]


def test_the_command_of_the_readme_works_as_written(desk, tmp_path, monkeypatch):
    code = block("python\n")
    package = tmp_path / "readme_commands"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "worst.py").write_text(textwrap.dedent(code))
    monkeypatch.syspath_prepend(str(tmp_path))
    desk.session.registry = Words((package,), package="readme_commands")
    assert desk.type("worst -n 3") == 0
    assert "worst environments" in desk.said()
    (card,) = desk.session.registry.cards()
    assert card.line == "Show the environments with the lowest accuracy"


def test_the_command_file_of_the_readme_works_as_written(desk):
    text = block("\n# Is")
    desk.run.entropy = 50.0
    Path(desk.folder / "learning.sanctum").write_text(text)
    assert desk.type("learning 7") == 0, desk.complained()
    assert "condition_check accuracy > 40" in desk.run.asked
