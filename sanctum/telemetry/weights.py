"""The file in which a policy's weights travel to the recorder: its name, and its header.

It is safetensors, written aside and renamed, so that a file without the last part of its name is
whole. Its metadata are texts: ``update``, ``step`` (absent before the first step), ``factory``
(``module:function``), ``about`` (JSON: what the factory needs) and ``tied`` (JSON: names of tensors
that are the same as another's -> the name under which it is there).
"""

from __future__ import annotations

import re

PART = ".part"
"""Ends the name of a file that is being written."""

_NAME = re.compile(r"\.(?P<run>.+)\.(?P<pid>\d+)-(?P<count>\d+)\.policy\.safetensors(?:\.part)?\Z")


def file_name(run_id: str, pid: int, count: int) -> str:
    """The name of the `count`-th file that a trainer writes for a run."""
    word = "".join(one if one.isalnum() or one in "-_." else "-" for one in run_id)
    return f".{word}.{pid}-{count}.policy.safetensors"


def is_weights(name: str, run_id: str | None = None) -> bool:
    """Whether a file of that name is one of these, whole or not; of that run, if it is given."""
    found = _NAME.match(name)
    if found is None or run_id is None:
        return found is not None
    return name == file_name(run_id, int(found["pid"]), int(found["count"])) + (
        PART if name.endswith(PART) else ""
    )
