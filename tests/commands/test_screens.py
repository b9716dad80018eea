"""Every look command as people and scripts see it; SANCTUM_REGOLD=1 rewrites the goldens."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sanctum.model.answers import RunState
from sanctum.render import Screen, render
from tests.commands.asking import ask
from tests.commands.fake_run import BareQueries, DiedQueries, FakeQueries

GOLDEN = Path(__file__).parent / "golden"
FAILED = RunState(
    "failed",
    since_s=95.0,
    why="the trainer raised RuntimeError",
    exception="RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB",
    traceback='Traceback (most recent call last):\n  File "ppo.py", line 88, in update\n'
    "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n",
)
DEFAULTS = (
    "run",
    "overwatch",
    "envs",
    "envs --cards",
    "env 3",
    "env 7",
    "brain",
    "actions",
    "actions 7",
    "rewards",
    "rewards 3",
    "seeds top",
    "seeds bottom",
    "seeds ripe",
    "seeds stuck",
    "seeds graveyard",
    "seed 3.r0c0",
    "seed 7.r0c1",
    "seed 8.r0c0",
    "events",
    "events --severity warn",
    "vitals",
    "blueprints",
    "decision 7",
    "counterfactual 3",
)
TIME = (
    "find entropy < 0.3",
    "find accuracy < 60 --env 7",
    "find entropy < 0.3 --last",
    "find never > 1 --env 7",
    "history loss --env 7",
    "history loss reward --env 11",
    "plot loss --env 7",
    "plot loss reward --env 11",
    "episodes",
)
EXPLAIN = (
    "explain",
    "explain approx_kl",
    "explain contribution",
    "explain rent",
    "explain q_variance",
    "replay 7",
    "replay 7 1200 --hall 2",
    "replay 7 --from -40",
    "what-if 7 live_seeds=-0.3",
    "what-if 7 --sweep live_seeds=-1:1:21",
    "flip 7",
    "flip 7 --with hall:2",
    "saliency 7 GERMINATE",
    "why",
    "why 7",
    "why-not GERMINATE",
    "why-not 7.r0c1 FOSSILIZE",
)
MORE = (
    "run --sizes",
    "run --more",
    "envs --more --sort -loss --limit 3",
    "env 7 --more",
    "brain --more",
    "rewards 3 --actions",
    "seeds --more",
    "seed 7.r0c1 --more",
    "actions 7 --more",
    "brain heads",
    "events --types",
    "event 18",
    "run --config",
    "decision 7 --more",
    "why --more",
)
OF_THE_RICH = ("seed ", "env ", "decision ", "counterfactual ")
CASES = (
    *((line, "rich", FakeQueries()) for line in (*DEFAULTS, *TIME, *EXPLAIN, *MORE)),
    *((line, "bare", BareQueries()) for line in DEFAULTS if not line.startswith(OF_THE_RICH)),
    ("env 0", "bare", BareQueries()),
    ("run", "died", DiedQueries()),
    ("overwatch", "died", DiedQueries()),
    ("run", "failed", DiedQueries(FAILED)),
    ("run --traceback", "failed", DiedQueries(FAILED)),
)
SCREENS = {
    "80.txt": ("table", Screen(width=80, encoding_ascii=True, interactive=True)),
    "60.txt": ("plain", Screen(width=60, encoding_ascii=True, interactive=True)),
    "json": ("json", Screen(width=80, encoding_ascii=True)),
}
FOLDED = ("events", "envs")
"""Plain text cuts nothing, so their free text may take lines of its own."""


@pytest.mark.parametrize("ending", SCREENS)
@pytest.mark.parametrize(("line", "run", "queries"), CASES)
def test_an_answer_looks_as_it_did(line: str, run: str, queries: FakeQueries, ending: str) -> None:
    format, screen = SCREENS[ending]
    shown = render(ask(line, queries), format, screen)
    if format == "json":
        shown = json.dumps(json.loads(shown), indent=1) + "\n"
    words = "-".join(
        line.replace("--", "").replace("<", "lt").replace(">", "gt").replace(":", "-").split()
    )
    path = GOLDEN / f"{run}.{words}.{ending}"
    if os.environ.get("SANCTUM_REGOLD"):
        path.write_text(shown)
    assert shown == path.read_text()


@pytest.mark.parametrize("format", ["table", "plain"])
@pytest.mark.parametrize("line", [*DEFAULTS, *TIME, *EXPLAIN])
def test_a_default_answer_fits_a_terminal_of_24_lines(line: str, format: str) -> None:
    screen = Screen(width=80, encoding_ascii=True, interactive=True)
    lines = render(ask(line), format, screen).splitlines()
    if format == "table" or line.split()[0] not in FOLDED:
        assert len(lines) <= 22, "\n".join(lines)
    assert max(map(len, lines)) <= 79
    assert all(one.isascii() for one in lines)


def test_the_operators_summary_is_one_glance() -> None:
    screen = Screen(width=80, encoding_ascii=True, interactive=True)
    assert render(ask("overwatch"), "table", screen).count("\n") <= 17


@pytest.mark.parametrize(
    "line", [line for line in (*DEFAULTS, *EXPLAIN) if not line.startswith("seed ")]
)
def test_a_default_answer_leaves_no_column_out_at_80(line: str) -> None:
    screen = Screen(width=80, encoding_ascii=True, interactive=True)
    assert "not shown:" not in render(ask(line), "table", screen)


@pytest.mark.parametrize("format", ["csv", "md"])
@pytest.mark.parametrize(("line", "run", "queries"), CASES)
def test_every_answer_can_be_had_in_every_format(
    line: str, run: str, queries: FakeQueries, format: str
) -> None:
    assert render(ask(line, queries), format, Screen()).strip()
