"""The completion files, run by the real shells."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sanctum.cli.completions import FILES, folder, made
from sanctum.shell.words import Words

ZSH, FISH = shutil.which("zsh"), shutil.which("fish")
needs_zsh = pytest.mark.skipif(ZSH is None, reason="zsh is not installed")
needs_fish = pytest.mark.skipif(FISH is None, reason="fish is not installed")

CASES = [
    ("sanctum overw", {"overwatch"}),
    ("sanctum she", {"shell"}),
    ("sanctum brain --fo", {"--format"}),
    ("sanctum brain --format j", {"json"}),
    ("sanctum seeds to", {"top"}),
    ("sanctum events --severity w", {"warn"}),
    ("sanctum shell demo", {"demo-3", "demo-4"}),
    ("sanctum brain --run demo-4", {"demo-4"}),
    ("sanctum completions z", {"zsh"}),
    ("sanctum import es", {"esper"}),
    ("sanctum import esper --fol", {"--follow"}),
    ("sanctum help overw", {"overwatch"}),
    ("sanctum env --at 1", set()),
    ("sanctum exec chec", {"checks.sanctum"}),
]


@pytest.fixture
def environ(tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    for name in ("demo-3", "demo-4", "other"):
        (runs / f"{name}.json").write_text("{}")
    (tmp_path / "checks.sanctum").write_text("")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SANCTUM_HOME": str(runs),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }


def run(arguments, environ):
    done = subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, env=environ, cwd=environ["HOME"]
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", FILES)
def test_the_files_are_current(shell):
    name = FILES[shell]
    assert (folder() / name).read_text() == made()[name], (
        "python -m sanctum.cli.completions writes them anew"
    )


@pytest.mark.parametrize(("line", "found"), CASES)
def test_bash_completes(line, found, environ):
    words = line.split(" ")
    script = (
        f"source {folder() / 'sanctum.bash'}; COMP_WORDS=({' '.join(map(repr, words))});"
        f"COMP_CWORD={len(words) - 1}; _sanctum; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    said = run(["bash", "--noprofile", "--norc", "-c", script], environ)
    assert set(said.split()) == found


def test_bash_offers_every_word(environ):
    script = (
        f"source {folder() / 'sanctum.bash'}; complete -p sanctum; COMP_WORDS=(sanctum '');"
        'COMP_CWORD=1; _sanctum; echo "${COMPREPLY[@]}"'
    )
    said = run(["bash", "--noprofile", "--norc", "-c", script], environ)
    assert set(Words().modules) <= set(said.split())


def test_bash_without_any_record_offers_no_run(environ, tmp_path):
    script = (
        f"source {folder() / 'sanctum.bash'}; COMP_WORDS=(sanctum shell ''); COMP_CWORD=2;"
        '_sanctum; echo "${COMPREPLY[@]}"'
    )
    nowhere = {**environ, "SANCTUM_HOME": str(tmp_path / "none")}
    assert run(["bash", "--noprofile", "--norc", "-c", script], nowhere).strip() == ""


@needs_zsh
def test_zsh_reads_the_file(environ):
    assert run([ZSH, "-f", "-n", str(folder() / "_sanctum")], environ) == ""


@needs_zsh
@pytest.mark.parametrize(("line", "found"), CASES)
def test_zsh_completes(line, found, environ):
    assert set(_zsh(line, environ)) == found


@needs_fish
@pytest.mark.parametrize(("line", "found"), CASES)
def test_fish_completes(line, found, environ):
    script = f"source {folder() / 'sanctum.fish'}; complete -C '{line}'"
    said = run([FISH, "--no-config", "-c", script], environ)
    assert {one.split("\t")[0] for one in said.splitlines()} == found


def _zsh(line, environ):
    """What zsh offers for `line`: its completion functions replaced by ones that print."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
        compdef() {{ }}
        offered=()
        compadd() {{
          local -a given
          if [[ $1 == -a ]]; then given=("${{(@P)2}}"); else shift; given=("$@"); fi
          offered+=("${{given[@]}}")
        }}
        _describe() {{ offered+=("${{(@)${{(@P)4}}%%:*}}") }}
        _files() {{ offered+=(*(N)) }}
        source {Path(folder() / "_sanctum")}
        words=({quoted}); CURRENT={len(words)}; PREFIX='{words[-1]}'
        _sanctum
        for one in $offered; do [[ $one == "$PREFIX"* ]] && print -r -- $one; done
        true
    """
    return run([ZSH, "-f", "-c", script], environ).split()
