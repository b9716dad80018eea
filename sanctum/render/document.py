"""A Document as a file: Markdown with its charts in characters, or HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable

from sanctum.errors import UsageError, did_you_mean
from sanctum.render import markdown
from sanctum.view import Chart
from sanctum.view.document import Document

KINDS = ("md", "html")

Draw = Callable[[Chart], bytes | None]


def render(document: Document, kind: str, draw: Draw) -> str:
    """`document` as text of a `kind` (one of KINDS), ending with one newline.

    `draw` gives a chart as an SVG file; where it gives None, and in Markdown, which carries no
    pictures of its own, the chart is drawn in characters. Raises UsageError for any other kind.
    """
    if kind == "md":
        return _markdown(document)
    if kind == "html":
        from sanctum.render import html

        return html.page(document, draw)
    raise UsageError(f"no document can be '{kind}'", did_you_mean(kind, KINDS))


def _markdown(document: Document) -> str:
    parts = [f"# {markdown.cell(document.title, False)}", markdown.inline(document.about, False)]
    for heading, report in document.sections:
        parts.append(f"## {markdown.cell(heading, False)}")
        parts += markdown.body(report, False, drawn=True)
    return "\n\n".join(filter(None, parts)) + "\n"
