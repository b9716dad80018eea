"""A Document: several answers on one page, for somebody who cannot ask the run."""

from __future__ import annotations

from typing import NamedTuple

from sanctum.view.report import Report


class Section(NamedTuple):
    """An answer under a heading of its own; `report.title` is not shown."""

    heading: str
    report: Report


class Document(NamedTuple):
    """What stands on the page: its title, in a line what it speaks of, its sections."""

    title: str
    about: str
    sections: tuple[Section, ...]
