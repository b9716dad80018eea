"""Which process is which: a pid alone may be another's by now, a pid with its start time is not."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def started(pid: int) -> float | None:
    """When process `pid` started, in a unit that only compares with itself; None when it is gone.

    A zombie counts as gone: it does no more work, whoever has yet to collect it.
    """
    if sys.platform != "linux":
        return _started_elsewhere(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else float(fields[19])


def _started_elsewhere(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def is_alive(pid: int | None, started_at: float | None) -> bool:
    """Whether that very process still runs."""
    if not pid:
        return False
    now = started(pid)
    return now is not None and (not started_at or now == started_at)


def boot_id() -> str:
    """This boot of this machine; empty where it cannot be told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def own_uid() -> int:
    """The user this process runs as."""
    return os.getuid()
