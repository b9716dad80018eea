"""Which columns fit: plain arithmetic over widths, before any text is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

GAP = 2
"""Spaces between columns."""

_FLEX_SQUEEZED = 8


@dataclass(frozen=True, slots=True)
class Need:
    """What one column asks for: cells, its head's width, when it gives way, if it may be cut.

    One that may be keeps `cut_to` cells before others give way.
    """

    width: int
    head: int = 0
    priority: int = 1
    flex: bool = False
    cut_to: int = 20

    def least(self, squeezed: bool = False) -> int:
        """The fewest cells it makes do with."""
        if not self.flex:
            return self.width
        return min(self.width, max(self.head, _FLEX_SQUEEZED if squeezed else self.cut_to))


def fit(needs: Sequence[Need], room: int | None) -> Mapping[int, int] | None:
    """The columns that stay, by index, each with its width; None when not even the last ones fit.

    A `room` of None is endless. Columns of the highest priority number give way first, the
    rightmost of equals before its neighbours, one wider than the room before all; 0 never does.
    """
    kept = list(range(len(needs)))
    if room is None:
        return {index: needs[index].width for index in kept}
    while _total(needs[index].least() for index in kept) > room:
        going = [index for index in kept if needs[index].priority > 0]
        if not going:
            squeezed = {index: needs[index].least(squeezed=True) for index in kept}
            return _widened(needs, squeezed, room) if _total(squeezed.values()) <= room else None
        hopeless = [index for index in going if needs[index].least() > room]
        kept.remove(max(hopeless or going, key=lambda index: (needs[index].priority, index)))
    return _widened(needs, {index: needs[index].least() for index in kept}, room)


def panels(needs: Sequence[Need], room: int) -> list[Mapping[int, int]] | None:
    """All columns, split into panels of width `room` that each begin with the first column.

    None when some column does not fit beside the first: then rows go one value a line.
    """
    if not needs:
        return []
    pages: list[dict[int, int]] = [{0: needs[0].least()}]
    if needs[0].least() > room:
        return None
    for index in range(1, len(needs)):
        least = needs[index].least()
        if _total([*pages[-1].values(), least]) > room:
            if _total([needs[0].least(), least]) > room:
                return None
            pages.append({0: needs[0].least()})
        pages[-1][index] = least
    return [_widened(needs, page, room) for page in pages]


def _total(widths: Iterable[int]) -> int:
    all_widths = list(widths)
    return sum(all_widths) + GAP * max(len(all_widths) - 1, 0)


def _widened(needs: Sequence[Need], least: Mapping[int, int], room: int) -> Mapping[int, int]:
    """`least` with the cells left over given to the columns that were cut least, first."""
    widths = dict(least)
    spare = room - _total(widths.values())
    for index in sorted(widths, key=lambda one: needs[one].width - widths[one]):
        more = min(spare, needs[index].width - widths[index])
        widths[index] += more
        spare -= more
    return widths
