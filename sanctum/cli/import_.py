"""``sanctum import``: make a record of what another program wrote; one module a kind of files."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from sanctum.errors import UsageError, did_you_mean

KINDS = {
    "esper": ("Esper's events: a JSONL file, or its folder", "import_esper", "esper"),
    "tensorboard": ("a TensorBoard log directory", "import_tensorboard", "tensorboard"),
}
"""Word -> its line of help, its module in this folder, and the name of its command there."""


class _Kinds(click.Group):
    """Loads the module of a kind when it is asked for; listing them loads none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in KINDS:
            return None
        _, module, name = KINDS[cmd_name]
        found: click.Command = getattr(importlib.import_module(f"sanctum.cli.{module}"), name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in KINDS:
            sentence = f"'{args[0]}' is no kind of file to import; there are {' and '.join(KINDS)}"
            is_file = Path(args[0]).exists()
            hint = f"sanctum import esper {args[0]}" if is_file else did_you_mean(args[0], KINDS)
            raise UsageError(sentence, hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Kinds"):
            formatter.write_dl([(word, line) for word, (line, _, _) in KINDS.items()])


@click.command("import", cls=_Kinds, subcommand_metavar="KIND ...", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Make a record of a run that another program recorded, to be asked like any other."""
    if context.invoked_subcommand is None:
        raise UsageError(f"the kind is missing: {' or '.join(KINDS)}", "sanctum import esper FILE")
