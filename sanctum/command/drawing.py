"""Charts as files, through matplotlib, which is loaded when one is drawn and may be missing."""

from __future__ import annotations

import importlib.util
import io
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sanctum.command import files
from sanctum.errors import SanctumError
from sanctum.view.numbers import finite
from sanctum.view.report import Chart, ChartLine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")


INSTALL = "python -m pip install 'sanctum[plot]'"


def check(path: Path, *, force: bool) -> None:
    """Refuse a file before anything is asked: an existing one is kept unless `force`."""
    files.check(path, SUFFIXES, "picture that can be drawn", force=force)


def is_there() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(charts: Sequence[Chart], title: str, path: Path) -> None:
    """Draw charts below each other into a file. Raises SanctumError when that cannot be."""
    try:
        figure = _figure(charts, title)
    except ImportError as error:
        raise SanctumError(
            "a picture needs matplotlib, which is not installed",
            f"{INSTALL}, or plot without --out",
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that its font lacks
        files.put(path, lambda aside: figure.savefig(aside, dpi=120))


def picture(chart: Chart) -> bytes | None:
    """One chart as an SVG file, the same bytes each time; None without matplotlib."""
    try:
        figure = _figure([chart], chart.title)
    except ImportError:
        return None
    from matplotlib import rc_context

    drawn = io.BytesIO()
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": "sanctum"}):
        warnings.simplefilter("ignore")  # a letter that its font lacks
        unsaid = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(drawn, format="svg", metadata=unsaid)
    return drawn.getvalue()


def _figure(charts: Sequence[Chart], title: str) -> Figure:
    """Charts below each other, a panel for each unit. Raises ImportError."""
    from matplotlib.figure import Figure

    panels = [(chart, lines) for chart in charts for lines in _by_unit(chart)]
    figure = Figure(figsize=(9, 2.4 * len(panels) + 1), layout="constrained")
    figure.suptitle(_plain(title))
    for place, (chart, lines) in enumerate(panels):
        axes = figure.add_subplot(len(panels), 1, place + 1)
        for line in lines:
            (drawn,) = axes.plot(
                line.at, _numbers(line.values), label=_plain(line.name), linewidth=1.2
            )
            if line.low and line.high:
                ends = _numbers(line.low), _numbers(line.high)
                axes.fill_between(line.at, *ends, alpha=0.2, color=drawn.get_color(), linewidth=0)
        for mark in chart.marks:
            axes.axvline(mark.at, color="grey", linewidth=0.8, linestyle=":")
            axes.annotate(
                _plain(mark.text),
                (mark.at, 1),
                xycoords=("data", "axes fraction"),
                fontsize=7,
                rotation=90,
            )
        axes.set_xlabel(_plain(chart.clock))
        axes.set_ylabel(_plain(lines[0].unit))
        axes.legend(loc="best", fontsize=8)
    return figure


def _plain(text: str) -> str:
    """Text that matplotlib draws as it is, rather than as a formula."""
    return text.replace("$", r"\$")


def _by_unit(chart: Chart) -> list[list[ChartLine]]:
    units: dict[str, list[ChartLine]] = {}
    for line in chart.lines:
        units.setdefault(line.unit or line.name, []).append(line)
    return list(units.values())


def _numbers(values: Sequence[object]) -> list[float]:
    """Numbers as matplotlib has them: nan where a gap is."""
    found = [finite(one) for one in values]  # type: ignore[arg-type]
    return [math.nan if one is None else float(one) for one in found]
