from __future__ import annotations

import pytest

from sanctum.probe.keeping import VARIABLE, keep_bytes


@pytest.fixture
def said(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    return []


def test_without_a_word_a_record_may_hold_two_gibibytes(said):
    assert keep_bytes(None, said.append) == 2 * 2**30
    assert said == []


def test_the_environment_says_how_much_unless_the_trainer_does(said, monkeypatch):
    monkeypatch.setenv(VARIABLE, "500M")
    assert keep_bytes(None, said.append) == 500 * 2**20
    assert keep_bytes("1G", said.append) == 2**30
    assert keep_bytes(2**25, said.append) == 2**25
    monkeypatch.setenv(VARIABLE, "")
    assert keep_bytes(None, said.append) == 2 * 2**30
    assert said == []


@pytest.mark.parametrize("given", ["much", float("nan"), float("inf"), object(), []])
def test_what_makes_no_sense_is_said_and_training_goes_on(said, given):
    assert keep_bytes(given, said.append) == 2 * 2**30
    assert len(said) == 1
    assert "the record is held to 2.0 GiB" in said[0]


def test_less_than_a_stretch_worth_asking_about_is_not_taken(said):
    assert keep_bytes("1M", said.append) == 2**24
    assert "at least 16.0 MiB" in said[0]
