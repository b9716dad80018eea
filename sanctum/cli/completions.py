"""``sanctum completions SHELL``: print the completion file that is shipped."""

from __future__ import annotations

from pathlib import Path

import click

FILES = {"bash": "sanctum.bash", "zsh": "_sanctum", "fish": "sanctum.fish"}


@click.command("completions")
@click.argument("shell", type=click.Choice(tuple(FILES)))
def command(shell: str) -> int:
    """Print the completion file for a shell.

    bash: add `source <(sanctum completions bash)` to ~/.bashrc. zsh: write it to a folder of
    $fpath as _sanctum. fish: write it to ~/.config/fish/completions/sanctum.fish.
    """
    folder = Path(__file__).resolve().parents[1] / "completions"
    click.echo((folder / FILES[shell]).read_text(encoding="utf-8"), nl=False)
    return 0
