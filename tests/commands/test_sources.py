"""Every command over every source of runs: the same shapes, a sentence where there is nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from sanctum.shell.words import shipped_folder
from tests.commands import sources
from tests.commands.sources import Desk
from tests.house.rooms import ROOT

README = (ROOT / "README.md").read_text()
RUNS = ("reference", "esper", "library", "updates")
SEEDLESS = ("library", "updates")
LINES = {
    "actions": ("actions", "actions 1", "actions --more", "actions 1 --more"),
    "around": ("around u2", "around 30 --env 1"),
    "at": ("at u1", "at 30", "at live"),
    "blueprints": ("blueprints", "blueprints --more"),
    "brain": ("brain", "brain --more", "brain heads", "brain critic", "brain q", "brain round"),
    "counterfactual": ("counterfactual 1",),
    "decision": ("decision 1", "decision 1 20", "decision 1 --more"),
    "diff": ("diff 10 40", "diff env 0 1", "diff u1 live brain"),
    "env": ("env 1", "env 1 --more", "env 0 --at 20"),
    "envs": ("envs", "envs --more", "envs --sort -since_best", "envs --cards"),
    "episodes": ("episodes", "episodes --more", "episodes --sort -fall"),
    "event": ("event 1", "event 3"),
    "events": ("events", "events --severity debug", "events --types", "events --more --env 0"),
    "expect": ("expect 'value_loss > -1'",),
    "explain": ("explain", "explain --more", "explain approx_kl", "explain reward --at 20"),
    "find": ("find 'value_loss > 0'", "find 'reward > 0' --env 1"),
    "flip": ("flip 1 20 --trust", "flip 1 --trust --with now"),
    "hall": ("hall", "hall worst", "hall show 1"),
    "help": ("help",),
    "history": ("history value_loss", "history reward --env 1", "history vital/phase_train_ms"),
    "overwatch": ("overwatch", "overwatch --at 20"),
    "plot": ("plot value_loss", "plot reward accuracy"),
    "replay": ("replay 1 20 --trust", "replay 1 --from 10 --trust", "replay 1 --trust --more"),
    "rewards": ("rewards", "rewards 1", "rewards --actions", "rewards 0 --more"),
    "run": ("run", "run --more", "run --config", "run --sizes", "run --traceback"),
    "runs": ("runs",),
    "saliency": ("saliency 1 20 --trust",),
    "seed": ("seed 1.r0c0", "seed 1.r0c1 --more"),
    "seeds": (
        "seeds top",
        "seeds bottom",
        "seeds oldest --more",
        "seeds --sort -alpha",
        "seeds ripe --more",
        "seeds stuck --more",
        "seeds graveyard",
    ),
    "step": ("step -1",),
    "vitals": ("vitals", "vitals --more", "vitals --at 20"),
    "why": ("why", "why 1", "why --more", "why --at 20"),
    "why_not": ("why-not 1.r0c0", "why-not 1 WAIT", "why-not GERMINATE --more"),
    "what_if": ("what-if 1 20 accuracy=0.5 --trust", "what-if 1 --sweep accuracy=0:1 --trust"),
}
"""What is typed of each word."""

ELSEWHERE = {"attach", "echo", "note", "quit", "report", "set", "source"}
"""Words that change something, or ask no run; they have tests of their own."""

OF_OTHERS = ("help", "diff", "at", "step")
"""Words that show other answers, or none."""

SAID = {0, 2, 6, 7}
"""Exit codes of an answer, a name that this run lacks, a condition, and what was never said."""


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Desk]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANCTUM_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TZ", "UTC")
        sources.reference(patch)
        sources.esper()
        sources.library()
        sources.updates_only()
        yield {run: Desk(run) for run in RUNS}


def test_every_word_is_walked_or_known_to_be_tested_elsewhere() -> None:
    words = {path.stem for path in shipped_folder().glob("*.py") if path.stem[0] != "_"}
    assert words == {*LINES, *ELSEWHERE}


@pytest.mark.parametrize("line", [line for lines in LINES.values() for line in lines])
@pytest.mark.parametrize("run", RUNS)
def test_every_command_answers_on_every_source(
    desks: Mapping[str, Desk], run: str, line: str
) -> None:
    desk = desks[run]
    for code, out, err in (desk.answer(line), desk.type(line)):
        assert code in SAID, (code, out, err)
        assert "Traceback" not in out + err
        assert out.strip() or err.strip()
        if code in (2, 7):
            assert re.search(r"\w.* \w", err), "a code without a sentence"
        assert (out + err).isascii()
    desk.session.settings["at"] = "live"


@pytest.mark.parametrize(
    "line",
    [line for word, lines in LINES.items() if word not in OF_OTHERS for line in lines],
)
def test_the_same_command_gives_the_same_shapes(desks: Mapping[str, Desk], line: str) -> None:
    found: dict[str, list[Shape]] = {}
    for run, desk in desks.items():
        if desk.answer(line)[0] == 0:
            found[run] = list(map(shape, desk.blocks(line)))
    richest = max(found.values(), key=len, default=[])
    for run, shapes in found.items():
        assert is_within(shapes, richest, SHARED.get(line.split()[0])), (run, shapes, richest)


Shape = tuple[str, str, frozenset[str]]
"""The kind of a block, what tells it from others of its kind, the columns of a table."""


def shape(block: Mapping[str, Any]) -> Shape:
    if block["kind"] != "table":
        return block["kind"], "", frozenset()
    names = [column["name"] for column in block["columns"]]
    return "table", names[0], frozenset(names)


SHARED = {
    "envs": {"env", "since_best", "best", "growth"},
    "episodes": {"env", "episode", "fall"},
    "rewards": {"action", "count", "mean"},
    "seeds": {"seed", "gate", "gradient", "parameters", "reported"},
}
"""Columns that all runs have where each may have some of its own."""


def is_within(some: Sequence[Shape], richest: Sequence[Shape], shared: set[str] | None) -> bool:
    """Whether `some` stand in that order among `richest`; of two tables one has all columns."""
    rest = iter(richest)
    return all(any(_is_same(one, other, shared) for other in rest) for one in some)


def _is_same(one: Shape, other: Shape, shared: set[str] | None) -> bool:
    if one[:2] != other[:2]:
        return False
    return one[2] <= other[2] or other[2] <= one[2] or (shared or {""}) <= one[2] & other[2]


# without seeds


@pytest.mark.parametrize("run", SEEDLESS)
def test_a_run_without_seeds_has_no_seed_panels_and_says_so_in_one_place(
    desks: Mapping[str, Desk], run: str
) -> None:
    desk = desks[run]
    assert "seeds" in desk.type("run")[1]
    for line in ("overwatch", "envs", "env 0"):
        _, out, err = desk.type(line)
        assert "seed" not in out.replace("next: seeds", ""), out
    for line, words in (("seeds", "seeds: not measured"), ("blueprints", "no seed so far")):
        assert words in desk.type(line)[1]
    code, _, err = desk.type("seed 0.r0c0")
    assert code in (2, 7), err


def test_an_environment_without_an_accuracy_shows_the_course_of_its_reward(
    desks: Mapping[str, Desk],
) -> None:
    (series,) = (one for one in desks["library"].blocks("env 1") if one["kind"] == "series")
    assert series["name"] == "reward"


# units and scales


def test_a_normalised_value_keeps_its_unit_everywhere(desks: Mapping[str, Desk]) -> None:
    desk = desks["esper"]

    def units(line: str) -> set[str]:
        return {
            column["unit"]
            for block in desk.blocks(line)
            for column in block.get("columns", [])
            if column["name"] == "value"
        }

    assert units("env 0") == units("actions 0") == {"normalised"}
    (history,) = desk.blocks("history value")[:1]
    assert "normalised" in str(history)
    critic = {row["name"]: row for row in desk.blocks("brain critic")[0]["rows"]}
    assert critic["value_mean"]["unit"] == "normalised"
    assert desks["reference"].blocks("brain critic")[0]["rows"][0]["unit"] == "reward"


def test_an_entropy_that_is_a_weighted_sum_is_not_judged_as_a_share(
    desks: Mapping[str, Desk],
) -> None:
    rows = {row["name"]: row for row in desks["esper"].blocks("brain health")[0]["rows"]}
    assert rows["entropy_weighted"]["value"] > 1
    assert rows["entropy_weighted"]["verdict"] == ""
    heads = {row["head"]: row for row in desks["esper"].blocks("brain heads")[-1]["rows"]}
    assert heads["blueprint"]["entropy"] < 0.1  # of all steps; it hardly ever has a choice
    assert heads["blueprint"]["choice_entropy"] > 0.9
    assert heads["blueprint"]["verdicts"].get("choice_entropy") == "ok"
    assert "entropy" not in heads["blueprint"]["verdicts"]


# the README's table


def rows() -> list[tuple[str, str]]:
    """What Esper's panel shows, and the command here, as the README has it."""
    section = README.partition("## What Esper's panel shows")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    cells = [re.split(r"(?<!\\)\|", line.strip("|")) for line in lines]
    return [(left.strip(), right.strip()) for left, right in cells]


def test_the_readme_says_of_every_datum_where_it_is_or_why_it_is_not() -> None:
    assert len(rows()) >= 60
    for datum, where in rows():
        assert datum
        assert "`" in where or where.startswith("-"), (datum, where)


COMMANDS = sorted({line for _, where in rows() for line in re.findall(r"`([^`]+)`", where)})


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_readmes_table_runs_on_a_recording_of_esper(
    desks: Mapping[str, Desk], line: str
) -> None:
    code, out, err = desks["esper"].type(line)
    desks["esper"].session.settings["at"] = "live"
    assert code == 0, err
    assert out.strip()
