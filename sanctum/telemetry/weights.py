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


def is_weights(name: str) -> bool:
    """Whether a file of that name is one of these, whole or not."""
    return _NAME.match(name) is not None


def writer_of(name: str, run_id: str) -> int | None:
    """The process that wrote a file of that name, whole or not; None for what is not of the run."""
    found = _NAME.match(name)
    if found is None:
        return None
    pid, count = int(found["pid"]), int(found["count"])
    return pid if name.removesuffix(PART) == file_name(run_id, pid, count) else None
