"""A Report: what a command returns. Raw values, units and verdicts; no widths, no colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sanctum.model.answers import At, Verdict
from sanctum.view.values import Value


@dataclass(frozen=True, slots=True)
class Fact:
    """One named value. `note` is a few words beside it: a threshold, a reason."""

    name: str
    value: Value
    unit: str = ""
    verdict: Verdict | None = None
    age_steps: int | None = None
    note: str = ""
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Named values, one a row."""

    facts: tuple[Fact, ...]
    title: str = ""

    def __init__(self, facts: Iterable[Fact], title: str = "") -> None:
        object.__setattr__(self, "facts", tuple(facts))
        object.__setattr__(self, "title", title)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, how to get the value from an item, its unit.

    `priority` 0 stays on the narrowest screen, higher ones give way first. `digits` are decimals.
    `verdict` maps an item to ok, warn or crit. `flex` marks free text that may be cut.
    """

    name: str
    get: Callable[[Any], Value]
    unit: str = ""
    priority: int = 1
    digits: int | None = None
    verdict: Callable[[Any], Verdict | None] | None = None
    align: Literal["left", "right", "auto"] = "auto"
    flex: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of items under columns. `total` is how many there were before a limit.

    `detail` are further columns for programs: in JSON and CSV, never on a screen.
    """

    columns: tuple[Column, ...]
    items: tuple[Any, ...]
    title: str = ""
    empty: str = "nothing"
    total: int | None = None
    detail: tuple[Column, ...] = ()

    def __init__(
        self,
        columns: Sequence[Column],
        items: Sequence[Any],
        *,
        title: str = "",
        empty: str = "nothing",
        total: int | None = None,
        detail: Sequence[Column] = (),
    ) -> None:
        object.__setattr__(self, "columns", tuple(columns))
        object.__setattr__(self, "detail", tuple(detail))
        object.__setattr__(self, "items", tuple(items))
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "empty", empty)
        object.__setattr__(self, "total", len(items) if total is None else total)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The columns of a screen, then those for programs."""
        return (*self.columns, *self.detail)

    @property
    def shown(self) -> int:
        """How many rows are in it."""
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Series:
    """A curve drawn small: its values in order, and what they are."""

    name: str
    values: tuple[Value, ...]
    unit: str = ""
    first: int | None = None
    last: int | None = None
    clock: str = "step"


@dataclass(frozen=True, slots=True)
class Text:
    """Free lines: help, a traceback."""

    lines: tuple[str, ...]
    title: str = ""

    def __init__(self, lines: Iterable[str] | str, title: str = "") -> None:
        given = lines.split("\n") if isinstance(lines, str) else lines
        object.__setattr__(self, "lines", tuple(given))
        object.__setattr__(self, "title", title)


Block = Facts | Table | Series | Text


@dataclass(frozen=True, slots=True)
class Report:
    """An answer to one question.

    `headline` is the most important thing in one line, shown before the blocks. `notes` come after:
    what was left out, where the reading is weak. `next` is the command to type next.
    """

    title: str
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()
    headline: str = ""
    at: At | None = None
    run: str | None = None
    next: str = ""
    verdict: Verdict | None = None
    exit_code: int = 0
    command: str = ""

    def __init__(
        self,
        title: str,
        *blocks: Block,
        notes: Iterable[str] = (),
        headline: str = "",
        at: At | None = None,
        run: str | None = None,
        next: str = "",
        verdict: Verdict | None = None,
        exit_code: int = 0,
        command: str = "",
    ) -> None:
        for name, value in (
            ("title", title),
            ("blocks", blocks),
            ("notes", tuple(notes)),
            ("headline", headline),
            ("at", at),
            ("run", run),
            ("next", next),
            ("verdict", verdict),
            ("exit_code", exit_code),
            ("command", command),
        ):
            object.__setattr__(self, name, value)
