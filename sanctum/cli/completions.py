"""``sanctum completions SHELL``: print the completion file that is shipped.

``python -m sanctum.cli.completions`` makes the files anew.
"""

from __future__ import annotations

from pathlib import Path

import click

FILES = {"bash": "sanctum.bash", "zsh": "_sanctum", "fish": "sanctum.fish"}


def folder() -> Path:
    """Where the shipped files are."""
    return Path(__file__).resolve().parents[1] / "completions"


@click.command("completions")
@click.argument("shell", type=click.Choice(tuple(FILES)))
def command(shell: str) -> int:
    """Print the completion file for a shell.

    bash: add `source <(sanctum completions bash)` to ~/.bashrc. zsh: write it to a folder of
    $fpath as _sanctum. fish: write it to ~/.config/fish/completions/sanctum.fish.
    """
    click.echo((folder() / FILES[shell]).read_text(encoding="utf-8"), nl=False)
    return 0


def made() -> dict[str, str]:
    """Each file's name with what it ought to say."""
    from sanctum.cli.program import PROGRAM, command_of
    from sanctum.shell.completion_files import FILES as MADE
    from sanctum.shell.completions import entries

    found = entries({word: (line, command_of(word)) for word, line in PROGRAM.items()})
    return {name: make(found) for name, make in MADE.values()}


if __name__ == "__main__":
    for name, text in made().items():
        (folder() / name).write_text(text, encoding="utf-8")
