from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sanctum.render import Screen, render


def _examples() -> Any:
    spec = importlib.util.spec_from_file_location(
        "render_examples", Path(__file__).with_name("examples.py")
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["render_examples"] = module
    spec.loader.exec_module(module)
    return module


REPORTS = _examples().REPORTS
TERMINAL = {"interactive": True, "escapes": True}
SCREENS = {
    "80": ("table", Screen(80, 24, **TERMINAL)),
    "80-color": ("table", Screen(80, 24, color=True, bold=True, **TERMINAL)),
    "60-ascii": ("table", Screen(60, 24, encoding_ascii=True, **TERMINAL)),
    "60-dumb": ("plain", Screen(60, 24, encoding_ascii=True, interactive=True)),
    "pipe": ("plain", Screen(80, 24)),
    "json": ("json", Screen(80, 24)),
    "csv": ("csv", Screen(80, 24)),
    "md": ("md", Screen(80, 24)),
}


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("report", REPORTS)
def test_an_answer_looks_as_it_did(
    report: str, screen: str, golden: Callable[[str, str], None]
) -> None:
    format, how = SCREENS[screen]
    name = f"{report}.{screen}" if format == screen else f"{report}.{screen}.txt"
    golden(name, render(REPORTS[report](), format, how))


def test_sixteen_environments_with_all_there_is_to_say_fit_22_lines_of_79_columns() -> None:
    lines = render(REPORTS["envs"](), "table", Screen(80, 24, **TERMINAL)).splitlines()
    assert len(lines) <= 22
    assert max(map(len, lines)) <= 79
