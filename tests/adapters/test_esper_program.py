"""``sanctum esper``: Esper's script with Sanctum attached, and what it says when that cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sanctum.cli import run
from sanctum.cli.background import TrainerEnded
from sanctum.cli.esper import what_is_sent
from tests.adapters.stand_in import FOLDER

WITHIN_S = 30.0
NOT_THERE = [
    "Esper cannot be imported: there is no package esper here",
    "  python -m pip install -e PATH/esper-lite  (or PYTHONPATH=PATH/esper-lite/src)",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory on the path; packages called esper are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "runs"))
    yield tmp_path
    for name in [one for one in sys.modules if one.partition(".")[0] == "esper"]:
        del sys.modules[name]


def test_without_esper_it_says_how_to_make_it_importable(folder, capsys):
    assert run(["esper", "--", "ppo", "--task", "cifar_baseline"]) == 2
    assert capsys.readouterr().err.splitlines() == NOT_THERE


def test_within_espers_repository_it_says_what_to_type(folder, capsys):
    (folder / "src" / "esper").mkdir(parents=True)
    assert run(["esper", "--", "ppo"]) == 2
    assert "PYTHONPATH=src sanctum esper" in capsys.readouterr().err


def test_another_package_of_that_name_is_named(folder, capsys):
    (folder / "esper.py").write_text("")
    assert run(["esper", "--", "ppo"]) == 2
    assert f"the package esper in {folder}/esper.py is not esper-lite" in capsys.readouterr().err


def test_an_esper_whose_requirements_are_missing_names_them(folder, capsys):
    (folder / "esper" / "scripts").mkdir(parents=True)
    (folder / "esper" / "__init__.py").write_text("import a_torch_nobody_has")
    assert run(["esper", "--", "ppo"]) == 2
    assert "does not load: No module named 'a_torch_nobody_has'" in capsys.readouterr().err


def test_nothing_to_train_is_a_usage_error(folder, capsys):
    assert run(["esper"]) == 2
    assert "as in: sanctum esper -- ppo --task cifar_baseline" in capsys.readouterr().err


def program(*words: str) -> subprocess.CompletedProcess[str]:
    """``sanctum esper``, with the stand-in on its path."""
    return subprocess.run(
        [sys.executable, "-m", "sanctum", "esper", *words],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
    )


@pytest.mark.parametrize(
    "words, said",
    [
        (["--", "ppo", "--task", "nope"], "argument --task: invalid choice: 'nope'"),
        (["walk"], "invalid choice: 'walk'"),
        (["ppo", "--envz", "3"], "the following arguments are required: --events"),
    ],
)
def test_what_esper_refuses_it_says_itself_and_no_run_is_left(folder, words, said):
    done = program(*words)
    assert done.returncode == 2
    assert "train.py ppo: error:" in done.stderr or "train.py: error:" in done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "runs").exists()


def test_help_after_the_dashes_is_espers(folder):
    done = program("--", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: train.py")


def test_an_exception_in_esper_is_printed_from_its_own_first_frame_on(folder):
    done = program("--", "ppo", "--events", "no-such-file.gz")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("FileNotFoundError")
    assert "runpy" not in done.stderr and "sanctum/cli" not in done.stderr
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    "options, said",
    [
        (["ppo"], "telemetry level normal; --telemetry-level debug adds gradients"),
        (["ppo", "--telemetry-level", "debug"], "telemetry level debug"),
        (["ppo", "--telemetry-level=off"], "at --telemetry-level off Esper sends no epochs"),
        (["ppo", "--telemetry-level"], "telemetry level "),
    ],
)
def test_the_telemetry_level_is_said_with_what_it_leaves_out(options, said):
    assert what_is_sent(options).startswith(said)


def test_a_trainer_that_ends_before_its_run_begins_says_its_last_line_and_its_code(tmp_path):
    log = tmp_path / "esper.log"
    log.write_text("usage: train.py ppo\ntrain.py ppo: error: argument --task\n\n")
    error = TrainerEnded(2, log)
    assert "exit code 2: train.py ppo: error: argument --task" in error.sentence
    assert (error.exit_code, error.hint) == (2, f"all it said is in {log}")
    assert TrainerEnded(-9, log).exit_code == 1
