"""HTML: a Document as one file that loads nothing, runs nothing and is read without colour, too."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from html import escape

from sanctum.render import curve, safe
from sanctum.render.chart import in_characters
from sanctum.render.markdown import has_unmeasured
from sanctum.render.sheet import LOUD, Strip, short_unit, shown, strips
from sanctum.view import Block, Chart, Fact, Facts, Report, Series, Table, Text, absence
from sanctum.view.document import Document, Section

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may do for the page: show the pictures within it."""

STYLE = """\
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #8886 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .15rem .7rem .15rem 0; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid #8886; white-space: nowrap }
.right { text-align: right; white-space: nowrap }
.wide { overflow-x: auto; margin: .6rem 0 }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #8886; line-height: 1.2 }
img { max-width: 100%; background: #fff }
ul { padding-left: 1.2rem } .quiet { opacity: .75 }
.warn { color: #9a6700; font-weight: 600 } .crit { color: #c01c28; font-weight: 600 }
@media (prefers-color-scheme: dark) { .warn { color: #e5a50a } .crit { color: #ff7b72 } }
"""

Draw = Callable[[Chart], bytes | None]


def page(document: Document, draw: Draw) -> str:
    """`document` as one HTML file, ending with one newline; charts are what `draw` gives as SVG."""
    title = _text(document.title)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            f"<style>\n{STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>{title}</h1>",
            f"<p>{_text(document.about)}</p>",
            *(line for one in document.sections for line in _section(one, draw)),
            "</body>",
            "</html>",
            "",
        ]
    )


def _section(section: Section, draw: Draw) -> Iterable[str]:
    report = section.report
    yield "<section>"
    yield f"<h2>{_text(section.heading)}</h2>"
    yield from _said(report)
    for block in report.page:
        yield from _block(block, draw)
    notes = [_text(note) for note in report.notes]
    if any(map(has_unmeasured, report.page)):
        notes.insert(0, "<code>-</code> not measured")
    if notes:
        yield f'<ul class="quiet">{"".join(f"<li>{note}</li>" for note in notes)}</ul>'
    yield "</section>"


def _said(report: Report) -> Iterable[str]:
    """The verdict and the headline, the word before the colour."""
    word = LOUD.get(report.verdict or "", "")
    said = ": ".join(part for part in (word, report.headline) if part)
    if said:
        yield f"<p><strong{_class(report.verdict)}>{_text(said)}</strong></p>"


def _block(block: Block, draw: Draw) -> Iterable[str]:
    if isinstance(block, Series):
        named = " ".join(part for part in (block.name, short_unit(block.unit)) if part)
        drawn = curve.spark(block.values, curve.WIDEST, ascii_only=False)
        said = _text(curve.scale(block, ascii_only=False))
        yield f"<p>{_text(named)} <code>{_text(drawn)}</code> {said}</p>"
        return
    if block.title:
        yield f"<h3>{_text(block.title)}</h3>"
    if isinstance(block, Facts):
        yield from _facts(block.facts)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Chart):
        yield _chart(block, draw)
    else:
        yield _verbatim(block)


def _facts(facts: Sequence[Fact]) -> Iterable[str]:
    yield '<div class="wide"><table>'
    for fact in facts:
        value = shown(fact.value, fact.unit, fact.digits, ascii_only=False)
        unit = safe.text(short_unit(fact.unit))
        word = LOUD.get(fact.verdict or "", fact.verdict or "")
        old = ["stale"] if absence(fact.value) == "stale" else []
        old += [f"age {fact.age:,}"] if fact.age else []
        cells = [
            f'<th scope="row">{_text(fact.name)}</th>',
            f"<td{_class(fact.verdict)}>{escape(f'{value} {unit}'.strip())}</td>",
            f"<td{_class(fact.verdict)}>{_text(word)}</td>",
            f'<td class="quiet">{_text("; ".join([*old, fact.note] if fact.note else old))}</td>',
        ]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table></div>"


def _table(block: Table) -> Iterable[str]:
    if not block.items:
        yield f"<p>{_text(block.empty)}</p>"
        return
    columns = strips(block, ascii_only=False)
    yield '<div class="wide"><table>'
    heads = (f'<th scope="col"{_side(one)}>{escape(one.head)}</th>' for one in columns)
    yield f"<tr>{''.join(heads)}</tr>"
    for row in range(len(block.items)):
        yield f"<tr>{''.join(_cell(one, row) for one in columns)}</tr>"
    yield "</table></div>"
    if block.total > block.shown:
        yield f'<p class="quiet">{block.shown:,} of {block.total:,} shown</p>'


def _cell(column: Strip, row: int) -> str:
    verdict = column.verdicts[row]
    classes = [*(["right"] if column.right else []), *([verdict] if verdict in LOUD else [])]
    named = f' class="{" ".join(map(str, classes))}"' if classes else ""
    return f"<td{named}>{escape(column.cells[row].strip(' '))}</td>"


def _side(column: Strip) -> str:
    return ' class="right"' if column.right else ""


def _chart(block: Chart, draw: Draw) -> str:
    """The picture, with its numbers in words for who cannot see it; or the chart in characters."""
    drawn = draw(block)
    if drawn is None:
        return _verbatim(in_characters(block))
    said = "; ".join(curve.scale(_series(block, place), False) for place in range(len(block.lines)))
    names = ", ".join(line.name for line in block.lines)
    data = base64.b64encode(drawn).decode()
    alt = _text(f"{names} by {block.clock}: {said}")
    return f'<p><img alt="{alt}" src="data:image/svg+xml;base64,{data}"></p>'


def _series(block: Chart, place: int) -> Series:
    line = block.lines[place]
    first, last = (line.at[0], line.at[-1]) if line.at else (None, None)
    return Series(line.name, line.values, line.unit, first, last, block.clock)


def _verbatim(block: Text) -> str:
    lines = [line for given in block.lines for line in safe.lines(given)]
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def _class(verdict: str | None) -> str:
    return f' class="{verdict}"' if verdict in LOUD else ""


def _text(given: str) -> str:
    """`given` as text that no browser obeys."""
    return escape(safe.text(given))
