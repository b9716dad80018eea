"""What is not needed is not loaded: each of these runs in an interpreter of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LISTING = (
    "import atexit, json, sys;"
    "atexit.register(lambda: sys.stderr.write('\\n' + json.dumps(sorted(sys.modules))));"
)


def modules_after(code: str, home: Path) -> set[str]:
    """The modules that are loaded when `code` has run in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING + code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "SANCTUM_HOME": str(home), "SANCTUM_LINGER_S": "0"},
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_importing_sanctum_costs_next_to_nothing(tmp_path: Path) -> None:
    bare = modules_after("pass", tmp_path)
    assert modules_after("import sanctum", tmp_path) - bare == {"sanctum"}


@pytest.mark.parametrize("words", [["--help"], ["runs"], ["--version"]])
def test_help_and_runs_load_neither_torch_numpy_nor_prompt_toolkit(
    words: list[str], tmp_path: Path
) -> None:
    code = f"import sys; sys.argv = ['sanctum', *{words}]; from sanctum.cli import main; main()"
    loaded = modules_after(code, tmp_path)
    assert "sanctum.cli" in loaded
    assert loaded.isdisjoint({"torch", "numpy", "prompt_toolkit", "zstandard"})


def test_a_trainer_that_attaches_loads_no_shell(tmp_path: Path) -> None:
    code = (
        "import sanctum;"
        "run = sanctum.attach('quiet', envs=1);"
        "run.step(0, accuracy=[1.0]);"
        "run.close()"
    )
    loaded = modules_after(code, tmp_path)
    assert "sanctum.probe.run" in loaded
    assert loaded.isdisjoint({"rich", "click", "prompt_toolkit", "torch", "sqlite3"})
