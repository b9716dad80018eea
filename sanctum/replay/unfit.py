"""What torch says of weights that are not those of a module, in a line."""

from __future__ import annotations

import re

_WRONG_SHAPE = re.compile(
    r"size mismatch for (\S+): copying a param with shape torch\.Size\(\[([\d, ]*)\]\)"
    r" from checkpoint, the shape in current model is torch\.Size\(\[([\d, ]*)\]\)"
)
_NAMES = re.compile(r'"([^"]+)"')
_NAMED = 3
"""Tensors that are named of each sort; of the rest, how many."""


def explained(error: BaseException) -> str | None:
    """Which tensors do not fit, and how; None: `error` is about something else."""
    text = str(error)
    if not isinstance(error, RuntimeError) or "Error(s) in loading state_dict" not in text:
        return None
    parts = [
        _listed("", [f"{name} is ({was}) and should be ({wants})" for name, was, wants in found])
        for found in [_WRONG_SHAPE.findall(text)]
        if found
    ]
    for line in text.splitlines():
        if "Missing key(s)" in line:
            parts.append(_listed("not among them: ", sorted(_NAMES.findall(line))))
        elif "Unexpected key(s)" in line:
            parts.append(_listed("not in the policy: ", sorted(_NAMES.findall(line))))
    return "; ".join(parts) or "its state_dict is another one"


def _listed(before: str, found: list[str]) -> str:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return before + ", ".join(found[:_NAMED]) + more
