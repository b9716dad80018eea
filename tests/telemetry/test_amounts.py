from __future__ import annotations

import pytest

from sanctum.telemetry.amounts import bytes_of, spelled


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("500M", 500 * 2**20),
        ("2G", 2 * 2**30),
        ("1.5 GiB", 3 * 2**29),
        ("16mb", 2**24),
        ("4096", 4096),
        ("7 B", 7),
    ],
)
def test_amounts_are_read_as_people_write_them(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "G", "-1", "lots", "1e9", "2 GB/s", "1.G", "9" * 40])
def test_what_is_no_amount_says_what_would_be(text):
    with pytest.raises(ValueError, match="such as 500M or 2G"):
        bytes_of(text)


def test_an_amount_is_spelled_in_the_unit_that_fits():
    assert [spelled(one) for one in (0, 1023, 1024, 3 * 2**29, 2**31, 5 * 2**40)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1.5 GiB",
        "2.0 GiB",
        "5.0 TiB",
    ]
