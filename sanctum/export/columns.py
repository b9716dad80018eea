"""``columns`` and ``matrices``: one row per attempt, step and environment that said something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from sanctum.export.cells import arrow_type, keys, lists, numbers, said, whys, words
from sanctum.export.keys import CELL_KEYS, WORD, spelled
from sanctum.export.source import Source
from sanctum.record.blocks import Block, Cells


class Columns:
    """One typed column a metric; beside it ``NAME__state`` where some is masked, late or dropped.

    An action is an index, with ``action/HEAD__name`` beside it. Each matrix (probabilities, masks,
    observation, recurrent state) is a column of lists. `left_out` names what did not fit.
    """

    def __init__(self, source: Source, name: str, names: list[str], *, lists: bool) -> None:
        self.name = name
        self.left_out: set[str] = set()
        self._source = source
        self._lists = lists
        dtypes = source.dtypes()
        self._names = [one for one in names if one in dtypes]
        actions = _actions(source)
        self._actions = {one: actions[one] for one in self._names if one in actions}
        self._whys = source.unexplained(self._names)
        kinds = {one: arrow_type(dtypes[one]) for one in self._names}
        self._types = {one: pa.list_(kind) if lists else kind for one, kind in kinds.items()}
        called = spelled(self._names, [field.name for field in CELL_KEYS])
        self.schema = pa.schema(
            [
                *CELL_KEYS,
                *(pa.field(called[one], kind) for one, kind in self._types.items()),
                *(pa.field(f"{called[one]}__name", WORD) for one in self._actions),
                *(pa.field(f"{called[one]}__state", WORD) for one in self._whys),
            ]
        )

    def batches(self) -> Iterator[Any]:
        """A table a block."""
        for block in self._source.blocks():
            gone = self._source.gone(block)
            cells = {name: self._cells(block, name, gone) for name in self._names}
            at = said(cells.values())
            if at.size:
                arrays = self._arrays(block, cells, at, gone)
                yield pa.Table.from_arrays(arrays, schema=self.schema)

    def _cells(self, block: Block, name: str, gone: frozenset[str]) -> Cells | None:
        cells = None if name in gone else block.cells(name)
        if cells is not None and cells[0].shape[2] != 1 and not self._lists:
            self.left_out.add(name)
            return None
        return cells

    def _arrays(
        self, block: Block, cells: dict[str, Cells | None], at: Any, gone: frozenset[str]
    ) -> list[Any]:
        of_type = lists if self._lists else numbers
        meanings = {name: by[block.attempt] for name, by in self._actions.items()}
        return [
            *keys(self._source, block, at),
            *(of_type(cells[name], at, kind) for name, kind in self._types.items()),
            *(words(cells[name], at, meaning) for name, meaning in meanings.items()),
            *(whys(cells[name], at, name in gone) for name in self._whys),
        ]


def _actions(source: Source) -> dict[str, dict[int, dict[int, str]]]:
    """For each column of actions, for each attempt, the names by index."""
    heads = {head for one in source.attempts.values() for head in one.header.actions}
    return {
        f"action/{head}": {
            number: dict(enumerate(one.header.actions.get(head, ())))
            for number, one in source.attempts.items()
        }
        for head in heads
    }
