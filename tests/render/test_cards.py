from __future__ import annotations

import pytest

from sanctum.render import Screen, render
from sanctum.view import Report
from sanctum.view.cards import Card, Cards


def cards(count: int, name: str, width: int) -> list[Card]:
    return [
        Card((f"{name}{n}".ljust(width), "full"), (f"{name}{n}".ljust(width // 2), "small"))
        for n in range(count)
    ]


def shown(width: int, live: int = 8, kept: int = 5) -> list[str]:
    beside = Cards(cards(kept, "hall", 18), title="the hall")
    report = Report("r", Cards(cards(live, "env", 18), beside=beside))
    return render(report, "plain", Screen(width=width, interactive=True)).splitlines()[1:]


@pytest.mark.parametrize(("width", "size"), [(140, "full"), (80, "small")])
def test_there_is_room_for_both_side_by_side(width: int, size: str) -> None:
    lines = shown(width)
    assert len(lines) == 5
    assert all(" |" in line for line in lines)
    assert (lines[0].split("|")[0].split(), lines[0].split("|")[1].split()) == (
        ["env0", "env1", "env2", "env3"],
        ["hall0", "hall1", "hall2"],
    )
    assert set(lines[1].split()) == {size, "|"}


def test_on_a_narrow_screen_the_others_are_below_under_their_title() -> None:
    lines = shown(40)
    place = lines.index("the hall")
    assert lines[place - 1] == ""
    assert lines[0].split() == ["env0", "env1"]
    assert lines[place + 1].split() == ["hall0", "hall1"]
    assert max(map(len, lines)) < 40
    assert not any("|" in line for line in lines)


def test_a_screen_narrower_than_a_card_has_one_a_line() -> None:
    assert shown(12)[0] == "env0"


def test_others_taller_than_the_cards_are_below() -> None:
    assert "the hall" in shown(80, live=2, kept=20)
