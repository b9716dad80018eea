"""What is read of an event file, and what is said of the lines that cannot be."""

from __future__ import annotations

import gzip
import io
import json
import math

import pytest

from sanctum.adapters import jsonl
from sanctum.adapters.jsonl import Foreign, Lines, read

EVENT = b'{"event_type": "EPOCH_COMPLETED", "data": {"env_id": 3}}\n'


def lines(data: bytes):
    return list(read(io.BytesIO(data)))


def events(data: bytes):
    return [line.event for line in lines(data) if line.event is not None]


def refusals(data: bytes):
    return [str(line) for line in lines(data) if line.event is None]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"event_type": "A", "data": {', "broken JSON at character 30"),
        (b"nonsense", "broken JSON at character 1"),
        (b"[1, 2]", "a list, not an object"),
        (b'"text"', "a text, not an object"),
        (b"null", "null, not an object"),
        (b"true", "true or false, not an object"),
        (b"17", "a number, not an object"),
        (b'{"type": "epoch", "data": {}}', "an object without an event_type; its keys: type, data"),
        (b"{}", "an object without an event_type; its keys: none"),
        (b'{"event_type": 3}', "an object without an event_type; its keys: event_type"),
        (b'{"event_type": "A", "data": [1]}', "its data are a list, not an object"),
        (b'{"event_type": "A", "message": "\xff"}', "not UTF-8: byte 0xff at 33"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"event_type": "A", "x": ' + b"9" * 5000 + b"}", "a number of thousands of digits"),
    ],
)
def test_a_line_that_is_no_event_is_named_and_the_next_ones_are_read(line, why):
    found = lines(EVENT + line + b"\n" + EVENT)
    assert [one.number for one in found if one.event is not None] == [1, 3]
    assert [str(one) for one in found if one.event is None] == [f"line 2: {why}"]


def test_numbers_that_are_not_finite_are_taken():
    data = b'{"event_type": "A", "data": {"a": NaN, "b": Infinity, "c": -Infinity}}\n'
    ((one),) = events(data)
    assert math.isnan(one["data"]["a"])
    assert (one["data"]["b"], one["data"]["c"]) == (math.inf, -math.inf)


def test_of_a_key_that_stands_twice_the_last_counts():
    assert events(b'{"event_type": "A", "epoch": 1, "epoch": 2}\n')[0]["epoch"] == 2


def test_whole_numbers_keep_all_their_digits():
    assert events(b'{"event_type": "A", "data": {"rng_seed": 18446744073709551617}}')[0][
        "data"
    ] == {"rng_seed": 18446744073709551617}


def test_blank_lines_count_and_are_no_fault():
    assert [one.number for one in lines(b"\n\r\n" + EVENT + b"\n" + EVENT)] == [3, 5]


def test_lines_may_end_as_on_windows_and_begin_with_a_byte_order_mark():
    data = b"\xef\xbb\xbf" + EVENT.replace(b"\n", b"\r\n") * 2
    assert len(events(data)) == 2
    assert refusals(data) == []


def test_a_last_line_without_an_end_is_read_when_it_is_whole():
    assert len(events(EVENT + EVENT.rstrip())) == 2


def test_a_last_line_that_is_cut_is_said_to_be():
    *_, last = lines(EVENT + EVENT[:20])
    assert str(last) == "line 2: the file is cut off in the middle of it"
    assert last.is_cut


def test_a_line_that_breaks_off_amid_the_file_is_no_cut():
    assert [one.is_cut for one in lines(EVENT[:20] + b"\n" + EVENT)] == [False, False]


def test_a_huge_line_is_skipped_and_not_held(monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 1000)
    monkeypatch.setattr(jsonl, "READ_BYTES", 64)
    data = EVENT + b'{"event_type": "' + b"x" * 5000 + b'"}\n' + EVENT
    assert [one.number for one in lines(data) if one.event is not None] == [1, 3]
    assert refusals(data)[0].startswith("line 2: longer than")
    kept = Lines()
    for _ in range(100):
        list(kept.feed(b"x" * 64))
        assert len(kept._held) <= 1000 + 64
    assert len(list(kept.end())) == 1


def test_the_schema_version_of_a_later_esper_is_noticed():
    found = Lines()
    list(found.feed(EVENT))
    assert found.version is None
    list(found.feed(b'{"event_type": "A", "schema_version": 2}\n'))
    assert found.version == "schema_version 2"


def test_it_does_not_matter_where_the_pieces_are_cut():
    data = EVENT + b"\n" + EVENT + b"broken\n" + EVENT[:-1]
    whole = lines(data)
    for size in (1, 2, 7, 60):
        found = Lines()
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        got = [line for piece in pieces for line in found.feed(piece)]
        assert [*got, *found.end()] == whole


def test_a_gzipped_file_is_known_by_its_bytes_not_by_its_name():
    assert len(events(gzip.compress(EVENT * 3))) == 3


def test_gzipped_pieces_in_a_row_are_one_file():
    assert len(events(gzip.compress(EVENT) + gzip.compress(EVENT))) == 2


def test_of_a_cut_gzip_file_is_read_what_is_there():
    many = b"".join(
        json.dumps({"event_type": "A", "data": {"n": hash((n, "x"))}}).encode() + b"\n"
        for n in range(5000)
    )
    packed = gzip.compress(many)
    found = lines(packed[: len(packed) // 2])
    assert 1000 < len([one for one in found if one.event]) < 5000
    last = found[-1]
    assert last.is_cut
    assert last.why == "the gzip stream ends here, before its end"
    assert last.number == found[-2].number + 1


def test_of_a_damaged_gzip_file_is_read_what_came_before():
    packed = bytearray(gzip.compress(b"".join(EVENT.replace(b"3", b"%d" % n) for n in range(9999))))
    packed[len(packed) // 2] ^= 0xFF
    last = lines(bytes(packed))[-1]
    assert last.is_cut
    assert "damaged" in last.why


def test_an_empty_file_has_no_line():
    assert lines(b"") == lines(gzip.compress(b"")) == []


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"SQLite format 3\0" + bytes(100), "an SQLite file"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"PAR1....", "a Parquet file"),
        (b"\x28\xb5\x2f\xfdrest", "a zstd archive; zstd -d unpacks it"),
        ("{}".encode("utf-16"), "UTF-16 text, not UTF-8"),
        (b"\x7fELF\x02\x01\0\0", "a binary file"),
        (gzip.compress(b"\x89PNG\r\n\0", mtime=0), "a binary file"),
    ],
)
def test_what_is_no_text_is_refused_by_what_it_is(data, what):
    with pytest.raises(Foreign, match=what):
        lines(data)
