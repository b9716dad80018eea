"""The one door for commands: what it hands out is not hidden by a module of its own."""

import sanctum.command
from tests.house.rooms import PACKAGE


def test_no_module_of_the_door_is_called_what_the_door_hands_out() -> None:
    modules = {path.stem for path in (PACKAGE / "command").glob("*.py")}
    assert not modules & set(sanctum.command.__all__)
