from __future__ import annotations

import pytest

from sanctum.recorder.gaps import missing


@pytest.mark.parametrize(
    ("before", "after", "wanted", "text"),
    [
        (120, 141, (121, 140, 20), "steps 121 to 140 are missing"),
        (120, 122, (121, 121, 1), "step 121 is missing"),
        (120, 121, (120, 121, 0), "no step is missing"),
        (120, 120, (120, 120, 0), "no step is missing"),
        (120, None, (121, None, 0), "what was said from step 121 on is missing"),
        (None, 5, (0, 4, 5), "steps 0 to 4 are missing"),
        (None, 0, (None, 0, 0), "no step is missing"),
        (None, None, (None, None, 0), "what was said from the start is missing"),
    ],
)
def test_a_gap_is_what_lies_between_two_steps(before, after, wanted, text):
    found = missing(before, after)
    assert (found.first, found.last, found.count) == wanted
    assert text in found.text
    assert "the recorder died and was started again" in found.text
