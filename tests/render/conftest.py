"""Golden text: ``pytest tests/render --regold`` rewrites the files instead of comparing.

So does SANCTUM_REGOLD=1, which works from any folder.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    with contextlib.suppress(ValueError):  # another room's conftest has it already
        parser.addoption("--regold", action="store_true", help="rewrite the golden files")


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
