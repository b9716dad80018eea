"""Charts as files, through matplotlib, which is loaded when one is drawn and may be missing."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Sequence
from pathlib import Path

from sanctum.errors import SanctumError, UsageError
from sanctum.view.numbers import finite
from sanctum.view.report import Chart, ChartLine

SUFFIXES = (".png", ".svg", ".pdf")


def check(path: Path, *, force: bool) -> None:
    """Refuse a file before anything is asked: an existing one is kept unless `force`."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{path} is no picture that can be drawn", f"its name ends in {', '.join(SUFFIXES)}"
        )
    if path.exists() and not force:
        raise SanctumError(f"{path} exists", "--force writes over it")
    if not path.absolute().parent.is_dir():
        raise SanctumError(f"no such folder: {path.parent}")


def draw(charts: Sequence[Chart], title: str, path: Path) -> None:
    """Draw charts below each other into a file. Raises SanctumError when that cannot be."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SanctumError(
            "a picture needs matplotlib, which is not installed",
            "python -m pip install 'sanctum[plot]', or plot without --out",
        ) from error
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
    aside = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a letter that its font lacks
            figure.savefig(aside, dpi=120)
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise SanctumError(f"cannot write {path}: {error.strerror or error}") from error


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
