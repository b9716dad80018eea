"""``module:function`` to the function: the trainer's own code, which makes its policy again."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from sanctum.replay.refusals import Refused, said

Factory = Callable[[Mapping[str, Tensor], Mapping[str, Any]], Any]

IN_MAIN = "put it into a module of its own that can be imported, and name that"


def _first() -> str:
    return sys.path[0] if sys.path and sys.path[0] else "the run's directory"


def factory(place: str) -> Factory:
    """What makes a policy of its tensors and what is known about it. Raises Refused."""
    module, _, name = place.partition(":")
    if not module or not name:
        raise Refused("no_factory", f"the factory {place!r} is not module:function")
    if module == "__main__":
        raise Refused(
            "no_factory", f"the factory {place} is in the script that was run itself", IN_MAIN
        )
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module + ".").startswith(error.name + "."):
            raise Refused(
                "no_factory",
                f"the factory's module {module} is not found",
                f"it is looked for where the run imported from, first in {_first()}: has it moved?",
            ) from error
        raise Refused("no_factory", f"importing {module} failed: {said(error)}") from error
    except (Exception, SystemExit) as error:
        raise Refused("no_factory", f"importing {module} failed: {said(error)}") from error
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise Refused("no_factory", f"{module} has no {name}") from error
    if not callable(found):
        raise Refused(
            "no_factory", f"{place} cannot be called: it is of type {type(found).__name__}"
        )
    made: Factory = found
    return made
