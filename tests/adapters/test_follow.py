"""What is new in a file at each look, however its writer treats it."""

from __future__ import annotations

import gzip
import os

import pytest

from sanctum.adapters.follow import Growing, Pipe
from sanctum.adapters.jsonl import Foreign


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


@pytest.fixture
def growing(path):
    found = Growing(path)
    yield found
    found.close()


def add(path, data: bytes):
    with path.open("ab") as file:
        file.write(data)


def test_what_was_given_once_is_not_given_again(path, growing):
    path.write_bytes(b"one\n")
    assert growing.look() == b"one\n"
    assert growing.look() == b""
    add(path, b"two\n")
    assert growing.look() == b"two\n"
    assert growing.look() == b""


def test_a_part_of_a_line_is_given_as_it_comes(path, growing):
    path.write_bytes(b"on")
    assert growing.look() == b"on"
    add(path, b"e\n")
    assert growing.look() == b"e\n"


def test_a_file_that_comes_later_is_waited_for(path, growing):
    assert growing.look() == b""
    assert not growing.is_there
    path.write_bytes(b"one\n")
    assert growing.look() == b"one\n"
    assert growing.is_there


def test_a_file_that_is_rotated_is_read_to_its_end_and_then_the_new_one(path, growing):
    path.write_bytes(b"one\n")
    growing.look()
    path.rename(path.with_suffix(".1"))
    assert growing.look() == b""
    add(path.with_suffix(".1"), b"two\n")
    path.write_bytes(b"three\n")
    assert growing.look() == b"two\n"
    assert growing.anew == 0
    assert growing.look() == b"three\n"
    assert growing.anew == 1


def test_a_file_that_is_cut_short_is_read_from_its_start(path, growing):
    path.write_bytes(b"one\ntwo\n")
    growing.look()
    path.write_bytes(b"new\n")
    assert growing.look() == b"new\n"
    assert growing.anew == 1


def test_a_longer_copy_of_the_same_is_gone_on_with(path, growing):
    path.write_bytes(b"one\n")
    growing.look()
    copy = path.with_suffix(".copy")
    copy.write_bytes(b"one\ntwo\n")
    copy.rename(path)
    assert growing.look() == b"two\n"
    assert growing.anew == 0


def test_a_copy_that_is_not_longer_waits(path, growing):
    path.write_bytes(b"one\n")
    growing.look()
    copy = path.with_suffix(".copy")
    copy.write_bytes(b"one\n")
    copy.rename(path)
    assert growing.look() == b""
    assert growing.anew == 0
    add(path, b"two\n")
    assert growing.look() == b"two\n"


def test_a_file_that_is_deleted_is_read_while_somebody_has_it_open(path, growing):
    path.write_bytes(b"one\n")
    growing.look()
    with path.open("ab", buffering=0) as writer:
        path.unlink()
        writer.write(b"two\n")
    assert growing.look() == b"two\n"
    assert growing.look() == b""


def test_a_gzipped_file_cannot_be_followed(path, growing):
    path.write_bytes(gzip.compress(b"one\n"))
    with pytest.raises(Foreign, match="gzipped"):
        growing.look()


def test_a_binary_file_cannot_be_followed(path, growing):
    path.write_bytes(b"\0\1\2")
    with pytest.raises(Foreign, match="a binary file"):
        growing.look()


def test_a_pipe_gives_what_comes_until_its_other_end_is_closed():
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as end:
        pipe = Pipe(end)
        assert pipe.look() == b""
        os.write(write, b"one\n")
        assert pipe.look() == b"one\n"
        assert not pipe.ended
        os.close(write)
        assert pipe.look() == b""
        assert pipe.ended
