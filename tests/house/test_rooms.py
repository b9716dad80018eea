"""The table of who may import whom is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.rooms import ONLY_IN, OURS, OUTSIDE, PACKAGE, files, imports, is_standard, room

FILES = files()


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_imports_only_rooms_that_its_room_may(path: Path) -> None:
    here = room(path)
    if here not in OURS:
        return
    wrong = [
        f"line {line}: {module}"
        for module, line in imports(path)
        if module.startswith("sanctum.")
        and (there := module.split(".")[1]) != here
        and there not in OURS[here]
    ]
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_imports_only_libraries_that_its_room_may(path: Path) -> None:
    here = room(path)
    wrong = []
    for module, line in imports(path):
        library = module.partition(".")[0]
        if library == "sanctum" or is_standard(module):
            continue
        homes = ONLY_IN.get(library)
        at_home = homes is None or name(path) in homes or here in homes
        if library not in OUTSIDE.get(here, set()) or not at_home:
            wrong.append(f"line {line}: {module}")
    assert wrong == []


def test_nobody_imports_a_command_by_name() -> None:
    wrong = [
        f"{name(path)}:{line} {module}"
        for path in FILES
        for module, line in imports(path)
        if module.startswith(("sanctum.commands", "commands"))
    ]
    assert wrong == []


def test_every_module_says_what_it_is() -> None:
    silent = [name(path) for path in FILES if not path.read_text().lstrip().startswith('"""')]
    assert silent == []
