"""Reports to text: Rich tables, plain text, JSON, CSV, Markdown; Rich is loaded for tables only."""

from __future__ import annotations

from sanctum.errors import UsageError, did_you_mean
from sanctum.render.screen import Screen, default_format
from sanctum.view import Report

__all__ = ["FORMATS", "Screen", "default_format", "render"]

FORMATS = ("table", "plain", "json", "csv", "md")


def render(report: Report, format: str, screen: Screen) -> str:
    """`report` as text in `format` (one of FORMATS) for `screen`, ending with one newline.

    Raises UsageError for any other format.
    """
    if format == "json":
        from sanctum.render import jsonl

        return jsonl.render(report)
    if format == "csv":
        from sanctum.render import separated

        return separated.render(report, screen)
    if format == "md":
        from sanctum.render import markdown

        return markdown.render(report, screen)
    if format == "plain":
        from sanctum.render import plain

        return plain.render(report, screen)
    if format == "table":
        from sanctum.render import table

        return table.render(report, screen)
    raise UsageError(f"no format '{format}'", did_you_mean(format, FORMATS))
