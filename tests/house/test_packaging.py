"""The tree is as agreed, and a wheel of it holds everything once and works elsewhere."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.rooms import ROOT

TOP = {
    *("setup.cfg", "pyproject.toml", "README.md"),
    *("sanctum", "commands", "tests", "completions"),
}


def test_the_top_level_is_as_agreed() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    if tracked == [""]:
        tracked = [path.name for path in ROOT.iterdir() if not path.name.endswith(".egg-info")]
    found = {line.partition("/")[0] for line in tracked if line and not line.startswith(".")}
    assert found - {"build", "dist"} == TOP


def test_pyproject_holds_the_build_system_alone() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert [line for line in text.splitlines() if line.startswith("[")] == ["[build-system]"]


@pytest.mark.parametrize("folder", ["commands", "completions"])
def test_the_package_finds_the_folders_beside_it_through_links(folder: str) -> None:
    assert (ROOT / "sanctum" / folder).readlink() == Path(f"../{folder}")


def test_every_dependency_has_its_reason_in_the_readme() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    wanted = settings["options"]["install_requires"].split()
    readme = (ROOT / "README.md").read_text()
    names = [one.partition(">")[0].partition("<")[0] for one in wanted]
    assert names
    assert [one for one in names if f"| {one} |" not in readme] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tree, so that nothing is left in it."""
    import shutil

    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    shutil.copytree(
        ROOT,
        tree,
        symlinks=True,
        ignore=shutil.ignore_patterns(".git", "*.egg-info", "build", "dist", "__pycache__", ".*"),
    )
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    subprocess.run([*command, "-w", str(folder), str(tree)], check=True, timeout=120)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_each_file_once(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    assert "sanctum/commands/brain.py" in names
    assert "sanctum/commands/triage.sanctum" in names
    assert "sanctum/py.typed" in names
    assert [
        name for name in names if name.startswith(("commands/", "completions/", "tests/"))
    ] == []
    shells = {name for name in names if name.startswith("sanctum/completions/")}
    assert len(shells) >= 3


def test_the_wheel_works_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(place)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "sanctum", "help"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(place), "SANCTUM_HOME": str(tmp_path / "home")},
    )
    assert done.returncode == 0, done.stderr
    assert "brain" in done.stdout


@pytest.mark.parametrize("mode", ["default", "strict"])
def test_an_editable_install_finds_the_commands(mode: str, tmp_path: Path) -> None:
    """In a virtual environment that borrows this one's libraries."""
    venv = tmp_path / "venv"
    subprocess.run(
        [sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", str(venv)],
        check=True,
        timeout=60,
    )
    python = str(venv / "bin" / "python")
    libraries = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    tree = tmp_path / "tree"
    import shutil

    shutil.copytree(
        ROOT,
        tree,
        symlinks=True,
        ignore=shutil.ignore_patterns(".git", "*.egg-info", "build", "dist", "__pycache__", ".*"),
    )
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "-q"]
    subprocess.run(
        [
            *install,
            "--no-build-isolation",
            "--config-settings",
            f"editable_mode={'strict' if mode == 'strict' else 'lenient'}",
            "-e",
            str(tree),
        ],
        check=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": libraries},
    )
    done = subprocess.run(
        [
            python,
            "-P",
            "-c",
            "import sanctum, sanctum.commands as c; print(sanctum.__file__, c.__file__)",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert str(tree) in done.stdout
    assert "commands" in done.stdout
