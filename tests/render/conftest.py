"""Golden text: ``--regold`` (or SANCTUM_REGOLD=1) rewrites the files instead of comparing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    try:
        parser.addoption("--regold", action="store_true", help="rewrite the golden files")
    except ValueError:  # another room's conftest has it already
        pass


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with a golden file, byte for byte."""
    asked = request.config.getoption("--regold", default=False)
    rewriting = bool(asked or os.environ.get("SANCTUM_REGOLD"))

    def check(name: str, said: str) -> None:
        path = GOLDEN / name
        if rewriting:
            path.write_bytes(said.encode())
        assert said == path.read_bytes().decode(), f"{name} differs; --regold rewrites it"

    return check
