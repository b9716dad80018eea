"""A Report: what a command returns. Raw values, units and verdicts; no widths, no colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from sanctum.model.answers import At, Verdict
from sanctum.view.values import Value, age_steps


class Fact(NamedTuple):
    """One named value. `note` is a few words beside it: a threshold, a reason."""

    name: str
    value: Value
    unit: str = ""
    verdict: Verdict | None = None
    age_steps: int | None = None
    note: str = ""
    digits: int | None = None

    @property
    def age(self) -> int | None:
        """Its age in vector steps: as given, else that of its reading."""
        return age_steps(self.value) if self.age_steps is None else self.age_steps


class Facts:
    """Named values, one a row."""

    __slots__ = ("facts", "title")

    def __init__(self, facts: Iterable[Fact], title: str = "") -> None:
        self.facts = tuple(facts)
        self.title = title


class Column(NamedTuple):
    """One column: its name, how to get the value from an item, its unit.

    `priority` 0 stays on the narrowest screen, higher ones give way first. `digits` are decimals.
    `verdict` maps an item to ok, warn or crit. `flex` marks free text that may be cut, to `least`
    cells before other columns give way.
    """

    name: str
    get: Callable[[Any], Value]
    unit: str = ""
    priority: int = 1
    digits: int | None = None
    verdict: Callable[[Any], Verdict | None] | None = None
    align: Literal["left", "right", "auto"] = "auto"
    flex: bool = False
    least: int = 20


class Table:
    """Rows of items under columns. `total` is how many there were before a limit.

    `detail` are further columns for programs: in JSON and CSV, never on a screen; `rest` further
    rows for them, which say so little that a screen does without. One without rows and without
    words for that (`empty`), but with such a rest, is for programs alone.
    """

    __slots__ = ("columns", "detail", "empty", "items", "rest", "title", "total")

    def __init__(
        self,
        columns: Sequence[Column],
        items: Sequence[Any],
        *,
        title: str = "",
        empty: str = "nothing",
        total: int | None = None,
        detail: Sequence[Column] = (),
        rest: Sequence[Any] = (),
    ) -> None:
        self.columns = tuple(columns)
        self.items = tuple(items)
        self.rest = tuple(rest)
        self.title = title
        self.empty = empty
        self.total = len(items) if total is None else total
        self.detail = tuple(detail)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The columns of a screen, then those for programs."""
        return (*self.columns, *self.detail)

    @property
    def all_items(self) -> tuple[Any, ...]:
        """The rows of a screen, then those for programs."""
        return (*self.items, *self.rest)

    @property
    def is_for_programs(self) -> bool:
        """Whether there is nothing in it for people."""
        return not self.items and not self.empty and bool(self.rest)

    @property
    def shown(self) -> int:
        """How many rows are in it."""
        return len(self.items)


class Series(NamedTuple):
    """A curve drawn small: its values in order, and what they are; the median where it is said."""

    name: str
    values: tuple[Value, ...]
    unit: str = ""
    first: int | None = None
    last: int | None = None
    clock: str = "step"
    median: Value = None


class ChartLine(NamedTuple):
    """One curve of a chart: where on the clock, and what was there.

    Of points that stand for several, `low` and `high` are the extremes of those.
    """

    name: str
    unit: str
    at: tuple[int, ...]
    values: tuple[Value, ...]
    low: tuple[Value, ...] = ()
    high: tuple[Value, ...] = ()


class Mark(NamedTuple):
    """A note on the time axis of a chart."""

    at: int
    text: str


class Chart:
    """Curves over one clock, drawn large; those of one unit share an axis.

    `beside` is how many charts share the screen, this one included.
    """

    __slots__ = ("beside", "clock", "lines", "marks", "title")

    def __init__(
        self,
        lines: Iterable[ChartLine],
        marks: Iterable[Mark] = (),
        *,
        clock: str = "step",
        title: str = "",
        beside: int = 1,
    ) -> None:
        self.beside = beside
        self.lines = tuple(lines)
        self.marks = tuple(marks)
        self.clock = clock
        self.title = title


class Text:
    """Free lines: help, a traceback."""

    __slots__ = ("lines", "title")

    def __init__(self, lines: Iterable[str] | str, title: str = "") -> None:
        given = lines.split("\n") if isinstance(lines, str) else lines
        self.lines = tuple(given)
        self.title = title


Block = Facts | Table | Series | Chart | Text


class Report:
    """An answer to one question.

    `headline` is the most important thing in one line, shown before the blocks. `notes` come after:
    what was left out, where the reading is weak. `next` is the command to type next.
    """

    __slots__ = (
        "at",
        "blocks",
        "command",
        "exit_code",
        "headline",
        "next",
        "notes",
        "run",
        "title",
        "verdict",
    )

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
        self.title = title
        self.blocks = blocks
        self.notes = tuple(notes)
        self.headline = headline
        self.at = at
        self.run = run
        self.next = next
        self.verdict = verdict
        self.exit_code = exit_code
        self.command = command

    @property
    def page(self) -> tuple[Block, ...]:
        """The blocks that people see."""
        return tuple(
            one for one in self.blocks if not (isinstance(one, Table) and one.is_for_programs)
        )
