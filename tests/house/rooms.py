"""Who may import whom, as the design draws it; and how a file's imports are read."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sanctum"

OURS = {
    "errors": set(),
    "telemetry": {"errors"},
    "model": {"errors"},
    "view": {"model", "errors"},
    "wire": {"model", "errors"},
    "record": {"telemetry", "model", "errors"},
    "probe": {"telemetry", "errors"},
    "recorder": {"record", "telemetry", "wire", "model", "diagnosis", "errors"},
    "diagnosis": {"model", "telemetry", "errors"},
    "command": {"view", "model", "errors"},
    "export": {"record", "telemetry", "model", "errors"},
    "replay": {"model", "errors"},
    "render": {"view", "errors"},
    "shell": {"wire", "view", "render", "command", "model", "errors"},
    "commands": {"command", "model"},
    "adapters": {"telemetry", "probe", "errors"},
    "examples": {"adapters"},
    "trainer": {"probe", "telemetry", "errors"},
}
"""Room -> rooms it may import. ``cli``, the executable, may import any."""

OUTSIDE = {
    "errors": set(),
    "telemetry": {"msgspec", "numpy"},
    "model": {"msgspec"},
    "view": set(),
    "wire": {"msgspec", "platformdirs", "psutil"},
    "record": {"numpy", "zstandard", "msgspec"},
    "probe": {"numpy", "torch"},
    "recorder": {"numpy", "msgspec", "pynvml", "psutil", "safetensors"},
    "diagnosis": {"msgspec"},
    "replay": {"torch", "safetensors", "numpy", "msgspec"},
    "export": {"pyarrow", "numpy", "msgspec", "tensorboard"},
    "command": {"click", "matplotlib"},
    "render": {"rich", "msgspec"},
    "shell": {"prompt_toolkit", "click", "msgspec"},
    "commands": {"click"},
    "trainer": {"torch", "sklearn", "numpy"},
    "adapters": {"numpy", "msgspec", "torch", "stable_baselines3", "gymnasium", "tensorboard"},
    "examples": {"torch", "numpy"},
    "cli": {"click", "msgspec", "torch"},
}
"""Room -> libraries it may import, beside the standard library."""

ONLY_IN = {
    "torch": {"probe/tensors.py", "trainer", "adapters", "examples", "replay", "cli/train.py"},
    "pynvml": {"recorder/vitals.py"},
    "psutil": {"recorder/vitals.py", "wire/processes.py"},
    "prompt_toolkit": {"shell/prompt.py", "shell/completer.py", "shell/history.py"},
    "rich": {"render/table.py"},
    "matplotlib": {"command/drawing.py"},
    "safetensors": {"recorder/policies.py", "replay"},
    "sklearn": {"trainer/data.py"},
}
"""Library -> the files (or rooms) that may import it."""


def files() -> list[Path]:
    """Every Python file of the product, the commands through their link."""
    found = [path for path in PACKAGE.rglob("*.py") if "commands" not in path.parts[-2:-1]]
    found += (PACKAGE / "commands").glob("*.py")
    return sorted(set(found))


def room(path: Path) -> str:
    """The room a file lives in; a module of the top is a room of its own."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module a file imports, wherever in it, with the line. Type-checking imports too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for one in node.names:
                yield one.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            assert node.module is not None
            yield node.module, node.lineno
            if node.module == "sanctum":
                for one in node.names:
                    yield f"sanctum.{one.name}", node.lineno


def is_standard(module: str) -> bool:
    """Whether it is of the standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names
