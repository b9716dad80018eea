from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sanctum.render import safe
from sanctum.render.layout import GAP, Need, fit, panels

needs = st.lists(
    st.builds(Need, st.integers(1, 60), st.integers(1, 8), st.integers(0, 4), st.booleans()),
    min_size=1,
    max_size=12,
)


def test_the_highest_priority_number_gives_way_first_and_the_rightmost_of_equals() -> None:
    found = fit([Need(10, priority=0), Need(10), Need(10, priority=2), Need(10)], 22)
    assert found == {0: 10, 1: 10}


def test_a_column_wider_than_the_room_goes_before_any_other() -> None:
    found = fit([Need(10, priority=0), Need(90, priority=1), Need(10, priority=4)], 40)
    assert found == {0: 10, 2: 10}


def test_what_is_spare_goes_to_the_column_that_was_cut_least() -> None:
    found = fit([Need(25, flex=True), Need(60, flex=True)], 60)
    assert found == {0: 25, 1: 33}


@given(needs, st.integers(20, 120))
def test_what_stays_fits_and_priority_0_stays(wanted: list[Need], room: int) -> None:
    found = fit(wanted, room)
    if found is None:
        return
    assert sum(found.values()) + GAP * (len(found) - 1) <= room
    assert all(index in found for index, need in enumerate(wanted) if need.priority == 0)
    assert all(wanted[index].flex or wanted[index].width == one for index, one in found.items())


@given(needs, st.integers(20, 120))
def test_panels_hold_every_column_and_fit(wanted: list[Need], room: int) -> None:
    found = panels(wanted, room)
    if found is None:
        return
    assert {index for page in found for index in page} == set(range(len(wanted)))
    for page in found:
        assert 0 in page
        assert sum(page.values()) + GAP * (len(page) - 1) <= room


shown = st.text(max_size=60).map(safe.text)


@given(shown, st.integers(2, 30))
def test_folded_text_fits_and_loses_only_spaces(text: str, cells: int) -> None:
    folded = safe.fold(text, cells)
    assert all(safe.width(line) <= cells for line in folded)
    assert "".join(folded).replace(" ", "") == text.replace(" ", "")


@given(shown, st.integers(1, 30))
def test_cut_text_fits_and_says_that_it_was_cut(text: str, cells: int) -> None:
    cut = safe.cut(text, cells)
    assert safe.width(cut) <= cells
    assert cut == text or cut.endswith(safe.MARK)


def test_a_run_is_named_unless_its_name_is_a_word_of_the_title() -> None:
    from sanctum.render.page import moment
    from sanctum.view import Report

    assert moment(Report("events", run="ts")) == "ts"
    assert moment(Report("attached to ts: digits", run="ts")) == ""
