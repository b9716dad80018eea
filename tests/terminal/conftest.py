import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "shell")]

from screens import Terminal  # noqa: E402
from stand_ins import StandIn  # noqa: E402


@pytest.fixture
def environ(tmp_path):
    """The environment of a user with nothing set up."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "SANCTUM_HOME": str(tmp_path / "runs"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


@pytest.fixture
def start(environ):
    """Start a stand-in run by its id."""
    started = []

    def begin(run_id="demo-3"):
        started.append(StandIn(run_id, environ))
        return started[-1]

    yield begin
    for one in started:
        one.end()


@pytest.fixture
def open_terminal(environ):
    """Run ``sanctum`` with arguments in a terminal of a kind and size."""
    opened = []

    def run(*arguments, term="xterm-256color", rows=24, columns=80, **more):
        opened.append(Terminal(arguments, {**environ, "TERM": term, **more}, rows, columns))
        return opened[-1]

    yield run
    for one in opened:
        one.close()
